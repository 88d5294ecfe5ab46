"""A term, as the people of a class live it: they type what the pages show, and nothing else.

Instructor and students are users of their own where the machine allows it, each with an empty home.
"""

import csv
import os
import re
import shutil
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from subprocess import DEVNULL, Popen

import nbformat
import pytest
import student_copy
import term
from drawing import some_of
from term import person, shown

from autograder.classroom.jobs import ROOT, source_of
from autograder.demo.students import ASSIGNMENT, Student, filled_in, reference_solutions

GUIDE, SUBMITTING = "book/instructors-guide.md", "book/how-to-submit.md"
TERM = "A term in eight commands"
pytestmark = [
    pytest.mark.skipif(not source_of(ASSIGNMENT).is_file(), reason="needs the built notebooks: make assignments"),
    pytest.mark.timeout(600),
]
FIRST, SECOND = Student("ada", "mistake", "conv_flipped"), Student("ada", "correct", "unfold_einsum")
HALF = Student("ben", "half-way", "KERNELS")


class School:
    """An instructor, two students, and the exchange between them."""

    def __init__(self, base):
        self.alone = term.why_one_user()
        python = term.python_for_all() or term.sys.executable
        programs = term.environment(base / "programs", python)
        self.exchange = base / "exchange" / "2026"
        self.instructor = person("instructor", base, programs, bool(self.alone), ROOT)
        self.ada, self.ben = (person(name, base, programs, bool(self.alone)) for name in ("ada", "ben"))
        self.folder = self.instructor.home / "classes" / "2026"
        examples = {"/srv/exchange/2026": str(self.exchange), "ada": self.ada.name}
        examples |= {
            "2026-10-12 08:00 Europe/Berlin": "2000-10-12 08:00 Europe/Berlin"
        }  # a term that is over, whenever the test runs
        for one in (self.instructor, self.ada, self.ben):
            one.examples = examples
        for student in (self.ada, self.ben):
            student.where = student.home / "course"
            student.where.mkdir()
            student.owns(student.where)
            name = f'c.CourseDirectory.student_id = "{student.name}"\n' if self.alone else ""
            student.writes(student.where / "nbgrader_config.py", student_copy.NBGRADER + name)

    def teach(self, command, **how):
        """The instructor types a line, in a shell that the guide's variables are set in."""
        return self.instructor.types(f"{shown('export', GUIDE, TERM)}\n{command}", **how)

    def learn(self, student, start):
        """A student types the line of How to submit that starts so, in the folder that the course gave them."""
        return student.types(f"{shown('export', SUBMITTING)}\n{shown(f'.venv/bin/nbgrader {start}', SUBMITTING)}")

    def works(self, student, how):
        """A student solves the notebook that they fetched, and answers in words."""
        path = student.where / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
        nb = filled_in(nbformat.read(path, as_version=4), how.solutions(reference_solutions()))
        next(cell for cell in nb.cells if cell.id == "discussion").source = "Because of the border."
        student.writes(path, nbformat.writes(nb))

    def marks(self):
        with (self.folder / "marks.csv").open(newline="") as file:
            return {row["student"]: row for row in csv.DictReader(file)}

    def page(self, student):
        return (self.folder / "feedback" / student.name / ASSIGNMENT / f"{ASSIGNMENT}.html").read_text()


@pytest.fixture(scope="module")
def school():
    """Not in pytest's own temporary folder, which each pytest that starts closes to others."""
    with tempfile.TemporaryDirectory(prefix="school-") as base:
        Path(base).chmod(0o755)
        made = School(Path(base))
        made.exchange.parent.mkdir()
        term.by_hand(shown("install", GUIDE, "Set up"), made.instructor.examples)  # the administrator
        yield made


