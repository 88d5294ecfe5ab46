"""What each implementation loses, kept in `tests/exam/verdicts/<exam>.json` with the hash of all it depends on.

A verdict is stale when its file (or the base that it edits) is another than it was, or anything that all verdicts of an
exam depend on: its package, the modules that exams share, what both sides do with an object, `convcourse`'s data, and
the versions of the libraries that compute. `make exam-table` examines what is stale; `make test` fails where
something is.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path

from autograder.exam.core import Outcome
from autograder.exam_tables.examining import Task, examine_all
from autograder.exam_tables.implementations import FOLDER, ROOT, Implementation, exam_names, implementations

KEPT = FOLDER / "verdicts"
SHARED = ("autograder/exam", "autograder/objects", "convcourse/data", "autograder/exam_tables/examining.py")
LIST = "autograder/objects/assignments.py"  # a new assignment changes no verdict
OWN = re.compile(r"(?m)^ASSIGNMENT\b.*=")
PACKAGES = ("torch", "torchvision", "numpy", "scipy")


@dataclass(frozen=True)
class Verdict:
    """lost: each criterion that was not met ("conv2d/values"), with the mistake that was named there, if one was.

    code: the hash of the implementation. told: features that sentences named. forgotten, told_forgotten: the same of an
    exam that does not know the mistake. said: all sentences of both.
    """

    code: str
    lost: Mapping[str, str | None]
    told: Sequence[str] = ()
    forgotten: Mapping[str, str | None] = field(default_factory=dict)
    told_forgotten: Sequence[str] = ()
    said: Sequence[str] = ()

    @property
    def named(self) -> frozenset[str]:
        """Ids of the mistakes that the student is told."""
        return frozenset(mistake for mistake in self.lost.values() if mistake)


@dataclass(frozen=True)
class Verdicts:
    """Those of one exam, by the implementation's id. exam: the hash of what they all depend on."""

    exam: str
    of: Mapping[str, Verdict]


def digest(*parts: str | bytes) -> str:
    """The hash of these: 16 hex digits."""
    found = hashlib.sha256()
    for part in parts:
        found.update((part.encode() if isinstance(part, str) else part) + b"\0")
    return found.hexdigest()[:16]


def exam_code(exam: str) -> str:
    """The hash of what all verdicts of an exam depend on; other exams' own files do not count."""
    others = {*exam_names(), *_without_implementations()} - {exam}
    parts: list[str | bytes] = [f"{name}=={version(name)}" for name in PACKAGES]
    for path in sorted(path for place in SHARED for path in _files(ROOT / place)):
        name = path.relative_to(ROOT)
        if not others & {*name.parts, name.stem} and name.as_posix() != LIST:
            parts += [name.as_posix(), path.read_bytes()]
    return digest(*parts)


def _without_implementations() -> set[str]:
    """The exams that nobody has written implementations for: an instructor's own."""
    found = [path for path in (ROOT / "autograder" / "exam").glob("*") if path.stem.isidentifier()]
    texts = {path: path if path.is_file() else path / "__init__.py" for path in found}
    return {path.stem for path, text in texts.items() if text.is_file() and OWN.search(text.read_text("utf-8"))}


def _files(place: Path) -> list[Path]:
    """The file, or the files of a folder."""
    found = [place, *place.rglob("*")]
    return [path for path in found if path.is_file() and "__pycache__" not in path.parts]


def code(implementation: Implementation) -> str:
    """The hash of an implementation: its code, with its edits, and what of it is examined."""
    return digest(implementation.source(), *implementation.names)


def verdict(implementation: Implementation, outcomes: Iterable[Outcome], forgotten: Iterable[Outcome] = ()) -> Verdict:
    """From what came out, and what came out of an exam that had forgotten its mistake."""
    found = [{f"{o.exam}/{o.id}": o.finding for o in some if o.finding} for some in (outcomes, forgotten)]
    lost, unknown = ({id: finding.mistake for id, finding in some.items()} for some in found)
    told, told_unknown = (sorted({id for finding in some.values() for id in finding.tells}) for some in found)
    said = sorted({finding.sentence for some in found for finding in some.values()})
    return Verdict(code(implementation), lost, told, unknown, told_unknown, said)


def load(exam: str) -> Verdicts:
    """The kept verdicts of an exam; none where there is no file."""
    path = KEPT / f"{exam}.json"
    if not path.exists():
        return Verdicts("", {})
    said = json.loads(path.read_text(encoding="utf-8"))
    return Verdicts(said["exam"], {id: Verdict(**found) for id, found in said["verdicts"].items()})


def save(exam: str, verdicts: Verdicts) -> None:
    """Write them, an implementation a line, so that a difference shows where it is."""
    lines = [
        f"{json.dumps(id)}: {json.dumps(vars(found), ensure_ascii=False)}" for id, found in sorted(verdicts.of.items())
    ]
    KEPT.mkdir(exist_ok=True)
    text = f'{{"exam": "{verdicts.exam}", "verdicts": {{\n' + ",\n".join(lines) + "\n}}\n"
    (KEPT / f"{exam}.json").write_text(text, encoding="utf-8")


def stale(exam: str) -> list[Implementation]:
    """The implementations whose verdicts are missing, or of other code than stands here."""
    kept = load(exam)
    if kept.exam != exam_code(exam):
        return list(implementations(exam))
    none = Verdict("", {})
    return [one for one in implementations(exam) if kept.of.get(one.id, none).code != code(one)]


def faults(exam: str) -> list[str]:
    """What `make exam-table` must mend, a sentence each."""
    gone = set(load(exam).of) - {one.id for one in implementations(exam)}
    told = [f"{exam}: {len(found)} verdicts are stale, {found[0].id} first" for found in [stale(exam)] if found]
    return told + [f"{exam}: there is a verdict of {id}, which is gone" for id in sorted(gone)]


def renew(exam: str, chosen: Iterable[Implementation]) -> None:
    """Examine these, slow criteria included, and keep the verdicts; those of files that are gone go."""
    tasks = [Task(exam, one, slow=True) for one in chosen]
    shared = exam_code(exam)  # of what is examined: taken before
    named = [replace(task, forgotten=True) for task in tasks if task.implementation.mistake]
    out = dict(zip(tasks + named, examine_all(tasks + named), strict=True))
    found = {
        task.implementation.id: verdict(task.implementation, out[task], out.get(replace(task, forgotten=True), ()))
        for task in tasks
    }
    kept = {one.id: load(exam).of.get(one.id) for one in implementations(exam)} | found
    save(exam, Verdicts(shared, {id: one for id, one in kept.items() if one is not None}))
