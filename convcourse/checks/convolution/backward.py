"""Visible check of `conv2d_backward`."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F

from convcourse.checks.convolution.forbidden import AUTOGRAD, CONVOLUTIONS
from convcourse.checks.core import Check, article, numbers, on_plain_torch


@on_plain_torch
def conv2d_backward(function: Any) -> None:
    """Check `conv2d_backward(grad_out, x, weight, …)` → gradients of the shapes of x, weight and bias."""
    check = Check("conv2d_backward", CONVOLUTIONS + AUTOGRAD)
    settings: list[tuple[str, tuple[int, ...], dict[str, Any], torch.memory_format]] = [
        ("one channel, one image", (1, 1, 4, 5, 1), {}, torch.contiguous_format),
        ("channels and images", (2, 3, 5, 6, 2), {}, torch.contiguous_format),
        ("channels-last tensors", (2, 3, 5, 6, 2), {}, torch.channels_last),
        ("padding", (2, 2, 4, 5, 3), {"padding": (1, 2)}, torch.contiguous_format),
        ("a stride that leaves pixels over", (1, 2, 6, 8, 2), {"stride": (2, 3)}, torch.contiguous_format),
    ]
    for title, shape, arguments, layout in settings:
        with check(title):
            n, c_in, height, width, c_out = shape
            x, weight, bias = numbers(40, n, c_in, height, width), numbers(41, c_out, c_in, 3, 2), torch.zeros(c_out)
            leaves = [t.clone().requires_grad_() for t in (x, weight, bias)]
            out = F.conv2d(leaves[0], leaves[1], leaves[2], **arguments)
            grad_out = numbers(42, *out.shape)
            expected = torch.autograd.grad(out, leaves, grad_out)
            given = [tensor.to(memory_format=layout) for tensor in (grad_out, x, weight)]
            with torch.no_grad():
                got = check.ask(function, *given, **arguments)
            if not isinstance(got, tuple | list) or len(got) != 3:
                check.fail(
                    f"It must return (grad_x, grad_weight, grad_bias). Yours returned {article(type(got).__name__)}."
                )
            for name, theirs, ours in zip(("grad_x", "grad_weight", "grad_bias"), got, expected):
                check.same(theirs, ours, f"`{name}` must be PyTorch's", _backward_slips(name, ours, n))


def _backward_slips(name: str, expected: torch.Tensor, batch: int) -> list[Any]:
    if name == "grad_weight":
        return [(lambda: expected.flip(2, 3), "Yours is flipped along both axes."), _averaged(expected, batch)]
    return [_averaged(expected, batch)] if name == "grad_bias" else []


def _averaged(expected: torch.Tensor, batch: int) -> tuple[Any, str]:
    return (lambda: expected / batch), "Yours is averaged over the batch. Gradients of shared weights are sums."
