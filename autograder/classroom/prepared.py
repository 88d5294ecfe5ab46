"""What `autograder doctor` says of a course that is to be graded: the class folder, the exchange, the book's address,
the notebooks that were built."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from autograder.classroom import places
from autograder.classroom.book_links import NOT_SET, book_url
from autograder.classroom.choosing import open_class
from autograder.classroom.errors import UserError
from autograder.classroom.folder import ClassFolder
from autograder.classroom.jobs import ROOT, source_of
from autograder.classroom.surroundings import Check
from autograder.classroom.terminal import quoted

SOLUTIONS = ROOT / "solutions"


def prepared(folder: Path | None) -> Iterator[Check]:
    """Each of these. `folder`: the class folder, None where none was named."""
    if folder is None:
        yield Check("class folder", "PASS", "none is named; --class DIR or $COURSE_CLASS has it looked at, too")
    else:
        yield from _class_folder(folder)
    yield _exchange()
    yield _book()
    yield _notebooks()


def _class_folder(folder: Path) -> Iterator[Check]:
    layer = "class folder"
    try:
        place = open_class(folder)
    except UserError as error:
        yield Check(layer, "CAUTION", str(error), f"mkdir -p -m 700 {quoted(folder / 'submitted')}")
        return
    if not os.access(place.root, os.W_OK | os.X_OK):
        yield Check(layer, "CAUTION", f"{place.root} is not yours to write in", f"chown -R $USER {quoted(place.root)}")
    elif said := places.open_to_others(place.root):
        yield Check(layer, "CAUTION", f"{place.root} is open to others", said)
    else:
        yield Check(layer, "PASS", f"{place.root}, closed to others")
    yield _key(place)


def _key(place: ClassFolder) -> Check:
    """The course's key decides the hidden inputs."""
    key = place.root / "course.key"
    if not key.exists():
        return Check("course key", "PASS", "none yet; the first run makes it")
    if key.stat().st_mode & 0o077:
        return Check("course key", "CAUTION", f"{key} can be read by others", f"chmod 600 {quoted(key)}")
    return Check("course key", "PASS", "yours alone")


def _exchange() -> Check:
    """nbgrader's folder, through which notebooks are handed out and in."""
    place = places.exchange()
    if place is None:
        return Check("exchange", "PASS", "$COURSE_EXCHANGE is not set: nbgrader's exchange is not used")
    if said := places.closed_to_students(place):
        return Check("exchange", "CAUTION", f"{place} cannot be used by students", said)
    if not place.is_dir():
        return Check("exchange", "PASS", f"{place} is not there yet; `nbgrader release_assignment` makes it")
    return Check("exchange", "PASS", f"{place}, open to everyone")


def _book() -> Check:
    if url := book_url():
        return Check("the book's address", "PASS", url)
    return Check(
        "the book's address", "CAUTION", NOT_SET, 'Write book_url = "https://…" there, or export COURSE_BOOK_URL.'
    )


def _notebooks() -> Check:
    """Were the notebooks that the grader reads built from what stands in `solutions/` now?"""
    names = sorted(path.stem for path in SOLUTIONS.glob("*.py"))
    old = [name for name in names if not _is_built(name)]
    if not old:
        return Check("notebooks", "PASS", f"{len(names)} assignments, built from what stands in {SOLUTIONS.name}/")
    return Check(
        "notebooks", "CAUTION", f"not built from what stands in {SOLUTIONS.name}/: {', '.join(old)}",
        "make assignments",
    )  # fmt: skip


def _is_built(name: str) -> bool:
    """Has the instructor's notebook the cells of its text?"""
    import jupytext
    import nbformat

    try:
        built = nbformat.read(source_of(name), as_version=4)
        text = jupytext.read(SOLUTIONS / f"{name}.py", fmt="py:percent")
    except Exception:  # not there, or half written
        return False
    return [_cell(cell) for cell in text.cells] == [_cell(cell) for cell in built.cells]


def _cell(cell) -> tuple[str, str, str | None, float | None]:
    about = cell.metadata.get("nbgrader", {})
    return cell.cell_type, cell.source, about.get("grade_id"), about.get("points")