def test_a_term_as_it_is_printed(school):
    ada, ben, teach, learn = school.ada, school.ben, school.teach, school.learn
    by_hand = "Marks by hand and appeals"

    # Release, fetch, submit, collect.
    assert "CAUTION class folder" in teach(shown(".venv/bin/autograder doctor", GUIDE, TERM))
    said = teach(shown(".venv/bin/nbgrader release_assignment", GUIDE, TERM))
    assert f"Made the class folder {school.folder}, which you alone can read." in said
    assert school.folder.stat().st_mode & 0o777 == 0o700 and school.exchange.stat().st_mode & 0o777 == 0o777
    for student, how in ((ada, FIRST), (ben, HALF)):
        learn(student, "fetch_assignment")
        school.works(student, how)
        learn(student, "submit")
    assert "Overwriting" in teach(shown(".venv/bin/nbgrader release_assignment", GUIDE, "Release"))
    teach(shown(".venv/bin/nbgrader collect", GUIDE, TERM))

    # Grade: a due date, a mark by hand, an override, an extension.
    teach(shown(".venv/bin/nbgrader db assignment add", GUIDE))
    teach(".venv/bin/nbgrader db student add cem")
    assert f"Not handed in, {ASSIGNMENT}: 1 (cem)." in teach(shown(".venv/bin/autograder grade", GUIDE, TERM))
    graded = school.marks()
    assert set(graded) == {ada.name, ben.name} and {row["status"] for row in graded.values()} == {"graded"}
    assert graded[ada.name]["total"] == graded[ada.name]["score"] and graded[ada.name]["waiting"] == "discussion"
    assert float(graded[ada.name]["score"]) > float(graded[ben.name]["score"]) > 0
    teach(f".venv/bin/python <<'END'\n{term.python(GUIDE, by_hand)}\nEND")
    late = float(graded[ada.name]["late_seconds"])
    teach(shown(".venv/bin/autograder extension", GUIDE))
    teach(shown(".venv/bin/autograder report", GUIDE, by_hand))
    marked = school.marks()
    assert float(marked[ada.name]["late_seconds"]) == late - 2 * 86400
    assert marked[ben.name] == graded[ben.name]
    assert "changed by your instructor" in school.page(ada) and "changed by your instructor" not in school.page(ben)
    assert "Right but for the <em>border</em>." in school.page(ada)

    # Submit again, collect, grade again: what people entered stays.
    school.works(ada, SECOND)
    learn(ada, "submit")
    assert "Updating submission" in teach(shown(".venv/bin/nbgrader collect", GUIDE, TERM))
    assert "1 graded, 1 unchanged" in teach(shown(".venv/bin/autograder grade", GUIDE, TERM))
    again = school.marks()
    assert float(again[ada.name]["score"]) == 40 and again[ada.name]["by_hand"]
    assert float(again[ada.name]["total"]) == 40 - 8 + 6 + 3.5, "conv2d by hand 6 of 8, and the discussion"
    teach(f".venv/bin/nbgrader export --to {school.instructor.home}/export.csv")
    with (school.instructor.home / "export.csv").open(newline="") as file:
        exported = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    assert exported == {"cem": 0} | {name: float(row["total"]) for name, row in again.items()}

    # Hand back.
    teach(shown(".venv/bin/nbgrader release_feedback", GUIDE, "Hand back"))
    for student in (ada, ben):
        learn(student, "fetch_feedback")
        got = sorted((student.where / ASSIGNMENT / "feedback").glob(f"*/{ASSIGNMENT}.html"))
        assert [page.read_text() for page in got] == [school.page(student)], "the newest submission's, and ours"


@pytest.mark.parametrize("place", some_of(["My homework (final).ipynb", f"a folder/{ASSIGNMENT}.ipynb"], 1))
def test_the_page_comes_back_also_where_the_notebook_was_not_where_it_belongs(school, place):
    ben, teach, learn = school.ben, school.teach, school.learn
    handed_in = ben.where / ASSIGNMENT / place
    (here,) = (path for path in (ben.where / ASSIGNMENT).rglob("*.ipynb"))
    handed_in.parent.mkdir(exist_ok=True)
    ben.owns(here.rename(handed_in))
    ben.owns(handed_in.parent)
    learn(ben, "submit")
    teach(shown(".venv/bin/nbgrader collect", GUIDE, TERM))
    said = teach(shown(".venv/bin/autograder grade", GUIDE, TERM))
    found = f"`{ASSIGNMENT}/{place}` was found where `{ASSIGNMENT}/{ASSIGNMENT}.ipynb` was expected."
    assert f"{ben.name}, {ASSIGNMENT}: {found} It was graded all the same." in said
    page, row = school.page(ben), school.marks()[ben.name]
    assert found in row["repaired"] and f"<code>{ASSIGNMENT}/{place}</code> was found" in page
    teach(shown(".venv/bin/nbgrader release_feedback", GUIDE, "Hand back"))
    learn(ben, "fetch_feedback")
    got = max((ben.where / ASSIGNMENT / "feedback").glob("*/*.html"), key=lambda path: path.parent.name)
    assert got.stem == Path(place).stem and got.read_text() == page


