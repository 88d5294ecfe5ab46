"""The mistakes people make in a transposed convolution, each as the wrong function it is recognised by.

Shapes: x (N, C_in, H, W), weight (C_in, C_out / groups, kH, kW), bias (C_out,).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F

from autograder.exam.mistakes import (
    IN_PLACE,
    always,
    care_mistakes,
    empty_slice,
    group_mistakes,
    misconception,
    missing_bias,
    one_side_for_both,
    pair,
    pair_mistakes,
    upright,
    with_all_arguments,
    with_arguments,
    with_bias,
    with_changes,
)

T = torch.Tensor
Pair = tuple[int, int]
Mutant = Callable[..., T]
Build = Callable[..., T]  # of the arguments of `transposed`: the stamps, no bias, nothing cut off
Crop = Callable[[T, Pair, Pair], T]  # of the stamps, padding, output_padding


def transposed(x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    """PyTorch's, as a function whose arguments have names."""
    return F.conv_transpose2d(x, weight, bias, stride, padding, output_padding, groups, dilation)


def overwritten(x, weight, bias, stride, padding, output_padding, groups, dilation):
    """A later stamp overwrites an earlier one."""
    (sh, sw), (dh, dw), (kh, kw) = pair(stride), pair(dilation), weight.shape[2:]
    n, _, h, w = x.shape
    groupwise = x.unflatten(1, (groups, -1)), weight.unflatten(0, (groups, -1))
    stamps = torch.einsum("ngchw,gcoij->ngohwij", *groupwise).flatten(1, 2)
    out = x.new_zeros(n, stamps.shape[1], (h - 1) * sh + dh * (kh - 1) + 1, (w - 1) * sw + dw * (kw - 1) + 1)
    for i in range(h):
        for j in range(w):
            rows = slice(i * sh, i * sh + dh * (kh - 1) + 1, dh)
            out[:, :, rows, j * sw : j * sw + dw * (kw - 1) + 1 : dw] = stamps[:, :, i, j]
    return out


def repeated(x, weight, bias, stride, padding, output_padding, groups, dilation):
    """Pixels repeated `stride` times, the last one once, then stamps at stride 1."""
    (sh, sw) = pair(stride)
    x = x.repeat_interleave(sh, 2).repeat_interleave(sw, 3)
    x = x[..., : x.shape[2] - sh + 1, : x.shape[3] - sw + 1]
    return transposed(x, weight, None, 1, 0, 0, groups, dilation)


def cut(crop: Crop, build: Build | None = None) -> Mutant:
    """`build` the stamps, as the function does without an own way, `crop` them, then add the bias."""

    def mutant(function, x, weight, bias, stride, padding, output_padding, groups, dilation):
        stamps = (build or function)(x, weight, None, stride, 0, 0, groups, dilation)
        out = crop(stamps, pair(padding), pair(output_padding))
        return out if bias is None else out + upright(bias)

    return with_all_arguments(transposed, mutant)


def sides(top: int = 1, bottom: int = 1, at_start: bool = False) -> Crop:
    """`output_padding` added at the end (or start), then `padding` cut off, so many times at each end."""

    def crop(out: T, padding: Pair, output_padding: Pair) -> T:
        (ph, pw), (oh, ow) = padding, output_padding
        out = F.pad(out, (ow, 0, oh, 0) if at_start else (0, ow, 0, oh))
        return out[..., top * ph : out.shape[2] - bottom * ph, top * pw : out.shape[3] - bottom * pw]

    return crop


usual = sides()
unrefusing = cut(usual)  # PyTorch's, without its refusals


def zeros_after(out: T, padding: Pair, output_padding: Pair) -> T:
    """What is added after the cut is zero."""
    (oh, ow) = output_padding
    return F.pad(usual(out, padding, (0, 0)), (0, ow, 0, oh))


def zeros_behind_the_bias(function, output_padding, **rest):
    """The same, and no bias there either."""
    (oh, ow) = pair(output_padding)
    return F.pad(function(output_padding=0, **rest), (0, ow, 0, oh))


def grown(out: T, padding: Pair, output_padding: Pair) -> T:
    """Padding makes the output larger."""
    (ph, pw), (oh, ow) = padding, output_padding
    return F.pad(out, (pw, pw + ow, ph, ph + oh))


def stamped_bias(function, x, weight, bias, groups, **rest):
    """The bias is part of every stamp."""
    out = function(x, weight, None, groups=groups, **rest)
    if bias is None:
        return out
    one, stamp = torch.ones_like(x[:1, :1]), torch.ones_like(weight[:1, :1])
    return out + upright(bias) * function(one, stamp, None, groups=1, **rest)


def out_in_order(x: T, weight: T, groups: int, **rest: Any) -> dict[str, Any]:
    """The weight read as (out, in, …)."""
    if weight.shape[1] != x.shape[1] // groups:
        raise RuntimeError("channels do not fit")
    return {"weight": weight.transpose(0, 1)}


def reordered(x, weight, bias=None, stride=1, padding=0, output_padding=0, dilation=1, groups=1):
    """The last two arguments stand the other way round."""
    return transposed(x, weight, bias, stride, padding, output_padding, groups, dilation)


TRANSPOSED = (
    *IN_PLACE,
    empty_slice(cut(lambda out, p, o: F.pad(out, (0, o[1], 0, o[0]))[..., p[0] : -p[0], p[1] : -p[1]])),
    missing_bias(transposed),
    misconception("transposed-square-kernel", *one_side_for_both(transposed), raises=True),
    misconception("transposed-flipped", with_arguments(transposed, weight=lambda w: w.flip(2, 3))),
    misconception("transposed-kernel-axes", with_arguments(transposed, weight=lambda w: w.transpose(2, 3))),
    misconception("transposed-weight-order", with_changes(transposed, out_in_order)),
    misconception("transposed-overwritten", cut(usual, overwritten)),
    misconception("transposed-repeated", cut(usual, repeated)),
    misconception("transposed-stride-ignored", with_arguments(transposed, stride=always(1), output_padding=always(0))),
    misconception("transposed-padding-adds", cut(grown)),
    misconception("transposed-padding-ignored", with_arguments(transposed, padding=always(0))),
    misconception(
        "transposed-padding-one-side",
        *(cut(sides(top, bottom)) for top, bottom in ((1, 0), (0, 1), (2, 0), (0, 2))),
    ),
    misconception("output-padding-ignored", with_arguments(transposed, output_padding=always(0))),
    misconception("output-padding-start", cut(sides(at_start=True))),
    misconception("output-padding-zeros", cut(zeros_after), with_all_arguments(transposed, zeros_behind_the_bias)),
    misconception("output-padding-swapped", cut(lambda out, p, o: usual(out, p, o[::-1]))),
    misconception("transposed-dilation-ignored", with_arguments(unrefusing, dilation=always(1))),
    *group_mistakes(unrefusing, "transposed-"),
    misconception("transposed-bias-ignored", with_bias(transposed, lambda b, x, w: 0 * b.sum())),
    misconception("transposed-bias-stamped", with_all_arguments(transposed, stamped_bias)),
    misconception("argument-order", reordered),
    *pair_mistakes(
        unrefusing,
        stride="transposed-stride",
        padding="transposed-padding",
        output_padding="output-padding",
        dilation="transposed-dilation",
    ),
    *care_mistakes(transposed),
)
