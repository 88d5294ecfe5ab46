"""The exams of `AlexNet` and `VGG`, beside torchvision's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn
from torchvision.models import AlexNet as TheirAlexNet
from torchvision.models import vgg as their_vgg

from autograder.exam.architectures.asking import (
    Change,
    activations,
    cases,
    everywhere,
    judged,
    mistake,
    network_exam,
    nothing,
    put,
    setting,
    together,
    without_biases,
)
from autograder.exam.mistakes import IN_PLACE, Function, Misconception
from autograder.objects.recipes.architectures import Rules

T = torch.Tensor
Config = Sequence[int | str]
CLASSES = 48


class Always(nn.Dropout):
    """Dropout in both modes."""

    def forward(self, x: T) -> T:
        return F.dropout(x, self.p, True)


class ChannelsLast(nn.Module):
    """Maps (N, C, H, W) flattened row by row, the channels of a pixel side by side."""

    def forward(self, x: T) -> T:
        return x.permute(0, 2, 3, 1).flatten(1)


def after(path: str, *modules: nn.Module) -> Change:
    """These follow the module at this path, which has no parameters."""
    return put(path, lambda module: nn.Sequential(module, *modules))


def classifier_mistakes(reference: Function, convolutions: Sequence[str], linear: Sequence[int]) -> list[Misconception]:
    """What goes wrong in either network. convolutions: the paths of the ReLUs after these. linear: the positions of the
    linear layers in the classifier."""
    first, second, last = linear
    relus = [f"classifier.{first + 1}", f"classifier.{second + 1}"]
    drops = [f"classifier.{i}" for i in range(last) if i not in (first, second, first + 1, second + 1)]
    before_first = after("avgpool", nn.Dropout())
    return [
        mistake(
            "relu-missing",
            reference,
            *(put(path, nothing) for path in (*convolutions, *relus)),
            together(*(put(path, nothing) for path in relus)),
            everywhere(nn.ReLU, nothing),
        ),
        *activations(reference),
        mistake(
            "classes-ignored",
            reference,
            *(put(f"classifier.{last}", lambda _, n=n: nn.Linear(4096, n)) for n in (1000, 10)),
        ),
        mistake("avgpool-missing", reference, put("avgpool", nothing), raises=True),
        mistake("avgpool-max", reference, put("avgpool", lambda pool: nn.AdaptiveMaxPool2d(pool.output_size))),
        mistake("flatten-order", reference, after("avgpool", ChannelsLast())),
        mistake("dropout-always", reference, everywhere(nn.Dropout, lambda module: Always(module.p))),
        mistake("dropout-missing", reference, everywhere(nn.Dropout, nothing), *(put(path, nothing) for path in drops)),
        mistake(
            "dropout-place",
            reference,
            *(
                [
                    together(put(drops[0], nothing), after(relus[1], nn.Dropout())),
                    after(relus[1], nn.Dropout()),
                ]
                if first
                else [together(put(drops[1], nothing), before_first), before_first]
            ),
        ),
        mistake(
            "dropout-channels",
            reference,
            together(*(put(path, nothing) for path in drops[:1] if first), after("avgpool", nn.Dropout2d())),
        ),
    ]


def states(convolution: str, linear: Sequence[int], norm: str = "") -> dict[str, Rules]:
    """States in which some layers alone are at work. convolution: the path of the last one, norm: of its batch norm.

    "features": the classifier's ReLUs let everything pass. "pooling": so do convolutions. "classifier": the maps hold
    one number for each channel, whatever the image. "drop 0" to "drop 2": logits are alike, and only dropout that comes
    before the first linear layer or later, after the first or later, after the second makes them differ.
    """
    first, second, last = (f"classifier.{i}" for i in linear)
    flat = norm or convolution
    silent = [(f"{convolution}.weight", "zero"), *([(f"{norm}.weight", "zero")] if norm else [])]
    quiet = [*silent, (f"{flat}.bias", "zero")]
    passing = [(f"{second}.weight", "pass"), (f"{second}.bias", "zero")]
    shown = [(f"{last}.weight", "pass"), (f"{last}.bias", "zero")]
    open_ = [(f"{first}.bias", "high"), *passing]
    straight = [(f"{first}.weight", "pass"), (f"{first}.bias", "zero")] if linear[0] else [(f"{first}.bias", "high")]
    return {
        "features": open_,
        "pooling": [*open_, ("features.*.weight", "pass"), ("features.*.bias", "zero")],
        "classifier": silent,
        "drop 0": [*silent, (f"{flat}.bias", "one"), *straight, *passing, *shown],
        "drop 1": [*quiet, (f"{first}.bias", "one"), *passing, *shown],
        "drop 2": [*quiet, (f"{first}.bias", "zero"), (f"{second}.bias", "one"), *passing, *shown],
    }


CONVOLUTIONS, POOLINGS = "in its convolutions", "in its poolings, or for images of other sizes"
CLASSIFIER, GRADIENTS, TRAINING = "in its last, linear layers", "in its gradients", "in train mode"
NAMES = "in the names and shapes of its parameters"


# ---------------------------------------------------------------- AlexNet
def alexnet(
    x: T, num_classes: int, how: str = "eval", state: Rules = (), seed: int = 0, changes: tuple[Change, ...] = ()
) -> Any:
    """torchvision's AlexNet."""
    ours = {"how": how, "state": state, "seed": seed, "changes": changes}
    return judged(TheirAlexNet, (num_classes,), {}, False, ours, x)


def papers_widths(network: nn.Module) -> None:
    """96, 256, 384, 384 and 256 channels."""
    made = (3, 96, 11, 4, 2), (96, 256, 5, 1, 2), (256, 384, 3, 1, 1), (384, 384, 3, 1, 1), (384, 256, 3, 1, 1)
    for place, arguments in zip((0, 3, 6, 8, 10), made, strict=True):
        network.features[place] = nn.Conv2d(*arguments)  # type: ignore[union-attr,operator,index]


