"""`autograder grade` on a small class, with the real grader: what it writes, says and leaves alone."""

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell

from autograder.classroom.folder import ClassFolder
from autograder.classroom.jobs import ROOT, source_of
from autograder.demo.students import ASSIGNMENT, Student, filled_in, reference_solutions
from autograder.exam.convolution import SENTENCES

AUTOGRADER = Path(sys.executable).with_name("autograder")
RELEASED = ROOT / "assignments" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
pytestmark = pytest.mark.skipif(
    not source_of(ASSIGNMENT).is_file(), reason="needs the built notebooks: make assignments"
)

PEOPLE = [
    Student("ada", "correct", "unfold_einsum"),
    Student("ben", "mistake", "conv_flipped"),
    Student("cem", "half-way", "KERNELS"),
]


def run(*words, status=0, cwd=None):
    """Run the command by its path, without an activated environment; return stdout and stderr."""
    environment = {"PATH": "/usr/bin:/bin", "HOME": os.environ["HOME"], "LANG": "C.UTF-8"}
    done = subprocess.run(
        [AUTOGRADER, *map(str, words)], capture_output=True, text=True, timeout=200, env=environment, cwd=cwd or ROOT
    )
    assert done.returncode == status, f"{done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return done.stdout, done.stderr


def notebook_of(student):
    return nbformat.writes(filled_in(nbformat.read(RELEASED, as_version=4), student.solutions(reference_solutions())))


def lines(folder):
    return {line["student"]: line for line in map(json.loads, (folder.root / "out.jsonl").read_text().splitlines())}


def grade(folder, *words, status=0):
    run("grade", "--class", folder.root, "--json", folder.root / "out.jsonl", *words, status=status)
    return lines(folder)


def journal_lines(folder):
    return len(folder.journal.read_text().splitlines())


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """A class of three that was graded once, from nothing but `submitted/`."""
    folder = ClassFolder(tmp_path_factory.mktemp("class"))
    for student in PEOPLE:
        path = folder.notebook(student.id, ASSIGNMENT)
        path.parent.mkdir(parents=True)
        path.write_text(notebook_of(student))
    path = folder.notebook("ada", ASSIGNMENT)
    nb = nbformat.read(path, as_version=4)
    nb.cells.append(new_code_cell("import gc\ngc.isenabled()"))
    nbformat.write(nb, path)
    grade(folder)
    return folder


@pytest.fixture
def again(graded, tmp_path):
    """A copy of the graded class, to change."""
    shutil.copytree(graded.root, tmp_path / "class")
    return ClassFolder(tmp_path / "class")


def test_everything_that_was_promised_is_written(graded):
    found = lines(graded)
    assert {name: line["status"] for name, line in found.items()} == dict.fromkeys(("ada", "ben", "cem"), "graded")
    assert found["ada"]["score"] == found["ada"]["max_score"] == 40
    assert 0 < found["cem"]["score"] < found["ben"]["score"] < 40
    assert SENTENCES["flipped-kernel"] in [row["mistake"] for row in found["ben"]["criteria"]]
    promised = [
        "student",
        "assignment",
        "status",
        "score",
        "max_score",
        "seconds",
        "criteria",
        "stopped",
        "limit",
        "repaired",
        "faults",
        "known",
        "manual_points",
        "bonus",
        "changed",
    ]
    for name, line in found.items():
        assert set(line) >= set(promised) and line["known"] is False
        assert line["score"] == sum(row["earned"] for row in line["criteria"]) - line["bonus"]
        for path in (graded.autograded(name, ASSIGNMENT), graded.feedback(name, ASSIGNMENT)):
            assert path.is_file()
    executed = nbformat.read(graded.autograded("ada", ASSIGNMENT), as_version=4)
    nbformat.validate(executed)
    assert executed.cells[-1].outputs[0].data["text/plain"] == "True", "garbage is collected where a notebook runs"


def test_only_what_is_new_or_changed_is_graded(again):
    before = lines(again)
    assert grade(again) == before and journal_lines(again) == 3
    path = again.notebook("cem", ASSIGNMENT)
    path.write_text(notebook_of(Student("cem", "half-way", "conv2d")))
    page = again.feedback("ada", ASSIGNMENT).stat().st_mtime_ns
    after = grade(again)
    assert journal_lines(again) == 4
    assert after["cem"]["score"] > before["cem"]["score"]
    assert after["ada"] == before["ada"] and after["ben"] == before["ben"]
    assert again.feedback("ada", ASSIGNMENT).stat().st_mtime_ns == page
    assert grade(again, "--student", "ada", "--force")["ada"]["score"] == 40 and journal_lines(again) == 5


