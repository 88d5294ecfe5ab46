"""One bad entry is that submission's failure: all others are graded and written, in this run and in the next."""

from pathlib import Path

import nbformat
import pytest
from marking import entered

from autograder.classroom import choosing, feedback, finding, gradebook, telling
from autograder.classroom import pool as pools
from autograder.classroom import run as runs
from autograder.classroom.explain import Examined, told
from autograder.classroom.jobs import ROOT, source_of
from autograder.classroom.journal import read
from autograder.classroom.run import Run
from autograder.classroom.terminal import say
from autograder.demo.students import ASSIGNMENT, Student, filled_in, reference_solutions

STUB = str(Path(__file__).parents[1] / "examiner" / "stub_template.py")
pytestmark = [
    pytest.mark.skipif(not source_of(ASSIGNMENT).is_file(), reason="needs the built notebooks: make assignments"),
    pytest.mark.filterwarnings("ignore:Object of type"),
]
PEOPLE = "ada", "ben", "cem"


def hand_in(folder, student, data, stamp=None):
    path = folder.notebook(student, ASSIGNMENT)
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
    if stamp:
        (path.parent / "timestamp.txt").write_text(stamp)


def run(folder, jobs=2):
    return Run(folder, [ASSIGNMENT], set(), lambda *_: None).grade(jobs=jobs, confined=True)


def pages(folder):
    return {path.parts[-3] for path in folder.root.glob("feedback/*/*/*.html")}


@pytest.fixture
def quick(folder, monkeypatch):
    """A class of three, whose examiners answer at once."""
    monkeypatch.setattr(pools, "TEMPLATE", (STUB,))
    for name in PEOPLE:
        hand_in(folder, name, b"answer")
    return folder


def fails_for_ben(real, who, error):
    def call(*arguments, **named):
        if who(*arguments) == "ben":
            raise error
        return real(*arguments, **named)

    return call


PLACES = {
    "read": (finding.Notebook, "read", lambda own: own.path.parts[-3], OSError(5, "Input/output error")),
    "gradebook": (gradebook, "_mark", lambda paper, *_: paper.student_id, ArithmeticError("a number of 29 digits")),
    "notebook": (runs.Run, "_settle", lambda _, entry, __: entry.key[0], RecursionError()),
    "page": (feedback, "page", lambda entry, *_: entry.key[0], ZeroDivisionError()),
}


@pytest.mark.parametrize("place", PLACES)
def test_wherever_it_fails_the_others_are_written_and_so_in_the_next_run(quick, monkeypatch, capsys, place):
    where, name, who, error = PLACES[place]
    with monkeypatch.context() as broken:
        broken.setattr(where, name, fails_for_ben(getattr(where, name), who, error))
        for _ in range(2):
            summary = run(quick)
            assert list(summary.failures) == [("ben", ASSIGNMENT)] and summary.stopped is None
            assert type(error).__name__ in summary.failures["ben", ASSIGNMENT]
            assert telling.tell(summary) == 1 and "ben" in capsys.readouterr().err
            assert {"ada", "cem"} <= entered(quick) <= {*PEOPLE} and pages(quick) == {"ada", "cem"}
    summary = run(quick)
    assert telling.tell(summary) == 0 and entered(quick) == pages(quick) == {*PEOPLE}


def test_a_damaged_line_of_the_journal_is_graded_again(quick):
    run(quick)
    lines = quick.journal.read_text().splitlines(keepends=True)
    damaged = [line.replace('"score": 1.0', '"score": "one"') if '"ben"' in line else line for line in lines]
    quick.journal.write_text("".join(damaged))
    summary = run(quick)
    assert (summary.graded, summary.failures) == (1, {}) and entered(quick) == {*PEOPLE}
    assert {student for student, _ in read(quick.journal)} == {*PEOPLE}


def test_without_examiners_the_run_says_so_and_keeps_what_there_is(quick, monkeypatch, capsys):
    run(quick)
    hand_in(quick, "dan", b"answer")
    with monkeypatch.context() as broken:
        broken.setattr(pools, "TEMPLATE", ("-c", "pass"))
        summary = run(quick)
    assert "did not start" in summary.stopped and telling.tell(summary) == 1
    assert [line.student for line in summary.lines if line.entry] == [*PEOPLE]
    assert run(quick).graded == 1


def test_names_are_printable_before_a_terminal_sees_them(folder, capsys):
    evil = "\x1b]0;owned\x07\x1b[31m"
    (folder.submitted / "ada" / f"99{evil}").mkdir(parents=True)
    hand_in(folder, "ben", b"{")
    choosing.known_assignments(folder, [])
    with pytest.raises(runs.UserError) as caught:
        choosing.known_assignments(folder, [evil])
    say(str(caught.value))
    said = capsys.readouterr().err
    assert "Left out: 99\\x1b" in said and "\x1b" not in said and "\x07" not in said


