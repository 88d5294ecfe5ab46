"""The cases behind a mark, for the instructor: the submission is examined again, with its own seeds, and evidence is
kept. What is not written is named, and its criteria are left out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from rich.table import Table

from autograder.classroom.errors import UserError, did_you_mean
from autograder.classroom.folder import ClassFolder, printable
from autograder.classroom.jobs import job_name, source_of
from autograder.classroom.journal import read
from autograder.classroom.pool import Pool, Task
from autograder.classroom.terminal import out, plain
from autograder.examiner.intake import Unreadable

UNWRITTEN = "is not written yet"
HIDDEN = "-hidden"


@dataclass(frozen=True)
class Examined:
    """A submission that was examined once more. result, evidence: as the examiner tells them. part: that is asked for,
    None for all. notebook: what holds the student's code."""

    result: dict[str, Any]
    evidence: list[dict[str, Any]]
    part: str | None
    notebook: Path

    def rows(self) -> Iterator[tuple[dict[str, Any], dict[str, Any] | None]]:
        """Each criterion that is written and not met, and its case, where there is one."""
        cases = {(item["cell"], item["criterion"]): item for item in self.evidence}
        for row in self.result["criteria"]:
            if self.is_asked(row) and row["sentence"] and not self.is_unwritten(row):
                yield row, cases.get((row["cell"], row["criterion"]))

    def is_asked(self, row: dict[str, Any]) -> bool:
        return self.part in (None, part_of(row))

    def is_unwritten(self, row: dict[str, Any]) -> bool:
        return part_of(row) in self.result["untouched"] or UNWRITTEN in (row["sentence"] or "")

    def unwritten(self) -> dict[str, int]:
        """Parts with criteria that are left out because nothing is written for them, and how many."""
        found: dict[str, int] = {}
        for row in self.result["criteria"]:
            if self.is_asked(row) and row["sentence"] and self.is_unwritten(row):
                found[part_of(row)] = found.get(part_of(row), 0) + 1
        return found


def part_of(row: dict[str, Any]) -> str:
    """The part of the notebook to which a criterion belongs."""
    return row["cell"].removesuffix(HIDDEN)


def examined(folder: ClassFolder, student: str, assignment: str, part: str | None, confined: bool) -> Examined:
    """Examine it again. Raise `UserError` where there is nothing to explain."""
    submission = folder.submission(student, assignment)
    if submission is None:
        raise UserError(f"{student} has handed in nothing of {assignment}.")
    if why := submission.refusal or submission.found.problem:
        raise UserError(f"{student}'s submission cannot be graded: {why}")
    try:
        submitted = submission.found.notebook.read()
    except Unreadable as error:
        raise UserError(f"{student}'s submission cannot be read, so it has 0 points: {error}") from error
    source = source_of(assignment)
    pool = Pool(1, folder.key(), [assignment], confined=confined)
    try:
        (done,) = pool.grade(
            iter([Task(student, assignment, job_name(submitted, source.read_bytes()), submitted, source, explain=True)])
        )
    finally:
        pool.close()
    if done.result is None:
        raise UserError(f"No result. {done.failure}")
    parts = list(dict.fromkeys(map(part_of, done.result["criteria"])))
    if part and part not in parts and parts:
        meant = did_you_mean(part, parts)
        raise UserError(f"{assignment} has no part {part}.{meant} It has: {', '.join(parts)}.")
    entry, graded = read(folder.journal).get(submission.key), folder.autograded(*submission.key)
    same = entry is not None and entry.result.sha256 == hashlib.sha256(submitted).hexdigest() and graded.exists()
    return Examined(done.result, done.evidence or [], part, graded if same else submission.found.notebook.path)


def told(found: Examined) -> None:
    """Print criterion, case, expected and got of everything that cost points."""
    result = found.result
    out.print(plain("{student}, {assignment}: {score:g} of {max_score:g}, {status}".format_map(result), "bold"))
    about = [result["limit"]] if result["limit"] else []
    about += [f"mended: {line}" for line in result["repaired"]]
    about += [*result["noticed"], *(f"a fault of the grader's: {line}" for line in result["faults"])]
    about += [cell["sentence"] for cell in result["stopped"]]
    for line in about:
        out.print(plain(line))
    before, rows = None, list(found.rows())
    for row, case in rows:
        out.print(plain(f"\n{heading(row)}", "bold"))
        out.print(plain(row["sentence"]) if row["sentence"] != before else plain("The same.", "dim"))
        before = row["sentence"]
        if case:
            grid = Table.grid(padding=(0, 2))
            for name in ("case", "expected", "got"):
                grid.add_row(plain(name, "dim"), plain(case[name]))
            out.print(grid)
    unwritten = found.unwritten()
    if unwritten:
        counts = ", ".join(f"{part} ({number})" for part, number in unwritten.items())
        out.print(plain(f"\nNot written, so left out here with so many criteria: {counts}."))
    elif not rows:
        out.print("Every criterion was met.")


def heading(row: dict[str, Any]) -> str:
    return f"{part_of(row)} · {row['title']} · {row['earned']:g} of {row['points']:g}"


def program(found: Examined) -> str:
    """A Python file that runs the student's code and makes each case again."""
    result, frame = found.result, files(__package__).joinpath("templates", "cases.py.txt").read_text(encoding="utf-8")
    cases: list[str] = []
    listed: list[str] = []
    for row, case in found.rows():
        if case and case["python"]:
            name = f"case_{len(cases) + 1}"
            said = "".join(f"    # {line}\n" for line in in_lines(row["sentence"]))
            body = "".join(f"    {line}\n" for line in case["python"].splitlines())
            cases.append(f"def {name}():\n{said}{body}    return\n")
            listed.append(f"    ({row['cell']!r}, {name}, {heading(row)!r}),\n")
    return frame.format(
        who=printable(result["student"]), what=result["assignment"], notebook=repr(str(found.notebook)),
        solution=repr(str(source_of(result["assignment"]))),
        cases="\n\n".join(cases), listed="".join(listed),
    )  # fmt: skip


def in_lines(sentence: str) -> list[str]:
    """A sentence for a comment: whatever is in it, it stays one."""
    import textwrap

    return textwrap.wrap(printable(" ".join(sentence.split())), 110) or [""]
