"""The exam of the exams: every wrong implementation by every criterion, as a page of the instructor's guide.

`python -m autograder.exam_table [NAME …]` examines what stands in `tests/exam/<name>/{right,wrong}/` and writes
`book/exam-tables/<assignment>.md`. An implementation is one Python file whose docstring says what it is, with the lines
`names: …` (what it defines) and, where it is wrong, `mistake: …` (what should be found; `none` where no sentence fits).
"""

from __future__ import annotations

import hashlib
import importlib.util
import re
import sys
import zlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import import_module
from itertools import cycle
from multiprocessing import get_context
from pathlib import Path
from types import ModuleType

import torch

from autograder import exam as exams
from autograder.exam import words
from autograder.exam.core import Exam, Outcome, exams_of
from autograder.exam.setting import Local, current

ROOT = Path(__file__).resolve().parents[1]
IMPLEMENTATIONS = ROOT / "tests" / "exam"
EXAM = ROOT / "autograder" / "exam"
PAGES = ROOT / "book" / "exam-tables"


@dataclass(frozen=True)
class Implementation:
    """One file. `mistake` is the id that should be named, None where none should."""

    path: Path
    about: str
    names: tuple[str, ...]
    mistake: str | None = None

    @property
    def wrong(self) -> bool:
        return self.path.parent.name == "wrong"

    def load(self) -> ModuleType:
        """Run the file."""
        spec = importlib.util.spec_from_file_location(f"implementation_{self.path.stem}", self.path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module


def implementations(name: str) -> list[Implementation]:
    """Right ones, then wrong ones, each in the order of their names."""
    folder = IMPLEMENTATIONS / name
    return [read(path) for kind in ("right", "wrong") for path in sorted((folder / kind).glob("*.py"))]


def read(path: Path) -> Implementation:
    match = re.match(r'"""(.+?)\n\nnames: ([^\n]+)\n(?:mistake: (\S+)\n)?"""', path.read_text(), re.DOTALL)
    if match is None or (match[3] is None) == (path.parent.name == "wrong"):
        raise ValueError(f"{path} should open with a docstring: what it is, `names: …` and, if wrong, `mistake: …`")
    about, names, mistake = match.groups()
    return Implementation(
        path, " ".join(about.split()), tuple(names.split(", ")), None if mistake == "none" else mistake
    )


@dataclass
class Quiet(Local):
    """This process, without a table in the output; `salt` gives other seeds."""

    salt: str = ""

    def seed(self, key: str) -> int:
        return zlib.crc32(f"{self.salt}{key}".encode())

    def show(self, exam: Exam, outcomes: list[Outcome]) -> None:
        self.passed[exam.name] = all(o.earned == o.points for o in outcomes)


@contextmanager
def setting(chosen: Local) -> Iterator[None]:
    token = current.set(chosen)
    try:
        yield
    finally:
        current.reset(token)


def examine(
    implementation: Implementation, package: ModuleType, salt: str = "", *, slow: bool = False
) -> dict[str, list[Outcome]]:
    """Outcomes by exam, for every name that the file defines; slow criteria only where asked."""
    torch.manual_seed(0)  # what it draws itself is the same each time
    module = implementation.load()
    asked = [e for e in exams_of(package) if e.graded_name in implementation.names]
    # A name that another cell would define counts as right, so nothing stands in for a file's own helpers.
    passed = {e.name: e.graded_name not in implementation.names for e in exams_of(package)}
    outcomes = {}
    with setting(Quiet(passed, salt=salt)):
        for one in asked:
            chosen = one if slow else replace(one, criteria=tuple(c for c in one.criteria if not c.slow))
            outcomes[one.name] = chosen.examine(getattr(module, one.graded_name))
            current.get().show(chosen, outcomes[one.name])
    return outcomes


@dataclass(frozen=True)
class Row:
    """What came of one implementation: outcomes by exam."""

    implementation: Implementation
    outcomes: Mapping[str, Sequence[Outcome]]

    @property
    def all(self) -> list[Outcome]:
        return [outcome for found in self.outcomes.values() for outcome in found]

    @property
    def failed(self) -> frozenset[tuple[str, str]]:
        """(exam, criterion)."""
        return frozenset((o.exam, o.id) for o in self.all if o.finding is not None)

    @property
    def named(self) -> frozenset[str]:
        return frozenset(o.finding.mistake for o in self.all if o.finding is not None and o.finding.mistake)

    @property
    def rightly(self) -> bool:
        return self.named == {self.implementation.mistake}


def examined(name: str, *, slow: bool = False, salts: Sequence[str] = ("",), every: int = 1) -> list[Row]:
    """Every implementation of an exam, or one in so many, on all cores; salts take turns among them."""
    everyone = implementations(name)[::every]
    tasks = [(one, name, salt, slow) for one, salt in zip(everyone, cycle(salts))]
    # Spawned, not forked: PyTorch's threads do not survive a fork.
    with ProcessPoolExecutor(mp_context=get_context("spawn"), initializer=torch.set_num_threads, initargs=(1,)) as pool:
        return [Row(one, found) for one, found in zip(everyone, pool.map(_examine, tasks, chunksize=8), strict=True)]


def _examine(task: tuple[Implementation, str, str, bool]) -> dict[str, list[Outcome]]:
    implementation, name, salt, slow = task
    return examine(implementation, import_module(f"{exams.__name__}.{name}"), salt, slow=slow)


def inputs_hash(name: str) -> str:
    """Of everything that the table is made from: a page with another hash is stale."""
    files = [
        Path(__file__),
        *(EXAM.glob("*.py")),
        *EXAM.joinpath(name).rglob("*.py"),
        *(one.path for one in implementations(name)),
    ]
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(f"{path.relative_to(ROOT).as_posix()}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()


def page(name: str, rows: Sequence[Row]) -> str:
    """The page of an exam, in MyST."""
    package = import_module(f"{exams.__name__}.{name}")
    wrong = [row for row in rows if row.implementation.wrong]
    right = [row for row in rows if not row.implementation.wrong]
    with_sentence = [row for row in wrong if row.implementation.mistake]
    rightly = sum(row.rightly for row in with_sentence)
    misnamed = [row for row in wrong if row.named - {row.implementation.mistake}]
    facts = [
        ("right implementations", len(right)),
        ("… that lose a point", sum(bool(row.failed) for row in right)),
        ("wrong implementations", len(wrong)),
        ("… that keep full marks", sum(not row.failed for row in wrong)),
        ("… whose mistake has a sentence of its own", len(with_sentence)),
        ("… … and is named, and nothing else with it", f"{rightly} ({rightly / max(len(with_sentence), 1):.0%})"),
        ("… named wrongly", len(misnamed)),
        ("different mistakes named", len(frozenset().union(*(row.named for row in wrong)))),
    ]
    lines = [
        f"# The exam of {assignment_of(name)}, examined",
        "",
        f"<!-- Written by `make exam-table`, from files with the SHA-256 {inputs_hash(name)}. -->",
        "",
        "Each row is a file of `tests/exam/" + name + "/wrong/` with one mistake; ✗ marks the criteria that it fails. "
        "The last column says what the student is told: ✓ the mistake by its name, – only what is wrong.",
        "",
        "| what | how many |",
        "|---|--:|",
        *(f"| {what} | {count} |" for what, count in facts),
    ]
    for exam in exams_of(package):
        lines += section(exam, [row for row in wrong if exam.name in row.outcomes])
    lines += [
        "",
        "## Right ones",
        "",
        "Every one keeps all points of what it defines.",
        "",
        "| how | defines |",
        "|---|---|",
    ]
    lines += [
        f"| {cell(row.implementation.about)} | {', '.join(f'`{n}`' for n in row.implementation.names)} |"
        for row in right
    ]
    return "\n".join(lines) + "\n"


def section(exam: Exam, rows: Sequence[Row]) -> list[str]:
    """One exam: its criteria, then wrong implementations by criteria."""
    points = f"{words.points(exam.points)} {'point' if exam.points == 1 else 'points'}{', bonus' if exam.bonus else ''}"
    lines = ["", f"## {exam.graded_name} ({points})", ""]
    lines += [f"{i}. {c.title} ({words.points(c.points)})" for i, c in enumerate(exam.criteria, 1)]
    numbers = range(1, len(exam.criteria) + 1)
    lines += [
        "",
        f"| wrong | {' | '.join(map(str, numbers))} | keeps | named |",
        f"|---|{':-:|' * len(numbers)}--:|---|",
    ]
    for row in rows:
        found = row.outcomes[exam.name]
        marks = " | ".join("" if o.finding is None else "✗" for o in found)
        kept = words.points(sum(o.earned for o in found))
        told = ", ".join(f"`{id}`" for id in sorted(row.named)) + (" ✓" if row.rightly else "")
        lines.append(f"| {cell(row.implementation.about)} | {marks} | {kept} | {told if row.named else '–'} |")
    return lines


def cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*").replace("_", "\\_").rstrip(".")


def assignment_of(name: str) -> str:
    """`01-convolution` of `convolution`: its chapter's name."""
    return next(path.stem for path in (ROOT / "book").glob(f"[0-9][0-9]-{name}.md"))


def path_of(name: str) -> Path:
    return PAGES / f"{assignment_of(name)}.md"


def names() -> list[str]:
    """The exams that have implementations."""
    return sorted(folder.parent.name for folder in IMPLEMENTATIONS.glob("*/wrong"))


def main(chosen: Sequence[str]) -> None:
    PAGES.mkdir(parents=True, exist_ok=True)
    for name in chosen or names():
        path = path_of(name)
        path.write_text(page(name, examined(name, slow=True)))
        print(path.relative_to(ROOT))


if __name__ == "__main__":
    main(sys.argv[1:])
