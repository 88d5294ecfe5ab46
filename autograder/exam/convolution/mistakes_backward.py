"""The mistakes people make in the gradients; a mutant takes `conv2d_backward`'s arguments and gives one result.

Shapes: grad_out (N, C_out, H', W'), x (N, C_in, H, W), weight (C_out, C_in, kH, kW).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch.nn import grad as library

from autograder.exam.mistakes import (
    Misconception,
    always,
    misconception,
    pair,
    swapped,
    with_arguments,
    with_changes,
)

T = torch.Tensor


def padded(x: T, padding: Any) -> T:
    """x with zeros around it."""
    ph, pw = pair(padding)
    return F.pad(x, (pw, pw, ph, ph))


def cropped(grad: T, x: T, padding: Any) -> T:
    """A gradient to the padded x, without the padding's share."""
    ph, pw = pair(padding)
    return grad[:, :, ph : ph + x.shape[2], pw : pw + x.shape[3]]


def grad_padded(grad_out: T, x: T, weight: T, stride: Any = 1, padding: Any = 0) -> T:
    """The gradient to the padded x."""
    return library.conv2d_input(padded(x, padding).shape, weight, grad_out, stride)


def grad_x(grad_out: T, x: T, weight: T, stride: Any = 1, padding: Any = 0) -> T:
    """The gradient to x."""
    return cropped(grad_padded(grad_out, x, weight, stride, padding), x, padding)


def grad_weight(grad_out: T, x: T, weight: T, stride: Any = 1, padding: Any = 0) -> T:
    """The gradient to the weight."""
    return library.conv2d_weight(x, weight.shape, grad_out, stride, padding)


def grad_bias(grad_out: T, x: T, weight: T, stride: Any = 1, padding: Any = 0) -> T:
    """The gradient to the bias."""
    return grad_out.sum((0, 2, 3))


def unspread(grad_out: T, x: T, weight: T, padding: Any, **rest: Any) -> dict[str, Any]:
    """grad_out with zeros at its end, as if the stride were 1."""
    ph, pw = pair(padding)
    rows = x.shape[2] + 2 * ph - weight.shape[2] + 1 - grad_out.shape[2]
    columns = x.shape[3] + 2 * pw - weight.shape[3] + 1 - grad_out.shape[3]
    return {"grad_out": F.pad(grad_out, (0, columns, 0, rows)), "stride": 1}


def touched_only(grad_out: T, x: T, weight: T, stride: Any = 1, padding: Any = 0) -> T:
    """Without the rows and columns that no window touched."""
    return cropped(F.conv_transpose2d(grad_out, weight, stride=stride), x, padding)


def overwritten(grad_out: T, x: T, weight: T, stride: Any = 1, padding: Any = 0) -> T:
    """Where windows overlap, the last one overwrites the others."""
    (sh, sw), (kh, kw) = pair(stride), weight.shape[2:]
    grad = torch.zeros_like(padded(x, padding))
    for i in range(grad_out.shape[2]):
        for j in range(grad_out.shape[3]):
            window = torch.einsum("no,ocuv->ncuv", grad_out[:, :, i, j], weight)
            grad[:, :, i * sh : i * sh + kh, j * sw : j * sw + kw] = window
    return cropped(grad, x, padding)


def cut_in_the_other_order(grad_out: T, x: T, weight: T, stride: Any = 1, padding: Any = 0) -> T:
    """The padding's rows are cut off as columns, its columns as rows."""
    return cropped(grad_padded(grad_out, x, weight, stride, padding), x, swapped(padding))


def cut_at_one_end(first: bool) -> Callable[..., T]:
    """The padding is cut off at one end alone."""

    def mutant(grad_out, x, weight, stride=1, padding=0):
        grad, (ph, pw) = grad_padded(grad_out, x, weight, stride, padding), pair(padding)
        return grad[:, :, ph:, pw:] if first else grad[:, :, : x.shape[2], : x.shape[3]]

    return mutant


def first_image_only(*args: Any, **kwargs: Any) -> T:
    """Zeros for all images but the first."""
    grad = grad_x(*args, **kwargs)
    grad[1:] = 0
    return grad


# What PyTorch says under inference mode, and what the ban says where its refusal comes back as another error.
AUTOGRAD = Misconception("grad-autograd", says=("does not require grad", "autograd: it was asked for a gradient"))


def batch_mistakes(result: Callable[..., T], *more: Callable[..., T]) -> tuple[Misconception, ...]:
    """A mean over the batch; its first image alone, also in one of these ways."""
    first = with_changes(result, lambda grad_out, x, **rest: {"grad_out": grad_out[:1], "x": x[:1]})
    return (
        misconception("grad-batch-averaged", with_arguments(result, grad_out=lambda g: g / len(g))),
        misconception("batch-first-item", *more, first),
    )


def pairs_swapped(result: Callable[..., T], *more: Callable[..., T]) -> tuple[Misconception, ...]:
    """Strides or paddings of the two axes exchanged, the paddings also in one of these ways."""
    return (
        misconception("stride-swapped", with_arguments(result, stride=swapped), raises=True),
        misconception("padding-swapped", *more, with_arguments(result, padding=swapped), raises=True),
    )


GRAD_X = (
    AUTOGRAD,
    misconception("grad-x-unflipped", with_arguments(grad_x, weight=lambda w: w.flip(2, 3))),
    misconception("grad-overwritten", overwritten),
    *batch_mistakes(grad_x, first_image_only),
    misconception(
        "grad-stride-ignored", with_changes(grad_x, unspread), with_arguments(touched_only, stride=always(1))
    ),
    misconception("grad-untouched-lost", touched_only),
    *pairs_swapped(grad_x, cut_in_the_other_order),
    misconception("grad-padding-kept", grad_padded, cut_at_one_end(True), cut_at_one_end(False)),
)
GRAD_WEIGHT = (
    AUTOGRAD,
    misconception("grad-weight-flipped", lambda *a, **k: grad_weight(*a, **k).flip(2, 3)),
    *batch_mistakes(grad_weight),
    misconception("grad-stride-ignored", with_changes(grad_weight, unspread)),
    *pairs_swapped(grad_weight),
)
GRAD_BIAS = (
    AUTOGRAD,
    misconception("grad-bias-averaged", lambda g, *a, **k: g.mean((0, 2, 3))),
    *batch_mistakes(grad_bias),
    misconception(
        "grad-bias-not-summed",
        lambda g, *a, **k: g.sum(0),
        lambda g, *a, **k: g.sum(1),
        lambda g, *a, **k: g.sum((2, 3)),
    ),
)
