"""Visible checks of `grad_cam`."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from convcourse.checks.core import Slips, numbers
from convcourse.checks.interpretability.models import (
    ModelCheck,
    filled,
    head,
    linear,
    on_models,
    weights,
    with_gradients,
)

T = torch.Tensor
SHAPE = 4, 3, 4  # of the maps
SEED = 241  # with which every slip has a map of its own, and none is 0 everywhere


@on_models
def grad_cam(function: Any) -> None:
    """Check `grad_cam(model, layer, image, target)` on a convolution whose maps are weighted and summed up."""
    check = ModelCheck("grad_cam")
    image = numbers(1, 2, 6, 8).sigmoid()
    conv = filled(nn.Conv2d(2, SHAPE[0], 2, stride=2, bias=False), SEED)
    model = nn.Sequential(conv, *linear(SEED, 3, *SHAPE)).eval()
    maps, weight = conv(image[None])[0].detach(), weights(model, *SHAPE)
    for target in range(2):
        with check(f"class {target}"):
            got = check.ask(function, model, conv, image, target)
            check.same(got, _drawn(maps, weight[target]), f"with class {target}", _slips(model, image, maps, target))
    with check("before an in-place module"):
        inplace = nn.Sequential(conv, nn.ReLU(inplace=True), *list(model)[1:]).eval()
        wanted = _drawn(maps, weight[1] * (maps > 0))
        slips: Slips = [
            (
                partial(_drawn, maps.relu(), weight[1]),
                "Yours takes the maps behind the in-place ReLU. Keep the layer's own output.",
            ),
            (
                partial(_drawn, maps.relu(), weight[1] * (maps > 0)),
                "Yours takes the maps behind the in-place ReLU. Keep the layer's own output.",
            ),
            (
                partial(_drawn, maps, weight[1]),
                "Yours takes the derivative by the output of the in-place ReLU. Take that by the layer's own output.",
            ),
        ]
        got = check.ask(function, inplace, conv, image, 1)
        check.same(got, wanted, "with an in-place ReLU behind the layer", slips)
    with check("a layer with another convolution behind it"):
        mixing = filled(nn.Conv2d(SHAPE[0], SHAPE[0], 1, bias=False), SEED)
        longer = nn.Sequential(conv, nn.ReLU(), mixing, *list(model)[1:]).eval()
        derivative = torch.einsum("khw,kl->lhw", weight[0], mixing.weight[..., 0, 0].detach())
        got = check.ask(function, longer, conv, image, 0)
        check.same(got, _drawn(maps, derivative * (maps > 0)), "with another convolution behind the layer")
    with check("a map of zeros"):
        with torch.no_grad():
            conv.weight.abs_()
            head(model).weight[0].abs_()
            head(model).weight[2].abs_().neg_()
        got = check.ask(function, model, conv, image, 2)
        nothing = torch.zeros(6, 8)
        if isinstance(got, T) and got.isnan().any():
            check.fail(
                "With a class against which all maps speak, the map is 0, and yours is NaN. Divide by the maximum only "
                "where it is above 0."
            )
        check.same(got, nothing, "with a class against which all maps speak, the map is 0")
    with check("parameters that require no gradient"):
        model.requires_grad_(False)
        wanted = _drawn(conv(image[None])[0], weights(model, *SHAPE)[0])
        check.same(check.ask(function, model, conv, image, 0), wanted, "with parameters that require no gradient")
    with check("in eval mode, and left as it was"):
        dropping = with_gradients(nn.Sequential(conv, nn.Dropout(1.0), *list(model)[1:]))
        got = check.ask(function, dropping, conv, image, 0)
        slips = [(nothing.clone, "Yours runs it in train mode.")]
        check.same(got, wanted, "the model must run in eval mode, also if it comes in train mode", slips)


def _sum(maps: T, derivative: T) -> T:
    """The maps (C', h, w), each times the mean of its derivative, summed up: (1, 1, h, w)."""
    return torch.einsum("chw,c->hw", maps, derivative.mean((1, 2)))[None, None]


def _enlarged(small: T, **how: Any) -> T:
    return F.interpolate(small, (6, 8), **(how or {"mode": "bilinear", "align_corners": False}))[0, 0]


def _scaled(found: T) -> T:
    return found / found.max()


def _drawn(maps: T, derivative: T) -> T:
    """The map as it must be."""
    return _scaled(_enlarged(_sum(maps, derivative).relu()))


def _slips(model: nn.Sequential, image: T, maps: T, target: int) -> Slips:
    weight = weights(model, *SHAPE)
    derivative, small = weight[target], _sum(maps, weight[target])
    shares = model(image[None])[0].softmax(0).detach()
    by_probability = derivative - (shares[:, None, None, None] * weight).sum(0)
    each = (derivative * maps).sum(0)[None, None]
    return [
        (partial(_scaled, _enlarged(small)), "Yours leaves the ReLU out."),
        (partial(_scaled, _enlarged(small).relu()), "Yours enlarges before the ReLU. The ReLU comes first."),
        (partial(_drawn, maps.relu(), derivative), "Yours takes the ReLU of each map. It comes after the sum."),
        (partial(_drawn, maps, derivative.abs()), "Yours takes the absolute value of the derivative."),
        (
            partial(_drawn, maps, by_probability),
            "Yours is the derivative of the probability, or of its logarithm. Take the logit's.",
        ),
        (
            partial(_scaled, _enlarged(each.relu())),
            "Yours multiplies each position by its own derivative. Take the mean over the positions first.",
        ),
        (partial(_scaled, _enlarged(maps.sum(0)[None, None].relu())), "Yours adds up the maps without weights."),
        (partial(_enlarged, small.relu()), "Yours is not divided by its maximum."),
        (partial(_enlarged, _scaled(small.relu())), "Yours divides by the maximum before it enlarges."),
        (partial(_scaled, small[0, 0].relu()), "Yours is not enlarged to the size of the image."),
        (partial(_scaled, _enlarged(small.relu(), mode="nearest")), "Yours enlarges by the nearest position."),
        (
            partial(_scaled, _enlarged(small.relu(), mode="bilinear", align_corners=True)),
            "Yours enlarges with align_corners=True. Take False.",
        ),
    ]