LINEAR = 1, 4, 6
ALEX = states("features.10", LINEAR)
POOLS = "features.2", "features.5", "features.12"
ALEX_MISTAKES = [
    mistake("alexnet-paper", alexnet, papers_widths),
    mistake(
        "alexnet-pooling", alexnet, together(*(put(path, lambda _: nn.MaxPool2d(2)) for path in POOLS)),
    ),
    mistake("alexnet-first-padding", alexnet, *(setting("features.0", padding=(p, p)) for p in (0, 1, 3, 5))),
    *classifier_mistakes(alexnet, [f"features.{i}" for i in (1, 4, 7, 9, 11)], LINEAR),
    IN_PLACE[0],
]  # fmt: skip


def alex(state: str, *shape: int, how: str = "eval", classes: int = CLASSES) -> tuple[tuple[int, ...], dict[str, Any]]:
    """A case of AlexNet: a batch of images of this shape."""
    return (shape[0], 3, *shape[1:]), {"num_classes": classes, "state": ALEX.get(state, ()), "how": how}


ALEX_EXAM = network_exam(
    "AlexNet",
    alexnet,
    ALEX_MISTAKES,
    lambda draw: [
        *cases(POOLINGS, alex("pooling", 2, 63, 63))(draw),
        *cases(CLASSIFIER, alex("classifier", 1, 224, 224))(draw),
    ],
)
AlexNet = ALEX_EXAM.exam(
    ALEX_EXAM.values(
        "names", "names and shapes of the parameters", 1.0,
        cases(NAMES, *(alex("", 1, 1, 1, how="shapes", classes=n) for n in (1000, 7, 1))),
    ),
    ALEX_EXAM.values(
        "convolutions", "convolutions with ReLU", 1.5, cases(CONVOLUTIONS, alex("features", 1, 224, 224))
    ),
    ALEX_EXAM.values(
        "sizes", "poolings, and images of other sizes", 1.0,
        cases(POOLINGS, alex("pooling", 1, 95, 130), alex("pooling", 1, 160, 67)),
    ),
    ALEX_EXAM.values(
        "dropout", "dropout, in train mode only", 1.0,
        cases(TRAINING, *(alex(f"drop {i}", 4, 63, 63, how="dropout") for i in range(3))),
    ),
    ALEX_EXAM.values("classifier", "the linear layers", 1.0, cases(CLASSIFIER, alex("classifier", 2, 224, 224))),
    ALEX_EXAM.values(
        "whole", "the whole network and its gradients, the input unchanged", 0.5,
        cases(GRADIENTS, alex("", 2, 71, 80, how="gradients")), intact=True, tells="detached",
    ),
)  # fmt: skip


# ---------------------------------------------------------------- VGG
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

    def change(network: nn.Module) -> None:
        network.features = nn.Sequential(*order(list(network.features)))  # type: ignore[arg-type]

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


def unbiased_beside_norms(network: nn.Module) -> None:
    if any(isinstance(module, nn.BatchNorm2d) for module in network.modules()):
        without_biases(network)


PLAIN: Config = [16, "M", 24, 20, "M", 512]
NORMED: Config = [12, 20, "M", 512, "M"]
RELUS = "features.1", "features.4", "features.6", "features.9"
VGG_LINEAR = 0, 3, 6
STATES = states("features.8", VGG_LINEAR)
VGG_MISTAKES = [
    mistake("vgg-config-ignored", vgg, features_by(vgg11s)),
    mistake("vgg-norm-ignored", vgg, features_by(without_norms)),
    mistake("vgg-norm-always", vgg, features_by(with_norms)),
    mistake("vgg-norm-after-relu", vgg, features_by(swapped)),
    mistake("vgg-conv-bias", vgg, unbiased_beside_norms),
    mistake(
        "vgg-pool-ignored", vgg,
        *(
            everywhere(nn.MaxPool2d, lambda _, one=one: one)
            for one in (nn.Identity(), nn.MaxPool2d(2, 1), nn.MaxPool2d(3, 2, 1), nn.MaxPool2d(3, 2), nn.AvgPool2d(2))
        ),
    ),
    *classifier_mistakes(vgg, RELUS, VGG_LINEAR),
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
        *cases(POOLINGS, small("pooling", 2, 32, 32))(draw),
        *cases(CLASSIFIER, small("classifier", 2, 28, 28))(draw),
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
    VGG_EXAM.values("convolutions", "convolutions with ReLU", 1.5, cases(CONVOLUTIONS, small("features", 2, 28, 28))),
    VGG_EXAM.values(
        "sizes", "poolings, and images of other sizes", 1.0,
        cases(POOLINGS, small("pooling", 1, 21, 44), small("pooling", 1, 57, 30)),
    ),
    VGG_EXAM.values(
        "norm", "batch norm between convolution and ReLU", 1.0,
        cases("with its normalisation layers", normed(2, 28, 28)),
    ),
    VGG_EXAM.values(
        "dropout", "dropout, in train mode only", 0.5,
        cases(TRAINING, *(small(f"drop {i}", 4, 28, 28, how="dropout") for i in range(3))),
    ),
    VGG_EXAM.values("classifier", "the linear layers", 1.0, cases(CLASSIFIER, small("classifier", 2, 28, 28))),
    VGG_EXAM.values(
        "whole", "the whole network and its gradients, the input unchanged", 0.5,
        cases(GRADIENTS, small("", 2, 26, 35, how="gradients")), intact=True, tells="detached",
    ),
)  # fmt: skip
