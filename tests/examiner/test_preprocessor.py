"""`nbgrader autograde` asks the same examiner: marks and repairs are the same; stock nbgrader agrees on honest work."""

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_markdown_cell
from nbgrader import api as nbgrader_api

from autograder.classroom import gradebook, preprocessor
from autograder.classroom import pool as pools
from autograder.classroom.folder import ClassFolder
from autograder.classroom.jobs import ROOT, source_of
from autograder.classroom.places import COURSE
from autograder.classroom.released import released
from autograder.demo.students import ASSIGNMENT, CLASS, Student, filled_in, reference_solutions

BIN = Path(sys.executable).parent
pytestmark = pytest.mark.skipif(
    not source_of(ASSIGNMENT).is_file(), reason="needs the built notebooks: make assignments"
)
HONEST = [*(s for s in CLASS if s.kind in ("correct", "mistake"))][9:11]  # one of each
CELLS = """select submitted_assignment.student_id, base_cell.name, auto_score from grade
           join base_cell on base_cell.id = grade.cell_id
           join submitted_notebook on submitted_notebook.id = grade.notebook_id
           join submitted_assignment on submitted_assignment.id = submitted_notebook.assignment_id
           where auto_score is not null order by 1, 2"""


def marks(folder):
    db = sqlite3.connect(folder.gradebook)
    try:
        return {(student, cell): score for student, cell, score in db.execute(CELLS)}
    finally:
        db.close()


def run(folder, *words):
    environment = os.environ | {"COURSE_CLASS": str(folder.root), "OMP_NUM_THREADS": "1"}
    environment["PATH"] = f"{BIN}{os.pathsep}{environment['PATH']}"
    done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return done.stderr


def nbgrader(folder, *words):
    return run(folder, sys.executable, "-m", "nbgrader", *words)


def enter_assignment(folder):
    """What `nbgrader generate_assignment` does to the gradebook (tests of the gradebook hold the two equal)."""
    made = gradebook.Gradebook(folder.gradebook)
    made.prepare(ASSIGNMENT, released(nbformat.read(source_of(ASSIGNMENT), as_version=4)))
    made.close()


def submit(folder, people, change=lambda nb: None):
    for student in people:
        nb = filled_in(nbformat.read(student.released, as_version=4), student.solutions(reference_solutions()))
        change(nb)
        path = folder.notebook(student.id, ASSIGNMENT)
        path.parent.mkdir(parents=True)
        path.write_text(nbformat.writes(nb))


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    """Two honest people, graded by `autograder grade`."""
    folder = ClassFolder(tmp_path_factory.mktemp("ours"))
    submit(folder, HONEST)
    run(folder, BIN / "autograder", "grade", "--class", folder.root, "--no-feedback")
    return folder


def test_stock_nbgrader_gives_the_same_marks_cell_by_cell(ours, tmp_path):
    folder = ClassFolder(tmp_path / "stock")
    submit(folder, HONEST)
    enter_assignment(folder)
    config = tmp_path / "stock.py"
    config.write_text(
        f"exec(open({str(ROOT / 'nbgrader_config.py')!r}).read().replace('__file__', {str(ROOT / 'x')!r}.__repr__()))\n"
        "del c.Autograde.autograde_preprocessors\nc.Execute.timeout = 120\n"
    )
    nbgrader(folder, "autograde", ASSIGNMENT, "--config", str(config))
    found = marks(folder)
    assert found == marks(ours) and len(found) > 2 * 20
    assert {round(sum(s for (who, _), s in found.items() if who == student.id), 1) for student in HONEST} > {40.0}


