"""Who handed in which of the files in an archive of Moodle or Canvas, for `nbgrader zip_collect`.

Moodle:  Ada Lovelace_12345_assignsubmission_file_/01-convolution.ipynb, or the same with the file's name behind it.
         The number is another one in each assignment.
Canvas:  lovelaceada_123_456_01-convolution.ipynb: the user's number, which stays, and the file's, which grows with each
         attempt; `LATE_` before them, and `-1` behind the name of a second attempt.

Names within are the students' to choose, down to archives in archives. So whose a file is follows from the outermost
name that the platform gave, and what stands further inside says nothing.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from nbgrader.api import Gradebook
from nbgrader.plugins import FileNameCollectorPlugin

MOODLE = re.compile(r"(?P<name>.+)_(?P<number>\d+)_assignsubmission_file(?:_(?P<rest>.*))?", re.DOTALL)
CANVAS = re.compile(r"(?P<name>[^_]+)_(?P<late>LATE_)?(?P<number>\d+)_(?P<file>\d+)_(?P<rest>.+)", re.DOTALL)
ATTEMPT = r"[-_ +]?\(?\d+\)?_?"  # what platforms and browsers put behind the name of a file that comes again
DEBRIS = re.compile(r"\.|__MACOSX$")


@dataclass(frozen=True)
class Found:
    """A notebook of an archive. name, number: the student's, as the platform writes them. attempt: the greater, the
    later; 0 where the platform does not say. depth: folders within what the student handed in."""

    path: Path
    platform: str
    name: str
    number: str
    stem: str
    attempt: int
    depth: int
    late: bool


class Collector(FileNameCollectorPlugin):
    """nbgrader asks it of one file after the other; what it answers depends on all of them."""

    def collect(self, submitted_file: str) -> dict[str, str] | None:
        """Whose this file is, and its name in the class folder; None where it is not to be collected."""
        return self._answers.get(Path(submitted_file))

    @cached_property
    def _answers(self) -> dict[Path, dict[str, str]]:
        app = self.parent
        extracted = Path(app._format_collect_path(app.extracted_directory))
        archives = Path(app._format_collect_path(app.archive_directory))
        containers = {name for path in archives.iterdir() if path.is_file() for name in _folders_of(path.name)}
        by_student: dict[tuple[str, str, str], list[Found]] = defaultdict(list)
        for found in found_in(extracted, containers):
            by_student[found.platform, found.name, found.number].append(found)
        roster = Roster(app.coursedir.db_url)
        namesakes = [(platform, name) for platform, name, _ in by_student]
        answers = {}
        for (platform, name, number), files in by_student.items():
            student = roster.student(platform, name, number, alone=namesakes.count((platform, name)) == 1)
            if any(found.late for found in files):
                self.log.warning("%s handed in late. Canvas does not say by how much.", student)
            for file_id, found in self._chosen(files, app.coursedir.assignment_id, student):
                answers[found.path] = {"student_id": student, "file_id": file_id}
        return answers

    def _chosen(self, files: list[Found], assignment: str, student: str) -> Iterator[tuple[str, Found]]:
        """The files of one student that count, with their names: of several with one name the last attempt, else the
        outermost."""
        named: dict[str, list[Found]] = defaultdict(list)
        for found in files:
            again = re.fullmatch(re.escape(assignment) + ATTEMPT, found.stem)
            named[assignment if again else found.stem].append(found)
        for name, same in named.items():
            best = max(same, key=lambda found: (found.attempt, found.stem == name, -found.depth))
            for found in same:
                if found is not best:
                    self.log.warning("%s: left out %s, and took %s", student, found.path, best.path)
            yield f"{name}.ipynb", best


def found_in(extracted: Path, containers: set[str]) -> Iterator[Found]:
    """The notebooks of an extracted archive. `containers`: folders that were archives of the platform's, not of a
    student's."""
    for folder, _, files in os.walk(extracted):
        for file in sorted(files):
            path = Path(folder, file)
            names = [unicodedata.normalize("NFC", name) for name in path.relative_to(extracted).parts]
            if path.suffix != ".ipynb" or path.is_symlink() or any(map(DEBRIS.match, names)):
                continue
            found = _found(path, names[1:] if names[0] in containers else names)
            if found:
                yield found


def _found(path: Path, names: list[str]) -> Found | None:
    for depth, name in enumerate(names):
        for platform, pattern in (("moodle", MOODLE), ("canvas", CANVAS)):
            if match := pattern.fullmatch(name):
                about = match.groupdict()
                inside = len(names) - 1 - depth
                stem = Path(names[-1] if inside else about["rest"] or "").stem
                attempt, late = int(about.get("file") or 0), bool(about.get("late"))
                return Found(path, platform, about["name"], about["number"], stem, attempt, inside, late)
    return None


def _folders_of(archive: str) -> Iterator[str]:
    """The folder that nbgrader extracts an archive of this name into."""
    stem, kind = os.path.splitext(unicodedata.normalize("NFC", archive))
    if kind in (".zip", ".gz"):
        yield stem.removesuffix(".tar")


class Roster:
    """The students of the gradebook, by what platforms call them."""

    def __init__(self, db_url: str):
        self._by_name: dict[str, set[str]] = defaultdict(set)
        self._by_number: dict[str, str] = {}
        with Gradebook(db_url) as db:
            for student in db.students:
                first, last = student.first_name or "", student.last_name or ""
                for name in (first + last, last + first):
                    self._by_name[_letters(name)].add(student.id)
                if student.lms_user_id:
                    self._by_number[student.lms_user_id] = student.id

    def student(self, platform: str, name: str, number: str, alone: bool) -> str:
        """The id of the student whom `platform` calls so; `alone`: nobody else in the archive has this name. Who is not
        in the roster gets the platform's name, and the number where the name does not tell two apart, or stays the
        same."""
        if platform == "canvas" and number in self._by_number:
            return self._by_number[number]
        known = self._by_name.get(_letters(name), set()) if alone else set()
        if len(known) == 1:
            return next(iter(known))
        return f"{name}_{number}" if platform == "canvas" or known or not alone else name


def _letters(name: str) -> str:
    """A name without what platforms change in it: case, spaces, accents, signs."""
    return "".join(c for c in unicodedata.normalize("NFKD", name.casefold()) if c.isalnum())
