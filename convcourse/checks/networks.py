"""What the visible checks of networks share: sizes, numbers of parameters, and what any network must do."""

from __future__ import annotations

from typing import Any

import torch

from convcourse.checks.core import Check, article, close


def parameters(check: Check, network: Any) -> list[torch.Tensor]:
    """Everything in a network's state."""
    return list(check.ask(network.state_dict).values())


def count(check: Check, network: Any) -> int:
    """The entries of a network's state."""
    return sum(tensor.numel() for tensor in parameters(check, network))


def network(check: Check, made: Any, *args: Any, **kwargs: Any) -> Any:
    """One of them, in eval mode."""
    found = check.ask(made, *args, **kwargs)
    check.ask(found.eval)
    return found


def behaves(check: Check, net: Any, x: torch.Tensor) -> torch.Tensor:
    """Two calls give the same, also in another memory layout, and images do not mix; the logits come back."""
    got = check.ask(net, x)
    if not isinstance(got, torch.Tensor):
        check.fail(f"The network must return a tensor of logits, and yours returned {article(type(got).__name__)}.")
    if not torch.equal(check.ask(net, x), got):
        check.fail("Two calls in eval mode differ. Is there dropout, or another random step, that stays on?")
    if not close(check.ask(net, x.mT.contiguous().mT), got):  # with one channel, channels-last is the same layout
        check.fail("The same image in another memory layout has other logits.")
    if not close(check.ask(net, x[1:]), got[1:]):
        check.fail("An image's logits depend on the other images of its batch.")
    return got


def has_shape(check: Check, net: Any, x: torch.Tensor, expected: tuple[int, ...], said: str) -> None:
    """An input x gives this shape; `said` names the network."""
    got = check.ask(net, x)
    shape = tuple(got.shape) if isinstance(got, torch.Tensor) else type(got).__name__
    if shape != expected:
        check.fail(f"With {said} an input {tuple(x.shape)} must give {expected}, and yours gives {shape}.")


def raw(check: Check, several: list[torch.Tensor]) -> None:
    """No ReLU, softmax or sigmoid at the end."""
    if not any((logits < 0).any() for logits in several):
        check.fail("No logit is ever negative. Is there a ReLU, a softmax or a sigmoid after the 1×1 convolution?")
    if all(close(logits.sum(1), torch.ones_like(logits[:, 0])) for logits in several):
        check.fail("The classes' values sum to 1. Is there a softmax after the 1×1 convolution?")
