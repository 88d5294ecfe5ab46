"""Visible checks of `AlexNet` and `VGG`."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import nn
from torchvision import models
from torchvision.models.vgg import make_layers
from torchvision.ops import Permute

from convcourse.checks.architectures.states import (
    CLASSES,
    Outline,
    Replaced,
    State,
    answer,
    has_dropout,
    has_names,
    own_work,
    processed,
    state_of,
    variants,
    without,
)
from convcourse.checks.core import Check, numbers, on_plain_torch

HIDDEN = 256  # units of the hidden layers, in place of 4,096


@on_plain_torch
def AlexNet(made: Any) -> None:
    """Check the class `AlexNet`: (N, 3, H, W) → logits (N, num_classes)."""
    check = Check("AlexNet")
    with torch.device("meta"):
        reference = models.AlexNet(CLASSES)
    net = _made(check, made, reference, f"AlexNet({CLASSES})", CLASSES)
    state = state_of(reference, 1, HIDDEN)
    x = numbers(1, 1, 3, 195, 203)  # so large that no layer runs out of pixels where paddings are left out
    relus = {f"features.{n}": f"convolution {i}" for i, n in enumerate((1, 4, 7, 9, 11), 1)}
    pools = ("features.2", "features.5", "features.12")
    others = (
        _relus(relus)
        | _unpadded(reference, relus)
        | {
            "Its poolings are 2×2. They must be 3×3 with stride 2.": {name: nn.MaxPool2d(2) for name in pools},
            "Its poolings take the average. They must take the maximum.": {name: nn.AvgPool2d(3, 2) for name in pools},
            "Its adaptive pooling takes the maximum. It must take the average.": {"avgpool": nn.AdaptiveMaxPool2d(6)},
        }
    )
    _answers(check, net, reference, state, x, others)
    with check("dropout before the first and the second linear layer, in train mode only"):
        units = {name: torch.zeros_like(tensor) for name, tensor in state.items()}
        units |= {"classifier.4.weight": torch.eye(HIDDEN), "classifier.6.weight": torch.eye(HIDDEN)}
        units |= {"classifier.6.bias": torch.zeros(HIDDEN)}
        both = units | {"features.10.bias": torch.ones(256), "classifier.1.weight": torch.eye(HIDDEN, 9216)}
        second = units | {"classifier.1.bias": torch.ones(HIDDEN)}
        has_dropout(check, net, [(second, 1, "the dropout before `classifier.4`"), (both, 2, "both dropouts")])


@on_plain_torch
def VGG(made: Any) -> None:
    """Check the class `VGG`: (N, 3, H, W) → logits (N, num_classes)."""
    check = Check("VGG")
    config: list[str | int] = [8, "M", 12, 16, "M", 512, "M"]
    for batch_norm in (False, True):
        with torch.device("meta"):
            reference = models.VGG(make_layers(config, batch_norm), CLASSES, init_weights=False)
        said = f"VGG({config}, {CLASSES}{', batch_norm=True' if batch_norm else ''})"
        net = _made(check, made, reference, said, config, CLASSES, **({"batch_norm": True} if batch_norm else {}))
        state, x = state_of(reference, 2, HIDDEN), numbers(2, 2, 3, 32, 44)
        kinds = {kind: [f"features.{n}" for n, layer in enumerate(reference.features) if isinstance(layer, kind)]
                 for kind in (nn.ReLU, nn.MaxPool2d)}  # fmt: skip
        relus, pools = {name: f"convolution {i}" for i, name in enumerate(kinds[nn.ReLU], 1)}, kinds[nn.MaxPool2d]
        others = (
            _relus(relus)
            | _unpadded(reference, relus)
            | {
                "Its poolings are 3×3. They must be 2×2 with stride 2.": {name: nn.MaxPool2d(3, 2) for name in pools},
                "Its poolings have stride 1. They must have stride 2.": {name: nn.MaxPool2d(2, 1) for name in pools},
                'Yours makes no 2×2 pooling for an "M".': without(pools),
                'Yours makes no 2×2 pooling for the last "M".': without(pools[-1:]),
                "Its poolings take the average. They must take the maximum.": {name: nn.AvgPool2d(2) for name in pools},
                "Its last pooling takes the maximum. It must take the average.": {"avgpool": nn.AdaptiveMaxPool2d(7)},
            }
        )
        _answers(check, net, reference, state, x, others)
        if not batch_norm:
            with check("dropout after the first and the second ReLU of the classifier, in train mode only"):
                units = {name: torch.zeros_like(tensor) for name, tensor in state.items()}
                units |= {"classifier.6.weight": torch.eye(HIDDEN), "classifier.6.bias": torch.zeros(HIDDEN)}
                second = units | {"classifier.3.bias": torch.ones(HIDDEN)}
                both = units | {"classifier.0.bias": torch.ones(HIDDEN), "classifier.3.weight": torch.eye(HIDDEN)}
                has_dropout(check, net, [(second, 1, "the dropout before `classifier.6`"), (both, 2, "both dropouts")])


def _made(check: Check, made: Any, reference: nn.Module, said: str, *args: Any, **kwargs: Any) -> Outline:
    """One of them with the names of torchvision's."""
    with check(f"{said}: names and shapes of the parameters"):
        outline = Outline(check, made, *args, **kwargs)
        own_work(check, list(outline.net.modules()))
        has_names(check, outline.net, reference, said)
    return outline


