"""What `AlexNet` and `VGG` have in common: the classifier, its mistakes, and the states in which a part is seen."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import nn

from autograder.exam.architectures.asking import mistake
from autograder.exam.architectures.changes import (
    activations,
    among_features,
    everywhere,
    nothing,
    put,
    together,
    with_outputs,
)
from autograder.exam.architectures.judge import Change
from autograder.exam.mistakes import Function, Misconception
from autograder.objects.recipes.architectures.filling import Rules

T = torch.Tensor
Config = Sequence[int | str]
CLASSES = 48
ROWS = 16  # of a batch whose dropout is looked at: about half of them lose a channel, where whole ones are dropped


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


def classifier_mistakes(reference: Function, convolutions: int, linear: Sequence[int]) -> list[Misconception]:
    """What goes wrong in either network. convolutions: how many there are, a ReLU after each. linear: the positions of
    the linear layers in the classifier."""
    first, second, last = linear
    relus = [f"classifier.{first + 1}", f"classifier.{second + 1}"]
    drops = [f"classifier.{i}" for i in range(last) if i not in (first, second, first + 1, second + 1)]
    before_first = after("avgpool", nn.Dropout())
    return [
        mistake(
            "relu-missing",
            reference,
            *(among_features(nn.ReLU, nothing, number) for number in range(convolutions)),
            *(put(path, nothing) for path in relus),
            among_features(nn.ReLU, nothing),
            together(*(put(path, nothing) for path in relus)),
            everywhere(nn.ReLU, nothing),
        ),
        *activations(reference),
        mistake(
            "classes-ignored",
            reference,
            *(put(f"classifier.{last}", with_outputs(n)) for n in (1000, 10)),
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
