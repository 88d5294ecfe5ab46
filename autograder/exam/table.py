"""The exam of the exams: every wrong implementation by every criterion, as a page of the instructor's guide.

`python -m autograder.exam.table [NAME …]` examines what stands in `tests/exam/<name>/{right,wrong}/` and writes
`book/exam-tables/<assignment>.md`. An implementation is one Python file whose docstring says what it is, with the lines
`names: …` (what it defines) and, where it is wrong, `mistake: …` (what should be found; `none` where no sentence fits).
"""

from __future__ import annotations

import hashlib
import importlib.util
import re
import sys
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType

from autograder import exam as exams
from autograder.exam.core import Exam, Local, Outcome, current, exams_of

ROOT = Path(__file__).resolve().parents[2]
IMPLEMENTATIONS = ROOT / "tests" / "exam"
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
    return Implementation(path, " ".join(about.split()), tuple(names.split(", ")), None if mistake == "none" else mistake)


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
    module = implementation.load()
    asked = [e for e in exams_of(package) if e.graded_name in implementation.names]
    # A name that another cell would define counts as right, so nothing stands in for a file's own helpers.
    passed = {e.name: e.graded_name not in implementation.names for e in exams_of(package)}
    outcomes = {}
    with setting(Quiet(passed, salt)):
        for one in asked:
            chosen = one if slow else replace(one, criteria=tuple(c for c in one.criteria if not c.slow))
            outcomes[one.name] = chosen.examine(getattr(module, one.graded_name))
            current.get().show(chosen, outcomes[one.name])
    return outcomes


@dataclass(frozen=True)
class Row:
    """What came of one implementation: criteria failed, as (exam, criterion), and the mistakes named."""

    implementation: Implementation
    failed: frozenset[tuple[str, str]]
    named: frozenset[str]

    @property
    def rightly(self) -> bool:
        return self.named == {self.implementation.mistake}


def row(implementation: Implementation, outcomes: Mapping[str, list[Outcome]]) -> Row:
    failed = [o for found in outcomes.values() for o in found if o.finding is not None]
    named = frozenset(o.finding.mistake for o in failed if o.finding is not None and o.finding.mistake)
    return Row(implementation, frozenset((o.exam, o.id) for o in failed), named)
