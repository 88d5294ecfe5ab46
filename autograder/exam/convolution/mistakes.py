"""The mistakes people make in a convolution: id, sentence, and the wrong function it is recognised by.

Mutants have the signature of `conv2d`. They are compared with a student's answers, most telling first: an answer that
equals a mutant's on every case that was seen is named by its sentence. Sentences of mistakes that are found by other
means (a refusal that did not come, a parameter's name) stand in `SENTENCES` too: each id has one sentence, one anchor.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F

from autograder.exam.convolution.sentences import SENTENCES
from autograder.exam.core import Misconception


def pair(value: Any) -> tuple[int, int]:
    down, right = (value, value) if isinstance(value, int) else value
    return down, right


def split(kh: int, kw: int, dh: int, dw: int) -> tuple[int, int, int, int]:
    """PyTorch's "same" as (left, right, top, bottom): the odd one at the end."""
    h, w = dh * (kh - 1), dw * (kw - 1)
    return w // 2, w - w // 2, h // 2, h - h // 2


def ends(weight: torch.Tensor, padding: Any, dilation: Any) -> tuple[int, int, int, int]:
    """(left, right, top, bottom) of a padding in words or numbers."""
    if padding == "same":
        (kh, kw), (dh, dw) = weight.shape[2:], pair(dilation)
        return split(kh, kw, dh, dw)
    ph, pw = (0, 0) if padding == "valid" else pair(padding)
    return pw, pw, ph, ph


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """PyTorch's; "same" is padded here, since there it warns of even kernels."""
    if padding == "same":
        x, padding = F.pad(x, ends(weight, padding, dilation)), 0
    return F.conv2d(x, weight, bias, stride, padding, dilation, groups)


