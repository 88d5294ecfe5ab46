"""Forget a student: all that a class folder and its exchange hold of one, removed for good."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

from autograder.classroom import places
from autograder.classroom.errors import UserError, did_you_mean
from autograder.classroom.folder import FROM_EXCHANGE, ClassFolder, small_text
from autograder.classroom.journal import Journal, read
from autograder.classroom.names import can_name_a_page, printable, student_id, unfit_for_an_id


def held_of(folder: ClassFolder, student: str) -> list[Path]:
    """The files and folders of a student. Raise `UserError` where the name can be no student's."""
    if why := unfit_for_an_id(student):
        raise UserError(f'"{printable(student)}" can be no student\'s id: {why}.')
    found = [folder.submitted / name for name in folder.folders() if student_id(name) == student]
    found += [folder.root / kind / student for kind in ("autograded", "feedback")]
    exchange = places.exchange()
    if exchange:
        inbound = exchange / places.COURSE / "inbound"
        handed_in = [path for path in sorted(inbound.glob("*+*+*")) if path.name.rsplit("+", 3)[0] == student]
        pages = exchange / places.COURSE / "feedback"
        found += handed_in + [pages / name for name in _released(found, handed_in)]
    return [path for path in found if path.is_symlink() or path.exists()]


def refuse_unknown(folder: ClassFolder, student: str) -> None:
    """Raise `UserError` where neither the journal nor the gradebook knows a student of whom there is no file."""
    from autograder.classroom.gradebook import Gradebook

    known = {who for who, _ in read(folder.journal)}
    if folder.gradebook.exists():
        gradebook = Gradebook(folder.gradebook)
        known.update(gradebook.students())
        gradebook.close()
    if student not in known:
        meant = did_you_mean(student, known.union(folder.students()))
        raise UserError(f"{folder.root} and the exchange hold nothing of {printable(student)}.{meant}")


def _released(kept: list[Path], handed_in: list[Path]) -> list[str]:
    """The names under which `nbgrader release_feedback` lays a student's pages into the exchange. They follow from
    what `submit` wrote beside each submission. kept: the student's folders of the class; handed_in: the exchange's."""
    from nbgrader.utils import notebook_hash

    submissions = [(path, path.name.rsplit("+", 3)[1]) for path in handed_in]
    submissions += [(path, path.name) for folder in kept if not folder.is_symlink() for path in folder.glob("*/")]
    known = set()
    for path, assignment in submissions:
        if secret := small_text(path / FROM_EXCHANGE[1]):
            others = (file.stem for kind in ("*.ipynb", "*.html") for file in path.glob(kind))
            known |= {(secret, name) for name in (assignment, *filter(can_name_a_page, others))}
    return [f"{notebook_hash(secret=secret, notebook_id=name)}.html" for secret, name in sorted(known)]


def forget(folder: ClassFolder, student: str) -> list[Path]:
    """Remove a student: files, lines of the journal, rows of the gradebook. Return what could not be removed: in the
    exchange a folder within a submission is the student's own. Raise `Busy` beside a grading run."""
    from autograder.classroom.gradebook import Gradebook

    journal = Journal(folder.journal)
    try:
        left = [path for path in held_of(folder, student) if not _is_removed(path)]
        journal.forget(student)
        if folder.gradebook.exists():
            gradebook = Gradebook(folder.gradebook)
            gradebook.forget(student)
            gradebook.close()
        return left
    finally:
        journal.close()


def _is_removed(path: Path) -> bool:
    """Remove a file, or a folder with what it holds, or as much of it as one may. Is it gone?"""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink()
    return not os.path.lexists(path)
