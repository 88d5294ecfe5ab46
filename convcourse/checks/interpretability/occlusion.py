"""Visible checks of `occlusion_map`."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
import torch.nn.functional as F

from convcourse.checks.core import Slips, numbers
from convcourse.checks.interpretability.models import (
    ModelCheck,
    fickle,
    head,
    linear,
    on_models,
    weights,
    with_gradients,
)

T = torch.Tensor


@on_models
def occlusion_map(function: Any) -> None:
    """Check `occlusion_map(model, image, target, patch_size, stride, fill=0.0)` on models of weighted sums."""
    check = ModelCheck("occlusion_map")
    image = numbers(1, 3, 6, 9).sigmoid()
    model = linear(2, 3, *image.shape)
    weight, bias = weights(model, *image.shape), head(model).bias.detach()
    with check("squares side by side"):
        logits = _logits(weight, bias, image, 3, 3)
        uncovered = (weight * image).sum((1, 2, 3)) + bias
        all_before = uncovered[:, None, None] + (logits - uncovered[:, None, None]).flatten(1).cumsum(1).view_as(logits)
        wanted = logits.softmax(0)[1]
        probability = uncovered.softmax(0)[1]
        one_channel = _logits(weight, bias, image, 3, 3, channels=1).softmax(0)[1]
        slips: Slips = [
            (logits[1].clone, "Yours are the logits. Take the softmax."),
            (partial(torch.sub, probability, wanted), "Yours are the losses of probability. Return the probability."),
            (partial(torch.sub, wanted, probability), "Yours are the gains of probability. Return the probability."),
            (partial(torch.sub, 1, wanted), "Yours are 1 minus the probability."),
            (wanted.log, "Yours are logarithms. Return the probability."),
            (logits[1].sigmoid, "Yours are sigmoids of the logit. Take the softmax."),
            (logits.softmax(0).amax(0).clone, "Yours are those of the most probable class. Take the target's."),
            (logits.softmax(0)[uncovered.argmax()].clone, "Yours are those of another class. Take the target's."),
            (
                partial(torch.div, wanted - wanted.min(), wanted.max() - wanted.min()),
                "Yours are scaled. Return the probability as it is.",
            ),
            (partial(torch.div, wanted, probability), "Yours are scaled. Return the probability as it is."),
            (partial(torch.ones_like, wanted), "Take the softmax over the classes."),
            (wanted.mT.contiguous, "Yours exchanges rows and columns."),
            (all_before.softmax(0)[1].clone, "In yours the squares before are still covered. Cover a fresh copy."),
            (one_channel.clone, "Yours covers the first channel alone. Cover all."),
            (probability.expand_as(wanted).clone, "Yours covers nothing."),
            (logits.softmax(1)[1].clone, "Take the softmax over the classes."),
            (logits.softmax(2)[1].clone, "Take the softmax over the classes."),
        ]
        got = check.ask(function, model, image, 1, 3, 3)
        check.same(got, wanted, "with patch_size=3 and stride=3", slips)
    for patch_size, stride in ((2, 1), (3, 2), (4, 3), (1, 4), (6, 1)):
        with check(f"patch_size={patch_size}, stride={stride}"):
            wanted = _logits(weight, bias, image, patch_size, stride).softmax(0)[2]
            got = check.ask(function, model, image, 2, patch_size, stride)
            exchanged = _logits(weight, bias, image, min(stride, 6), patch_size).softmax(0)[2]
            slips = [(exchanged.clone, "Yours exchanges patch_size and stride.")]
            check.same(got, wanted, f"with patch_size={patch_size} and stride={stride}", slips)
    with check("fill"):
        wanted = _logits(weight, bias, image, 2, 2, 0.5).softmax(0)[0]
        black = _logits(weight, bias, image, 2, 2).softmax(0)[0]
        got = check.ask(function, model, image, 0, 2, 2, fill=0.5)
        check.same(got, wanted, "with fill=0.5", [(black.clone, "Yours ignores fill.")])
    with check("in eval mode, and left as it was"):
        model, slope, offset = fickle(5, 3, *image.shape)
        weight, bias = weights(model, *image.shape), head(model).bias.detach()
        wanted = _logits(weight, bias, slope * image + offset, 3, 2, offset).softmax(0)[1]
        train = bias.softmax(0)[1].expand_as(wanted)
        slips = [(train.clone, "Yours runs it in train mode.")]
        got = check.ask(function, with_gradients(model), image, 1, 3, 2)
        check.same(got, wanted, "the model must run in eval mode, also if it comes in train mode", slips)


def _logits(
    weight: T, bias: T, image: T, patch_size: int, stride: int, fill: float | T = 0.0, channels: int | None = None
) -> T:
    """The logits (K, rows, columns) of weighted sums. A square changes them by the changes of its pixels."""
    change = (weight * (fill - image))[:, :channels].sum(1)  # (K, H, W)
    squares = F.avg_pool2d(change[None], patch_size, stride)[0] * patch_size**2
    return ((weight * image).sum((1, 2, 3)) + bias)[:, None, None] + squares
