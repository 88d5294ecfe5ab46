"""What the checks of assignment 03 share: networks of this shape and those of torchvision hold one state and answer."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

import torch
from torch import nn
from torch.func import functional_call
from torch.nn.parameter import is_lazy

from convcourse.checks.core import Check, CheckFailed, Slips, article, numbers

State = dict[str, torch.Tensor]
Replaced = dict[str, nn.Module]
CLASSES = 7  # that networks are made with: neither ImageNet's number nor the digits'
UNKEPT = "A layer is missing, or stands in a plain list or dict. `nn.ModuleList` and `nn.ModuleDict` keep theirs."
LISTED = 3  # names that are told at most


class Outline:
    """A student's network without memory for its weights, which would be half a gigabyte for a VGG. A class that cannot
    be made on the meta device, or keeps tensors there that its state does not hold, is made as usual."""

    def __init__(self, check: Check, made: Any, *args: Any, **kwargs: Any) -> None:
        self.check, self.make = check, partial(check.ask, made, *args, **kwargs)
        try:
            with torch.device("meta"):
                net = made(*args, **kwargs)
        except Exception:  # whatever it was, the same call tells it in a sentence where it was no fault of the device
            net = self.make()
        if not isinstance(net, nn.Module):
            check.fail(f"It must give an `nn.Module`, and yours gives {article(type(net).__name__)}.")
        lazy = next((p for p in net.parameters() if is_lazy(p)), None)
        if lazy is not None:  # such layers learn their shapes in the first call
            check.ask(net, torch.zeros(2, 3, 64, 64, device=lazy.device))
        self.net: nn.Module = net

    def answer(self, state: State, x: torch.Tensor, train: bool = False) -> torch.Tensor:
        """What it answers with this state. Where it raises, the sentence has the sizes that it was made with."""
        try:
            return self._answer(state, x, train)
        except CheckFailed as failed:
            if "meta" not in str(failed.__cause__):
                if failed.__cause__ is not None:
                    self._raise_again(state, x)
                raise
        self.net = self.make()
        return self._answer(state, x, train)

    def _answer(self, state: State, x: torch.Tensor, train: bool) -> torch.Tensor:
        self.check.ask(self.net.train, train)
        return a_tensor(self.check, self.check.ask(partial(answer, self.net, state), x))

    def _raise_again(self, state: State, x: torch.Tensor) -> None:
        """The same call with the network's own weights, where those of the state are smaller."""
        own = dict(self.net.named_parameters())
        if any(own[name].shape != tensor.shape for name, tensor in state.items() if name in own):
            self.check.ask(self.net, x.to(next(iter(own.values())).device))


def a_tensor(check: Check, got: Any) -> torch.Tensor:
    """What was returned, which must be a tensor."""
    if not isinstance(got, torch.Tensor):
        hint = " Does `forward` end with `return`?" if got is None else ""
        check.fail(f"It must return a tensor, and yours returned {article(type(got).__name__)}.{hint}")
    return got


def own_work(check: Check, modules: Sequence[nn.Module]) -> None:
    """None of these is a class of `torchvision.models`, or inherits from one."""
    for module in modules:
        for kind in type(module).__mro__:
            if kind.__module__.startswith("torchvision.models"):
                check.fail(f"It uses torchvision's `{kind.__name__}`, which is forbidden here. Write it yourself.")


def has_names(check: Check, net: nn.Module, reference: nn.Module, said: str) -> None:
    """The state has the names and shapes of torchvision's; `said` is the call that made it."""
    ours = {name: tuple(tensor.shape) for name, tensor in check.ask(net.state_dict).items()}
    theirs = {name: tuple(tensor.shape) for name, tensor in reference.state_dict().items()}
    missing, more = [name for name in theirs if name not in ours], [name for name in ours if name not in theirs]
    if missing:
        hint = f" It has {_some(more)} instead, which the text does not name." if more else ""
        if _layers(ours) == _layers(theirs):
            hint += " Its layers stand at other positions. A ReLU, a pooling and a dropout take a position too."
        if more and all(name.startswith("downsample.") for name in missing + more):
            hint += " Keep the module that is given as `downsample`, and make none."
        if not more and all(_normed(name, reference) for name in missing):
            hint = " Is a batch norm missing?"
        elif not more:
            hint = f" {UNKEPT}"
        check.fail(f"{said} must have {_some([f'{name} {theirs[name]}' for name in missing])} in its state.{hint}")
    if more:
        hint = " These layers have no bias." if all(name.endswith(".bias") for name in more) else ""
        check.fail(f"{said} has {_some(more)} in its state, which the text does not name.{hint}")
    for name, shape in theirs.items():
        if ours[name] != shape:
            check.fail(f"In {said} the shape of `{name}` must be {shape}, and yours is {ours[name]}.")
    names: dict[int, str] = {}
    for name, tensor in net.state_dict(keep_vars=True).items():
        if id(tensor) in names:
            check.fail(f"In {said} `{names[id(tensor)]}` and `{name}` are the same. Layers do not share parameters.")
        names[id(tensor)] = name


