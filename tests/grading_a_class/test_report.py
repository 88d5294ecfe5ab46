"""marks.csv and class.html."""

import csv
import io
import re
from dataclasses import replace
from pathlib import Path

import pytest
from marking import record_of

from autograder.classroom import report
from autograder.classroom.marks import Person
from autograder.classroom.standings import COLUMNS, Line
from autograder.examiner.results import StoppedCell

NAME = "01-convolution"
GUIDE = Path(__file__).parents[2] / "book" / "instructors-guide.md"


@pytest.fixture(autouse=True)
def book(monkeypatch):
    monkeypatch.setenv("COURSE_BOOK_URL", "https://course.test")


def line(entry, student, *arguments, record=None, known=True, **changes):
    made = entry(student, *arguments, **changes)
    return Line(student, NAME, made, record or record_of(made.result), known)


def test_a_row_for_each_submission(entry):
    marked = record_of(entry().result, discussion=3.5, late_seconds=61.0)
    lines = [
        line(entry, "ada", record=marked),
        line(entry, "ben", (0.0, 0.5, 0.0), known=False),
        Line("eve", NAME, None, None, False),
    ]
    rows = list(csv.DictReader(io.StringIO(report.marks_csv(lines))))
    assert list(rows[0]) == COLUMNS
    assert [row["score"] for row in rows] == ["8", "0.5", ""]
    assert (
        rows[0] | dict(total="11.5", manual_points="3.5", bonus="4", late_seconds="61", known="True", max_score="10")
        == rows[0]
    )
    assert rows[1]["manual_points"] == "" and rows[1]["known"] == "False"
    assert rows[2]["status"] == ""


def test_a_spreadsheet_finds_no_formula(entry):
    hostile = line(entry, "ada", limit='=HYPERLINK("https://evil.test")', repaired=["@SUM(1)", "-2"])
    row = next(csv.DictReader(io.StringIO(report.marks_csv([hostile]))))
    assert row["limit"].startswith("'=") and row["repaired"].startswith("'@")


def test_no_name_splits_a_row_whatever_separates_columns(entry):
    text = report.marks_csv([line(entry, "7;=9-8"), line(entry, "a\tb"), line(entry, " =1")])
    for row in text.splitlines():
        fields = next(csv.reader([row]))
        assert row == ",".join(f'"{field}"' for field in fields) and len(fields) == len(COLUMNS)
    assert next(csv.reader([text.splitlines()[3]]))[0] == "' =1"


def test_faults_of_the_grader_are_told_to_the_instructor(folder, entry):
    page = report.class_page(folder, [line(entry, "ada", faults=["The <b>exam</b> met a surprise."])])
    assert "Faults of the grader" in page and "The &lt;b&gt;exam&lt;/b&gt; met a surprise." in page
    assert "Faults of the grader" not in report.class_page(folder, [line(entry, "ada")])


def test_accidents_with_files_are_told_with_all_whose_they_were(folder, entry):
    lost, place = "These cells had lost their metadata: `conv2d`.", "It lay in `a<b>`."
    lines = [line(entry, "ada", repaired=[lost]), line(entry, "ben", repaired=[lost])]
    named = record_of(entry().result, person=Person("Cem", "Yılmaz"))
    lines.append(replace(line(entry, "cem", record=named, repaired=[place]), told=(place,)))
    page = report.class_page(folder, lines)
    first, second = "It lay in <code>a&lt;b&gt;</code>.", "These cells had lost their metadata: <code>conv2d</code>."
    assert f"<tr><td>{first}</td><td>Cem Yılmaz (cem)</td></tr>\n<tr><td>{second}</td><td>ada, ben</td></tr>" in page
    assert "Accidents with the files" not in report.class_page(folder, [line(entry, "ada")])


def test_students_bear_their_names_wherever_the_page_names_them(folder, entry):
    who = Person("Ada", "Lovelace")
    record = record_of(entry().result, person=who, late_seconds=9.0)
    of_ada = line(entry, "ada", record=record, noticed=["n"], faults=["f"])
    page = report.class_page(folder, [of_ada, line(entry, "ben")], {NAME: {"cem": Person(), "dan": Person("Dan")}})
    assert page.count("Ada Lovelace (ada)</td>") == 3 and "cem, Dan (dan)." in page
    assert 'Ada Lovelace <span class="soft">ada</span>' in page and "<td>ben</td>" in page


