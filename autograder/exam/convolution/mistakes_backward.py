"""The mistakes people make in the gradients; a mutant takes `conv2d_backward`'s arguments and returns one result."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch.nn import grad as library

from autograder.exam.convolution.mistakes import misconception, pair, turned

T = torch.Tensor


def padded(x: T, padding: Any) -> T:
    ph, pw = pair(padding)
    return F.pad(x, (pw, pw, ph, ph))


def cropped(grad: T, x: T, padding: Any) -> T:
    ph, pw = pair(padding)
    return grad[:, :, ph : ph + x.shape[2], pw : pw + x.shape[3]]


def grad_padded(grad_out: T, x: T, weight: T, stride: Any = 1, padding: Any = 0) -> T:
    """The gradient to the padded input."""
    return library.conv2d_input(padded(x, padding).shape, weight, grad_out, stride)


def grad_x(grad_out: T, x: T, weight: T, stride: Any = 1, padding: Any = 0) -> T:
    return cropped(grad_padded(grad_out, x, weight, stride, padding), x, padding)


def grad_weight(grad_out: T, x: T, weight: T, stride: Any = 1, padding: Any = 0) -> T:
    return library.conv2d_weight(x, weight.shape, grad_out, stride, padding)


def unspread(grad_out: T, x: T, weight: T, padding: Any) -> T:
    """grad_out among zeros at the end, as if the stride were 1."""
    ph, pw = pair(padding)
    rows = x.shape[2] + 2 * ph - weight.shape[2] + 1 - grad_out.shape[2]
    columns = x.shape[3] + 2 * pw - weight.shape[3] + 1 - grad_out.shape[3]
    return F.pad(grad_out, (0, columns, 0, rows))


def x_unspread(grad_out, x, weight, stride=1, padding=0):
    return grad_x(unspread(grad_out, x, weight, padding), x, weight, 1, padding)


def x_unspread_and_short(grad_out, x, weight, stride=1, padding=0):
    return cropped(F.conv_transpose2d(grad_out, weight), x, padding)


def weight_unspread(grad_out, x, weight, stride=1, padding=0):
    return grad_weight(unspread(grad_out, x, weight, padding), x, weight, 1, padding)


def x_touched_only(grad_out, x, weight, stride=1, padding=0):
    return cropped(F.conv_transpose2d(grad_out, weight, stride=stride), x, padding)


def x_overwritten(grad_out, x, weight, stride=1, padding=0):
    (sh, sw), (kh, kw) = pair(stride), weight.shape[2:]
    grad = torch.zeros_like(padded(x, padding))
    for i in range(grad_out.shape[2]):
        for j in range(grad_out.shape[3]):
            window = torch.einsum("no,ocuv->ncuv", grad_out[:, :, i, j], weight)
            grad[:, :, i * sh : i * sh + kh, j * sw : j * sw + kw] = window
    return cropped(grad, x, padding)


def x_cut_in_the_other_order(grad_out, x, weight, stride=1, padding=0):
    return cropped(grad_padded(grad_out, x, weight, stride, padding), x, turned(padding))


def x_cut_at_one_end(first: bool):
    def mutant(grad_out, x, weight, stride=1, padding=0):
        grad, (ph, pw) = grad_padded(grad_out, x, weight, stride, padding), pair(padding)
        return grad[:, :, ph:, pw:] if first else grad[:, :, : x.shape[2], : x.shape[3]]

    return mutant


def x_of_first_image(grad_out, x, weight, *arguments, **named):
    grad = grad_x(grad_out, x, weight, *arguments, **named)
    grad[1:] = 0
    return grad


def turned_arguments(result, stride: bool):
    def mutant(grad_out, x, weight, stride_=1, padding=0):
        return result(
            grad_out, x, weight, turned(stride_) if stride else stride_, padding if stride else turned(padding)
        )

    return lambda grad_out, x, weight, stride=1, padding=0: mutant(grad_out, x, weight, stride, padding)


def first_image(result):
    return lambda grad_out, x, weight, *arguments, **named: result(grad_out[:1], x[:1], weight, *arguments, **named)


def scaled(result):
    """A mean over the batch."""
    return lambda grad_out, x, weight, *arguments, **named: result(grad_out / len(x), x, weight, *arguments, **named)


AUTOGRAD = misconception("grad-autograd", says=("does not require grad",))

GRAD_X = (
    AUTOGRAD,
    misconception("grad-x-unflipped", lambda g, x, weight, *a, **k: grad_x(g, x, weight.flip(2, 3), *a, **k)),
    misconception("grad-overwritten", x_overwritten),
    misconception("grad-batch-averaged", scaled(grad_x)),
    misconception("batch-first-item", x_of_first_image, first_image(grad_x)),
    misconception("grad-stride-ignored", x_unspread, x_unspread_and_short),
    misconception("grad-untouched-lost", x_touched_only),
    misconception("stride-swapped", turned_arguments(grad_x, stride=True), raises=True),
    misconception("padding-swapped", x_cut_in_the_other_order, turned_arguments(grad_x, stride=False), raises=True),
    misconception("grad-padding-kept", grad_padded, x_cut_at_one_end(True), x_cut_at_one_end(False)),
)

GRAD_WEIGHT = (
    AUTOGRAD,
    misconception("grad-weight-flipped", lambda *a, **k: grad_weight(*a, **k).flip(2, 3)),
    misconception("grad-batch-averaged", scaled(grad_weight)),
    misconception("batch-first-item", first_image(grad_weight)),
    misconception("grad-stride-ignored", weight_unspread),
    misconception("stride-swapped", turned_arguments(grad_weight, stride=True), raises=True),
    misconception("padding-swapped", turned_arguments(grad_weight, stride=False), raises=True),
)

GRAD_BIAS = (
    AUTOGRAD,
    misconception("grad-bias-averaged", lambda g, *a, **k: g.mean((0, 2, 3))),
    misconception("grad-batch-averaged", lambda g, *a, **k: g.sum((0, 2, 3)) / len(g)),
    misconception("batch-first-item", lambda g, *a, **k: g[0].sum((1, 2))),
    misconception(
        "grad-bias-not-summed",
        lambda g, *a, **k: g.sum(0),
        lambda g, *a, **k: g.sum(1),
        lambda g, *a, **k: g.sum((2, 3)),
    ),
)
