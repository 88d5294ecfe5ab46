"""Learning platforms: archives of Moodle and Canvas in, files for their gradebooks out, and the roster."""

import csv
import io
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import nbgrader.api
import pytest
from marking import record_of
from nbgrader.apps import CollectApp

from autograder.classroom import platforms
from autograder.classroom.collector import CANVAS, MOODLE, Roster, found_in
from autograder.classroom.jobs import ROOT
from autograder.classroom.marks import Person
from autograder.classroom.places import COURSE
from autograder.classroom.standings import Line

NAME = "01-convolution"
GUIDE = (Path(__file__).parents[2] / "book" / "instructors-guide.md").read_text(encoding="utf-8")
ROSTER = (
    "id,first_name,last_name,email,lms_user_id\n"
    "ada,Ada,Lovelace,ada@uni.test,501\n"
    "zoe,Zoë,O'Neil,zoe@uni.test,502\n"
    "cem,Cem,Ay,,\n"
    "cem2,Cem,Ay,,\n"
)
pytestmark = [
    pytest.mark.filterwarnings("ignore:Object of type"),  # nbgrader's own way with SQLAlchemy
    pytest.mark.skipif(not (ROOT / "assignments" / NAME).is_dir(), reason="needs the released notebooks"),
]


def archive(files):
    """A zip file with these names and texts."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as made:
        for name, text in files.items():
            made.writestr(name, text)
    return data.getvalue()


def folder_of(student, number):
    return f"{student}_{number}_assignsubmission_file_"


MOODLE_FILES = {
    f"{folder_of('Ada Lovelace', 11)}/{NAME}.ipynb": "ada",
    f"{folder_of('ONeil Zoë', 12)}/{NAME} (1).ipynb": "zoe",  # the last name first, without its sign
    f"{folder_of('Bo Ek', 13)}/{NAME}.ipynb": "bo",
    f"{folder_of('Bo Ek', 13)}/__MACOSX/._{NAME}.ipynb": "debris",
    f"{folder_of('Cem Ay', 14)}/{NAME}.ipynb": "one of two in the roster",
    f"{folder_of('Di Wu', 15)}/{NAME}.ipynb": "one Di",
    f"{folder_of('Di Wu', 16)}/{NAME}.ipynb": "the other Di",
    f"Eve Fox_17_assignsubmission_file_{NAME}.ipynb": "eve, without a folder",
    f"{folder_of('Mal Lory', 18)}/{folder_of('Ada Lovelace', 11)}/{NAME}.ipynb": "not ada's",
    f"{folder_of('Mal Lory', 18)}/work.zip": archive({f"{folder_of('Bo Ek', 13)}/{NAME}.ipynb": "not bo's"}),
    f"{folder_of('Mal Lory', 18)}/{NAME}.ipynb": "mal",
    "Fay Gray_19_assignsubmission_onlinetext_/onlinetext.html": "<p>no notebook</p>",
}
CANVAS_FILES = {
    f"lovelaceada_501_90_{NAME}.ipynb": "first",
    f"lovelaceada_501_95_{NAME}-1.ipynb": "second",
    f"oneilzoe_LATE_502_91_{NAME}.ipynb": "zoe",
    f"ekbo_503_92_{NAME}.ipynb": "bo",
    "lorymal_504_93_work.zip": archive({f"ekbo_503_99_{NAME}.ipynb": "not bo's", f"{NAME}.ipynb": "mal"}),
}  # fmt: skip


def nbgrader_command(place, *words):
    """Run a command of nbgrader's as the guide prints it."""
    environment = os.environ | {"COURSE_CLASS": str(place), "HOME": str(place.parent)}
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *words],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stderr


@pytest.fixture(scope="module")
def enrolled(tmp_path_factory):
    """A class folder with a roster, imported with the guide's command."""
    place = tmp_path_factory.mktemp("class") / "of 2026"
    (place / "submitted").mkdir(parents=True)
    roster = place.parent / "roster.csv"
    roster.write_text(ROSTER, encoding="utf-8")
    assert ".venv/bin/nbgrader db student import roster.csv" in GUIDE
    nbgrader_command(place, "db", "student", "import", str(roster))
    assert "`.venv/bin/nbgrader db student add ada`" in GUIDE  # as an extension's error says, too
    nbgrader_command(place, "db", "student", "add", "late comer")
    return place


def test_the_roster_is_imported(enrolled):
    with nbgrader.api.Gradebook(f"sqlite:///{enrolled / 'gradebook.db'}", COURSE) as db:
        assert {student.id: student.last_name for student in db.students} == dict(
            ada="Lovelace", zoe="O'Neil", cem="Ay", cem2="Ay"
        ) | {"late comer": None}


