"""Who hands in, who does not, and who leaves: a removed student stays removed."""

import os
import re
import shutil
import sqlite3
import sys
from pathlib import Path

import nbformat
import nbgrader.api
import pytest
from marking import entered
from nbgrader.utils import notebook_hash
from typer.testing import CliRunner

from autograder.classroom import cli, forgetting, telling
from autograder.classroom import pool as pools
from autograder.classroom import run as runs
from autograder.classroom.errors import UserError
from autograder.classroom.gradebook import Gradebook
from autograder.classroom.jobs import source_of
from autograder.classroom.journal import Busy, Journal, read
from autograder.classroom.places import COURSE
from autograder.classroom.run import Run
from autograder.demo.students import ASSIGNMENT

shutil_rmtree = shutil.rmtree
STUB = str(Path(__file__).parents[1] / "examiner" / "stub_template.py")
pytestmark = [
    pytest.mark.skipif(not source_of(ASSIGNMENT).is_file(), reason="needs the built notebooks: make assignments"),
    pytest.mark.filterwarnings("ignore:Object of type"),
]


def hand_in(folder, student, data=b"answer", name=f"{ASSIGNMENT}/{ASSIGNMENT}.ipynb"):
    path = folder.submitted / student / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def run(folder, *students, **options):
    return Run(folder, [ASSIGNMENT], set(students), lambda *_: None).grade(jobs=1, confined=True, **options)


def told(summary, capsys):
    """The exit status, and what was said."""
    return telling.tell(summary), capsys.readouterr().err


def take_out(folder, student):
    with nbgrader.api.Gradebook(f"sqlite:///{folder.gradebook}", COURSE) as db:
        db.remove_student(student)


@pytest.fixture
def small(folder, monkeypatch):
    """A class of two, whose examiners answer at once, graded."""
    monkeypatch.setattr(pools, "TEMPLATE", (STUB,))
    for name in ("ada", "ben"):
        hand_in(folder, name)
    run(folder)
    return folder


def test_who_handed_in_nothing_is_counted_and_gets_no_mark(small, capsys):
    for name in ("cem", "__MACOSX"):
        (small.submitted / name).mkdir()
    with nbgrader.api.Gradebook(f"sqlite:///{small.gradebook}", COURSE) as db:
        db.add_student("dan", first_name="Dan")
    summary = run(small)
    assert told(summary, capsys) == (0, f"Not handed in, {ASSIGNMENT}: 2 (cem, dan).\n")
    assert {line.student for line in summary.lines} == entered(small) == {"ada", "ben"}
    assert not (small.root / "feedback" / "cem").exists()
    assert "2 students have handed in nothing: cem, Dan (dan)." in (small.root / "class.html").read_text()


def test_a_notebook_under_another_name_is_graded_and_told_to_both(small, capsys):
    hand_in(small, "cem", name=f"{ASSIGNMENT}/{ASSIGNMENT} (1).ipynb")
    summary = run(small)
    (line,) = (line for line in summary.lines if line.student == "cem")
    assert line.entry.result.score == 1.0 and "(1).ipynb` was found" in line.to_row()["repaired"]
    assert "(1).ipynb</code> was found" in small.feedback("cem", ASSIGNMENT).read_text()
    status, said = told(summary, capsys)
    assert status == 0 and said.startswith(f"cem, {ASSIGNMENT}: `") and "(1).ipynb` was found" in said
    assert "(1).ipynb</code> was found" in (small.root / "class.html").read_text()
    summary = run(small)
    assert summary.graded == 0, "graded again though nothing changed"
    assert told(summary, capsys)[1] == "", "told again though nothing is new"
    assert "(1).ipynb</code> was found" in (small.root / "class.html").read_text()
    hand_in(small, "cem", name=f"{ASSIGNMENT}/{ASSIGNMENT} (2).ipynb")
    summary = run(small)
    (line,) = (line for line in summary.lines if line.student == "cem")
    assert line.entry.result.status == "missing" and "Several notebooks were found" in line.first_mistake
    assert "Several notebooks were found" in small.feedback("cem", ASSIGNMENT).read_text()


