"""The mistakes people make in a U-Net, each as a few pieces of the network in closed form, exchanged.

A mistake says which criterion it `costs`. In all others the network with the mistake is right as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import torch
import torch.nn.functional as F

from autograder.exam.encoder_decoders import mistaken_pieces as pieces
from autograder.exam.encoder_decoders.closed_form import PAPER, UniformUNet
from autograder.exam.encoder_decoders.explaining import Mistake


def each(id: str | None, costs: str, *variants: pieces.Pieces) -> Iterator[Mistake]:
    """A mistake in all its variants."""
    return (Mistake(id, costs, variant) for variant in variants)


def plans(**values: tuple[Any, ...]) -> list[pieces.Pieces]:
    """Networks of other plans: each of these values, a number or a function of the plan, by its name."""
    return [pieces.asked(**{name: value}) for name, some in values.items() for value in some]


ACTIVATIONS = (F.gelu, F.silu, F.softplus, F.mish, torch.tanh, torch.sigmoid, F.hardswish)
# Which layers lack a bias, and which have a batch norm.
EVERY = ("down", "up", "upconv", "head")
UNBIASED = (
    *(EVERY, ("down", "up"), ("down", "up", "upconv"), ("up", "upconv"), ("down", "up", "head")),
    *((layer,) for layer in EVERY),
)
RESIZED: tuple[dict[str, Any], ...] = ({}, pieces.SMOOTHLY, pieces.CORNERS)
SIDES = (("down", "up"), ("up",), ("down",))
WAYS = (("down", "up"), ("down", "up", "upconv"), ("down",), ("up",), ("up", "upconv"))
# Mistakes of any network of two convolutions a level, with skips and one layer at the end.
COMMON: tuple[Mistake, ...] = (
    *each("unet-classes", "arguments", *plans(classes=(lambda p: p.classes + 1, 1, 2, 3, 21))),
    *each("unet-biases", "parameters", *(pieces.unbiased(*layers) for layers in UNBIASED)),
    *each(
        "unet-normalised",
        "parameters",
        *(pieces.batch_norm(*ways, biased=biased) for ways in WAYS for biased in (True, False)),
        *(pieces.batch_norm_after(*ways) for ways in WAYS),
        *(pieces.instance_norm(affine, both) for affine in (False, True) for both in (True, False)),
    ),
    *each(
        "unet-skip-pooled",
        "skips",
        pieces.pooled(pieces.doubled),
        pieces.pooled(pieces.doubled_smoothly),
        *(pieces.pooled(lambda x: x, crop=pieces.resized(**how)) for how in RESIZED),
    ),
    *each("unet-skip-first-convolution", "skips", {"skip": lambda self, level, levels: levels[level].first}),
    # No concatenation; then the decoder's map twice, or zeros, in place of the skip; the skip in place of that map.
    *each(
        "unet-skip-missing",
        "skips",
        pieces.merged(lambda w: w, lambda self, skip, x, w: w * x),
        pieces.merged(lambda w: 2 * w, lambda self, skip, x, w: 2 * w * x),
        pieces.merged(lambda w: 2 * w, lambda self, skip, x, w: w * x),
        pieces.merged(lambda w: 2 * w, lambda self, skip, x, w: 2 * w * self.cropped(skip, x)),
    ),
    *each(
        "unet-skip-added", "skips", pieces.merged(lambda w: w, lambda self, skip, x, w: w * (self.cropped(skip, x) + x))
    ),
    *each(
        "unet-skip-level",
        "skips",
        {"skip": pieces.from_above},
        {"skip": lambda self, level, levels: pieces.doubled(levels[level + 1].second)},
    ),
    *each("unet-mean-pooling", "skips", {"pool": lambda self, x: F.avg_pool2d(x, 2)}),
    *each("unet-mean-pooling", "skips", {"pool": lambda self, x: x[..., ::2, ::2]}),
    *each("unet-same-border", "same", *(pieces.with_border(mode=m) for m in ("replicate", "reflect", "circular"))),
    *each("unet-relu-leaky", "relu", *({"activation": lambda self, x, f=one: f(x)} for one in ACTIVATIONS)),
    *each(
        "unet-softmax-last",
        "logits",
        pieces.ending(lambda x: x.softmax(1), lambda y: y.log() - y[:, :1].log()),
        pieces.ending(lambda x: x.log_softmax(1), lambda y: y - y[:, :1]),
        pieces.ending(torch.sigmoid, torch.logit),
        pieces.ending(F.logsigmoid, lambda y: -torch.log(torch.expm1(-y))),
        pieces.ending(torch.tanh, torch.atanh),
    ),
    *each("unet-shared", "apart", {"convolutions": pieces.shared_second}),
    *each(None, "parameters", pieces.wide_head(1), pieces.wide_head(0)),
)
ALWAYS_PADDED = Mistake("unet-padding-ignored", "sizes", {"padded": lambda self, way: True})
UNET: tuple[Mistake, ...] = (
    *each(
        "unet-depth",
        "arguments",
        *plans(depth=(PAPER.depth, lambda p: p.depth - 1, lambda p: p.depth + 1, 1, 2, 3)),
    ),
    *each("unet-base-channels", "arguments", *plans(base=(PAPER.base, 32, 16, 8))),
    *each("unet-in-channels", "arguments", *plans(in_channels=(1, 3))),
    *COMMON,
    *each("unet-one-convolution", "parameters", *(pieces.other_convolutions(1, *ways) for ways in SIDES)),
    *each("unet-three-convolutions", "parameters", *(pieces.other_convolutions(3, *ways) for ways in SIDES)),
    *each(
        "unet-upsampled",
        "parameters",
        *(
            pieces.enlarged_and_convolved(way, side, biased)
            for way in pieces.ENLARGE
            for side in (3, 1)
            for biased in (True, False)
        ),
        *(pieces.enlarged_and_convolved(way, 2) for way in pieces.ENLARGE),
        pieces.transposed(3, padding=1, output_padding=1),
        pieces.transposed(4, padding=1),
        *(pieces.channels_kept(lambda self, x, width, way=way: way(x)) for way in pieces.ENLARGE),
    ),
    *each("unet-channels-kept", "parameters", pieces.channels_kept(pieces.kept_by_transposed)),
    *each(
        "unet-crop",
        "crop",
        {"crop": pieces.without_centre},
        {"crop": lambda self, x, height, width: x[..., x.shape[2] - height :, x.shape[3] - width :]},
        {"crop": pieces.off_centre(-1)},
        {"crop": pieces.off_centre(1)},
    ),
    *each("unet-skip-resized", "crop", *({"crop": pieces.resized(**how)} for how in RESIZED)),
    *each("unet-skip-resized", "crop", {"crop": lambda self, x, h, w: F.adaptive_avg_pool2d(x, (h, w))}),
    *each("unet-decoder-padded", "crop", {"join": pieces.decoder_padded}),
    ALWAYS_PADDED,
    *each("unet-padding-ignored", "sizes", {"padded": lambda self, way: self.padding == "same" or way == "up"}),
    *each("unet-padding-ignored", "sizes", {"padded": lambda self, way: self.padding == "same" or way == "down"}),
    *each("unet-padding-ignored", "same", {"padded": lambda self, way: False}),
    *each(
        "unet-same-border",
        "same",
        pieces.same_by(lambda x, lost: F.pad(x, (lost,) * 4), lambda y, h, w: y),
        *(pieces.same_by(lambda x, lost: x, pieces.stretched(**how)) for how in ({}, pieces.SMOOTHLY)),
    ),
    *each(
        "unet-shift",
        "shift",
        {"bottleneck": lambda self, levels: levels[-1].second + levels[-1].second.mean((2, 3), keepdim=True)},
    ),
)


# What is called otherwise in the VGG U-Net, and the criteria that cost the same there.
VGG_IDS = {f"unet-{what}": f"vgg-{what}" for what in ("classes", "biases", "normalised")}
VGG_IDS |= {f"unet-skip-{what}": f"vgg-skip-{what}" for what in ("pooled", "missing", "level")}
VGG_IDS |= {
    "unet-skip-added": "vgg-skip-missing",
    "unet-softmax-last": "vgg-last",
    "unet-relu-leaky": "vgg-relu-missing",
}
VGG_COSTS = {"arguments": "sizes", "skips": "values", "same": "values", "apart": "parameters"}
VGG: tuple[Mistake, ...] = (
    *each("vgg-blocks", "parameters", *plans(depth=(3, 2, 1, lambda p: p.depth + 1, lambda p: p.depth - 1))),
    *(replace(m, id=VGG_IDS.get(m.id or "", m.id), costs=VGG_COSTS.get(m.costs, m.costs)) for m in COMMON),
    *each(
        "vgg-transposed",
        "parameters",
        {"upconv": UniformUNet.upconv},
        pieces.transposed(4, padding=1),
        {"upconv": pieces.vgg_upconv(UniformUNet.upconv)},
        {
            "upconv": lambda self, x, width: self.convolution(
                2 * width * pieces.kept_by_transposed(self, x, width), 2 * width, width, "upconv"
            )
        },
    ),
    *each(
        "vgg-decoder-convolutions",
        "parameters",
        pieces.other_convolutions(1, "up"),
        pieces.other_convolutions(3, "up"),
        pieces.channels_kept(lambda self, x, width: self.resized(x)),
        pieces.enlarged_and_convolved(pieces.doubled, 1),
    ),
    *each(
        "vgg-pool-last",
        "values",
        {"bottleneck": pieces.pooled_bottleneck},
        {"bottleneck": lambda self, levels: self.pool(levels[-1].second)},
    ),
    *each(
        "vgg-pool-missing", "values", {"pool": lambda self, x: x, "resized": lambda self, x: x}, pieces.PARTLY_POOLED
    ),
)
