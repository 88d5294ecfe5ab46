"""Visible checks of `AlexNet` and `VGG`."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import nn
from torchvision import models
from torchvision.models.vgg import make_layers

from convcourse.checks.architectures.states import (
    Replaced,
    State,
    answer,
    has_dropout,
    has_names,
    outline,
    own_work,
    state_of,
    varied,
    without_relu,
)
from convcourse.checks.core import Check, Slips, numbers, on_plain_torch

Variants = dict[str, Replaced]  # a slip's sentence, and the modules that it puts in torchvision's places
HIDDEN = 256  # units of the hidden layers, in place of 4,096


@on_plain_torch
def AlexNet(made: Any) -> None:
    """Check the class `AlexNet`: (N, 3, H, W) → logits (N, num_classes)."""
    check = Check("AlexNet")
    with torch.device("meta"):
        reference = models.AlexNet(10)
    net = _made(check, made, reference, "AlexNet(10)", 10)
    state, x = (
        state_of(reference, 1, HIDDEN),
        numbers(1, 1, 3, 65, 300),
    )  # so wide that the average pooling has something to average
    relus = {f"features.{n}": f"after convolution {i}" for i, n in enumerate((1, 4, 7, 9, 11), 1)}
    relus |= {f"classifier.{n}": f"after linear layer {i}" for i, n in enumerate((2, 5), 1)}
    others: Variants = {
        "Its poolings are 2×2. They must be 3×3 with stride 2.": {f"features.{n}": nn.MaxPool2d(2) for n in (2, 5, 12)},
        "Its adaptive pooling takes the maximum. It must take the average.": {"avgpool": nn.AdaptiveMaxPool2d(6)},
    }
    _answers(check, net, reference, state, x, without_relu(reference, state, x, relus), others)
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
            reference = models.VGG(make_layers(config, batch_norm), 10, init_weights=False)
        said = f"VGG({config}, 10{', batch_norm=True' if batch_norm else ''})"
        net = _made(check, made, reference, said, config, 10, **({"batch_norm": True} if batch_norm else {}))
        state, x = state_of(reference, 2, HIDDEN), numbers(2, 2, 3, 32, 44)
        places = [number for number, layer in enumerate(reference.features) if isinstance(layer, nn.ReLU)]
        relus = {f"features.{n}": f"after convolution {i}" for i, n in enumerate(places, 1)}
        relus |= {f"classifier.{n}": f"after linear layer {i}" for i, n in enumerate((1, 4), 1)}
        others: Variants = {
            "Its last pooling takes the maximum. It must take the average.": {"avgpool": nn.AdaptiveMaxPool2d(7)},
            'It has no 2×2 pooling for the last "M".': {f"features.{len(reference.features) - 1}": nn.Identity()},
        }
        _answers(check, net, reference, state, x, without_relu(reference, state, x, relus), others)
        if not batch_norm:
            with check("dropout after the first and the second ReLU of the classifier, in train mode only"):
                units = {name: torch.zeros_like(tensor) for name, tensor in state.items()}
                units |= {"classifier.6.weight": torch.eye(HIDDEN), "classifier.6.bias": torch.zeros(HIDDEN)}
                second = units | {"classifier.3.bias": torch.ones(HIDDEN)}
                both = units | {"classifier.0.bias": torch.ones(HIDDEN), "classifier.3.weight": torch.eye(HIDDEN)}
                has_dropout(check, net, [(second, 1, "the dropout before `classifier.6`"), (both, 2, "both dropouts")])


def _made(check: Check, made: Any, reference: nn.Module, said: str, *args: Any, **kwargs: Any) -> nn.Module:
    """One of them with the names of torchvision's, in eval mode."""
    with check(f"{said}: names and shapes of the parameters"):
        net = outline(check, made, *args, **kwargs)
        own_work(check, list(net.modules()))
        has_names(check, net, reference, said)
        check.ask(net.eval)
    return net


def _answers(
    check: Check,
    net: nn.Module,
    reference: nn.Module,
    state: State,
    x: torch.Tensor,
    relus: Slips,
    others: Variants,
) -> None:
    """With one state it answers as torchvision's, twice the same."""
    reference.eval()
    with check("with the same weights the same logits as torchvision's"):
        expected, ask = answer(reference, state, x), partial(answer, net, state)
        slips: Slips = [(partial(varied, reference, given, state, x), sentence) for sentence, given in others.items()]
        slips += [
            (lambda: expected.relu(), "Yours takes a ReLU after the last layer. Return the logits."),
            (lambda: expected.softmax(1), "Yours takes a softmax after the last layer. Return the logits."),
        ]
        got = check.ask(ask, x)
        if not torch.equal(check.ask(ask, x), got):
            check.fail("Two calls in eval mode differ. Is there dropout that stays on?")
        check.same(got, expected, f"with images {tuple(x.shape)} and torchvision's weights", [*slips, *relus])
