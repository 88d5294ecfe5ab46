"""The mistakes people make in a U-Net, by the numbers of parameters and the sizes of the output they lead to."""

from __future__ import annotations

from dataclasses import dataclass, replace

from autograder.exam.segmentation.closed_form import conv, unet_parameters, valid_size

PAPER_BASE = 64

PAPER_BASE = 64


@dataclass(frozen=True)
class Plan:
    """What decides a U-Net's number of parameters."""

    in_channels: int
    classes: int
    base: int
    depth: int

    @property
    def widths(self) -> list[int]:
        """The channels of each level, finest first."""
        return [self.base * 2**level for level in range(self.depth + 1)]

    @property
    def right(self) -> int:
        """The number of parameters by the text's formula."""
        return unet_parameters(self.in_channels, self.classes, self.base, self.depth)

    @property
    def most(self) -> int:
        """No network of more entries is run for this plan. The paper's width in a plan's stead is not too many, so who
        ignores `base_channels` alone keeps what that leaves right."""
        return max(4 * self.right, 2 * replace(self, base=PAPER_BASE).right)


def wrong_counts(plan: Plan) -> dict[str, set[int]]:
    """Mistake -> the numbers of parameters it leads to."""
    n, widths, up = plan.right, plan.widths, plan.widths[:-1]
    squares = [conv(c, c) for c in widths]
    down_biases, up_biases = sum(2 * c for c in widths), sum(2 * c for c in up)
    tripled = [conv(3 * c, c) - conv(2 * c, c) for c in up]
    # What takes the transposed convolution's place, with its number of parameters at the width c.
    instead = (
        lambda c: conv(2 * c, c), lambda c: conv(2 * c, c, 1), lambda c: conv(2 * c, c, 4),
        lambda c: conv(2 * c, c) - c, lambda c: conv(2 * c, c, 1) - c,
    )  # fmt: skip
    return {
        "unet-biases": {
            n - down_biases - up_biases, n - down_biases - up_biases - sum(up), n - sum(up), n - plan.classes,
            n - down_biases, n - up_biases, n - down_biases - up_biases - sum(up) - plan.classes,
        },
        "unet-normalised": {
            n + factor * (down_biases + more * up_biases) - less * (down_biases + more * up_biases)
            for factor in (1, 2) for more in (0, 1) for less in (0, 1)
        } - {n},
        "unet-one-convolution": {
            n - sum(squares), n - sum(squares[:-1]), n - sum(squares) - sum(squares[:-1]), n - squares[-1],
        },
        "unet-three-convolutions": {
            n + sum(squares), n + sum(squares[:-1]), n + sum(squares) + sum(squares[:-1]), n + squares[-1],
        },
        "unet-upsampled": {
            *(n + sum(way(c) - conv(2 * c, c, 2) for c in up) for way in instead),
            n + sum(tripled) - sum(conv(2 * c, c, 2) for c in up),
        },
        "unet-channels-kept": {n + sum(tripled) + sum(conv(2 * c, 2 * c, 2) - conv(2 * c, c, 2) for c in up)},
        "unet-skip-missing": {
            n - sum(conv(2 * c, c) - conv(c, c) for c in up), *(n - conv(2 * c, c) + conv(c, c) for c in up),
        },
        "unet-depth": {replace(plan, depth=d).right for d in range(1, 6) if d != plan.depth},
        "unet-base-channels": {replace(plan, base=b).right for b in (1, 2, 4, 6, 8, 16, 32, 64) if b != plan.base},
        "unet-in-channels": {replace(plan, in_channels=i).right for i in (1, 3) if i != plan.in_channels},
        "unet-classes": {replace(plan, classes=k).right for k in (1, 2, plan.classes + 1, plan.classes - 1)},
        "unet-shared": {
            *(n - s for s in squares[:-1]), n - sum(squares[:-1]), n - sum(conv(2 * c, c) for c in up[1:]),
        },
    }  # fmt: skip


def wrong_sizes(n: int, depth: int) -> dict[str, set[int]]:
    """Mistake -> sides of the output with padding="valid"."""

    def through(down: int, up: int, joined: bool = False) -> int:
        """Pixels that a level loses on the way down and up; `joined`: the way up takes the skip's size."""
        sides, side = [], n
        for _ in range(depth):
            sides.append(side - down)
            side = (side - down) // 2
        side -= down
        for skip in reversed(sides):
            side = (skip if joined else 2 * side) - up
        return side

    return {
        "unet-depth": {valid_size(n, d) for d in (depth - 1, depth + 1)},
        "unet-padding-ignored": {n, through(0, 0), through(0, 4), through(4, 0), through(4, 0, joined=True)},
        "unet-decoder-padded": {through(4, 4, joined=True)},
        "unet-one-convolution": {through(2, 2), through(2, 4), through(4, 2)},
        "unet-three-convolutions": {through(6, 6), through(6, 4), through(4, 6)},
    }