def test_bad_input_has_a_clear_status_and_disturbs_nobody(again):
    def put(student, data):
        path = again.notebook(student, ASSIGNMENT)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.write_bytes(data)

    put("ben", b"{ not json")  # a newer one, which cannot be read
    put("dora", b"")
    put("+odd name+", notebook_of(PEOPLE[0]).encode())
    (again.submitted / "emil").mkdir()
    (again.submitted / "fay" / ASSIGNMENT).mkdir(parents=True)
    (again.submitted / "gil" / ASSIGNMENT).mkdir(parents=True)
    again.notebook("gil", ASSIGNMENT).symlink_to("/etc/passwd")
    (again.submitted / "hal" / ASSIGNMENT).mkdir(parents=True)
    os.mkfifo(again.notebook("hal", ASSIGNMENT))
    put("ida", notebook_of(PEOPLE[0]).encode())
    found = grade(again, status=1)  # for the folder that can be no student's
    status = {name: line["status"] for name, line in found.items()}
    unreadable = dict.fromkeys(("ben", "dora", "+odd name+", "gil", "hal"), "unreadable")
    assert status == dict.fromkeys(("ada", "cem", "ida"), "graded") | unreadable | {"fay": "missing"}
    assert all(
        found[name]["score"] == 0 and found[name]["max_score"] == 40 and found[name]["limit"]
        for name in (*unreadable, "fay")
    )
    assert found["ida"]["score"] == 40
    assert not again.autograded("ben", ASSIGNMENT).exists()
    assert "replaces what you handed in before" in again.feedback("ben", ASSIGNMENT).read_text()
    run("report", "--class", again.root)
    with (again.root / "marks.csv").open(newline="") as file:
        total = {row["student"]: row["total"] for row in csv.DictReader(file)}
    assert total["ben"] == "0" and total["ida"] == "40"


def test_nbgraders_own_commands_work_on_the_result(again):
    config = 'c = get_config()\nc.CourseDirectory.root = "."\n'
    (again.root / "nbgrader_config.py").write_text(config)
    environment = os.environ | {"PATH": f"{AUTOGRADER.parent}:{os.environ['PATH']}"}
    for words in (["generate_feedback", ASSIGNMENT, "--force"], ["export", "--to", "grades.csv"]):
        done = subprocess.run(
            [sys.executable, "-m", "nbgrader", *words],
            cwd=again.root,
            env=environment,
            capture_output=True,
            text=True,
            timeout=200,
        )
        assert done.returncode == 0, done.stderr[-3000:]
    rows = [row.split(",") for row in (again.root / "grades.csv").read_text().splitlines()]
    at = rows[0].index("student_id"), rows[0].index("score"), rows[0].index("max_score")
    scores = {row[at[0]]: (float(row[at[1]]), float(row[at[2]])) for row in rows[1:]}
    assert scores == {name: (line["score"], 44.0) for name, line in lines(again).items()}


def test_wrong_usage_is_2_and_says_what_to_do(tmp_path, graded):
    assert "submitted" in run("grade", "--class", tmp_path, status=2)[1]
    (tmp_path / "submitted").mkdir()
    assert "nothing to grade" in run("grade", "--class", tmp_path, status=2)[1]
    assert "make assignments" in " ".join(run("grade", "--class", graded.root, "99-nothing", status=2)[1].split())
    assert "nobody" in run("grade", "--class", graded.root, "--student", "nobody", status=2)[1]
    run("grade", status=2)


def test_json_on_stdout_is_only_json(graded):
    out, _ = run("grade", "--class", graded.root, "--json", "-", cwd="/")
    assert [json.loads(line)["student"] for line in out.splitlines()] == ["ada", "ben", "cem"]


def test_the_instructor_and_only_they_see_the_case(graded):
    out, _ = run("explain", "ben", ASSIGNMENT, "--class", graded.root)
    assert "expected" in out and "got" in out and SENTENCES["flipped-kernel"][:40] in out
    assert "expected" not in graded.feedback("ben", ASSIGNMENT).read_text()
    assert "nobody" in run("explain", "nobody", ASSIGNMENT, "--class", graded.root, status=2)[1]
