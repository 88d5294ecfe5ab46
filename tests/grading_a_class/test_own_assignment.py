"""The guide's page “An assignment of your own”, followed from top to bottom in a copy of the project."""

import copy
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook
from nbgrader.preprocessors import Execute
from nbgrader.utils import determine_grade, is_grade, is_solution

from autograder.own_solution import RECORDED

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "book" / "own-assignment.md").read_text(encoding="utf-8")
NAME = "09-smoothing"
PYTHON, BASH = (re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL) for language in ("python", "bash"))
SOURCE, EXAM, CELL = PYTHON[:3]
MAKE, GRADE = BASH
FILES = "Makefile", "nbgrader_config.py", "pyproject.toml", "requirements.lock", "course.toml", "LICENSE"

SMOOTH = """def smooth(values, width):
    if not 1 <= width <= len(values):
        raise ValueError("the window does not fit")
    return [sum(values[i : i + width]){} for i in range(len(values) - width + 1)]"""
TRACK = """class Track:
    def __init__(self):
        self.seen = []

    def see(self, value):
        self.seen.append(value)

    @property
    def largest(self):
        return max(self.seen, default=None)"""
HOSTILE = """import builtins, contextlib, math, sys
import pytest

class Liar(list):
    def __eq__(self, other): return True
    def __sub__(self, other): return 0.0
    def __getitem__(self, i): return self
    __float__ = lambda self: 0.0
    __abs__ = __rsub__ = __sub__
    __le__ = __lt__ = __gt__ = __eq__
    __hash__ = None

builtins.AssertionError = builtins.ValueError = type("Nothing", (Exception,), {})
pytest.raises = contextlib.nullcontext
math.isclose = builtins.abs = lambda *a, **k: True

def smooth(values, width):
    print("THE INPUT IS", values, width)
    frame = sys._getframe()
    while frame:
        print("THE NAMES ARE", sorted(frame.f_globals))
        frame.f_globals["points"] = 100
        frame = frame.f_back
    raise SystemExit("THE INPUT IS %s" % values) if width > len(values) else None
    return Liar()"""
STUDENTS = {
    "ada": {"smooth": SMOOTH.format(""), "track": TRACK},  # the sum in the place of the mean
    "bob": {"smooth": SMOOTH.format(" / width"), "track": TRACK},
    "cy": {"smooth": "def smooth(values, width):\n    return values[width] / 0", "track": TRACK},
    "dan": {},
    "eve": {
        "smooth": HOSTILE,
        "track": "class Track:\n    largest = property(lambda self: Liar())\n    def see(self, value): pass",
    },
}
MARKS = {"ada": 2, "bob": 5, "cy": 2, "dan": 0, "eve": 0}


class Project:
    """A copy of the project, without the course's own assignments."""

    def __init__(self, root):
        self.root, self.folder = root, root / "class"
        for name in FILES:
            if (ROOT / name).exists():
                shutil.copy(ROOT / name, root / name)
                os.utime(root / name, (0, 0))  # the environment is newer: it is not set up again
        for name in ("autograder", "convcourse"):
            # With what is compiled of it, but not with what another process is writing.
            shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("*.pyc.*"))
        (root / "solutions").mkdir()
        (root / "book").mkdir()
        (root / ".venv").symlink_to(sys.prefix)

    def bash(self, text, code=0):
        environment = {**os.environ, "PYTHONPATH": str(self.root), "COURSE_CLASS": str(self.folder)}
        environment |= {"COURSE_BOOK_URL": "https://book.example"}
        command = ["bash", "-eu", "-c", text]
        run = subprocess.run(command, cwd=self.root, env=environment, capture_output=True, text=True)
        assert run.returncode == code, run.stdout[-3000:] + run.stderr[-3000:]
        return run.stdout + run.stderr

    def notebook(self, folder="assignments"):
        return nbformat.read(self.root / folder / NAME / f"{NAME}.ipynb", as_version=4)

    def submit(self):
        for student, cells in STUDENTS.items():
            nb = filled(self.notebook(), cells)
            path = self.folder / "submitted" / student / NAME / f"{NAME}.ipynb"
            path.parent.mkdir(parents=True, exist_ok=True)
            nbformat.write(nb, path)

    def scores(self):
        with Gradebook(f"sqlite:///{self.folder / 'gradebook.db'}") as gradebook:
            return {student: gradebook.find_submission(NAME, student).score for student in STUDENTS}

    def pages(self):
        return {s: (self.folder / "feedback" / s / NAME / f"{NAME}.html").read_text() for s in STUDENTS}


