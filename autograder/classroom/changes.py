"""Two marks of one submission: which of them counts, how they differ, and why.

What is graded again keeps the earlier mark beside the new one. A mark that was handed back is never lowered by another
look at the same bytes, unless the instructor says so: then the earlier result stands, and the new mark is told of.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from autograder.classroom.errors import UserError
from autograder.examiner.results import SubmissionResult, must_be

if TYPE_CHECKING:
    from autograder.classroom.journal import Entry

NEW_SUBMISSION = "a new submission"
BONUS = "bonus"
# What a change read from a file must hold, by field.
POINTS: dict[str, Any] = dict.fromkeys(("before", "after"), int | float)
KINDS = POINTS | {"why": str, "cells": dict, "kept": bool, "job": str}


@dataclass(frozen=True)
class Change:
    """What another look at a submission made of its mark.

    why: in words. before, after: the automatic points. cells: grade_id, or "bonus" -> the points before and after, of
    those that differ. kept: the earlier result counts, because it was handed back and is higher. job: the work that
    gave the points after.
    """

    why: str
    before: float
    after: float
    cells: dict[str, list[float]] = field(default_factory=dict)
    kept: bool = False
    job: str = ""

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Change:
        """Raise `TypeError` or `ValueError` where `values` are not those of a change."""
        made = cls(**values)
        must_be(vars(made), KINDS)
        for before, after in made.cells.values():
            must_be({"before": before, "after": after}, POINTS)
        return made

    @property
    def lowers(self) -> bool:
        """Does it take points or bonus away?"""
        before, after = self.cells.get(BONUS, (0.0, 0.0))
        return self.after < self.before or after < before

    def told(self) -> str:
        """One sentence for people, the student among them."""
        parts = [f"`{name.removesuffix('-hidden')}` {old:g} → {new:g}" for name, (old, new) in self.cells.items()]
        where = f" ({', '.join(parts)})" if parts else ""
        if self.kept:
            return f"{self.before:g} as handed back; the grader would now give {self.after:g}{where}: {self.why}."
        return f"{self.before:g} → {self.after:g}{where}: {self.why}."

    def to_json(self) -> dict[str, Any]:
        """The object of `--json`."""
        return {name: value for name, value in vars(self).items() if name != "job"}


def settled(found: Entry, earlier: Entry, *, lower: bool) -> Entry:
    """The entry that counts once `found` has come, and how the mark changed by it. `earlier`: the entry that counts so
    far; `lower`: may a mark that was handed back become lower?"""
    change = _between(earlier, found)
    same_bytes = earlier.result.sha256 == found.result.sha256
    if change is None:  # what the page says of an earlier regrade stays true
        past = earlier.change if same_bytes and not earlier.keeps else None
        return replace(found, change=past)
    if same_bytes and earlier.handed_back and change.lowers and not lower:
        newer = {name: cell for name, cell in found.result.cells.items() if not cell["max_points"]}  # checks
        faults = list(dict.fromkeys([*earlier.result.faults, *found.result.faults]))
        result = replace(earlier.result, cells=newer | earlier.result.cells, faults=faults)
        kept = replace(change, kept=True)
        return replace(earlier, result=result, known=found.known, timestamp=found.timestamp, change=kept)
    return replace(found, change=change)


def refuse_other_cells(assignment: str, points: Mapping[str, float], entries: Iterable[Entry]) -> None:
    """Raise `UserError` where marks that were handed back could not be kept, because the assignment has other graded
    cells now. `points`: of its graded cells; `entries`: its results that count."""
    now = _with_points(points)
    lost = [
        entry
        for entry in entries
        if entry.handed_back
        and entry.notebook
        and _with_points({name: cell["max_points"] for name, cell in entry.result.cells.items()}) != now
    ]
    if lost:
        raise UserError(
            f"{assignment} has other graded cells, or other points for them, than when marks were handed back to "
            f"{len(lost)} of its students. Put the cells back, or give --lower to let the marks of the new ones count."
        )


def _with_points(cells: Mapping[str, float]) -> dict[str, float]:
    return {name: points for name, points in cells.items() if points}


def _between(earlier: Entry, found: Entry) -> Change | None:
    """How the two results' points differ, None where they do not."""
    before, after = _points(earlier.result), _points(found.result)
    cells = {
        name: [before.get(name, 0.0), after.get(name, 0.0)]
        for name in (before | after)
        if before.get(name, 0.0) != after.get(name, 0.0)
    }
    if not cells:
        return None
    return Change(_why(earlier, found), earlier.result.score, found.result.score, cells, job=found.result.job)


def _points(result: SubmissionResult) -> dict[str, float]:
    return {name: cell["points"] for name, cell in result.cells.items()} | {BONUS: result.bonus}


def _why(earlier: Entry, found: Entry) -> str:
    if found.result.status == "missing":
        return "the notebook is no longer there"
    if earlier.result.sha256 != found.result.sha256:
        return NEW_SUBMISSION
    if not earlier.grader:  # written down before entries said what they were made with
        return "the grader or the assignment has changed"
    changed = [
        name
        for name, then, now in (
            ("the grader", earlier.grader, found.grader),
            ("the assignment", earlier.source, found.source),
        )
        if then != now
    ]
    if not changed:
        return "it was graded again"
    return f"{' and '.join(changed)} {'have' if len(changed) > 1 else 'has'} changed"
