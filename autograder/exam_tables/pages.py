"""The table of an exam, wrong implementations by criteria, as a page of the instructor's guide.

It is made of kept verdicts alone; titles and points are the exam's.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from autograder.exam import words
from autograder.exam.core import Exam
from autograder.exam_tables.examining import parts_of
from autograder.exam_tables.implementations import ROOT, Implementation, implementations
from autograder.exam_tables.shares import MANY, MOST, fairness
from autograder.exam_tables.truth import share, told
from autograder.exam_tables.verdicts import Verdict, load
from autograder.objects.assignments import ASSIGNMENTS, topic

PAGES = ROOT / "book" / "exam-tables"


@dataclass(frozen=True)
class Row:
    """An implementation and its verdict."""

    implementation: Implementation
    verdict: Verdict

    @property
    def rightly(self) -> bool:
        """Its mistakes are named, and no other."""
        return self.verdict.named == self.implementation.mistakes

    @property
    def wrongly(self) -> bool:
        return bool(self.verdict.named - self.implementation.mistakes)


def rows(name: str) -> list[Row]:
    """Right ones, then wrong ones, with the verdicts that are kept."""
    kept = load(name).of
    return [Row(one, kept[one.id]) for one in implementations(name)]


def page(name: str) -> str:
    """The page of an exam, in MyST."""
    wrong = [row for row in rows(name) if row.implementation.wrong]
    right = [row for row in rows(name) if not row.implementation.wrong]
    with_sentence = [row for row in wrong if row.implementation.mistake]
    rightly = sum(row.rightly for row in with_sentence)
    facts = [
        ("right implementations", len(right)),
        ("… that lose a point", sum(bool(row.verdict.lost) for row in right)),
        ("wrong implementations", len(wrong)),
        ("… that keep full marks", sum(not row.verdict.lost for row in wrong)),
        ("… whose mistake has a sentence of its own", len(with_sentence)),
        ("… … and is named, and nothing else with it", f"{rightly} ({rightly / max(len(with_sentence), 1):.0%})"),
        ("… named wrongly", sum(row.wrongly for row in wrong)),
        ("different mistakes named", len(frozenset().union(*(row.verdict.named for row in wrong)))),
        ("said truly, with something that is true and nothing that is false", f"{share(told(name)):.0%}"),
        ("… where the exam does not know the mistake", f"{share(told(name, forgotten=True)):.0%}"),
    ]
    lines = [
        f"# The exam of {assignment_of(name)}, examined",
        "",
        "<!-- Written by `make exam-table`. -->",
        "",
        f"Each row is a file of `tests/exam/{name}/wrong/` with one mistake, a few with two; ✗ marks the criteria "
        "that it fails. The last column says what the student is told: ✓ the mistake by its name, – what is wrong. "
        "What is said is true or false by the line `where:` of the file.",
        "",
        "| what | how many |",
        "|---|--:|",
        *(f"| {what} | {count} |" for what, count in facts),
    ]
    lines += cost(name)
    for part in parts_of(name):
        lines += section(part, [row for row in wrong if part.graded_name in row.implementation.names])
    lines += [
        "",
        "## Right ones",
        "",
        "Every one keeps all points of what it defines.",
        "",
        "| how | defines |",
        "|---|---|",
        *(f"| {_cell(one.about)} | {', '.join(f'`{n}`' for n in one.names)} |" for one in _of(right)),
    ]
    return "\n".join(lines) + "\n"


def cost(name: str) -> list[str]:
    """What one mistake costs."""
    told = [
        ("the exam as it is", fairness(name)),
        ("an exam that does not know the mistake", fairness(name, forgotten=True)),
    ]
    return [
        "",
        "## What one mistake costs",
        "",
        f"Counted by mistake, each once in its part, in parts of {MANY} criteria or more; banned calls are left out.",
        "",
        f"| judged by | mistakes | median of what is lost | lose more than {MOST:.0%} of the part |",
        "|---|--:|--:|--:|",
        *(f"| {what} | {f.count} | {f.median:.2f} | {f.above:.0%} |" for what, f in told),
    ]


def _of(found: list[Row]) -> list[Implementation]:
    return [row.implementation for row in found]


def section(part: Exam, found: list[Row]) -> list[str]:
    """One part: its criteria, then wrong implementations by criteria."""
    points = f"{words.points(part.points)} {'point' if part.points == 1 else 'points'}{', bonus' if part.bonus else ''}"
    lines = ["", f"## {part.graded_name} ({points})", ""]
    lines += [f"{i}. {c.title} ({words.points(c.points)})" for i, c in enumerate(part.criteria, 1)]
    numbers = range(1, len(part.criteria) + 1)
    lines += [
        "",
        f"| wrong | {' | '.join(map(str, numbers))} | keeps | named |",
        f"|---|{':-:|' * len(numbers)}--:|---|",
    ]
    for row in found:
        lost = [f"{part.name}/{c.id}" in row.verdict.lost for c in part.criteria]
        marks = " | ".join("✗" if gone else "" for gone in lost)
        kept = words.points(sum(c.points for c, gone in zip(part.criteria, lost) if not gone))
        told = ", ".join(f"`{id}`" for id in sorted(row.verdict.named)) + (" ✓" if row.rightly else "")
        lines.append(f"| {_cell(row.implementation.about)} | {marks} | {kept} | {told if row.verdict.named else '–'} |")
    return lines


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*").replace("_", "\\_").rstrip(".")


def assignment_of(name: str) -> str:
    """`01-convolution` of `convolution`."""
    return next(assignment for assignment in ASSIGNMENTS if topic(assignment) == name)


def path_of(name: str) -> Path:
    return PAGES / f"{assignment_of(name)}.md"


def write(name: str) -> Path:
    """Write the page of an exam; its path."""
    PAGES.mkdir(parents=True, exist_ok=True)
    path_of(name).write_text(page(name), encoding="utf-8")
    return path_of(name)