def test_nbgrader_autograde_asks_the_same_examiner(ours, tmp_path, monkeypatch):
    """With what the stock kernel cannot do: lost metadata, and code that attacks the grader. Lateness costs the same,
    too."""
    (tmp_path / "nbgrader_config.py").write_text('c.LateSubmissionPlugin.penalty_method = "zero"')
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path))
    mallory = Student("mallory", "hostile", "PATCHES_TORCH")
    folder, other = ClassFolder(tmp_path / "a"), ClassFolder(tmp_path / "b")
    for each in (folder, other):
        submit(each, [HONEST[1], mallory])
        path = each.notebook(HONEST[1].id, ASSIGNMENT)
        nb = nbformat.read(path, as_version=4)
        cell = next(cell for cell in nb.cells if cell.id == "conv2d")
        del cell.metadata["nbgrader"]
        nb.cells.append(new_markdown_cell("Because of the border."))  # below the cell for the answer
        nbformat.write(nb, path)
        emptied = each.notebook("mallory", ASSIGNMENT)
        nb = nbformat.read(emptied, as_version=4)
        next(cell for cell in nb.cells if cell.id == "discussion").source = " \n"
        nbformat.write(nb, emptied)
        (path.parent / "timestamp.txt").write_text("2026-10-13 08:00:00 UTC")
        enter_assignment(each)
        with nbgrader_api.Gradebook(f"sqlite:///{each.gradebook}", COURSE) as db:
            db.update_or_create_assignment(ASSIGNMENT, duedate="2026-10-12 08:00 UTC")
    (folder.root / "course.key").write_text("ab" * 32)
    (other.root / "course.key").write_text("ab" * 32)
    said = nbgrader(folder, "autograde", ASSIGNMENT)
    assert "had lost nbgrader's metadata" in said
    assert not (folder.submitted / "course.key").exists(), "its seeds are not the class's"
    run(other, BIN / "autograder", "grade", "--class", other.root, "--json", other.root / "out.jsonl", "--no-feedback")
    assert marks(folder) == marks(other)
    assert marks(folder)["mallory", "discussion"] == 0 and (HONEST[1].id, "discussion") not in marks(folder)
    records = [gradebook.Gradebook(each.gradebook).records(ASSIGNMENT) for each in (folder, other)]
    totals = [{name: (record.penalty, record.total) for name, record in found.items()} for found in records]
    assert totals[0] == totals[1] and totals[0][HONEST[1].id][1] == 0 < totals[0]["mallory"][1]
    line = json.loads((other.root / "out.jsonl").read_text().splitlines()[0])
    assert line["repaired"] and line["score"] == sum(s for (who, _), s in marks(ours).items() if who == line["student"])
    for student in (HONEST[1].id, "mallory"):
        first, second = (nbformat.read(each.autograded(student, ASSIGNMENT), as_version=4) for each in (folder, other))
        assert [cell.source for cell in first.cells] == [cell.source for cell in second.cells]
    nbgrader(folder, "generate_feedback", ASSIGNMENT)
    assert folder.feedback("mallory", ASSIGNMENT).is_file()


def test_a_server_that_lives_long_follows_changes_and_outlives_its_examiners(tmp_path, monkeypatch):
    """What a formgrader does, in one process: the same pool serves as long as it is alive and fits."""
    monkeypatch.setattr(pools, "TEMPLATE", (str(Path(__file__).with_name("stub_template.py")),))
    folder, source = ClassFolder(tmp_path / "class"), tmp_path / "source.ipynb"
    source.write_text("one")
    task = pools.Task("ada", ASSIGNMENT, "job", b"answer", source)

    def served():
        pool = preprocessor.pool_of(folder, source)
        (done,) = pool.grade(iter([task]))
        assert done.result is not None
        return pool

    try:
        first = served()
        assert served() is first
        first._template.kill()
        first._template.wait()
        second = served()
        assert second is not first and served() is second
        source.write_text("two")
        third = served()
        assert third is not second and not second.alive and served() is third
        monkeypatch.setattr(preprocessor, "grader_version", lambda: "newer")
        fourth = served()
        assert fourth is not third and served() is fourth
        (folder.root / "course.key").write_text("ab" * 32)
        assert served() is not fourth
    finally:
        preprocessor.pool_of(folder, source).close()
        monkeypatch.setattr(preprocessor._serving, "pool", None)


def test_a_journal_is_read_anew_when_it_has_grown(tmp_path, monkeypatch):
    folder = ClassFolder(tmp_path)
    assert preprocessor.journal_of(folder) == {}
    monkeypatch.setattr(preprocessor, "read", lambda path: {"lines": path.read_text().count("\n")})
    folder.journal.write_text("one\n")
    assert preprocessor.journal_of(folder) == {"lines": 1}
    folder.journal.write_text("one\ntwo\n")
    assert preprocessor.journal_of(folder) == {"lines": 2}
