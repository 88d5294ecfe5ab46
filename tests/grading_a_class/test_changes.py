"""What is graded again keeps both marks, and never lowers one that was handed back without being told to."""

import copy
import csv
import hashlib
import json
import shutil
import sqlite3

import nbformat
import nbgrader.api
import pytest
from traitlets.config import Config

from autograder.classroom import jobs, pages, preprocessor, telling
from autograder.classroom import run as runs
from autograder.classroom.changes import Change
from autograder.classroom.errors import UserError
from autograder.classroom.journal import read
from autograder.classroom.places import COURSE
from autograder.classroom.pool import Done
from autograder.classroom.released import released
from autograder.classroom.report import write_report
from autograder.classroom.run import Run

NAME = "01-convolution"
pytestmark = pytest.mark.filterwarnings("ignore:Object of type")  # nbgrader's own way with SQLAlchemy
FULL, LESS = (2.0, 8.0, 0.0), (2.0, 6.0, 0.0)
KEPT = "10 as handed back; the grader would now give 8 (`conv2d` 8 → 6): the grader has changed."


@pytest.fixture
def room(folder, source, entry, executed, monkeypatch, tmp_path):
    """A class of one, whose examiners give the points that the test names."""

    class Room:
        points = FULL
        path = tmp_path / "source.ipynb"

        def __init__(self, *_, **__):
            """In the place of a pool."""

        def close(self):
            """As a pool's."""

        def grade(self, tasks):
            for task in tasks:
                digest = hashlib.sha256(task.submitted).hexdigest()
                result = entry(task.student, Room.points, job=task.job, sha256=digest).result
                notebook = executed(f"# worth {sum(Room.points)}", points=Room.points)
                yield Done(task, result.to_json(), nbformat.writes(notebook))

        def hand_in(self, text):
            path = folder.notebook("ada", NAME)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

        def run(self, points, grader, *, forced=False, **options):
            """Grade with examiners that give these points."""
            Room.points = points
            monkeypatch.setattr(jobs, "grader_version", lambda: grader)
            summary = Run(folder, [NAME], set(), lambda *_: None).grade(jobs=1, force=forced, **options)
            assert not summary.failures
            return summary

    nbformat.write(source, Room.path)
    monkeypatch.setattr(runs, "Pool", Room)
    monkeypatch.setattr(runs, "source_of", lambda _: Room.path)
    made = Room()
    made.hand_in("first")
    return made


def in_gradebook(folder):
    db = sqlite3.connect(folder.gradebook)
    try:
        return db.execute("select sum(auto_score) from grade").fetchone()[0]
    finally:
        db.close()