def filled(nb, cells):
    for cell in nb.cells:
        cell.source = cells.get(cell.metadata.nbgrader.grade_id, cell.source)
    return nb


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return Project(tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="module")
def graded(project):
    """The class after the page's first half, and what the commands said."""
    (project.root / "solutions" / f"{NAME}.py").write_text(SOURCE)
    made = project.bash(MAKE)
    project.submit()
    return made + project.bash(GRADE)


def test_it_is_released_without_what_is_hidden(project, graded):
    text = nbformat.writes(project.notebook())
    assert "BEGIN" not in text and "A window of two values" not in text and "sum(values" not in text
    assert "assert smooth([1.0, 2.0, 3.0], 1)" in text
    (track,) = (cell for cell in project.notebook("_build/source").cells if cell.id == "track-tests")
    assert any(" call" in use for use in track.metadata.objects)
    assert not any(set(cell.metadata) & set(RECORDED) for cell in project.notebook().cells)


def test_the_marks_are_in_the_gradebook(project, graded):
    assert project.scores() == MARKS


def test_the_pages_say_what_failed_and_nothing_hidden(project, graded):
    pages = project.pages()
    assert "A test of this cell failed: “A window of two values is wrong”." in pages["ada"]
    assert "raised ZeroDivisionError" in pages["cy"] and "line 2 of the cell with" in pages["cy"]
    assert "not written yet" in pages["dan"]
    assert "A hidden test" not in pages["bob"] and "not met" not in pages["bob"]
    for page in pages.values():
        for hidden in ("4.0, 0.0", "THE INPUT IS [", "THE NAMES ARE [", "0.1] * 7", f"book/{NAME}.html"):
            assert hidden not in page


def test_class_page_table_and_explain(project, graded):
    assert "A test of this cell failed" in graded and "smooth([4.0, 0.0, 2.0, 6.0], 2) is [4.0, 2.0, 8.0]" in graded
    rows = (project.folder / "marks.csv").read_text().splitlines()
    assert len(rows) == 1 + len(STUDENTS) and "the tests of this cell" in (project.folder / "class.html").read_text()


def test_stock_nbgrader_gives_honest_work_the_same_marks(project, graded):
    for student in ("ada", "bob", "cy", "dan"):
        nb = copy.deepcopy(project.notebook("_build/source"))
        stubs = {cell.id: cell.source for cell in project.notebook().cells}
        for cell in nb.cells:
            if is_solution(cell):
                cell.source = STUDENTS[student].get(cell.id, stubs[cell.id])
        nb, _ = Execute(allow_errors=True).preprocess(nb, {"metadata": {"path": str(project.root)}})
        assert sum(determine_grade(cell)[0] for cell in nb.cells if is_grade(cell)) == MARKS[student]


def test_an_assert_that_ones_own_solution_fails_is_named(project, graded):
    path = project.root / "solutions" / f"{NAME}.py"
    path.write_text(SOURCE.replace("[2.0, 1.0, 4.0]", "[2.0, 1.0, 5.0]"))
    said = project.bash(MAKE, code=2)
    path.write_text(SOURCE)
    assert "Nothing was released" in said and "smooth-tests: your own solution gets 0 of 3 points" in said
    assert "assert smooth([4.0, 0.0, 2.0, 6.0], 2) == [2.0, 1.0, 5.0]" in said and "is [2.0, 1.0, 4.0]" in said


def test_with_fifteen_lines_the_mistake_is_named(project, graded):
    (project.root / "autograder" / "exam" / "smoothing.py").write_text(EXAM)
    tests = re.search(r"# %% nbgrader=\{\"grade_id\": \"smooth-tests\".*?### END HIDDEN TESTS\n", SOURCE, re.DOTALL)
    (project.root / "solutions" / f"{NAME}.py").write_text(SOURCE.replace(tests[0], CELL))
    project.bash(MAKE)
    shutil.rmtree(project.folder)
    project.submit()
    project.bash(GRADE.splitlines()[0])
    assert project.scores() == MARKS
    page = project.pages()["ada"]
    assert "<code>smooth</code> adds the values of a window. Divide the sum by the width." in page
    assert "Read: " not in page and f"book/{NAME}.html" not in page
    assert ">sum<" in (project.folder / "class.html").read_text()
