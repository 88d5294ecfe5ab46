"""What a student has to mend: the sentences of criteria that were not met, each once, with all that it cost.

A *group* are the criteria of one part that were not met for one reason; an *item* are the groups of one reason. One
reason are an equal sentence, an error at one line, and a cell that stopped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from autograder.examiner.results import CriterionResult, StoppedCell, SubmissionResult

AT_A_LINE = re.compile(r"\(at `[^`]*`, line \d+[^()]*\)")


@dataclass
class Group:
    """Criteria of one part. anchor: of its place on the page."""

    part: str
    reason: str
    anchor: str
    rows: list[CriterionResult] = field(default_factory=list)

    @property
    def lost(self) -> float:
        """Points that were not earned."""
        return sum(row.points - row.earned for row in self.rows)

    @property
    def sentence(self) -> str:
        return self.rows[0].sentence or ""

    @property
    def mistake(self) -> str | None:
        return self.rows[0].mistake


@dataclass
class Item:
    """Groups of one reason, in the notebook's order. stopped: the cell that is the reason, where it is one."""

    groups: list[Group]
    stopped: StoppedCell | None = None

    @property
    def lost(self) -> float:
        """Points that were not earned."""
        return sum(group.lost for group in self.groups)

    @property
    def sentence(self) -> str:
        return self.stopped.sentence if self.stopped else self.groups[0].sentence

    @property
    def mistake(self) -> str | None:
        return self.groups[0].mistake


def groups_of(result: SubmissionResult) -> dict[str, list[Group]]:
    """The groups of each grade cell, by its grade_id, those that cost most first."""
    found: dict[str, dict[str, Group]] = {}
    for row in result.criteria:
        if row.sentence:
            groups, reason = found.setdefault(row.cell, {}), _reason(row, result.stopped)
            part = row.cell.removesuffix("-hidden")
            groups.setdefault(reason, Group(part, reason, f"{part}-{len(groups) + 1}")).rows.append(row)
    return {cell: sorted(groups.values(), key=lambda group: -group.lost) for cell, groups in found.items()}


def items_of(groups: Iterable[Group], stopped: Sequence[StoppedCell]) -> list[Item]:
    """What to mend, what costs most first."""
    cells = {cell.because: cell for cell in stopped}
    found: dict[str, Item] = {}
    for group in groups:
        found.setdefault(group.reason, Item([], cells.get(group.reason))).groups.append(group)
    return sorted(found.values(), key=lambda item: -item.lost)


def _reason(row: CriterionResult, stopped: Sequence[StoppedCell]) -> str:
    """The same text for rows of one reason."""
    sentence = row.sentence or ""
    told = [cell.because for cell in stopped if cell.because in sentence]
    if told:  # of several, one brought the next: the last is where it began
        return max(told, key=sentence.rindex)
    line = AT_A_LINE.search(sentence)
    return f"{row.cell} {line[0]}" if line else sentence