def with_arguments(change: Callable[..., tuple]) -> Callable[..., torch.Tensor]:
    """A conv2d whose stride, padding, dilation and groups are changed first."""

    def mutant(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
        return conv2d(x, weight, bias, *change(stride, padding, dilation, groups))

    return mutant


def with_weight(change: Callable[[torch.Tensor], torch.Tensor]) -> Callable[..., torch.Tensor]:
    return lambda x, weight, bias=None, *args, **kwargs: conv2d(x, change(weight), bias, *args, **kwargs)


def with_bias(change: Callable[..., Any]) -> Callable[..., torch.Tensor]:
    """A conv2d that adds `change(bias, x, weight)` in place of the bias."""

    def mutant(x, weight, bias=None, *args, **kwargs):
        result = conv2d(x, weight, None, *args, **kwargs)
        return result if bias is None else result + change(bias, x, weight)

    return mutant


def padded(
    mode: str = "constant", value: float = 0.0, sides: Callable[..., tuple] = lambda *ends: ends
) -> Callable[..., torch.Tensor]:
    """A conv2d that pads in a mode, by `sides(left, right, top, bottom)`, then convolves without padding."""

    def mutant(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
        x = F.pad(x, sides(*ends(weight, padding, dilation)), mode, value if mode == "constant" else None)
        return conv2d(x, weight, bias, stride, 0, dilation, groups)

    return mutant


def same_padded(pad: Callable[[int, int, int, int], tuple[int, int, int, int]]) -> Callable[..., torch.Tensor]:
    """A conv2d whose "same" pads by `pad(kh, kw, dh, dw)` = (left, right, top, bottom)."""

    def mutant(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
        if padding == "same":
            (kh, kw), (dh, dw) = weight.shape[2:], pair(dilation)
            x, padding = F.pad(x, pad(kh, kw, dh, dw)), 0
        return conv2d(x, weight, bias, stride, padding, dilation, groups)

    return mutant


def one_input_channel(index: int, scale: bool = False) -> Callable[..., torch.Tensor]:
    """Only one input channel of each group counts, or all of them are averaged."""

    def mutant(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
        if scale:
            return conv2d(x, weight / weight.shape[1], bias, stride, padding, dilation, groups)
        per_group = weight.shape[1]
        n, c, h, w = x.shape
        chosen = x.reshape(n, groups, c // groups, h, w)[:, :, index]
        return conv2d(chosen, weight[:, index % per_group, None], bias, stride, padding, dilation, groups)

    return mutant


def square(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """The kernel's height counts for its width as well."""
    side = weight.shape[2]
    if weight.shape[3] < side:
        raise IndexError("the kernel is narrower than high")
    return conv2d(x, weight[..., :side], bias, stride, padding, dilation, groups)


def square_windows(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Windows as wide as the kernel is high; products broadcast where they can, and fail elsewhere."""
    (sh, sw), (dh, dw), kh = pair(stride), pair(dilation), weight.shape[2]
    x = F.pad(x, ends(weight, padding, dilation))
    windows = x.unfold(2, dh * (kh - 1) + 1, sh).unfold(3, dw * (kh - 1) + 1, sw)[..., ::dh, ::dw]
    windows, weight = windows.unflatten(1, (groups, -1)), weight.unflatten(0, (groups, -1))
    out = torch.einsum("ngchwij,gocij->ngohw", windows, weight).flatten(1, 2)
    return out if bias is None else out + bias.reshape(1, -1, 1, 1)


def first_of(value: Any) -> Any:
    return value if isinstance(value, int | str) else value[0]


def turned(value: Any) -> Any:
    return value if isinstance(value, int | str) else (value[1], value[0])


def refuse_pairs(stride, padding, dilation, groups):
    if any(not isinstance(v, int | str) for v in (stride, padding, dilation)):
        raise TypeError("a pair")
    return stride, padding, dilation, groups


def ungrouped(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    return conv2d(x, weight.repeat(1, groups, 1, 1), bias, stride, padding, dilation)


def interleaved(inputs: bool, outputs: bool) -> Callable[..., torch.Tensor]:
    def mutant(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
        if inputs:
            x = torch.cat([x[:, g::groups] for g in range(groups)], 1)
        result = conv2d(x, weight, None, stride, padding, dilation, groups)
        if outputs:
            n, c, h, w = result.shape
            result = result.reshape(n, groups, c // groups, h, w).transpose(1, 2).reshape(n, c, h, w)
        return result if bias is None else result + bias.reshape(1, -1, 1, 1)

    return mutant


def mixed_axes(x, weight, bias=None, *args, **kwargs):
    """(positions, channels) reshaped into (channels, positions) without exchanging them."""
    right = conv2d(x, weight, bias, *args, **kwargs)
    return right.permute(0, 2, 3, 1).reshape(right.shape)


def mixed_axes_then_bias(x, weight, bias=None, *args, **kwargs):
    result = mixed_axes(x, weight, None, *args, **kwargs)
    return result if bias is None else result + bias.reshape(1, -1, 1, 1)


def square_image(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """The padded image's height counts for its width as well."""
    right = conv2d(x, weight, bias, stride, padding, dilation, groups)
    _, _, top, bottom = ends(weight, padding, dilation)
    width = (x.shape[2] + top + bottom - pair(dilation)[1] * (weight.shape[3] - 1) - 1) // pair(stride)[1] + 1
    if width > right.shape[3]:
        raise IndexError("the image is narrower than high")
    return right[..., :width]


def rounded_up(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    (kh, kw), (sh, sw), (dh, dw) = weight.shape[2:], pair(stride), pair(dilation)
    if padding == "same":
        return conv2d(x, weight, bias, stride, padding, dilation, groups)
    _, pw, _, ph = ends(weight, padding, dilation)
    more = [-(n + 2 * p - d * (k - 1) - 1) % s for n, p, d, k, s in
            ((x.shape[3], pw, dw, kw, sw), (x.shape[2], ph, dh, kh, sh))]  # fmt: skip
    return conv2d(F.pad(x, (pw, pw + more[0], ph, ph + more[1])), weight, bias, stride, 0, dilation, groups)


def last_window_lost(x, weight, bias=None, *args, **kwargs):
    return conv2d(x, weight, bias, *args, **kwargs)[..., :-1, :-1]


def in_float32(x, weight, bias=None, *args, **kwargs):
    return conv2d(x.float(), weight.float(), None if bias is None else bias.float(), *args, **kwargs)


def along_last_axis(bias, x, weight):
    return bias


def misconception(id: str, *mutants: Callable[..., Any], **recognised_by: Any) -> Misconception:
    return Misconception(id, SENTENCES[id], mutants, **recognised_by)


# Arguments are leaves of the graph, and may be expanded: PyTorch refuses to change either in place.
IN_PLACE = misconception(
    "input-changed",
    says=("leaf Variable that requires grad", "more than one element of the written-to tensor"),
)


VALUES = (
    IN_PLACE,
    misconception("flipped-kernel", with_weight(lambda w: w.flip(2, 3))),
    misconception("transposed-kernel", with_weight(lambda w: w.transpose(2, 3))),
    misconception("square-kernel", square, square_windows, with_weight(lambda w: w[..., : w.shape[2]]), square_image),
    misconception("channels-not-summed", one_input_channel(0), one_input_channel(-1)),
    misconception("channels-averaged", one_input_channel(0, scale=True)),
    misconception(
        "batch-first-item",
        lambda x, *a, **k: conv2d(x[:1], *a, **k).expand(len(x), -1, -1, -1),
        lambda x, *a, **k: conv2d(x[:1], *a, **k),
        lambda x, *a, **k: F.pad(conv2d(x[:1], *a, **k), (0, 0, 0, 0, 0, 0, 0, len(x) - 1)),
    ),
    misconception(
        "batch-mixed",
        lambda x, *a, **k: conv2d(x.sum(0, keepdim=True), *a, **k).expand(len(x), -1, -1, -1),
        lambda x, *a, **k: conv2d(x.sum(0, keepdim=True), *a, **k),
        with_bias(lambda b, x, w: b.reshape(1, -1, 1, 1)),
    ),
    misconception("bias-ignored", with_bias(lambda b, x, w: 0 * b.sum())),
    misconception("bias-per-channel", with_bias(lambda b, x, w: w.shape[1] * b.reshape(1, -1, 1, 1))),
    misconception("bias-wrong-axis", with_bias(along_last_axis)),
    misconception("bias-sign", with_bias(lambda b, x, w: -b.reshape(1, -1, 1, 1))),
    misconception("stride-ignored", with_arguments(lambda s, p, d, g: (1, p, d, g))),
    misconception("stride-swapped", with_arguments(lambda s, p, d, g: (turned(s), p, d, g))),
    misconception("stride-first-only", with_arguments(lambda s, p, d, g: (first_of(s), p, d, g))),
    misconception("ceil-for-floor", rounded_up),
    misconception("padding-swapped", with_arguments(lambda s, p, d, g: (s, turned(p), d, g))),
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
    misconception("dilation-ignored", with_arguments(lambda s, p, d, g: (s, p, 1, g))),
    misconception("dilation-off-by-one", with_arguments(lambda s, p, d, g: (s, p, tuple(v + 1 for v in pair(d)), g))),
    misconception("dilation-swapped", with_arguments(lambda s, p, d, g: (s, p, turned(d), g))),
    misconception("groups-ignored", ungrouped, with_arguments(lambda s, p, d, g: (s, p, d, 1))),
    misconception("groups-interleaved", interleaved(True, False), interleaved(False, True), interleaved(True, True)),
    misconception(
        "same-pads-start",
        same_padded(lambda *a: tuple(split(*a)[i] for i in (1, 0, 3, 2))),
    ),
    misconception("same-ignores-dilation", same_padded(lambda kh, kw, dh, dw: split(kh, kw, 1, 1))),
    misconception(
        "same-even-kernel",
        same_padded(lambda kh, kw, dh, dw: (dw * kw // 2, dw * kw // 2, dh * kh // 2, dh * kh // 2)),
        same_padded(lambda kh, kw, dh, dw: (dw * (kw // 2),) * 2 + (dh * (kh // 2),) * 2),
        same_padded(lambda kh, kw, dh, dw: (dw * (kw - 1) // 2,) * 2 + (dh * (kh - 1) // 2,) * 2),
    ),
    misconception("padding-ignored", with_arguments(lambda s, p, d, g: (s, p if isinstance(p, str) else 0, d, g))),
    misconception(
        "same-is-valid", with_arguments(lambda s, p, d, g: (s, 0 if isinstance(p, str) else p, d, g))
    ),
    misconception("reshape-for-permute", mixed_axes, mixed_axes_then_bias),
    misconception("float32-result", in_float32),
    misconception("precision-lost", rough=True),
    misconception("tuples-refused", with_arguments(refuse_pairs), raises=True),
    misconception("plus-one-missing", last_window_lost),
)  # fmt: skip
