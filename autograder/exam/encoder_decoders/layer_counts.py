"""In which part of a network layers are missing or too many, told by its numbers of parameters alone.

The difference from the text's network is, for every plan that is asked, the same whole number of weights for each pair
of channels, and of biases for each channel, of a few parts. The fewest parts that explain all plans are told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import combinations

import torch

from autograder.exam.encoder_decoders.closed_form import Plan

Count = Callable[[Plan], int]  # the text's number of parameters
# What a convolution's weights and biases are counted in: of the levels that the decoder has, and of the deepest.
UNITS: Mapping[str, Callable[[Plan], int]] = {
    "upper": lambda plan: sum(width**2 for width in plan.widths[:-1]),
    "bottom": lambda plan: plan.widths[-1] ** 2,
    "upper biases": lambda plan: sum(plan.widths[:-1]),
    "bottom biases": lambda plan: plan.widths[-1],
    "last": lambda plan: plan.base * plan.classes,
    "last biases": lambda plan: plan.classes,
    "first": lambda plan: plan.base * plan.in_channels,
}
BIASES = {"upper biases", "bottom biases", "last biases"}
MOST = 64  # weights for a pair of channels: more than any layer that people add or leave out


@dataclass(frozen=True)
class Told:
    """A sentence without its subject ("has …"), and the features that it names."""

    words: str
    tells: tuple[str, ...]


def other_argument(counts: Mapping[Plan, int], right: Count, names: Mapping[str, str]) -> str | None:
    """The argument with another value of which all numbers would be right; `names`: the signature's, by the plan's."""
    for field, name in names.items():
        fixed = [dict.fromkeys(counts, value) for value in (*range(1, 9), 16, 21, 32, 64, 128)]
        moved = [{plan: getattr(plan, field) + by for plan in counts} for by in (-2, -1, 1, 2)]
        for values in (*fixed, *moved):
            plans = {plan: replace(plan, **{field: value}) for plan, value in values.items()}
            if min(values.values()) >= 0 and all(right(plans[plan]) == got for plan, got in counts.items()):
                return name
    return None


def surplus(counts: Mapping[Plan, int], right: Count) -> dict[str, int]:
    """How many more of each unit all plans have, negative where they lack them; the fewest units that explain it, of as
    many the smallest numbers. Empty where none explain it."""
    found: list[dict[str, int]] = []
    more = [got - right(plan) for plan, got in counts.items()]
    for number in range(1, min(len(more), 5)):
        for units in combinations(UNITS, number):
            matrix = torch.tensor([[UNITS[unit](plan) for unit in units] for plan in counts], dtype=torch.float64)
            solution = torch.linalg.lstsq(matrix, torch.tensor(more, dtype=torch.float64)[:, None]).solution[:, 0]
            whole = {unit: round(value) for unit, value in zip(units, solution.tolist(), strict=True)}
            sums = [sum(n * UNITS[unit](plan) for unit, n in whole.items()) for plan in counts]
            if sums == more and all(0 < abs(n) <= MOST for n in whole.values()):
                found.append(whole)
        if found:
            return min(found, key=lambda whole: sum(map(abs, whole.values())))
    return {}


def described(found: Mapping[str, int]) -> Told:
    """A surplus in words: what has so many weights and biases."""
    weights = {unit: n for unit, n in found.items() if unit not in BIASES}
    biases = {unit: n for unit, n in found.items() if unit in BIASES}
    upper = weights.get("upper", 0)
    if found and not weights:
        return _of_biases(biases)
    if weights.keys() == {"last"}:
        return Told("The difference is in the last layer, which is a 1×1 convolution with bias.", ("last layer",))
    if weights.keys() == {"first"}:
        return Told("The difference is in the first convolution, which takes the image's channels.", ("arguments",))
    if weights == {"upper": -9} and not biases:
        return Told(
            "On the way up a 3×3 convolution gets half of the channels: it gets the skip and the enlarged map, "
            "concatenated.",
            ("skip",),
        )
    each = {unit: 9 * n for unit, n in ((unit.removesuffix(" biases"), n) for unit, n in biases.items())}
    if weights and weights == each:
        where = "on the way up"
        if "bottom" in weights:
            where = "on the way down" if upper == weights["bottom"] else "on both ways"
        what = (
            "3×3 convolutions are missing, or have no parameters of their own"
            if upper < 0
            else "there are more 3×3 convolutions"
        )
        return Told(f"In its levels {where} {what}.", ("convolutions",))
    if weights.keys() == {"upper"} and biases.keys() <= {"upper biases"}:
        return Told(
            "The difference is on the way up, in the upsampling or in the convolution behind it.",
            ("upsampling",),
        )
    return Told("Count those of each layer, weight plus bias, and compare.", ())


def _of_biases(biases: Mapping[str, int]) -> Told:
    """Where only numbers of biases differ."""
    where = "on the way up" if biases.keys() == {"upper biases"} else "in the levels"
    if biases.keys() == {"last biases"}:
        where = "in the last layer"
    if max(biases.values()) < 0:
        return Told(f"Convolutions {where} have no bias.", ("bias",))
    if min(biases.values()) > 0:
        return Told(
            f"Layers {where} have further parameters for each channel, as a normalisation layer has.",
            ("normalisation",),
        )
    return Told(
        f"Convolutions {where} have no bias, and other layers have further parameters for each channel.", ("bias",)
    )