def test_what_a_students_code_gave_back_is_no_command_to_the_terminal(capsys):
    result = {"student": "ada", "assignment": ASSIGNMENT, "score": 1.0, "max_score": 2.0, "status": "graded"}
    row = {"cell": "c-hidden", "criterion": "values", "title": "v", "points": 1.0, "earned": 0.0}
    row["sentence"] = "gave back \x1b[2J"
    result |= {"limit": "\x1b[2J", "repaired": [], "noticed": [], "faults": ["surprise \x07"], "criteria": [row]}
    result["untouched"] = []
    result["stopped"] = [{"cell": "c", "because": "", "sentence": "The cell stopped \x1b[2J."}]
    case = {
        "cell": "c-hidden",
        "criterion": "values",
        "python": None,
        "case": "x",
        "expected": "1\n2",
        "got": "\x1b]0;owned\x07",
    }
    told(Examined(result, [case], None, Path("ada.ipynb")))
    said = capsys.readouterr().out
    assert "\x1b" not in said and "\x07" not in said and "\\x1b]0;owned" in said and "surprise" in said
    assert "The cell stopped" in said


def test_where_nothing_is_wrong_that_is_said(capsys):
    result = dict(student="ada", assignment=ASSIGNMENT, score=2.0, max_score=2.0, status="graded", limit=None)
    row = {"cell": "c-hidden", "criterion": "values", "title": "v", "points": 2.0, "earned": 2.0, "sentence": None}
    result |= {key: [] for key in ("repaired", "noticed", "faults", "stopped", "untouched")} | {"criteria": [row]}
    told(Examined(result, [], None, Path("ada.ipynb")))
    assert "Every criterion was met." in capsys.readouterr().out


KILLED = """
import os, socket, sys
from autograder.examiner import template

def answer_to(job, submitted, *rest, real=template.answer_to):
    if b"end the examiner" in submitted:
        os.kill(os.getpid(), 9)
    return real(job, submitted, *rest)

template.answer_to = answer_to
template._die_with(int(sys.argv[2]) or os.getppid())
template.template(socket.socket(fileno=int(sys.argv[1])), sys.argv[3:])
"""


def test_a_class_with_the_worst_of_its_kind(folder, monkeypatch, capsys):
    """With the real grader: honest notebooks beside a forged time and one that ends every examiner that reads it."""
    monkeypatch.setattr(pools, "TEMPLATE", ("-c", KILLED))
    released = nbformat.read(ROOT / "assignments" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb", as_version=4)
    half = Student("any", "half-way", "output_size").solutions(reference_solutions())

    def notebook(note):
        changed = half | {"output_size": f"{half['output_size']}\n# {note}"}
        return nbformat.writes(filled_in(released, changed)).encode()

    hand_in(folder, "ada", notebook("1"), "2026-10-12 09:00:00.000000 UTC")
    hand_in(folder, "ben", notebook("2"), "9" * 30 + "m")
    hand_in(folder, "kim", notebook("end the examiner"))
    hand_in(folder, "zoe", notebook("3"))
    summary = run(folder)
    found = {line.student: line for line in summary.lines}
    status = {name: line.entry.result.status for name, line in found.items()}
    assert status == {"ada": "graded", "ben": "graded", "kim": "crashed", "zoe": "graded"}
    assert found["ada"].entry.result.score == found["ben"].entry.result.score > 0 == found["kim"].entry.result.score
    assert found["ada"].entry.timestamp and found["ben"].entry.timestamp is None
    everyone = {"ada", "ben", "kim", "zoe"}
    assert entered(folder) == pages(folder) == everyone
    assert "The instructor is told of it" in folder.feedback("kim", ASSIGNMENT).read_text()
    assert "--force" not in folder.feedback("kim", ASSIGNMENT).read_text()
    assert '<span class="k">def</span>' in folder.feedback("ada", ASSIGNMENT).read_text()
    assert telling.tell(summary) == 0 and "--force --student kim" in " ".join(capsys.readouterr().err.split())
    before = {path: path.stat().st_mtime_ns for path in folder.root.glob("feedback/*/*/*.html")}
    monkeypatch.setattr(pools, "TEMPLATE", ("-c", "this would fail"))  # no examiner is needed any more
    again = run(folder)
    assert (again.graded, again.failures, again.stopped) == (0, {}, None) and telling.tell(again) == 0
    assert {path: path.stat().st_mtime_ns for path in before} == before
