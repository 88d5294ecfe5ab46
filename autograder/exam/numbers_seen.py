"""What kind of numbers came back, in words: what all wrong answers have in common, and never a number itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Any

import torch

from autograder.exam.compare import agree

T = torch.Tensor
Test = Callable[[T, T], bool]
AXES = {4: ("images", "channels", "rows", "columns"), 3: ("channels", "rows", "columns"), 2: ("rows", "columns")}


def kind_of_numbers(pairs: Sequence[tuple[Any, Any]]) -> str:
    """A sentence about wrong answers, each beside the right one; "" where they have nothing in common that is told."""
    if not pairs or not all(_comparable(got, right) for got, right in pairs):
        return ""
    given = [(got.detach().double(), right.detach().double()) for got, right in pairs]
    if any(got.shape == right.shape and near(got, right) for got, right in given):  # but for their type, or digits
        return ""
    for said, test in KINDS.items():
        if all(test(got, right) for got, right in given):
            return said
    return _of_sizes(given)


def _comparable(got: Any, right: Any) -> bool:
    return (
        isinstance(got, T) and isinstance(right, T) and not got.is_complex() and got.numel() > 0 and right.numel() > 1
    )


def near(a: T, b: T) -> bool:
    """Equal but for rounding."""
    return agree(a.float(), b.float())


def _alike(test: Test) -> Test:
    """A test of answers of the right size."""
    return lambda got, right: got.shape == right.shape and test(got, right)


def is_zero(got: T, right: T) -> bool:
    return not got.any() and bool(right.any())


def is_negative(got: T, right: T) -> bool:
    return near(got, -right)


def is_multiple(got: Any, right: T) -> bool:
    """The right values times one factor other than 0."""
    if not isinstance(got, T) or got.shape != right.shape or right.numel() < 3:
        return False
    factor = (got.double() * right.double()).sum() / (right.double() ** 2).sum().clamp_min(1e-12)
    return bool(factor.abs() > 1e-3) and near(got, factor * right)


def is_shifted_by_channel(got: T, right: T) -> bool:
    """Off by one number in each channel of each image."""
    off = got - right
    return got.dim() == 4 and off[0, 0].numel() > 1 and near(off, off[..., :1, :1].expand(off.shape))


def is_turned(got: T, right: T) -> bool:
    """Upside down, or left and right exchanged, or both."""
    return got.dim() >= 2 and any(near(got, right.flip(axes)) for axes in [(-2, -1), (-2,), (-1,)])


def is_permuted(got: T, right: T) -> bool:
    """The right values at other positions."""
    return right.numel() > 2 and near(got.flatten().sort().values, right.flatten().sort().values)


def is_right_inside(got: T, right: T) -> bool:
    """Right but for the outermost pixels."""
    return got.dim() >= 2 and min(got.shape[-2:]) > 3 and near(got[..., 1:-1, 1:-1], right[..., 1:-1, 1:-1])


def has_axes_exchanged(got: T, right: T) -> bool:
    """The right shape with two axes exchanged."""
    exchanged = [right.transpose(*axes).shape for axes in combinations(range(right.dim()), 2)]
    return got.shape != right.shape and got.shape in exchanged


KINDS: dict[str, Test] = {
    "All its numbers are zero.": _alike(is_zero),
    "Its numbers have the opposite sign.": _alike(is_negative),
    "Its numbers are the right ones times one factor.": is_multiple,
    "In each channel, all its numbers differ from the right ones by the same amount.": _alike(is_shifted_by_channel),
    "The right image comes back mirrored.": _alike(is_turned),
    "The right numbers come back at other positions.": _alike(is_permuted),
    "Its numbers are right except in the outermost rows and columns.": _alike(is_right_inside),
    "Two axes of the result are exchanged.": has_axes_exchanged,
}


def _of_sizes(given: Sequence[tuple[T, T]]) -> str:
    """Which axes are too long or too short, where it is the same in all answers."""
    dims = {(got.dim(), right.dim()) for got, right in given}
    if len(dims) != 1 or (dim := next(iter(dims)))[0] != dim[1] or dim[0] not in AXES:
        return ""
    said = []
    for axis, name in enumerate(AXES[dim[0]]):
        off = {(got.shape[axis] > right.shape[axis]) - (got.shape[axis] < right.shape[axis]) for got, right in given}
        if off == {1} or off == {1, 0}:
            said.append(f"too many {name}")
        elif off == {-1} or off == {-1, 0}:
            said.append(f"too few {name}")
        elif off != {0}:
            return ""
    return f"The result has {' and '.join(said)}." if said else ""