def test_a_name_that_can_be_no_students_is_told_by_the_exit_status(small, capsys):
    hand_in(small, "a+b")
    status, said = told(run(small), capsys)
    assert status == 1 and "a+b" in said and "Rename the folder" in said
    assert entered(small) == {"ada", "ben"}


@pytest.mark.parametrize("options", [{}, {"force": True}])
def test_whom_a_person_took_out_stays_out(small, capsys, options):
    take_out(small, "ben")
    for _ in range(2):
        summary = run(small, **options)
        assert entered(small) == {"ada"} and {line.student for line in summary.lines} == {"ada"}
        status, said = told(summary, capsys)
        assert status == 0 and "ben" in said and "autograder forget ben" in said
    hand_in(small, "ben", b"another answer")
    assert run(small, **options).taken_out and entered(small) == {"ada"}
    summary = run(small, "ben", **options)
    assert entered(small) == {"ada", "ben"} and not summary.taken_out, "named, so wanted"
    assert not run(small).taken_out


def test_whose_folder_is_gone_does_not_come_back(small):
    shutil.rmtree(small.submitted / "ben")
    take_out(small, "ben")
    summary = run(small)
    assert entered(small) == {"ada"} and not summary.taken_out
    with pytest.raises(UserError, match="ben handed in nothing"):
        run(small, "ben")


def test_a_gradebook_that_was_lost_is_filled_again(small):
    small.gradebook.unlink()
    assert run(small).graded == 0 and entered(small) == {"ada", "ben"}


def test_a_gradebook_from_before_it_remembered_is_taken_as_it_stands(small):
    db = sqlite3.connect(small.gradebook)
    db.execute("drop table autograder_entered")
    db.commit()
    db.close()
    Gradebook(small.gradebook).close()
    take_out(small, "ben")
    assert [student for student, _ in run(small).taken_out] == ["ben"]


def test_a_lost_key_ends_the_run_and_a_new_one_grades_all(small):
    (small.root / "course.key").unlink()
    for students, options in (((), {}), (("ada",), {"force": True})):
        with pytest.raises(UserError, match="Restore it from your backup"):
            run(small, *students, **options)
    assert run(small, force=True).graded == 2 and (small.root / "course.key").exists()
    assert {entry.result.student for entry in read(small.journal).values()} == {"ada", "ben"}


def test_a_student_can_be_forgotten_everywhere(small, tmp_path, monkeypatch, capsys):
    inbound = tmp_path / "exchange" / COURSE / "inbound"
    monkeypatch.setenv("COURSE_EXCHANGE", str(tmp_path / "exchange"))
    for name in (f"ben+{ASSIGNMENT}+2026-10-12 09:00:00 UTC+x", f"benno+{ASSIGNMENT}+2026-10-12 09:00:00 UTC+y"):
        (inbound / name).mkdir(parents=True)
        (inbound / name / "submission_secret.txt").write_text(name)
    hand_in(small, "benno")
    hand_in(small, "ben", b"the secret of his newer submission", f"{ASSIGNMENT}/submission_secret.txt")
    pages = inbound.with_name("feedback")
    pages.mkdir()
    for secret in ("the secret of his newer submission", *(path.name for path in inbound.iterdir())):
        page = f"{notebook_hash(secret=secret, notebook_id=ASSIGNMENT)}.html"
        (pages / page).write_text("benno" if "benno" in secret else "ben")
    older = next(path for path in inbound.iterdir() if path.name.startswith("ben+"))
    for name in ("My homework", os.fsdecode(b"\xff")):
        (older / f"{name}.ipynb").touch()
    (pages / f"{notebook_hash(secret=older.name, notebook_id='My homework')}.html").write_text("ben")
    run(small, "ben", force=True)
    run(small)
    before = small.journal.read_bytes()
    small.journal.write_bytes(before + b"\xff damaged\n")
    held = [str(path) for path in forgetting.held_of(small, "ben")]
    theirs = [path for path in held if not path.startswith(str(pages))]
    assert len(held) == 6 and len(theirs) == 3, "the pages of two submissions, by all names, in the exchange too"
    assert all("/ben/" in f"{path}/".replace("ben+", "ben/") for path in theirs)
    app = CliRunner()
    assert app.invoke(cli.app, ["forget", "ben", "--class", str(small.root)], input="n\n").exit_code == 1
    assert small.journal.read_bytes() == before + b"\xff damaged\n" and entered(small) == {"ada", "ben", "benno"}
    done = app.invoke(cli.app, ["forget", "ben", "--class", str(small.root), "--yes"])
    assert done.exit_code == 0, done.output
    left = [path for path in tmp_path.rglob("*") if "ben" in path.name.replace("benno", "")]
    assert left == [] and entered(small) == {"ada", "benno"}
    assert [page.read_text() for page in pages.iterdir()] == ["benno"], "what was released, the others' stays"
    assert b"\xff damaged" in small.journal.read_bytes()
    for file in (small.gradebook, small.journal):
        assert not re.search(rb"ben(?!no)", file.read_bytes())
    summary = run(small)
    assert summary.graded == 0 and not summary.taken_out and summary.not_handed_in == {ASSIGNMENT: {}}
    hand_in(small, "ben")  # of the same name, later
    assert run(small).graded == 1 and entered(small) == {"ada", "ben", "benno"}


