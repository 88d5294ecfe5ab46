"""The exam of the optional part, `SqueezeExcitation` (Hu et al. 2018), whose names are free."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from autograder.exam.architectures.asking import cases, mistake, network_exam
from autograder.exam.architectures.judge import Change, judged
from autograder.exam.mistakes import IN_PLACE
from autograder.objects.recipes.architectures.filling import Rules

T = torch.Tensor


class TheirExcitation(nn.Module):
    """Each channel's mean decides, by two linear layers, by how much all channels are scaled."""

    def __init__(self, channels, reduction):
        super().__init__()
        self.first = nn.Linear(channels, channels // reduction)
        self.second = nn.Linear(channels // reduction, channels)

    def forward(self, x):
        weights = self.second(torch.relu(self.first(x.mean((2, 3))))).sigmoid()
        return x * weights[:, :, None, None]


def excited(
    x: T, channels: int, reduction: int, how: str = "eval", state: Rules = (), seed: int = 0,
    changes: tuple[Change, ...] = (),
) -> Any:  # fmt: skip
    """The same, filled and asked."""
    ours = {"how": how, "state": state, "seed": seed, "changes": changes}
    return judged(TheirExcitation, (channels, reduction), {}, True, ours, x)


def departing(
    squeeze: Callable[[T], T] = lambda x: x.mean((2, 3)),
    between: Callable[[T], T] = torch.relu,
    gate: Callable[[T], T] = torch.sigmoid,
    scale: Callable[[T, T], T] = torch.mul,
) -> Change:
    """A module that computes otherwise."""

    def change(module: Any) -> None:
        module.forward = lambda x: scale(
            x,
            gate(module.second(between(module.first(squeeze(x)))))[:, :, None, None],
        )

    return change


MISTAKES = [
    mistake("se-softmax", excited, departing(gate=lambda x: x.softmax(1))),
    mistake("se-sigmoid-missing", excited, departing(gate=lambda x: x), departing(gate=torch.relu)),
    mistake("se-relu-missing", excited, departing(between=lambda x: x)),
    mistake("se-added", excited, departing(scale=torch.add), departing(scale=lambda x, w: x + x * w)),
    mistake("se-max", excited, departing(squeeze=lambda x: x.amax((2, 3)))),
    mistake("se-sum", excited, departing(squeeze=lambda x: x.sum((2, 3)))),
    IN_PLACE[0],
]
WHOLE = "with all its layers at work"


def case(channels: int, reduction: int, *shape: int, how: str = "eval") -> Any:
    """A case of these maps."""
    n, h, w = shape
    return (n, channels, h, w), {"channels": channels, "reduction": reduction, "how": how}


EXCITATION = network_exam(
    "bonus",
    excited,
    MISTAKES,
    cases(WHOLE, case(12, 3, 2, 5, 6), case(8, 2, 1, 4, 4)),
    title="SqueezeExcitation",
    defines="SqueezeExcitation",
    bonus=True,
    free=True,
)
bonus = EXCITATION.exam(
    EXCITATION.values(
        "parameters", "two layers with biases, of the text's shapes", 0.5,
        cases(
            "in the names and shapes of its parameters", case(12, 3, 1, 1, 1, how="shapes"),
            case(32, 16, 1, 1, 1, how="shapes"),
        ),
    ),
    EXCITATION.values(
        "values", "each map times its number", 1.0,
        cases(WHOLE, case(12, 3, 3, 7, 4), case(16, 2, 1, 5, 5), case(10, 5, 2, 1, 9)),
    ),
    EXCITATION.values(
        "gradients", "gradients, the input unchanged", 0.5,
        cases("in its gradients", case(12, 4, 2, 5, 5, how="gradients"), case(8, 4, 2, 3, 3, how="gradients")),
        intact=True, tells="detached",
    ),
)  # fmt: skip
