"""A mark has one truth: page, tables, `nbgrader export` and both ways of grading say what the gradebook says."""

import csv
import io
import re
import shutil
import sqlite3
from datetime import datetime, timedelta
from pathlib import Path

import nbformat
import nbgrader.api
import pytest
from marking import record_of
from nbgrader.plugins import CsvExportPlugin
from nbgrader.preprocessors import AssignLatePenalties, SaveAutoGrades
from nbgrader.utils import parse_utc
from traitlets.config import Config
from typer.testing import CliRunner

from autograder.classroom import cli, feedback, jobs, lateness, pages, report
from autograder.classroom.errors import UserError
from autograder.classroom.gradebook import Gradebook
from autograder.classroom.marks import CellMark, Record
from autograder.classroom.places import COURSE
from autograder.classroom.released import released
from autograder.classroom.standings import Line

NAME = "01-convolution"
GUIDE = (Path(__file__).parents[2] / "book" / "instructors-guide.md").read_text(encoding="utf-8")
DUE = datetime(2026, 10, 12, 8, 0)
LATE = "2026-10-13 09:30:00.000000 UTC"
pytestmark = pytest.mark.filterwarnings("ignore:Object of type")  # nbgrader's own way with SQLAlchemy


def python_of_the_guide(holds):
    """The Python in the guide that holds this text."""
    (code,) = [code for code in re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL) if holds in code]
    return code


@pytest.fixture
def settings(tmp_path, monkeypatch):
    """A function: nbgrader's configuration of this user is this text; `late.py` of the guide can be imported."""
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path / "jupyter"))
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "late.py").write_text(python_of_the_guide("class TenthADay"))
    (tmp_path / "jupyter").mkdir()

    def write(text):
        (tmp_path / "jupyter" / "nbgrader_config.py").write_text(text)
        lateness.configured.cache_clear()

    write("")
    yield write
    lateness.configured.cache_clear()


@pytest.fixture
def book(folder, source):
    made = Gradebook(folder.gradebook)
    made.prepare(NAME, released(source))
    with nbgrader.api.Gradebook(f"sqlite:///{folder.gradebook}", COURSE) as db:
        db.update_or_create_assignment(NAME, duedate=DUE)
    yield made
    made.close()


def by_people(path, student="ada", *, scores=(), extra=(), comments=()):
    """What formgrader writes."""
    with nbgrader.api.Gradebook(f"sqlite:///{path}", COURSE) as db:
        for cell, points in dict(scores).items():
            grade = db.find_grade(cell, NAME, NAME, student)
            grade.manual_score, grade.needs_manual_grade = points, False
        for cell, points in dict(extra).items():
            db.find_grade(cell, NAME, NAME, student).extra_credit = points
        for cell, words in dict(comments).items():
            db.find_comment(cell, NAME, NAME, student).manual_comment = words
        db.db.commit()


def exported(path, tmp_path):
    """The scores of `nbgrader export`, by student."""
    with nbgrader.api.Gradebook(f"sqlite:///{path}", COURSE) as db:
        plugin = CsvExportPlugin()
        plugin.to = str(tmp_path / "export.csv")
        plugin.export(db)
    with (tmp_path / "export.csv").open(newline="") as file:
        return {row["student_id"]: float(row["score"]) for row in csv.DictReader(file) if row["assignment"] == NAME}


