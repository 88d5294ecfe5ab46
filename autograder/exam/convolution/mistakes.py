"""The mistakes people make in a convolution, each as the wrong function it is recognised by (see `exam.mistakes`).

Shapes: x (N, C_in, H, W), weight (C_out, C_in / groups, kH, kW), bias (C_out,).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F

from autograder.exam.convolution.sizes import size
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
    unfit,
    upright,
    with_all_arguments,
    with_arguments,
    with_bias,
    with_changes,
    with_result,
)

T = torch.Tensor
Ends = tuple[int, int, int, int]  # left, right, top, bottom


def split(kh: int, kw: int, dh: int, dw: int) -> Ends:
    """PyTorch's "same" for a kernel and its dilation: the odd one at the end."""
    h, w = dh * (kh - 1), dw * (kw - 1)
    return w // 2, w - w // 2, h // 2, h - h // 2


def ends(weight: T, padding: Any, dilation: Any) -> Ends:
    """What a padding in words or numbers adds at each end."""
    if padding == "same":
        (kh, kw), (dh, dw) = weight.shape[2:], pair(dilation)
        return split(kh, kw, dh, dw)
    ph, pw = (0, 0) if padding == "valid" else pair(padding)
    return pw, pw, ph, ph


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """PyTorch's; "same" is padded here, since there it warns of even kernels."""
    if padding == "same":
        if pair(stride) != (1, 1):
            raise ValueError('padding "same" is for stride 1')
        x, padding = F.pad(x, ends(weight, padding, dilation)), 0
    return F.conv2d(x, weight, bias, stride, padding, dilation, groups)


def padded(mode: str = "constant", value: float = 0.0, sides: Callable[..., tuple] = lambda *ends: ends):
    """A conv2d that pads in a mode, by `sides(left, right, top, bottom)`, then convolves without padding."""

    def change(x, weight, padding, dilation, **rest):
        fill = value if mode == "constant" else None
        return {"x": F.pad(x, sides(*ends(weight, padding, dilation)), mode, fill), "padding": 0}

    return with_changes(conv2d, change)


def same_padded(pad: Callable[..., tuple]):
    """A conv2d whose "same" pads by `pad(kh, kw, dh, dw)` = (left, right, top, bottom)."""

    def change(x, weight, padding, dilation, **rest):
        if padding != "same":
            return {}
        return {"x": F.pad(x, pad(*weight.shape[2:], *pair(dilation))), "padding": 0}

    return with_changes(conv2d, change)


def one_input_channel(index: int):
    """Only one input channel of each group counts."""

    def change(x, weight, groups, **rest):
        chosen = x.unflatten(1, (groups, -1))[:, :, index]
        return {"x": chosen, "weight": weight[:, index % weight.shape[1], None]}

    return with_changes(conv2d, change)


def square(x, weight, **rest):
    """The kernel's height counts for its width as well."""
    side = weight.shape[2]
    if weight.shape[3] < side:
        raise IndexError("the kernel is narrower than high")
    return {"weight": weight[..., :side]}


