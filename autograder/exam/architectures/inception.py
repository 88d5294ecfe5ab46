"""The exam of `Inception`, the paper's module, which torchvision has not. Its names are free: layers are known by the
shapes of their weights."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from typing import Any

import torch
from torch import nn

from autograder.exam.architectures.asking import cases, mistake, network_exam
from autograder.exam.architectures.changes import everywhere as every
from autograder.exam.architectures.changes import nothing, put, together, without_biases
from autograder.exam.architectures.judge import Change, judged
from autograder.exam.mistakes import IN_PLACE, Misconception
from autograder.objects.recipes.architectures.filling import Rules

T = torch.Tensor
BRANCHES = "one", "three", "five", "pooling"


class TheirInception(nn.Module):
    """Szegedy et al. 2015, figure 2 (b)."""

    def __init__(self, in_channels, ch1x1, ch3x3red, ch3x3, ch5x5red, ch5x5, pool_proj):
        super().__init__()
        self.one = nn.Sequential(nn.Conv2d(in_channels, ch1x1, 1), nn.ReLU())
        self.three = nn.Sequential(
            nn.Conv2d(in_channels, ch3x3red, 1), nn.ReLU(), nn.Conv2d(ch3x3red, ch3x3, 3, padding=1), nn.ReLU()
        )
        self.five = nn.Sequential(
            nn.Conv2d(in_channels, ch5x5red, 1), nn.ReLU(), nn.Conv2d(ch5x5red, ch5x5, 5, padding=2), nn.ReLU()
        )
        self.pooling = nn.Sequential(nn.MaxPool2d(3, 1, 1), nn.Conv2d(in_channels, pool_proj, 1), nn.ReLU())
        self.order = BRANCHES

    def forward(self, x):
        return torch.cat([getattr(self, name)(x) for name in self.order], 1)


def inception(
    x: T,
    in_channels: int,
    ch1x1: int,
    ch3x3red: int,
    ch3x3: int,
    ch5x5red: int,
    ch5x5: int,
    pool_proj: int,
    how: str = "eval",
    state: Rules = (),
    seed: int = 0,
    changes: tuple[Change, ...] = (),
) -> Any:
    """The paper's module, filled and asked."""
    made = in_channels, ch1x1, ch3x3red, ch3x3, ch5x5red, ch5x5, pool_proj
    ours = {"how": "eval" if how == "branch" else how, "state": state, "seed": seed, "changes": changes}
    return judged(TheirInception, made, {}, True, ours, x)


def small_kernel(network: Any) -> None:
    old = network.five[2]
    put("five.2", lambda _: nn.Conv2d(old.in_channels, old.out_channels, 3, padding=1))(network)