CASES = {
    "as graded": {},
    "overridden": dict(scores={"conv2d-hidden": 8}),
    "overridden, to less": dict(scores={"conv2d-hidden": 1}),
    "the bonus overridden": dict(scores={"bonus-hidden": 3}),
    "marked": dict(scores={"discussion": 3.5}),
    "all at once": dict(scores={"discussion": 3.5, "conv2d-hidden": 7}, extra={"conv2d-hidden": 1, "discussion": 0.5}),
    "extra credit without a mark": dict(extra={"discussion": 2}),
}
NONE, ZERO, TENTH = "", python_of_the_guide("penalty_method"), python_of_the_guide("AssignLatePenalties.plugin_class")


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("penalty", [NONE, ZERO, TENTH], ids=["none", "zero", "tenth"])
def test_all_say_the_same_and_it_adds_up(book, folder, source, entry, executed, tmp_path, settings, case, penalty):
    settings(penalty)
    made = entry(timestamp=LATE)
    book.write(NAME, [made])
    by_people(folder.gradebook, **CASES[case])
    book.deduct(NAME)
    record = book.records(NAME)["ada"]
    total = exported(folder.gradebook, tmp_path)["ada"]
    with nbgrader.api.Gradebook(f"sqlite:///{folder.gradebook}", COURSE) as db:
        paper = db.find_submission(NAME, "ada")
        assert max(0, paper.score - paper.late_submission_penalty) == pytest.approx(total)
    assert record.total == pytest.approx(total)
    line = Line("ada", NAME, made, record, True)
    (row,) = csv.DictReader(io.StringIO(report.marks_csv([line])))
    parts = [float(row[name] or 0) for name in ("score", "manual_points", "override", "extra_credit")]
    assert sum(parts) - float(row["penalty"]) == pytest.approx(float(row["total"])) == pytest.approx(total)
    (wide,) = csv.DictReader(io.StringIO(report.parts_csv([line])))
    of_parts = [float(value or 0) for name, value in wide.items() if name.startswith(NAME)]
    assert sum(of_parts[:-2]) - of_parts[-2] == pytest.approx(of_parts[-1]) == pytest.approx(total)
    page = feedback.page(made, executed(), source, record)
    text = re.sub(r"<[^>]*>", "", page.replace("−", "-"))
    shown = re.search(r"([\d.]+) of [\d.]+ points", text)
    assert float(shown[1]) == pytest.approx(total)
    if summed := page.partition('<table class="sum">')[2].partition("</table>")[0]:
        numbers = [float(n) for n in re.findall(r'<td class="number">([-+]?[\d.]+)', summed.replace("−", "-"))]
        assert sum(numbers[:-1]) == pytest.approx(numbers[-1]) == pytest.approx(total)
    else:
        assert record.total == record.automatic
    of_class = report.class_page(folder, [line])
    assert f"<strong>{total:g}</strong>" in of_class
    for sentence in record.by_hand:
        assert str(feedback.words(sentence)) in of_class


@pytest.mark.parametrize("penalty", [NONE, ZERO, TENTH], ids=["none", "zero", "tenth"])
@pytest.mark.parametrize("case", ["as graded", "all at once"])
def test_nbgrader_autograde_gives_the_same(book, folder, entry, executed, tmp_path, settings, case, penalty):
    settings(penalty)
    book.write(NAME, [entry(timestamp=LATE), entry("ben", timestamp="2026-10-12 07:00:00 UTC")])
    for student in ("ada", "ben"):
        by_people(folder.gradebook, student, **CASES[case])
    other = tmp_path / "nbgrader.db"
    shutil.copy(folder.gradebook, other)
    book.deduct(NAME)
    config = Config()
    exec(penalty, {"c": config})
    about = {"notebook": NAME, "assignment": NAME, "db_url": f"sqlite:///{other}"}
    for student in ("ada", "ben"):
        for step in (SaveAutoGrades, AssignLatePenalties):
            step(config=config).preprocess(executed(), {"nbgrader": about | {"student": student}})
    assert exported(folder.gradebook, tmp_path) == pytest.approx(exported(other, tmp_path))
    assert exported(other, tmp_path)["ada"] < exported(other, tmp_path)["ben"] or penalty == NONE


def test_a_penalty_goes_when_it_is_no_longer_late(book, folder, entry, tmp_path, settings):
    settings(ZERO)
    book.write(NAME, [entry(timestamp=LATE), entry("ben", timestamp=LATE)])
    book.deduct(NAME)
    assert exported(folder.gradebook, tmp_path) == {"ada": 0, "ben": 0}
    assert lateness.extend(folder.gradebook, "ada", NAME, timedelta(days=2)) == DUE + timedelta(days=2)
    book.deduct(NAME)
    assert exported(folder.gradebook, tmp_path) == {"ada": 8, "ben": 0}
    assert book.records(NAME)["ada"].extended and book.records(NAME)["ada"].late_seconds == 0
    lateness.extend(folder.gradebook, "ada", NAME, timedelta())
    book.deduct(NAME)
    assert exported(folder.gradebook, tmp_path) == {"ada": 0, "ben": 0}
    with nbgrader.api.Gradebook(f"sqlite:///{folder.gradebook}", COURSE) as db:
        db.update_or_create_assignment(NAME, duedate=DUE + timedelta(days=9))
    book.deduct(NAME)
    assert exported(folder.gradebook, tmp_path) == {"ada": 8, "ben": 8}


