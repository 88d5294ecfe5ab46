"""Models whose answers are known, and what a function must leave as it found it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import torch
from torch import nn

from convcourse.checks.core import Check, numbers, on_plain_torch

T = torch.Tensor
M = TypeVar("M", bound=nn.Module)

LEFT = {
    "hooks": "A hook is left on the model. Keep the handle of `register_forward_hook`, and call its `remove()`.",
    "mode": "The model comes in train mode and is in eval mode after the call, or the other way round. "
    "Use `with evaluating(model):`.",
    "flags": "`requires_grad` of the model's parameters is another one after the call.",
    "gradients": "The model's parameters have another `.grad` after the call. Use `torch.autograd.grad`, "
    "which returns the derivative and writes into nothing.",
    "numbers": "The model's parameters or its statistics have changed after the call. Run the model in eval mode.",
}


class ModelCheck(Check):
    """A check whose function gets a model and must leave it as it was."""

    def ask(self, call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """As `Check.ask`; and models and images are afterwards as they were."""
        models = [arg for arg in args if isinstance(arg, nn.Module)][:1]  # the layer is a part of it
        before = [found(model) for model in models]
        answer = super().ask(call, *args, **kwargs)
        for model, was in zip(models, before):
            now = found(model)
            for what, sentence in LEFT.items():
                if not all(map(_equal, was[what], now[what])):
                    self.fail(sentence)
        images = [arg for arg in args if isinstance(arg, T)]
        if any(image.requires_grad for image in images):
            self.fail("The image requires a gradient after the call. Work on a copy, `image.clone().requires_grad_()`.")
        if any(image.grad is not None for image in images):
            self.fail("The image has a `.grad` after the call. Work on a copy, `image.clone().requires_grad_()`.")
        return answer


def found(model: nn.Module) -> dict[str, list[Any]]:
    """What must stay, as it is now."""
    parts, parameters = list(model.modules()), list(model.parameters())
    dictionaries = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    return {
        "hooks": [len(getattr(part, name)) for part in parts for name in dictionaries],
        "mode": [part.training for part in parts],
        "flags": [parameter.requires_grad for parameter in parameters],
        "gradients": [None if p.grad is None else p.grad.clone() for p in parameters],
        "numbers": [tensor.clone() for tensor in model.state_dict().values()],
    }


def _equal(one: Any, other: Any) -> bool:
    return torch.equal(one, other) if isinstance(one, T) and isinstance(other, T) else one is other or one == other


def on_models(check: Callable[[Any], None]) -> Callable[[Any], None]:
    """A check that makes models, which leaves torch and its random numbers as the notebook has set them."""

    @functools.wraps(check)
    def checked(given: Any) -> None:
        with torch.random.fork_rng(devices=[]):
            check(given)

    return on_plain_torch(checked)


def filled(model: M, seed: int) -> M:
    """The model in eval mode with random parameters, and variances that are positive."""
    with torch.no_grad():
        for place, (name, tensor) in enumerate(model.state_dict().items()):
            if tensor.is_floating_point():
                drawn = numbers(seed + place, *tensor.shape)
                tensor.copy_(0.5 + drawn.abs() if name.endswith("running_var") else drawn)
    return model.eval()


def linear(seed: int, classes: int, *shape: int) -> nn.Sequential:
    """A model (N, *shape) → (N, classes) whose logits are weighted sums of the pixels, and small."""
    model = filled(nn.Sequential(nn.Flatten(), nn.Linear(shape[0] * shape[1] * shape[2], classes)), seed)
    with torch.no_grad():
        head(model).weight.mul_(0.5)
    return model


def head(model: nn.Sequential) -> nn.Linear:
    """The last layer of a model."""
    last = model[-1]
    assert isinstance(last, nn.Linear)
    return last


def weights(model: nn.Sequential, *shape: int) -> T:
    """The weights (classes, *shape) of the last layer of a model."""
    return head(model).weight.detach().unflatten(1, shape)


def fickle(seed: int, classes: int, *shape: int) -> tuple[nn.Sequential, T, T]:
    """A model that in eval mode gives weighted sums of slope · pixel + offset, and in train mode its last bias alone.

    In train mode its dropout leaves nothing, and its batch norm notes the statistics. Slope and offset (C, 1, 1) are
    those of the batch norm.
    """
    norm = filled(nn.BatchNorm2d(shape[0]), seed + 9)
    zero, one = norm(torch.stack([torch.zeros(shape[0], 1, 1), torch.ones(shape[0], 1, 1)])).detach()
    return nn.Sequential(norm, nn.Dropout(1.0), *linear(seed, classes, *shape)).eval(), one - zero, zero


def with_gradients(model: M) -> M:
    """The model in train mode, and each of its parameters with a gradient that it had before."""
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    return model.train()
