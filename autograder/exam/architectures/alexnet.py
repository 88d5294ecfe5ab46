"""The exam of `AlexNet`, beside torchvision's."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torchvision.models import AlexNet as TheirAlexNet

from autograder.exam.architectures.asking import cases, mistake, network_exam
from autograder.exam.architectures.changes import (
    put,
    setting,
    together,
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
    classifier_mistakes,
    states,
)
from autograder.exam.architectures.judge import Change, judged
from autograder.exam.mistakes import IN_PLACE
from autograder.objects.recipes.architectures.filling import Rules

T = torch.Tensor


def alexnet(
    x: T, num_classes: int, how: str = "eval", state: Rules = (), seed: int = 0, changes: tuple[Change, ...] = ()
) -> Any:
    """torchvision's AlexNet."""
    ours = {"how": how, "state": state, "seed": seed, "changes": changes}
    return judged(TheirAlexNet, (num_classes,), {}, False, ours, x)


def papers_widths(network: Any) -> None:
    """96, 256, 384, 384 and 256 channels."""
    made = (3, 96, 11, 4, 2), (96, 256, 5, 1, 2), (256, 384, 3, 1, 1), (384, 384, 3, 1, 1), (384, 256, 3, 1, 1)
    for place, arguments in zip((0, 3, 6, 8, 10), made, strict=True):
        network.features[place] = nn.Conv2d(*arguments)


LINEAR = 1, 4, 6
ALEX = states("features.10", LINEAR)
POOLS = "features.2", "features.5", "features.12"
ALEX_MISTAKES = [
    mistake("alexnet-paper", alexnet, papers_widths),
    mistake(
        "alexnet-pooling", alexnet, together(*(put(path, lambda _: nn.MaxPool2d(2)) for path in POOLS)),
    ),
    mistake("alexnet-first-padding", alexnet, *(setting("features.0", padding=(p, p)) for p in (0, 1, 3, 5))),
    *classifier_mistakes(alexnet, 5, LINEAR),
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
        *cases(POOLINGS, alex("pooling", 2, 70, 63))(draw),
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
        # Of 400 rows 11 come to the last pooling, so that an average is not the maximum.
        cases(POOLINGS, alex("pooling", 1, 95, 130), alex("pooling", 1, 400, 67)),
    ),
    ALEX_EXAM.values(
        "dropout", "dropout, in train mode only", 1.0,
        cases(TRAINING, *(alex(f"drop {i}", ROWS, 80, 80, how="dropout") for i in range(3))),
    ),
    ALEX_EXAM.values("classifier", "the linear layers", 1.0, cases(CLASSIFIER, alex("classifier", 2, 224, 224))),
    ALEX_EXAM.values(
        "whole", "the whole network and its gradients, the input unchanged", 0.5,
        cases(GRADIENTS, alex("", 2, 71, 80, how="gradients")), intact=True, tells="detached",
    ),
)  # fmt: skip