def test_a_penalty_follows_the_mark(book, folder, entry, settings):
    settings(ZERO)
    book.write(NAME, [entry(timestamp=LATE)])
    book.deduct(NAME)
    by_people(folder.gradebook, scores={"discussion": 4})
    book.deduct(NAME)
    assert book.records(NAME)["ada"].penalty == 12 and book.records(NAME)["ada"].total == 0


def test_the_due_date_of_the_guide_is_the_one_that_it_says():
    (said,) = set(re.findall(r'--duedate="([^"]*)"', GUIDE))
    assert said == "2026-10-12 08:00 Europe/Berlin" and parse_utc(said) == datetime(2026, 10, 12, 6, 0)


def test_an_extension_without_a_due_date_ends_nothing(book, folder, entry, tmp_path, settings):
    settings(ZERO)
    book.write(NAME, [entry(timestamp=LATE), entry("ben", timestamp=LATE)])
    lateness.extend(folder.gradebook, "ada", NAME, timedelta(days=1))
    with nbgrader.api.Gradebook(f"sqlite:///{folder.gradebook}", COURSE) as db:
        db.update_or_create_assignment(NAME, duedate=None)  # as `nbgrader db assignment add` without --duedate does
    book.deduct(NAME)
    assert {name: record.late_seconds for name, record in book.records(NAME).items()} == {"ada": 0, "ben": 0}
    assert exported(folder.gradebook, tmp_path) == {"ada": 8, "ben": 8}
    with pytest.raises(UserError, match="no due date"):
        lateness.extend(folder.gradebook, "ada", NAME, timedelta(days=1))


def test_an_extension_can_be_granted_before_anything_was_handed_in(book, folder, entry, settings):
    book.write(NAME, [entry("dorothea")])
    with pytest.raises(UserError, match=r"no student dora\. Did you mean dorothea\? .*nbgrader db student add dora"):
        lateness.extend(folder.gradebook, "dora", NAME, timedelta(days=2))
    with nbgrader.api.Gradebook(f"sqlite:///{folder.gradebook}", COURSE) as db:
        db.add_student("dora")
    lateness.extend(folder.gradebook, "dora", NAME, timedelta(days=2))
    book.write(NAME, [entry("dora", timestamp=LATE)])
    record = book.records(NAME)["dora"]
    assert record.extended and record.late_seconds == 0 and record.total == 8


def test_the_command_grants_it_and_takes_it_back(book, folder, source, entry, settings, monkeypatch, tmp_path):
    settings(ZERO)
    nbformat.write(source, tmp_path / "source.ipynb")
    for module in (pages, jobs):
        monkeypatch.setattr(module, "source_of", lambda _: tmp_path / "source.ipynb")
    book.write(NAME, [entry(timestamp=LATE)])
    line = ["extension", "ada", NAME, "--class", str(folder.root)]
    granted = (["--days", "2"], 8, "ada has until 2026-10-14 08:00"), (["--hours", "3"], 0, "until 2026-10-12 11:00")
    taken_back = ["--days", "0"], 0, "no extension now. The due date counts: 2026-10-12 08:00"
    for words, total, said in (*granted, taken_back):
        done = CliRunner().invoke(cli.app, [*line, *words])
        assert done.exit_code == 0, done.output
        book.deduct(NAME)
        assert book.records(NAME)["ada"].total == total and f"{said} UTC" in " ".join(done.output.split())
    lateness.extend(folder.gradebook, "ada", NAME, timedelta(days=2))
    forgot = CliRunner().invoke(cli.app, line)
    assert isinstance(forgot.exception, UserError) and "--days, --hours or both" in str(forgot.exception)
    book.deduct(NAME)
    assert book.records(NAME)["ada"].total == 8, "an option that was forgotten takes nothing back"
    assert "autograder extension ada 01-convolution --days 2" in GUIDE and "`--days 0` takes it back" in GUIDE


def test_a_plugin_that_fails_is_said_in_a_sentence(book, entry, settings):
    settings("from nbgrader.plugins import LateSubmissionPlugin\n"
             "class Mine(LateSubmissionPlugin):\n"
             "    def late_submission_penalty(self, student_id, score, total_seconds_late):\n"
             "        return score / 0\n"
             "c.AssignLatePenalties.plugin_class = Mine\n")  # fmt: skip
    book.write(NAME, [entry(timestamp=LATE)])
    with pytest.raises(UserError, match="Mine raised ZeroDivisionError"):
        book.deduct(NAME)
    settings("c.AssignLatePenalties.plugin_class = 'nowhere.Mine'")
    with pytest.raises(UserError, match="configuration cannot be used"):
        book.deduct(NAME)


