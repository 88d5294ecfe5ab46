"""The cases behind a mark, for the instructor: the submission is examined again, with its own seeds, and evidence is
kept."""

from __future__ import annotations

from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table

from autograder.classroom.errors import UserError
from autograder.classroom.folder import ClassFolder
from autograder.classroom.jobs import job_name, source_of
from autograder.classroom.pool import Pool, Task
from autograder.classroom.terminal import plain
from autograder.examiner.intake import Unreadable


def explanation(folder: ClassFolder, student: str, assignment: str, confined: bool) -> RenderableType:
    """Criterion, case, expected and got of everything that cost points. Raise `UserError` where there is nothing to
    explain."""
    submission = folder.submission(student, assignment)
    if submission is None:
        raise UserError(
            f"{student} has handed in nothing of {assignment}. `autograder grade --class {folder.root}` lists who has."
        )
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
    return _told(done.result, done.evidence or [])


def _told(result: dict[str, Any], evidence: list[dict[str, Any]]) -> RenderableType:
    lines: list[RenderableType] = [
        plain(
            "{student}, {assignment}: {score:g} of {max_score:g}, {status}".format_map(result),
            "bold",
        )
    ]
    if result["limit"]:
        lines.append(plain(result["limit"]))
    lines += [plain(f"mended: {line}") for line in result["repaired"]]
    lines += [plain(line) for line in result["noticed"]]
    lines += [plain(f"a fault of the grader's: {line}") for line in result["faults"]]
    lines += [plain(cell["sentence"]) for cell in result["stopped"]]
    cases = {(item["cell"], item["criterion"]): item for item in evidence}
    before = None
    for row in result["criteria"]:
        if not row["sentence"]:
            continue
        head = f"{row['cell'].removesuffix('-hidden')} · {row['title']} · {row['earned']:g} of {row['points']:g}"
        lines += [plain(""), plain(head, "bold")]
        lines.append(plain(row["sentence"]) if row["sentence"] != before else plain("The same.", "dim"))
        before = row["sentence"]
        case = cases.get((row["cell"], row["criterion"]))
        if case:
            grid = Table.grid(padding=(0, 2))
            for name in ("case", "expected", "got"):
                grid.add_row(plain(name, "dim"), plain(case[name]))
            lines.append(grid)
    if len(lines) == 1:
        lines.append(plain("Every criterion was met."))
    return Group(*lines)
