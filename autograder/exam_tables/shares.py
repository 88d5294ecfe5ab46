"""What a single mistake costs, as a share of its part: *one mistake, one criterion*, measured.

Counted by mistake, each id once in a part (the mean of its implementations); an implementation whose mistake has no
name counts by itself. Left out is what loses all on purpose: banned calls. Parts of fewer than five criteria stand
apart, since one criterion is a large share of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, median

from autograder.exam.core import Exam
from autograder.exam_tables.examining import parts_of
from autograder.exam_tables.implementations import implementations
from autograder.exam_tables.verdicts import load

BANNED = {"banned-call", "grad-autograd", "library-base"}
MANY = 5  # criteria of a part whose mistakes are counted
MOST = 0.6  # of a part: a mistake that costs more has cost nearly all


@dataclass(frozen=True)
class Share:
    """Of a part (0…1): what a mistake costs, and what it costs where the exam does not know it."""

    part: str
    mistake: str
    lost: float
    forgotten: float


@dataclass(frozen=True)
class Fairness:
    """Of the shares that are counted: their median, and how many of them are above `MOST`."""

    count: int
    median: float
    above: float


def shares(name: str) -> list[Share]:
    """The shares of every mistake in every part of an exam but questions, the large ones first."""
    kept = load(name).of
    found: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    for part in parts_of(name):
        for one in implementations(name):
            if one.wrong and part.graded_name in one.names and one.mistake not in BANNED and not one.second:
                verdict = kept[one.id]
                pair = share(part, verdict.lost), share(part, verdict.forgotten if one.mistake else verdict.lost)
                found[part.name, one.mistake or one.id].append(pair)
    told = [Share(part, mistake, *map(mean, zip(*pairs, strict=True))) for (part, mistake), pairs in found.items()]
    return sorted((one for one in told if one.lost), key=lambda one: -one.lost)


def share(part: Exam, lost: Mapping[str, str | None] | Sequence[str]) -> float:
    """The points of the criteria that are lost, over all of the part."""
    return sum(c.points for c in part.criteria if f"{part.name}/{c.id}" in lost) / part.points


def counted(name: str) -> list[Share]:
    """The shares in parts of many criteria."""
    many = {part.name for part in parts_of(name) if len(part.criteria) >= MANY}
    return [one for one in shares(name) if one.part in many]


def fairness(name: str, *, forgotten: bool = False) -> Fairness:
    """The figures of an exam; `forgotten`: by an exam that does not know the mistakes."""
    found = [one.forgotten if forgotten else one.lost for one in counted(name)]
    return Fairness(len(found), median(found), sum(one > MOST for one in found) / len(found))