def test_where_the_step_is_not_configured_penalties_are_left_alone(book, folder, entry, settings, monkeypatch):
    settings(ZERO)
    book.write(NAME, [entry(timestamp=LATE)])
    book.deduct(NAME)
    without = {"Autograde": {"autograde_preprocessors": ["nbgrader.preprocessors.SaveAutoGrades"]}}
    monkeypatch.setattr(lateness, "_configuration", lambda: Config(without))
    lateness.configured.cache_clear()
    assert lateness.configured() is None
    with nbgrader.api.Gradebook(f"sqlite:///{folder.gradebook}", COURSE) as db:
        db.update_or_create_assignment(NAME, duedate=DUE + timedelta(days=9))
    book.deduct(NAME)
    assert book.records(NAME)["ada"].total == 0


def test_what_nbgrader_wrote_since_is_found_and_mended(book, folder, entry):
    made = entry()
    book.write(NAME, [made])
    assert book.missing([made]) == []
    db = sqlite3.connect(folder.gradebook)
    db.execute("update grade set auto_score = 1 where auto_score = 6")
    db.commit()
    line = Line("ada", NAME, made, book.records(NAME)["ada"], True)
    assert line.differs and line.score == 3 and "Graded otherwise" in report.class_page(folder, [line])
    assert book.missing([made]) == [made]
    book.write(NAME, [made])
    assert book.missing([made]) == []
    db.close()


def test_the_script_of_the_guide_marks_by_hand(book, folder, entry, monkeypatch):
    book.write(NAME, [entry()])
    monkeypatch.setenv("COURSE_CLASS", str(folder.root))
    exec(python_of_the_guide("find_grade"), {})
    record = book.records(NAME)["ada"]
    assert record.manual_points == 3.5 and record.cells["conv2d-hidden"].given == 6
    assert "*border*" in record.comments["conv2d"]


def test_a_due_date_alone_is_no_assignment_yet(folder):
    made = Gradebook(folder.gradebook)
    with nbgrader.api.Gradebook(f"sqlite:///{folder.gradebook}", COURSE) as db:
        db.update_or_create_assignment(NAME, duedate=DUE)
    assert not made.has(NAME)
    made.close()


def test_names_of_the_roster_stand_everywhere(book, folder, source, entry, executed):
    with nbgrader.api.Gradebook(f"sqlite:///{folder.gradebook}", COURSE) as db:
        db.add_student("ada", first_name="Ada", last_name="Lovelace")
    made = entry()
    book.write(NAME, [made])
    line = Line("ada", NAME, made, book.records(NAME)["ada"], True)
    (row,) = csv.DictReader(io.StringIO(report.marks_csv([line])))
    assert (row["first_name"], row["last_name"]) == ("Ada", "Lovelace")
    assert "Ada Lovelace" in report.class_page(folder, [line])
    assert "<strong>Ada Lovelace</strong> (ada)" in feedback.page(made, executed(), source, line.record)


def test_the_page_says_what_was_changed_and_by_whom(source, entry, executed):
    made = entry(points=(2.0, 0.0, 4.0))
    record = record_of(made.result, given={"conv2d-hidden": 6.0}, extra={"output_size-hidden": 1.0})
    page = feedback.page(made, executed(), source, record)
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page))
    assert "conv2d : 6 of 8, changed by your instructor; automatic 0." in text
    assert "output_size : +1 of extra credit." in text
    assert "6 / 8" in text and "marked by hand The kernel is flipped." in text and "8 points" not in text


def test_points_of_a_cell():
    waits = CellMark(4.0, None, extra_credit=2.0, manual=True)
    assert waits.points is None and waits.extra == 0 and waits.counted is None and not waits.changed
    assert CellMark(8.0, 8.0, 8.0).changed is False  # formgrader's "Full credit" on what is full
    record = Record(cells={"discussion": waits, "conv2d-hidden": CellMark(8.0, 6.0)}, deducted=99.0)
    assert (record.total, record.penalty, record.max_so_far, record.max_total) == (0, 6, 8, 12)
    assert record.waiting == ["discussion"] and record.manual_points is None
