"""Checks that take too long for every run of the tests: when each passed last, on which code, and what it found.

Each has its own target of make. Where it passes, it writes a record into `book/slow-checks.json` and the page
`book/slow-checks.md`; `make test` says which are out of date, that is, whose code has changed since.

`python -m autograder.slow_checks` prints those; `python -m autograder.slow_checks NAME FIGURES` writes a record.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RECORDS = ROOT / "book" / "slow-checks.json"
PAGE = ROOT / "book" / "slow-checks.md"
EXAMS = ("autograder/exam", "autograder/objects", "convcourse/data")


@dataclass(frozen=True)
class SlowCheck:
    """What it shows, and the files and folders that decide whether it would show it again."""

    shows: str
    code: tuple[str, ...]


CHECKS = {
    "seeds": SlowCheck(
        "With any seed every implementation loses the same points.",
        (*EXAMS, "autograder/exam_tables/examining.py", "tests/exam"),
    ),
    "training-bar": SlowCheck(
        "The reference of assignment 6 learns with every seed; the bar that students must reach lies below.",
        ("solutions/06-segmentation.py", "benchmarks/training_bar.py", "convcourse/data"),
    ),
    "mutation": SlowCheck(
        "Every change of a reference solution loses points, or is explained.", (*EXAMS, "solutions", "tests/mutation")
    ),
    "kills": SlowCheck(
        "A run that is killed is finished by the next one; nothing is lost or counted twice.",
        ("autograder/classroom", "autograder/examiner", "tests/grading_a_class/test_kill.py"),
    ),
}


@dataclass(frozen=True)
class Record:
    """date: of the day. code: the hash of the check's files. figures: what was found, in words."""

    date: str
    code: str
    figures: str


def code(name: str) -> str:
    """The hash of all files that a check depends on: 16 hex digits."""
    digest = hashlib.sha256()
    for place in (ROOT / part for part in CHECKS[name].code):
        for path in sorted([place] if place.is_file() else (p for p in place.rglob("*") if p.is_file())):
            if "__pycache__" not in path.parts and path.name != "trainings.json":
                digest.update(f"{path.relative_to(ROOT).as_posix()}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def records() -> Mapping[str, Record]:
    """The record of each check that has passed."""
    said = json.loads(RECORDS.read_text(encoding="utf-8")) if RECORDS.exists() else {}
    return {name: Record(**found) for name, found in said.items()}


def record(name: str, figures: str) -> None:
    """Write down that a check has passed today, on the code that stands here."""
    found = {**records(), name: Record(date.today().isoformat(), code(name), figures)}
    said = {name: asdict(found[name]) for name in CHECKS if name in found}
    RECORDS.write_text(json.dumps(said, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    PAGE.write_text(page(), encoding="utf-8")


def out_of_date() -> list[str]:
    """A sentence for each check whose last pass was on other code, or that has never passed."""
    found = records()
    last = {name: f"it passed on {one.date}, on other code" for name, one in found.items()}
    return [
        f"make {name} is out of date: {last.get(name, 'it has never passed')}"
        for name in CHECKS
        if name not in found or found[name].code != code(name)
    ]


def page() -> str:
    """The page of the instructor's guide, in MyST."""
    lines = [
        "# Slow checks",
        "",
        "*What takes too long for every run of the tests.* `make test` says which of these are out of date.",
        "",
        "| command | shows | passed | on code | found |",
        "|---|---|---|---|---|",
    ]
    for name, found in records().items():
        about = [f"`make {name}`", CHECKS[name].shows, found.date, f"`{found.code}`", found.figures]
        lines.append(f"| {' | '.join(about)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    if len(sys.argv) == 3:
        record(sys.argv[1], sys.argv[2])
    print("\n".join(out_of_date()))