def stands(folder, summary, score, says):
    """Is this the mark, and what is said of its change, wherever one looks?"""
    (line,) = summary.lines
    write_report(folder, summary.lines)
    with (folder.root / "marks.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    page, whole = folder.feedback("ada", NAME).read_text(), (folder.root / "class.html").read_text()
    shown = says.replace("`conv2d`", "<code>conv2d</code>")
    assert float(row["score"]) == float(row["total"]) == line.to_json()["score"] == in_gradebook(folder) == score
    assert f'<p class="score">{score:g} <small>' in page and f'<td class="number">{score:g}</td>' in whole
    assert row["changed"] == says and shown in whole and shown in page
    assert f"worth {score:g}" in folder.autograded("ada", NAME).read_text()
    return line.to_json()["changed"]


def test_a_better_mark_counts_and_both_are_told(room, folder, capsys):
    room.run(LESS, "one")
    summary = room.run(FULL, "two")
    changed = stands(folder, summary, 10, "8 → 10 (`conv2d` 6 → 8): the grader has changed.")
    assert changed == dict(
        why="the grader has changed", before=8, after=10, cells={"conv2d-hidden": [6, 8]}, kept=False
    )
    telling.tell_changes(summary)
    assert "ada, 01-convolution: 8 → 10" in capsys.readouterr().out
    earlier, now = map(json.loads, folder.journal.read_text().splitlines())
    assert (earlier["result"]["score"], now["result"]["score"]) == (8, 10)
    again = room.run(FULL, "three")  # gives the same: what was told stays
    assert again.graded == 1 and not again.changed
    stands(folder, again, 10, "8 → 10 (`conv2d` 6 → 8): the grader has changed.")


def test_a_mark_that_was_handed_back_is_lowered_only_when_told_to(room, folder, capsys):
    room.run(FULL, "one")
    summary = room.run(LESS, "two")
    assert stands(folder, summary, 10, KEPT)["kept"] is True
    telling.tell_changes(summary)
    assert "--lower" in capsys.readouterr().out
    again = room.run(LESS, "two")
    assert again.graded == 0 and not again.changed
    stands(folder, again, 10, KEPT)
    lowered = room.run(LESS, "two", lower=True)
    stands(folder, lowered, 8, "10 → 8 (`conv2d` 8 → 6): the grader has changed.")
    assert room.run(LESS, "two", lower=True).graded == 0


def test_a_kept_mark_is_no_longer_told_of_when_the_grader_gives_it_again(room, folder):
    room.run(FULL, "one")
    room.run(LESS, "two")
    summary = room.run(FULL, "three")
    assert summary.lines[0].entry.change is None and in_gradebook(folder) == 10
    assert "as handed back" not in folder.feedback("ada", NAME).read_text()


@pytest.mark.parametrize("change", [{}, {"bonus"}])
def test_less_bonus_is_less(room, folder, change):
    before, after = ((2.0, 6.0, 4.0), (2.0, 8.0, 2.0)) if change else (FULL, LESS)
    room.run(before, "one")
    room.run(after, "two")
    assert in_gradebook(folder) == sum(before[:2])


def test_before_a_page_is_written_nothing_was_handed_back(room, folder):
    room.run(FULL, "one", feedback=False)
    summary = room.run(LESS, "two")
    stands(folder, summary, 8, "10 → 8 (`conv2d` 8 → 6): the grader has changed.")


@pytest.mark.parametrize("pages", ["by the first run", "by a later run", "by nbgrader"])
def test_what_a_page_was_written_of_was_handed_back(room, folder, pages):
    room.run(FULL, "one", feedback=pages == "by the first run")
    if pages == "by a later run":
        assert room.run(FULL, "one").graded == 0
    if pages == "by nbgrader":
        folder.feedback("ada", NAME).parent.mkdir(parents=True)
        folder.feedback("ada", NAME).write_text("nbgrader's")
    else:  # sent away
        shutil.rmtree(folder.root / "feedback")
    stands(folder, room.run(LESS, "two"), 10, KEPT)


def test_a_new_submission_counts_whatever_it_is_worth(room, folder):
    room.run(FULL, "one")
    room.hand_in("second")
    (line,) = room.run(LESS, "one").lines
    assert line.entry.change.told() == "10 → 8 (`conv2d` 8 → 6): a new submission." and in_gradebook(folder) == 8
    assert "Your mark" not in folder.feedback("ada", NAME).read_text()


def test_why_a_mark_changed(room, folder, source):
    room.run(LESS, "one")
    source.cells[0].source += " anew"
    nbformat.write(source, room.path)
    (entry,) = room.run(FULL, "one").changed
    assert entry.change.why == "the assignment has changed"
    source.cells[0].source += ", and anew"
    nbformat.write(source, room.path)
    (entry,) = room.run((2.0, 8.0, 4.0), "two").changed
    assert entry.change.why == "the grader and the assignment have changed" and entry.change.cells == {"bonus": [0, 4]}
    (entry,) = room.run(FULL, "two", forced=True, lower=True).changed
    assert entry.change.why == "it was graded again"
    folder.notebook("ada", NAME).unlink()
    (entry,) = room.run(FULL, "two").changed
    assert entry.change.why == "the notebook is no longer there" and entry.change.after == 0


def test_graded_cells_that_change_take_no_mark_away(room, folder, source):
    room.run(FULL, "one")
    changed = copy.deepcopy(source)
    next(cell for cell in changed.cells if cell.id == "conv2d-hidden").metadata.nbgrader.grade_id = "conv-hidden"
    nbformat.write(changed, room.path)
    with pytest.raises(UserError, match="handed back to 1 of its students"):
        room.run(FULL, "one")
    assert in_gradebook(folder) == 10
    free = [cell for cell in source.cells if cell.id != "output_size-visible"]  # a check that is worth nothing
    nbformat.write(nbformat.from_dict({**source, "cells": free}), room.path)
    room.run(FULL, "one")
    nbformat.write(source, room.path)
    stands(folder, room.run(LESS, "two"), 10, KEPT.replace("the grader has", "the grader and the assignment have"))


def test_a_result_without_a_cell_that_there_is_now_waits_to_be_graded_again(room, folder, source, monkeypatch):
    room.run(FULL, "one")
    changed = copy.deepcopy(source)
    next(cell for cell in changed.cells if cell.id == "conv2d-hidden").metadata.nbgrader.grade_id = "conv-hidden"
    nbformat.write(changed, room.path)
    as_before = type(room).grade

    def grade(self, tasks):
        for done in as_before(self, tasks):
            done.result["cells"]["conv-hidden"] = done.result["cells"].pop("conv2d-hidden")
            yield done

    monkeypatch.setattr(type(room), "grade", grade)
    monkeypatch.setattr(runs, "BATCH", 1)  # what the gradebook lacks is entered before anything is graded
    summary = room.run(FULL, "one", lower=True)  # which also asserts that nothing failed
    assert summary.graded == 1 and in_gradebook(folder) == 10


def test_lines_from_before_marks_were_kept_are_marks(room, folder):
    room.run(FULL, "one")
    line = json.loads(folder.journal.read_text())
    for name in ("source", "grader", "handed_back", "change"):
        del line[name]
    line["untouched"] = line["result"].pop("untouched")
    for row in line["result"]["criteria"]:
        mistake = row.pop("mistake")
        row |= {"mistake": row.pop("sentence"), "anchor": mistake and f"mistake-{NAME}-{mistake}"}
        del row["criterion"]
    folder.journal.write_text(json.dumps(line) + "\n")
    unmet = [row for row in read(folder.journal)["ada", NAME].result.criteria if row.sentence]
    assert unmet and {row.mistake for row in unmet} == {"flipped-kernel"}
    stands(folder, room.run(LESS, "two"), 10, KEPT.replace("the grader has", "the grader or the assignment has"))


@pytest.mark.parametrize("points", [LESS, FULL])
def test_nbgrader_autograde_keeps_what_was_handed_back(room, folder, source, monkeypatch, points):
    room.run(FULL, "one")
    type(room).points = points
    monkeypatch.setattr(preprocessor, "pool_of", lambda *_: room)
    directory = folder.root / "source" / NAME
    directory.mkdir(parents=True)
    nbformat.write(source, directory / f"{NAME}.ipynb")
    config = Config({"CourseDirectory": {"root": str(folder.root)}})
    about = {"nbgrader": {"notebook": NAME, "assignment": NAME, "student": "ada"}}
    nb, _ = preprocessor.Examine(config=config).preprocess(released(source), about)
    worth = {
        cell.id: output.data["text/plain"]
        for cell in nb.cells
        for output in cell.get("outputs", ())
        if output.output_type == "execute_result"
    }
    assert worth["conv2d-hidden"] == "8.0" and worth["output_size-hidden"] == "2.0"
    assert ("8 as handed back; the grader would now give 6." in nbformat.writes(nb)) == (points == LESS)


def by_hand(folder, cell, points):
    """A score that a person enters in formgrader."""
    with nbgrader.api.Gradebook(f"sqlite:///{folder.gradebook}", COURSE) as db:
        db.find_grade(cell, NAME, NAME, "ada").manual_score = points
        db.db.commit()


def test_report_brings_a_mark_by_hand_to_page_and_tables(room, folder, monkeypatch):
    monkeypatch.setattr(pages, "source_of", lambda _: room.path)
    room.run(LESS, "one")
    (told,) = pages.report(folder).told
    assert told == "Waiting for a mark by hand, so that the total is not complete: 1 of 1 submissions."
    before = folder.feedback("ada", NAME).stat().st_mtime_ns
    by_hand(folder, "conv2d-hidden", 7)
    by_hand(folder, "discussion", 4)
    found = pages.report(folder, ["moodle"])
    assert found.told == ["1 feedback page was made anew, since something on it changed."] and not found.failures
    assert all(path.is_file() for path in found.written) and len(found.written) == 4
    page = folder.feedback("ada", NAME)
    assert page.stat().st_mtime_ns != before and '<p class="score">13 <small>of 14' in page.read_text()
    with (folder.root / "marks.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["score"], row["override"], row["manual_points"], row["total"]) == ("8", "1", "4", "13")
    again = page.stat().st_mtime_ns
    assert pages.report(folder).told == [] and page.stat().st_mtime_ns == again


@pytest.mark.parametrize("there", ["nothing", "nbgrader's page"])
def test_report_hands_nothing_back_by_itself(room, folder, monkeypatch, there):
    monkeypatch.setattr(pages, "source_of", lambda _: room.path)
    room.run(LESS, "one", feedback=False)
    page = folder.feedback("ada", NAME)
    if there != "nothing":
        page.parent.mkdir(parents=True)
        page.write_text("nbgrader's")
    by_hand(folder, "discussion", 4)
    pages.report(folder)
    assert page.read_text() == "nbgrader's" if there != "nothing" else not page.exists()


def test_grade_brings_a_mark_by_hand_to_page_and_tables(room, folder):
    room.run(LESS, "one")
    by_hand(folder, "discussion", 4)
    summary = room.run(LESS, "one")
    assert summary.graded == 0 and '<p class="score">12 <small>of 14' in folder.feedback("ada", NAME).read_text()
    with (folder.root / "marks.csv").open(newline="") as file:
        assert next(csv.DictReader(file))["total"] == "12"


def test_a_change_is_one_sentence():
    change = Change("a new submission", 1.0, 2.5, {"a-hidden": [1.0, 2.0], "b-hidden": [0.0, 0.5]})
    assert change.told() == "1 → 2.5 (`a` 1 → 2, `b` 0 → 0.5): a new submission."