def test_a_folder_whose_name_is_longer_when_printed_ends_no_report(folder):
    refused = Line("\\xdcff" * 100, NAME, None, None, False)
    assert "no result" in report.class_page(folder, [refused])


def documented(heading):
    """The rows of the first table of the guide whose head begins so, as lists of what stands in their cells."""
    lines = GUIDE.read_text(encoding="utf-8").splitlines()
    for row in lines[lines.index(heading) + 2 :]:
        if not row.startswith("|"):
            return
        yield [cell.strip() for cell in row.strip("|").split("|")]


def names(cell):
    return re.findall(r"`(\w+)`", cell)


def test_the_guide_explains_every_field_of_both(entry):
    rows = list(documented("| name | where | what it says |"))
    of_json = [name for row in rows for name in names(row[0])]
    in_table = [name for row in rows if row[1] == "both" for name in names(row[0])]
    assert {row[1] for row in rows} == {"both", "`--json`"}
    told = line(entry, "ada", record=record_of(entry().result, discussion=1.0, late_seconds=1.0))
    for made in (told, Line("eve", NAME, None, None, False)):
        assert sorted(made.to_json()) == sorted(of_json)
    assert sorted(in_table) == sorted(COLUMNS)
    criterion = [name for row in documented("| name | what it says |") for name in names(row[0])]
    assert list(told.to_json()["criteria"][0]) == criterion


def test_json_of_a_criterion(entry):
    row = line(entry, "ada").to_json()["criteria"][-3]
    assert row == dict(
        cell="conv2d-hidden",
        criterion="edges",
        title="edges of `conv2d`",
        points=4.0,
        earned=2.0,
        mistake="The kernel is flipped.",
        mistake_id="flipped-kernel",
    )


def test_a_cell_that_stopped_is_the_first_thing_that_is_told(entry):
    sentence = "The cell `conv2d` stopped with SyntaxError. So `conv2d` is not defined."
    told = line(entry, "ada", stopped=[StoppedCell("conv2d", "because the cell `conv2d` stopped", sentence)])
    assert told.first_mistake == sentence and told.to_json()["stopped"] == [sentence]
    late = line(entry, "ada", stopped=[StoppedCell("conv2d", "because", sentence)], limit="It took too long.")
    assert late.first_mistake == "It took too long."


def test_every_mark_is_in_one_bar():
    bars = report.histogram([0.0, 3.9, 4.0, 39.9, 40.0, 40.0], 40.0)["bars"]
    assert [bar["count"] for bar in bars] == [2, 1, 0, 0, 0, 0, 0, 0, 0, 3]
    assert report.histogram([], 40.0)["said"] == "no marks yet"


def test_the_page_counts_mistakes_criteria_and_links_the_pages_that_exist(folder, entry):
    folder.feedback("ada", NAME).parent.mkdir(parents=True)
    folder.feedback("ada", NAME).write_text("x")
    lines = [
        line(entry, "ada", (2.0, 8.0, 4.0)),
        line(entry, "ben"),
        line(entry, "cem<b>", (0.0, 0.0, 0.0)),
        Line("eve", NAME, None, None, False),
    ]
    report.write_report(folder, lines)
    page = (folder.root / "class.html").read_text()
    assert page.count("<tr><td><code>conv2d</code></td>") == 2
    assert '<td>edges of <code>conv2d</code></td><td class="number">2</td>' in page
    assert '<td>values of <code>conv2d</code></td><td class="number">1</td>' in page
    assert '>flipped kernel</a></td><td class="number">2</td>' in page
    assert (
        f'<a href="feedback/ada/{NAME}/{NAME}.html">ada</a>' in page and ">ben<" in page and "feedback/ben" not in page
    )
    assert "cem&lt;b&gt;" in page and "<b>" not in page
    assert '<strong class="number">1</strong> without a result' in page
    assert "<script" not in page and "http-equiv" in page