def _relus(after: dict[str, str]) -> dict[str, Replaced]:
    """Slips with ReLUs left out: each alone, and all. after: by their names, the layers before them."""
    slips = {f"Yours has no ReLU after {word}.": without([name]) for name, word in after.items()}
    kind = next(iter(after.values())).rsplit(" ", 1)[0]
    return slips | {f"Yours has no ReLU after any {kind}.": without(after)}


def _unpadded(reference: nn.Module, relus: dict[str, str]) -> dict[str, Replaced]:
    """Slips with paddings left out: each alone, and all of 3×3. relus: what stands before ReLUs, by their names."""
    slips: dict[str, Replaced] = {}
    every: Replaced = {}
    layers = [(name, layer) for name, layer in reference.named_modules() if isinstance(layer, nn.Conv2d)]
    for (name, layer), word in zip(layers, relus.values()):
        left_out: Replaced = {name: _without_padding(layer)}
        slips[f"{word.capitalize()} does not pad. It must pad by {layer.padding[0]}."] = left_out
        every |= left_out if layer.kernel_size == (3, 3) else {}
    return slips | {"None of its 3×3 convolutions pads. All of them must pad by 1.": every}


def _without_padding(layer: nn.Conv2d) -> nn.Conv2d:
    """A copy."""
    other = copy.deepcopy(layer)
    other.padding = (0, 0)
    return other


def _answers(
    check: Check, net: Outline, reference: nn.Module, state: State, x: torch.Tensor, others: dict[str, Replaced]
) -> None:
    """With one state it answers as torchvision's, twice the same. others: slips, by the sentences that name them."""
    reference.eval()
    pool = reference.get_submodule("avgpool")
    hidden = [name for name, layer in reference.named_modules() if isinstance(layer, nn.ReLU) and "classifier" in name]
    classifier = _relus({name: f"linear layer {i}" for i, name in enumerate(hidden, 1)}) | {
        "Yours flattens the pixels before the channels. Flatten (C, H, W) in this order.": {
            "avgpool": nn.Sequential(pool, Permute([0, 2, 3, 1]))
        },
    }
    zeroed = {
        name: torch.zeros_like(tensor) for name, tensor in state.items() if "features" in name and tensor.ndim > 1
    }
    for title, given, slips in (
        ("convolutions of weight 0", state | zeroed, classifier), ("torchvision's weights", state, others | classifier)
    ):  # fmt: skip
        with check(f"the same logits as torchvision's, with {title}"):
            expected, got = answer(reference, given, x), net.answer(given, x)
            if not torch.equal(net.answer(given, x), got):
                check.fail("Two calls in eval mode differ. Is there dropout that stays on?")
            named = [*processed(expected), *variants(reference, given, x, slips)]
            check.same(got, expected, f"with images {tuple(x.shape)} and {title}", named)