def test_what_cannot_be_removed_of_a_student_is_told_and_ends_nothing(small, monkeypatch):
    locked = small.submitted / "ben"
    monkeypatch.setattr(forgetting.shutil, "rmtree", lambda path, ignore_errors: locked == path or shutil_rmtree(path))
    done = CliRunner().invoke(cli.app, ["forget", "ben", "--class", str(small.root), "--yes"])
    assert done.exit_code == 1 and f"{locked} could not be removed" in done.output.replace("\n", "")
    assert entered(small) == {"ada"} and not (small.root / "feedback" / "ben").exists()
    assert b'"ben"' not in small.journal.read_bytes()


@pytest.mark.parametrize("name", ["../ada", "*", ".", ""])
def test_nothing_else_can_be_forgotten(small, name):
    with pytest.raises(UserError, match="can be no student"):
        forgetting.forget(small, name)
    assert entered(small) == {"ada", "ben"} and (small.submitted / "ada").exists()


def test_who_is_not_known_is_not_forgotten_and_a_mistyped_name_is_offered(small):
    asked = CliRunner().invoke(cli.app, ["forget", "Ben", "--class", str(small.root), "--yes"])
    assert asked.exit_code == 1 and str(asked.exception).endswith("hold nothing of Ben. Did you mean ben?")
    shutil_rmtree(small.submitted / "ben")
    for kind in ("autograded", "feedback"):
        shutil_rmtree(small.root / kind / "ben", ignore_errors=True)
    done = CliRunner().invoke(cli.app, ["forget", "ben", "--class", str(small.root), "--yes"])
    assert done.exit_code == 0 and entered(small) == {"ada"}, "marks alone are something to forget"


def test_nobody_is_forgotten_beside_a_run(small):
    other = Journal(small.journal)
    try:
        with pytest.raises(Busy):
            forgetting.forget(small, "ben")
    finally:
        other.close()
    assert (small.submitted / "ben").exists()


def test_work_of_people_that_a_change_would_throw_away_ends_the_run_with_a_sentence(
    small, monkeypatch, tmp_path, capsys
):
    with nbgrader.api.Gradebook(f"sqlite:///{small.gradebook}", COURSE) as db:
        db.find_grade("discussion", ASSIGNMENT, ASSIGNMENT, "ada").manual_score = 3
        db.db.commit()
    changed = nbformat.read(source_of(ASSIGNMENT), as_version=4)
    changed.cells = [cell for cell in changed.cells if cell.metadata.nbgrader.grade_id != "discussion"]
    nbformat.write(changed, tmp_path / "changed.ipynb")
    monkeypatch.setattr(runs, "source_of", lambda name: tmp_path / "changed.ipynb")
    with pytest.raises(SystemExit) as ended:
        monkeypatch.setattr(sys, "argv", ["autograder", "grade", "--class", str(small.root), "--lower"])
        cli.main()
    said = " ".join(capsys.readouterr().err.split())
    assert ended.value.code == 2 and "no longer has the cell 'discussion'" in said and "Traceback" not in said
