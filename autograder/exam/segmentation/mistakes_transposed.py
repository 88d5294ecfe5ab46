"""The mistakes people make in a transposed convolution, each as the wrong function it is recognised by."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F

from autograder.exam.segmentation.common import misconception
from autograder.exam.segmentation.upsampling import pair

transposed = F.conv_transpose2d
Mutant = Callable[..., torch.Tensor]


def changed(change: Callable[..., tuple]) -> Mutant:
    """Another stride, padding, output_padding, groups and dilation than those that were given."""

    def mutant(x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
        return transposed(x, weight, bias, *change(stride, padding, output_padding, groups, dilation))

    return mutant


def with_weight(change: Callable[[torch.Tensor], torch.Tensor]) -> Mutant:
    return lambda x, weight, bias=None, *args, **kwargs: transposed(x, change(weight), bias, *args, **kwargs)


def turned(value: Any) -> Any:
    return value if isinstance(value, int) else (value[1], value[0])


def whole(x, weight, stride, groups, dilation) -> torch.Tensor:
    """The stamps, added up, with nothing cut off."""
    return transposed(x, weight, None, stride, 0, 0, groups, dilation)


def stamps_overwritten(x, weight, stride, groups, dilation) -> torch.Tensor:
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


def cut(build: Callable[..., torch.Tensor], crop: Callable[..., torch.Tensor]) -> Mutant:
    """`build` the stamps, then `crop(out, padding, output_padding)`, then add the bias."""

    def mutant(x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
        out = crop(build(x, weight, stride, groups, dilation), pair(padding), pair(output_padding))
        return out if bias is None else out + bias.reshape(1, -1, 1, 1)

    return mutant


def usual(out, padding, output_padding):
    (ph, pw), (oh, ow) = padding, output_padding
    out = F.pad(out, (0, ow, 0, oh))
    return out[..., ph : out.shape[2] - ph, pw : out.shape[3] - pw]


def added_at_start(out, padding, output_padding):
    (ph, pw), (oh, ow) = padding, output_padding
    out = F.pad(out, (ow, 0, oh, 0))
    return out[..., ph : out.shape[2] - ph, pw : out.shape[3] - pw]


def zeros_after(out, padding, output_padding):
    (ph, pw), (oh, ow) = padding, output_padding
    return F.pad(out[..., ph : out.shape[2] - ph, pw : out.shape[3] - pw], (0, ow, 0, oh))


def cut_once(start: bool) -> Callable[..., torch.Tensor]:
    def crop(out, padding, output_padding):
        (ph, pw), (oh, ow) = padding, output_padding
        out = F.pad(out, (0, ow, 0, oh))
        return out[..., ph:, pw:] if start else out[..., : out.shape[2] - ph, : out.shape[3] - pw]

    return crop


def twice_at(start: bool) -> Callable[..., torch.Tensor]:
    def crop(out, padding, output_padding):
        (ph, pw), (oh, ow) = padding, output_padding
        out = F.pad(out, (0, ow, 0, oh))
        return out[..., 2 * ph :, 2 * pw :] if start else out[..., : out.shape[2] - 2 * ph, : out.shape[3] - 2 * pw]

    return crop


def grown(out, padding, output_padding):
    (ph, pw), (oh, ow) = padding, output_padding
    return F.pad(out, (pw, pw + ow, ph, ph + oh))


def repeated(x, weight, stride, groups, dilation):
    """Pixels repeated `stride` times, the last one once, then stamps at stride 1."""
    (sh, sw) = pair(stride)
    x = x.repeat_interleave(sh, 2).repeat_interleave(sw, 3)
    x = x[..., : x.shape[2] - sh + 1, : x.shape[3] - sw + 1]
    return transposed(x, weight, None, 1, 0, 0, groups, dilation)


def stamped_bias(x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    out = transposed(x, weight, None, stride, padding, output_padding, groups, dilation)
    if bias is None:
        return out
    ones = torch.ones_like(weight[:1, :1])
    counts = transposed(torch.ones_like(x[:1, :1]), ones, None, stride, padding, output_padding, 1, dilation)
    return out + bias.reshape(1, -1, 1, 1) * counts


def out_in_order(x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    if weight.shape[1] != x.shape[1] // groups:
        raise RuntimeError("channels do not fit")
    return transposed(x, weight.transpose(0, 1), bias, stride, padding, output_padding, groups, dilation)


def ungrouped(x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    return transposed(x, weight.repeat(1, groups, 1, 1), bias, stride, padding, output_padding, 1, dilation)


def interleaved(inputs: bool, outputs: bool) -> Mutant:
    def mutant(x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
        if inputs:
            x = torch.cat([x[:, g::groups] for g in range(groups)], 1)
        out = transposed(x, weight, None, stride, padding, output_padding, groups, dilation)
        if outputs:
            out = out.unflatten(1, (groups, -1)).transpose(1, 2).flatten(1, 2)
        return out if bias is None else out + bias.reshape(1, -1, 1, 1)

    return mutant


def dilation_first(x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    return transposed(x, weight, bias, stride, padding, output_padding, groups=dilation, dilation=groups)


def without_pairs(stride, padding, output_padding, groups, dilation):
    if any(not isinstance(v, int) for v in (stride, padding, output_padding, dilation)):
        raise TypeError("a pair")
    return stride, padding, output_padding, groups, dilation


def in_float32(x, weight, bias=None, *args, **kwargs):
    return transposed(x.float(), weight.float(), None if bias is None else bias.float(), *args, **kwargs)


TRANSPOSED = (
    misconception("transposed-flipped", with_weight(lambda w: w.flip(2, 3))),
    misconception("transposed-kernel-axes", with_weight(lambda w: w.transpose(2, 3))),
    misconception("transposed-weight-order", out_in_order),
    misconception("transposed-overwritten", cut(stamps_overwritten, usual)),
    misconception("transposed-repeated", cut(repeated, usual)),
    misconception("transposed-stride-ignored", changed(lambda s, p, o, g, d: (1, p, 0, g, d))),
    misconception("transposed-stride-swapped", changed(lambda s, p, o, g, d: (turned(s), p, o, g, d))),
    misconception("transposed-padding-adds", cut(whole, grown)),
    misconception("transposed-padding-ignored", changed(lambda s, p, o, g, d: (s, 0, o, g, d))),
    misconception(
        "transposed-padding-one-side",
        *(cut(whole, crop) for crop in (cut_once(True), cut_once(False), twice_at(True), twice_at(False))),
    ),
    misconception("transposed-padding-swapped", changed(lambda s, p, o, g, d: (s, turned(p), o, g, d))),
    misconception("output-padding-ignored", changed(lambda s, p, o, g, d: (s, p, 0, g, d))),
    misconception("output-padding-start", cut(whole, added_at_start)),
    misconception(
        "output-padding-zeros",
        cut(whole, zeros_after),
        lambda x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1: F.pad(
            transposed(x, weight, bias, stride, padding, 0, groups, dilation),
            (0, pair(output_padding)[1], 0, pair(output_padding)[0]),
        ),
    ),
    misconception("output-padding-swapped", cut(whole, lambda out, p, o: usual(out, p, o[::-1]))),
    misconception("transposed-dilation-ignored", changed(lambda s, p, o, g, d: (s, p, o, g, 1))),
    misconception("transposed-dilation-swapped", changed(lambda s, p, o, g, d: (s, p, o, g, turned(d)))),
    misconception(
        "transposed-groups-ignored", ungrouped, changed(lambda s, p, o, g, d: (s, p, o, 1, d))
    ),
    misconception(
        "transposed-groups-interleaved", interleaved(True, False), interleaved(False, True), interleaved(True, True)
    ),
    misconception("transposed-bias-ignored", lambda x, w, bias=None, *a, **k: transposed(x, w, None, *a, **k)),
    misconception("transposed-bias-stamped", stamped_bias),
    misconception("argument-order", dilation_first),
    misconception("pairs-refused", changed(without_pairs), raises=True),
    misconception("float32-result", in_float32),
    misconception("precision-lost", rough=True),
)  # fmt: skip
