"""The mistakes people make in the gradients. Our functions take `conv2d_backward`'s arguments, and which of the three
results is asked for.

Shapes: grad_out (N, C_out, H', W'), x (N, C_in, H, W), weight (C_out, C_in, kH, kW).
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations, permutations
from typing import Any

import torch
import torch.nn.functional as F
from torch.nn import grad as library

from autograder.exam.convolution.mistakes import conv2d, only_first
from autograder.exam.convolution.sizes import size
from autograder.exam.mistakes import (
    Function,
    always,
    care_mistakes,
    empty_slice,
    misconception,
    no_pair,
    one_side_for_both,
    pair,
    swapped,
    unfit,
    with_all_arguments,
    with_arguments,
    with_changes,
    with_result,
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


def cut(crop: Callable[[T, T, Any], T]) -> Callable[..., T]:
    """What `crop(gradient, x, padding)` leaves of the gradient to the padded x, the padding being a pair."""

    def gradient(grad_out: T, x: T, weight: T, stride: Any = 1, padding: Any = 0) -> T:
        return crop(grad_padded(grad_out, x, weight, stride, padding), x, pair(padding))

    return gradient


grad_x = cut(cropped)


def grad_weight(grad_out: T, x: T, weight: T, stride: Any = 1, padding: Any = 0) -> T:
    """The gradient to the weight."""
    return library.conv2d_weight(x, weight.shape, grad_out, stride, padding)


def grad_bias(grad_out: T, x: T, weight: T, stride: Any = 1, padding: Any = 0) -> T:
    """The gradient to the bias."""
    return grad_out.sum((0, 2, 3))


def unspread(grad_out: T, x: T, weight: T, padding: Any, **rest: Any) -> dict[str, Any]:
    """grad_out with zeros at its end, as if the stride were 1."""
    rows, columns = map(size, x.shape[2:], weight.shape[2:], (1, 1), pair(padding))
    return {"grad_out": F.pad(grad_out, (0, columns - grad_out.shape[3], 0, rows - grad_out.shape[2])), "stride": 1}


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


RESULTS = ("grad_x", "grad_weight", "grad_bias")
ORDERS = [dict(zip(RESULTS, order)) for order in permutations(RESULTS) if order != RESULTS]


def backward(grad_out: T, x: T, weight: T, stride: Any = 1, padding: Any = 0, result: str = "grad_x") -> T:
    """One of the three gradients."""
    function = {"grad_x": grad_x, "grad_weight": grad_weight, "grad_bias": grad_bias}[result]
    return function(grad_out, x, weight, stride, padding)


def instead(**mutants: Callable[..., T]) -> Function:
    """All gradients, those of these names by other functions."""

    def rule(function: Function, result: str, **given: Any) -> T:
        return mutants[result](**given) if result in mutants else function(result=result, **given)

    return with_all_arguments(backward, rule)


def unlike_output(grad_out: T, x: T, weight: T, stride: Any, padding: Any, **rest: Any) -> bool:
    """Has grad_out another shape than the output?"""
    return conv2d(x, weight, stride=stride, padding=padding).shape != grad_out.shape


meeting = unfit(backward, unlike_output)  # fails where the windows do not meet grad_out


def in_any(**mutants: Callable[..., T]) -> list[Function]:
    """One gradient by another function, or several of them."""
    names = [some for count in (1, 2, 3) for some in combinations(mutants, count)]
    return [instead(**{name: mutants[name] for name in some}) for some in names]


def of_one(result: Callable[..., T]) -> Callable[..., T]:
    """Of the batch's first image alone."""
    return with_changes(result, lambda grad_out, x, **rest: {"grad_out": grad_out[:1], "x": x[:1]})


def averaged(result: Callable[..., T]) -> Callable[..., T]:
    """Divided by the size of the batch."""
    return with_arguments(result, grad_out=lambda g: g / len(g))


MISTAKES = (
    misconception("grad-swapped", *(with_arguments(backward, result=order.get) for order in ORDERS)),
    misconception("grad-x-unflipped", instead(grad_x=with_arguments(grad_x, weight=lambda w: w.flip(2, 3)))),
    misconception("grad-overwritten", instead(grad_x=overwritten)),
    misconception("grad-weight-flipped", instead(grad_weight=lambda **given: grad_weight(**given).flip(2, 3))),
    misconception("grad-bias-averaged", instead(grad_bias=lambda grad_out, **rest: grad_out.mean((0, 2, 3)))),
    misconception(
        "grad-batch-averaged",
        *in_any(grad_x=averaged(grad_x), grad_weight=averaged(grad_weight), grad_bias=averaged(grad_bias)),
    ),
    misconception(
        "batch-first-item",
        *in_any(grad_x=with_result(grad_x, only_first), grad_weight=of_one(grad_weight), grad_bias=of_one(grad_bias)),
        instead(grad_x=of_one(grad_x)),
    ),
    misconception(
        "grad-bias-not-summed",
        *(instead(grad_bias=lambda grad_out, axes=axes, **rest: grad_out.sum(axes)) for axes in (0, 1, (2, 3))),
    ),
    misconception(
        "grad-stride-ignored",
        *in_any(grad_x=with_changes(grad_x, unspread), grad_weight=with_changes(grad_weight, unspread)),
        *in_any(grad_x=with_arguments(touched_only, stride=always(1)), grad_weight=with_changes(grad_weight, unspread)),
    ),
    misconception("grad-untouched-lost", instead(grad_x=touched_only)),
    misconception(
        "stride-swapped",
        with_arguments(meeting, stride=swapped),
        *in_any(grad_x=with_arguments(grad_x, stride=swapped), grad_weight=with_arguments(grad_weight, stride=swapped)),
    ),
    misconception(
        "padding-swapped",
        with_arguments(meeting, padding=swapped),
        instead(grad_x=cut(lambda grad, x, p: cropped(grad, x, p[::-1]))),
        *in_any(
            grad_x=with_arguments(grad_x, padding=swapped), grad_weight=with_arguments(grad_weight, padding=swapped)
        ),
        raises=True,
    ),
    misconception(
        "grad-padding-kept",
        instead(grad_x=grad_padded),
        instead(grad_x=cut(lambda grad, x, p: grad[:, :, p[0] :, p[1] :])),
        instead(grad_x=cut(lambda grad, x, p: grad[:, :, : x.shape[2], : x.shape[3]])),
    ),
    empty_slice(
        instead(grad_x=cut(lambda grad, x, p: grad[:, :, p[0] : -p[0], p[1] : -p[1]])),
        unfit(backward, lambda padding, **rest: 0 in pair(padding)),
    ),
    misconception("square-kernel", *one_side_for_both(backward), raises=True),
    misconception("tuples-refused", with_arguments(backward, stride=no_pair, padding=no_pair), raises=True),
    *care_mistakes(backward),
)