def square_windows(axis: int, loops: bool = False) -> Callable[..., T]:
    """Windows with the kernel's side along this axis for both; products broadcast where they can, and fail elsewhere.

    loops: where no window fits, loops over windows end at once.
    """

    def mutant(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
        (sh, sw), (dh, dw), k = pair(stride), pair(dilation), weight.shape[axis]
        x = F.pad(x, ends(weight, padding, dilation))
        fit = [max(n - d * (k - 1) + s - 1, 0) // s for n, d, s in zip(x.shape[2:], (dh, dw), (sh, sw), strict=True)]
        if loops and not all(fit):
            return x.new_zeros(len(x), len(weight), *fit)
        windows = x.unfold(2, dh * (k - 1) + 1, sh).unfold(3, dw * (k - 1) + 1, sw)[..., ::dh, ::dw]
        windows, weight = windows.unflatten(1, (groups, -1)), weight.unflatten(0, (groups, -1))
        out = torch.einsum("ngchwij,gocij->ngohw", windows, weight).flatten(1, 2)
        return out if bias is None else out + upright(bias)

    return mutant


def square_image(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """The padded image's height counts for its width as well."""
    right = conv2d(x, weight, bias, stride, padding, dilation, groups)
    _, _, top, bottom = ends(weight, padding, dilation)
    width = size(x.shape[2] + top + bottom, weight.shape[3], pair(stride)[1], 0, pair(dilation)[1])
    if width > right.shape[3]:
        raise IndexError("the image is narrower than high")
    return right[..., :width]


# (positions, channels) reshaped into (channels, positions) without exchanging them.
mixed_axes = with_result(conv2d, lambda out: out.permute(0, 2, 3, 1).reshape(out.shape))


def rounded_up(x, weight, stride, padding, dilation, **rest):
    """Padded at the end, so that a window which begins in the image is whole."""
    if padding == "same":
        return {}
    (kh, kw), (sh, sw), (dh, dw) = weight.shape[2:], pair(stride), pair(dilation)
    _, pw, _, ph = ends(weight, padding, dilation)
    more = [-(n + 2 * p - d * (k - 1) - 1) % s for n, p, d, k, s in
            ((x.shape[3], pw, dw, kw, sw), (x.shape[2], ph, dh, kh, sh))]  # fmt: skip
    return {"x": F.pad(x, (pw, pw + more[0], ph, ph + more[1])), "padding": 0}


def from_one_image(change: Callable[[T], T]) -> tuple[Callable[..., T], ...]:
    """The result for a batch changed into one image, again for every image or alone."""
    repeated = lambda function, x, **rest: function(change(x), **rest).expand(len(x), -1, -1, -1)
    return with_all_arguments(conv2d, repeated), with_arguments(conv2d, x=change)


def only_first(out: T) -> T:
    """Zeros for all images but the first."""
    return torch.cat([out[:1], 0 * out[1:]])


def nothing_at_the_end(words: bool) -> Callable[..., bool]:
    """Is nothing padded at the bottom or at the right? words: also for padding in words."""

    def test(weight: T, padding: Any, dilation: Any, **rest: Any) -> bool:
        _, right, _, bottom = ends(weight, padding, dilation)
        return not right * bottom and (words or not isinstance(padding, str))

    return test


SQUARE_WINDOWS = [square_windows(axis, loops) for axis in (2, 3) for loops in (False, True)]

# Those that leave nothing but errors where they show. (A layer is not judged by these: it fails in more ways.)
FAILING = (
    *IN_PLACE,
    empty_slice(*(unfit(conv2d, nothing_at_the_end(words)) for words in (True, False))),
    missing_bias(conv2d),
    misconception("square-kernel", *SQUARE_WINDOWS, *one_side_for_both(conv2d), raises=True),
)
SUMS = (
    misconception("flipped-kernel", with_arguments(conv2d, weight=lambda w: w.flip(2, 3))),
    misconception("transposed-kernel", with_arguments(conv2d, weight=lambda w: w.transpose(2, 3))),
    misconception(
        "square-kernel",
        with_changes(conv2d, square),
        *SQUARE_WINDOWS,
        with_arguments(conv2d, weight=lambda w: w[..., : w.shape[2]]),
        square_image,
    ),
    misconception("channels-not-summed", one_input_channel(0), one_input_channel(-1)),
    misconception("channels-averaged", with_arguments(conv2d, weight=lambda w: w / w.shape[1])),
    misconception("batch-first-item", *from_one_image(lambda x: x[:1]), with_result(conv2d, only_first)),
    misconception("batch-mixed", *from_one_image(lambda x: x.sum(0, keepdim=True))),
    misconception("bias-ignored", with_bias(conv2d, lambda b, x, w: 0 * b.sum())),
    misconception("bias-per-channel", with_bias(conv2d, lambda b, x, w: w.shape[1] * upright(b))),
    misconception("bias-wrong-axis", with_bias(conv2d, lambda b, x, w: b)),
    misconception("bias-sign", with_bias(conv2d, lambda b, x, w: -upright(b))),
    misconception("stride-ignored", with_arguments(conv2d, stride=always(1))),
    *pair_mistakes(conv2d, {"stride"}, "tuples-refused", stride="stride", padding="padding", dilation="dilation"),
    misconception("ceil-for-floor", with_changes(conv2d, rounded_up)),
    misconception("padding-ones", padded(value=1.0)),
    misconception("padding-reflect", padded("replicate"), padded("reflect")),
    misconception("wrap-around", padded("circular")),
    misconception(
        "padding-one-side",
        padded(sides=lambda left, right, top, bottom: (left, 0, top, 0)),
        padded(sides=lambda left, right, top, bottom: (0, right, 0, bottom)),
        padded(sides=lambda left, right, top, bottom: (left + right, 0, top + bottom, 0)),
        padded(sides=lambda left, right, top, bottom: (0, left + right, 0, top + bottom)),
    ),
    misconception("dilation-ignored", with_arguments(conv2d, dilation=always(1))),
    misconception("dilation-off-by-one", with_arguments(conv2d, dilation=lambda d: tuple(v + 1 for v in pair(d)))),
    *group_mistakes(conv2d),
    misconception("same-pads-start", same_padded(lambda *a: tuple(split(*a)[i] for i in (1, 0, 3, 2)))),
    misconception("same-ignores-dilation", same_padded(lambda kh, kw, dh, dw: split(kh, kw, 1, 1))),
    misconception(
        "same-even-kernel",
        same_padded(lambda kh, kw, dh, dw: (dw * kw // 2, dw * kw // 2, dh * kh // 2, dh * kh // 2)),
        same_padded(lambda kh, kw, dh, dw: (dw * (kw // 2),) * 2 + (dh * (kh // 2),) * 2),
        same_padded(lambda kh, kw, dh, dw: (dw * (kw - 1) // 2,) * 2 + (dh * (kh - 1) // 2,) * 2),
    ),
    misconception("padding-ignored", with_arguments(conv2d, padding=lambda p: p if isinstance(p, str) else 0)),
    misconception("same-is-valid", with_arguments(conv2d, padding=lambda p: 0 if isinstance(p, str) else p)),
    misconception("reshape-for-permute", mixed_axes, with_bias(mixed_axes, lambda b, x, w: upright(b))),
    *care_mistakes(conv2d),
    misconception("plus-one-missing", with_result(conv2d, lambda out: out[..., :-1, :-1])),
)
VALUES = (*FAILING, *SUMS)