def _layers(shapes: dict[str, tuple[int, ...]]) -> list[tuple[str, tuple[int, ...]]]:
    """Names and shapes without the positions in an `nn.Sequential`."""
    return [(re.sub(r"\.\d+\.", ".", name), shape) for name, shape in shapes.items()]


def _some(names: list[str]) -> str:
    """Names in a sentence, a few of them."""
    shown = ", ".join(f"`{name}`" for name in names[:LISTED])
    return f"{shown} and {len(names) - LISTED} more" if len(names) > LISTED else shown


def state_of(reference: nn.Module, seed: int, hidden: int | None = None) -> State:
    """A state by a reference's names: weights that keep the size of what passes, and statistics of some batch.

    hidden: so many units in the hidden layers of `classifier`, in place of the 4,096 of the text. A linear layer takes
    the sizes of the weight that it is given.
    """
    state = {}
    for number, (name, tensor) in enumerate(reference.state_dict().items()):
        shape = list(tensor.shape)
        if hidden and name.startswith("classifier"):
            shape = [hidden if size == 4096 else size for size in shape]
        drawn = numbers(1000 * seed + number, *shape)
        if name.endswith("num_batches_tracked"):
            state[name] = torch.zeros((), dtype=torch.int64)
        elif name.endswith("running_var"):
            state[name] = 0.5 + drawn.abs()
        elif len(shape) > 1:
            state[name] = drawn * (2 / drawn[0].numel()) ** 0.5
        else:
            state[name] = 0.1 * drawn + (1 if name.endswith("weight") else 0)
    return state


def _normed(name: str, reference: nn.Module) -> bool:
    """Does it belong to a batch norm?"""
    return isinstance(reference.get_submodule(name.rpartition(".")[0]), nn.BatchNorm2d)


def answer(net: nn.Module, state: State, x: torch.Tensor) -> torch.Tensor:
    """The network's answer with this state, which stays as it is."""
    with torch.no_grad():
        return functional_call(net, {name: tensor.clone() for name, tensor in state.items()}, (x,))


def gradient(check: Check, net: nn.Module, x: torch.Tensor) -> torch.Tensor:
    """The gradient of the sum of a network's outputs, in its input."""
    leaf = x.clone().requires_grad_()
    out = a_tensor(check, check.ask(net, leaf))
    if not out.requires_grad:
        check.fail("The result is cut off from autograd. Compute with tensors, not with `.data` or `.detach()`.")
    return check.ask(lambda: torch.autograd.grad(out.sum(), leaf)[0])


def varied(reference: nn.Module, replaced: Replaced, state: State, x: torch.Tensor) -> torch.Tensor:
    """The answer of a copy with some of its modules replaced."""
    other = copy.deepcopy(reference)
    for name, module in replaced.items():
        other.set_submodule(name, module)
    return answer(other, state, x)


def variants(reference: nn.Module, state: State, x: torch.Tensor, given: dict[str, Replaced]) -> Slips:
    """Answers of copies with some modules replaced, each with the sentence that names it."""
    return [(partial(varied, reference, replaced, state, x), sentence) for sentence, replaced in given.items()]


def without(names: Iterable[str]) -> Replaced:
    """Modules left out."""
    return {name: nn.Identity() for name in names}


def processed(expected: torch.Tensor) -> Slips:
    """Logits with something done to them."""
    return [
        (expected.relu, "Yours takes a ReLU after the last layer. Return the logits."),
        (partial(expected.softmax, 1), "Yours takes a softmax after the last layer. Return the logits."),
        (partial(expected.log_softmax, 1), "Yours takes a softmax after the last layer. Return the logits."),
    ]


def has_dropout(check: Check, net: Outline, passed: Sequence[tuple[State, int, str]]) -> None:
    """In train mode a unit that passes a dropout of 0.5 is 0 or doubled, each with probability 0.5.

    passed: states with which each logit is a unit of value 1 that has passed so many dropouts; and where these stand.
    """
    for state, count, where in passed:
        got = net.answer(state, torch.zeros(4, 3, 64, 64), train=True)
        share = (got != 0).float().mean().item()
        if abs(share - 0.5**count) > 0.08:
            check.fail(
                f"In train mode {0.5**count:.0%} of the units must be left over after {where}, "
                f"and in yours {share:.0%} are. A dropout is missing, is one too many, or has another probability."
            )
        if not torch.allclose(got[got != 0], torch.tensor(2.0**count)):
            check.fail("In train mode what a dropout keeps must be doubled, as `nn.Dropout(0.5)` does.")