def test_an_instructor_looks_at_a_case_and_keeps_a_backup(school):
    """After the term: explain, a backup, and students who leave."""
    teach, ben = school.teach, school.ben
    assert "40 of 40" in teach(shown(".venv/bin/autograder explain", GUIDE))
    backup = shown("tar", GUIDE).replace("class-2026.tgz", f"{school.instructor.home}/class-2026.tgz")
    teach(backup)
    before = school.marks()
    forget = shown(".venv/bin/autograder forget", GUIDE).replace(" ada", f" {ben.name}")
    assert str(school.folder / "submitted" / ben.name) in teach(forget, status=1, answer="n\n")
    assert school.marks() == before
    handed_in = school.exchange.glob(f"*/inbound/{ben.name}+*/*")
    own = set() if school.alone else {path.parent for path in handed_in if path.is_dir()}
    said = teach(forget, status=1 if own else 0, answer="y\n")
    left = set(school.exchange.glob(f"*/inbound/{ben.name}+*"))
    assert left == own, "a folder within a submission is its student's own"
    for path in left:
        assert f"{path} could not be removed" in said
        shutil.rmtree(path)  # the administrator
    teach(".venv/bin/nbgrader db student remove cem")
    teach(shown(".venv/bin/nbgrader collect", GUIDE, TERM))
    assert "0 graded, 1 unchanged" in teach(shown(".venv/bin/autograder grade", GUIDE, TERM))
    assert set(school.marks()) == {school.ada.name}
    restored = school.instructor.home / "restored"
    teach(f"mkdir {restored} && tar -xzf {school.instructor.home}/class-2026.tgz -C {restored}")
    (restored / "marks.csv").unlink()
    teach(f".venv/bin/autograder report --class {restored}")
    with (restored / "marks.csv").open(newline="") as file:
        assert {row["student"]: row for row in csv.DictReader(file)} == before


@contextmanager
def lab(school):
    """The server that the guide starts, and its address."""
    command = shown(".venv/bin/jupyter lab", GUIDE, TERM).replace(term.BIN, f"{school.instructor.bin}/")
    options = "--no-browser --port=0 --IdentityProvider.token=secret" + " --allow-root" * (os.geteuid() == 0)
    variables = shown("export", GUIDE, TERM).replace("/srv/exchange/2026", str(school.exchange))
    said = school.instructor.home / "lab.log"
    with said.open("w") as log:
        server = Popen(
            ["/bin/bash", "-c", f"{variables}\nexec {command} {options}"], cwd=ROOT, env=school.instructor.variables,
            stdin=DEVNULL, stdout=DEVNULL, stderr=log, **school.instructor.credentials,
        )  # fmt: skip
    try:
        while not (found := re.search(r"http://127\.0\.0\.1:\d+", said.read_text())):
            assert server.poll() is None, said.read_text()[-3000:]
            time.sleep(0.2)
        yield found[0]
    finally:
        server.terminate()
        server.wait(timeout=60)


def test_formgrader_is_where_the_guide_says(school):
    with lab(school) as address:

        def asked(path):
            with urllib.request.urlopen(f"{address}{path}?token=secret", timeout=60) as answer:
                return answer.read().decode()

        assert "formgrader" in asked("/formgrader").lower()
        assert ASSIGNMENT in asked("/formgrader/api/assignments")
