"""The exam of `VGG`, beside torchvision's."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torchvision.models import vgg as their_vgg

from autograder.exam.architectures.asking import cases, mistake, network_exam
from autograder.exam.architectures.changes import (
    being,
    everywhere,
    without_biases,
)
from autograder.exam.architectures.classifiers import (
    CLASSES,
    CLASSIFIER,
    CONVOLUTIONS,
    GRADIENTS,
    NAMES,
    POOLINGS,
    ROWS,
    TRAINING,
    Config,
    classifier_mistakes,
    states,
)
from autograder.exam.architectures.judge import Change, judged
from autograder.exam.mistakes import IN_PLACE
from autograder.objects.recipes.architectures.filling import Rules

T = torch.Tensor


def built_vgg(config: Config, num_classes: int, batch_norm: bool = False) -> nn.Module:
    """torchvision's VGG."""
    return their_vgg.VGG(their_vgg.make_layers(list(config), batch_norm), num_classes)


def vgg(
    x: T,
    config: Config,
    num_classes: int,
    batch_norm: bool = False,
    how: str = "eval",
    state: Rules = (),
    seed: int = 0,
    changes: tuple[Change, ...] = (),
) -> Any:
    """The same, filled and asked."""
    ours = {"how": how, "state": state, "seed": seed, "changes": changes}
    return judged(built_vgg, (config, num_classes), {"batch_norm": batch_norm}, False, ours, x)


def features_by(order) -> Change:
    """The layers of the features are others, made from the ones that are there."""

    def change(network: Any) -> None:
        network.features = nn.Sequential(*order(list(network.features)))

    return change


def swapped(layers: list[nn.Module]) -> list[nn.Module]:
    """Each batch norm stands after its ReLU."""
    found = list(layers)
    for i, layer in enumerate(layers):
        if isinstance(layer, nn.BatchNorm2d):
            found[i], found[i + 1] = layers[i + 1], layer
    return found


def without_norms(layers: list[nn.Module]) -> list[nn.Module]:
    return [layer for layer in layers if not isinstance(layer, nn.BatchNorm2d)]


def with_norms(layers: list[nn.Module]) -> list[nn.Module]:
    found: list[nn.Module] = []
    for layer in without_norms(layers):
        norm = [nn.BatchNorm2d(layer.out_channels)] if isinstance(layer, nn.Conv2d) else []
        found += [layer, *norm]
    return found


def vgg11s(layers: list[nn.Module]) -> list[nn.Module]:
    norm = any(isinstance(layer, nn.BatchNorm2d) for layer in layers)
    return list(their_vgg.make_layers(their_vgg.cfgs["A"], norm))


def unbiased_beside_norms(network: Any) -> None:
    if any(isinstance(module, nn.BatchNorm2d) for module in network.modules()):
        without_biases(network)


# Of images of 56 × 56 pixels, which VGG-11 bears too, three poolings leave 7 × 7.
PLAIN: Config = [12, "M", 16, "M", 20, 14, "M", 512]
NORMED: Config = [10, "M", 14, "M", 512, "M"]
VGG_LINEAR = 0, 3, 6
STATES = states("features.11", VGG_LINEAR)
VGG_MISTAKES = [
    mistake("vgg-config-ignored", vgg, features_by(vgg11s)),
    mistake("vgg-norm-ignored", vgg, features_by(without_norms)),
    mistake("vgg-norm-always", vgg, features_by(with_norms)),
    mistake("vgg-norm-after-relu", vgg, features_by(swapped)),
    mistake("vgg-conv-bias", vgg, unbiased_beside_norms),
    mistake(
        "vgg-pool-ignored", vgg,
        *(
            everywhere(nn.MaxPool2d, being(one))
            for one in (nn.Identity(), nn.MaxPool2d(2, 1), nn.MaxPool2d(3, 2, 1), nn.MaxPool2d(3, 2), nn.AvgPool2d(2))
        ),
    ),
    *classifier_mistakes(vgg, sum(entry != "M" for entry in PLAIN), VGG_LINEAR),
    IN_PLACE[0],
]  # fmt: skip


def small(state: str, *shape: int, how: str = "eval") -> tuple[tuple[int, ...], dict[str, Any]]:
    """A case of the VGG without batch norm."""
    made = {"config": PLAIN, "num_classes": CLASSES}
    return (shape[0], 3, *shape[1:]), made | {"state": STATES.get(state, ()), "how": how}


def normed(*shape: int) -> tuple[tuple[int, ...], dict[str, Any]]:
    """A case of the VGG with batch norm."""
    made = {"config": NORMED, "num_classes": CLASSES, "batch_norm": True}
    return (shape[0], 3, *shape[1:]), made | {"state": STATES["features"]}


def shapes(name: str, classes: int, **more: bool) -> tuple[tuple[int, ...], dict[str, Any]]:
    """A case of a well-known VGG, of which only names and shapes are asked."""
    return (1, 3, 1, 1), {"config": their_vgg.cfgs[name], "num_classes": classes, "how": "shapes", **more}


VGG_EXAM = network_exam(
    "VGG",
    vgg,
    VGG_MISTAKES,
    lambda draw: [
        *cases(POOLINGS, small("pooling", 2, 64, 64))(draw),
        *cases(CLASSIFIER, small("classifier", 2, 56, 56))(draw),
    ],
)
VGG = VGG_EXAM.exam(
    VGG_EXAM.values(
        "names", "names and shapes of the parameters, with batch norm and without", 1.5,
        cases(
            NAMES, shapes("A", 1000, batch_norm=False), shapes("B", 3, batch_norm=True),
            ((1, 3, 1, 1), {"config": PLAIN, "num_classes": 9, "how": "shapes"}),
        ),
    ),
    VGG_EXAM.values("convolutions", "convolutions with ReLU", 1.5, cases(CONVOLUTIONS, small("features", 2, 56, 56))),
    VGG_EXAM.values(
        "sizes", "poolings, and images of other sizes", 1.0,
        cases(POOLINGS, small("pooling", 1, 43, 88), small("pooling", 1, 114, 60)),
    ),
    VGG_EXAM.values(
        "norm", "batch norm between convolution and ReLU", 1.0,
        cases("with its normalisation layers", normed(2, 56, 56)),
    ),
    VGG_EXAM.values(
        "dropout", "dropout, in train mode only", 0.5,
        cases(TRAINING, *(small(f"drop {i}", ROWS, 56, 56, how="dropout") for i in range(3))),
    ),
    VGG_EXAM.values("classifier", "the linear layers", 1.0, cases(CLASSIFIER, small("classifier", 2, 56, 56))),
    VGG_EXAM.values(
        "whole", "the whole network and its gradients, the input unchanged", 0.5,
        cases(GRADIENTS, small("", 2, 52, 70, how="gradients")), intact=True, tells="detached",
    ),
)  # fmt: skip