def unreduced(branch: str) -> Change:
    """A branch whose larger kernel works on the input."""

    def change(network: Any) -> None:
        reduction, _, convolution, relu = getattr(network, branch)
        kernel = convolution.kernel_size[0]
        direct = nn.Conv2d(reduction.in_channels, convolution.out_channels, kernel, padding=kernel // 2)
        setattr(network, branch, nn.Sequential(direct, relu))

    return change


def normed(network: Any) -> None:
    for name in BRANCHES:
        layers: list[nn.Module] = []
        for layer in getattr(network, name):
            layers += [layer, nn.BatchNorm2d(layer.out_channels)] if isinstance(layer, nn.Conv2d) else [layer]
        setattr(network, name, nn.Sequential(*layers))


def normed_at_the_end(network: Any) -> None:
    """One norm for all channels."""
    last = (getattr(network, name)[-2] for name in BRANCHES)
    network.norm = nn.BatchNorm2d(sum(layer.out_channels for layer in last))
    network.register_forward_hook(lambda module, given, output: module.norm(output))


def in_order(order: tuple[str, ...]) -> Change:
    return lambda network: setattr(network, "order", order)


def pooling_branch(make: Callable[[nn.Module, nn.Module, nn.Module], list[nn.Module]]) -> Change:
    return put("pooling", lambda branch: nn.Sequential(*make(*branch)))


RELUS = "one.1", "three.1", "three.3", "five.1", "five.3", "pooling.2"
MISTAKES = [
    mistake("inception-3x3", inception, small_kernel),
    mistake(
        "inception-reduction-missing", inception, unreduced("three"), unreduced("five"),
        together(unreduced("three"), unreduced("five")),
    ),
    mistake("inception-norm", inception, normed, together(without_biases, normed), normed_at_the_end),
    mistake("inception-bias", inception, without_biases),
    mistake("inception-average", inception, put("pooling.0", lambda _: nn.AvgPool2d(3, 1, 1))),
    mistake(
        "inception-pool-late", inception, pooling_branch(lambda pool, conv, relu: [conv, relu, pool]),
        pooling_branch(lambda pool, conv, relu: [conv, pool, relu]),
    ),
    mistake(
        "inception-relu-missing", inception, *(put(path, nothing) for path in RELUS),
        together(put("three.1", nothing), put("five.1", nothing)),
        together(*(put(path, nothing) for path in ("one.1", "three.3", "five.3", "pooling.2"))),
        every(nn.ReLU, nothing),
    ),
    mistake("inception-order", inception, *(in_order(order) for order in permutations(BRANCHES) if order != BRANCHES)),
    Misconception("inception-size", says=("Sizes of tensors must match except in dimension",)),
    IN_PLACE[0],
]  # fmt: skip

FIRST, SECOND = (12, 5, 6, 7, 3, 4, 8), (9, 11, 4, 10, 2, 13, 6)
NAMES = "in_channels", "ch1x1", "ch3x3red", "ch3x3", "ch5x5red", "ch5x5", "pool_proj"


def asked(
    made: tuple[int, ...], *shape: int, branch: int | None = None, how: str = "eval"
) -> tuple[tuple[int, ...], dict[str, Any]]:
    """A case. branch: the one that is not silent."""
    n, h, w = shape
    inputs, one, red3, three, red5, five, projected = made
    branches = {
        0: [f"{one}×{inputs}", f"{one}"],
        1: [f"{red3}×{inputs}", f"{red3}", f"{three}×{red3}×3×3", f"{three}"],
        2: [f"{red5}×{inputs}", f"{red5}", f"{five}×{red5}×5×5", f"{five}"],
        3: [f"{projected}×{inputs}", f"{projected}"],
    }
    state = [] if branch is None else [*((key, "random") for key in branches[branch]), ("*", "zero")]
    arguments = dict(zip(NAMES, made, strict=True)) | {"state": state, "how": how if branch is None else "branch"}
    return (n, made[0], h, w), arguments


ORDER, PARAMETERS = "in the place of its branches, or inside them", "in the names and shapes of its parameters"
PLACE = {
    0: "in the convolution of the 1×1 branch",
    1: "in the convolutions of the 3×3 branch",
    2: "in the convolutions of the 5×5 branch",
    3: "in the branch with the pooling",
}


def branch(number: int) -> Any:
    """Cases in which one branch alone answers."""
    return cases(
        PLACE[number], asked(FIRST, 2, 7, 9, branch=number), asked(SECOND, 1, 6, 6, branch=number),
        asked(FIRST, 1, 8, 5, branch=number),
    )  # fmt: skip


INCEPTION = network_exam(
    "Inception", inception, MISTAKES, lambda draw: [case for n in range(4) for case in branch(n)(draw)], free=True
)
Inception = INCEPTION.exam(
    INCEPTION.values(
        "parameters", "six convolutions with a bias, of the paper's shapes", 1.0,
        cases(PARAMETERS, *(asked(made, 1, 1, 1, how="shapes") for made in (FIRST, SECOND))),
    ),
    INCEPTION.values("one", "the 1×1 branch", 0.5, branch(0)),
    INCEPTION.values("three", "the 3×3 branch", 1.0, branch(1)),
    INCEPTION.values("five", "the 5×5 branch", 1.5, branch(2)),
    INCEPTION.values("pooling", "the pooling branch", 1.0, branch(3)),
    INCEPTION.values(
        "order", "all branches in the text's order, the input unchanged", 0.5,
        cases(ORDER, asked(FIRST, 2, 6, 8), asked(SECOND, 1, 5, 5)), intact=True,
    ),
    INCEPTION.values(
        "gradients", "gradients to the input and to all weights", 0.5,
        cases("in its gradients", asked(FIRST, 2, 6, 7, how="gradients")), tells="detached",
    ),
)  # fmt: skip