def collect(place, name, data, *words):
    put = place / "downloaded" / NAME / "archive" / name
    put.parent.mkdir(parents=True, exist_ok=True)
    put.write_bytes(data)
    for line in ("zip_collect 01-convolution", "zip_collect 01-convolution --force"):
        assert f".venv/bin/nbgrader {line}\n" in GUIDE
    said = nbgrader_command(place, "zip_collect", NAME, *words)
    found = {}
    for path in (place / "submitted").glob(f"*/{NAME}/{NAME}.ipynb"):
        found[path.parent.parent.name] = path.read_text()
    put.unlink()
    return found, said


def test_archives_of_both_are_collected_and_nobody_hands_in_for_another(enrolled):
    found, _ = collect(enrolled, "CS-1-Homework 1-77.zip", archive(MOODLE_FILES))
    assert found == {
        "ada": "ada",
        "zoe": "zoe",
        "Bo Ek": "bo",
        "Cem Ay_14": "one of two in the roster",
        "Di Wu_15": "one Di",
        "Di Wu_16": "the other Di",
        "Eve Fox": "eve, without a folder",
        "Mal Lory": "mal",
    }
    found, said = collect(enrolled, "submissions.zip", archive(CANVAS_FILES), "--force")
    assert (found["ada"], found["zoe"], found["ekbo_503"], found["lorymal_504"]) == ("second", "zoe", "bo", "mal")
    assert set(found) - {"ekbo_503", "lorymal_504"} == {
        *("ada", "zoe", "Bo Ek", "Cem Ay_14", "Di Wu_15", "Di Wu_16", "Eve Fox", "Mal Lory")
    }
    assert "zoe handed in late" in said and "left out" in said
    assert not (ROOT / "downloaded").exists()


def test_an_archives_own_name_is_nobodys(tmp_path):
    (tmp_path / "CS_1_2_week.zip").mkdir()
    place = tmp_path / "CS_1_2_week" / f"lovelaceada_501_90_{NAME}.ipynb"
    place.parent.mkdir()
    place.write_text("x")
    (found,) = found_in(tmp_path, {"CS_1_2_week"})
    assert found.name == "lovelaceada" and found.stem == NAME


def test_the_names_that_the_guide_shows_are_read():
    shown = re.findall(r"\| `([^`]+\.ipynb)` \|", GUIDE)
    assert len(shown) == 5
    for name in shown:
        first = name.split("/")[0]
        match = MOODLE.fullmatch(first) or CANVAS.fullmatch(first)
        assert match and match["name"].replace(" ", "").casefold() in ("adalovelace", "lovelaceada")


def test_a_student_without_a_number_in_the_roster_is_found_by_the_name(enrolled):
    roster = Roster(f"sqlite:///{enrolled / 'gradebook.db'}")
    assert roster.student("canvas", "lovelaceada", "999", alone=True) == "ada"
    assert roster.student("canvas", "aycem", "999", alone=True) == "aycem_999"
    assert roster.student("moodle", "ada  LOVELACE", "1", alone=True) == "ada"


@pytest.fixture
def lines(entry):
    """Ada, in the roster, with a mark by hand; ben, without a name; and eve, whose folder has no result."""
    ada = entry("ada")
    person = Person("Ada", "Lovelace", "ada@uni.test", "501")
    return [
        Line("ada", NAME, ada, record_of(ada.result, discussion=3.5, person=person), True),
        Line("ben", NAME, entry("ben"), record_of(entry("ben").result), False),
        Line("eve", NAME, None, None, False),
    ]


def test_moodles_gradebook_gets_an_identifier_and_the_total(lines):
    rows = list(csv.reader(io.StringIO(platforms.moodle_csv(NAME, lines))))
    assert rows == [
        ["ID number", "Email address", "First name", "Last name", NAME],
        ["ada", "ada@uni.test", "Ada", "Lovelace", "11.5"],
        ["ben", "", "", "", "8"],
    ]


def test_canvass_gradebook_gets_its_columns_and_what_the_assignment_is_worth(lines):
    rows = list(csv.reader(io.StringIO(platforms.canvas_csv(NAME, lines))))
    assert rows == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", NAME],
        ["    Points Possible", "", "", "", "", "14"],
        ["Lovelace, Ada", "501", "", "ada", "", "11.5"],
        ["ben", "", "", "ben", "", "8"],
    ]


def test_a_file_for_each_assignment_on_request(folder, lines):
    other = [Line("ada", "02-pooling", None, lines[0].record, True)]
    for platform in platforms.FORMATS:
        written = platforms.write_for(platform, folder, [*lines, *other])
        assert [path.name for path in written] == [f"{platform}-{NAME}.csv", f"{platform}-02-pooling.csv"]
        assert f"report --{platform}     # {platform}-{NAME}.csv" in GUIDE


def test_nbgrader_has_the_option_that_takes_the_last_before_the_due_date():
    assert "`nbgrader collect --before-duedate`" in GUIDE and "before-duedate" in CollectApp().flags
