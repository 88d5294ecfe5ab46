"""What an instructor sees in a terminal: one line a submission, what a run comes to, who is at work."""

import io
import json
import os
import random
import re
from dataclasses import replace
from pathlib import Path

import pytest
from drawing import state
from rich.cells import cell_len
from rich.console import Console
from typer.testing import CliRunner

from autograder.classroom import choosing, cli, telling
from autograder.classroom import pool as pools
from autograder.classroom.errors import UserError, did_you_mean
from autograder.classroom.forced import Forced
from autograder.classroom.jobs import source_of
from autograder.classroom.marks import Person, Record
from autograder.classroom.names import printable
from autograder.classroom.pool import Pool, Task, _Examiner
from autograder.classroom.progress import progress_bar
from autograder.classroom.run import Run
from autograder.classroom.standings import Line
from autograder.classroom.summary import Summary
from autograder.classroom.terminal import escape_what_cannot_be_shown, out, say, write_for_programs
from autograder.demo.students import ASSIGNMENT

STUB = str(Path(__file__).parents[1] / "examiner" / "stub_template.py")
needs_notebooks = pytest.mark.skipif(
    not source_of(ASSIGNMENT).is_file(), reason="needs the built notebooks: make assignments"
)
ODD = (
    "李小龍 名字很長",
    "[bold]markup[/]",
    "zoë" * 20,
    "a" * 128,
    "\x1b[2Jesc",
    "o'neil; rm",
    "e\u0301 combining",
    "👩‍🚀 astro",
    "-x",
)


def drawn_names(count):
    """Names of people and of folders that no one expects, other ones for each commit."""
    draw = random.Random(state())
    letters = "abcdefghij äéñøß 李名 [/] \\ \x07 👍 '\"`$"
    return [*ODD, *("".join(draw.choices(letters, k=draw.randint(1, 60))) for _ in range(count - len(ODD)))]


def printed(table, width):
    console = Console(file=io.StringIO(), width=width, force_terminal=False)
    console.print(table)
    return console.file.getvalue().splitlines()


def lines_of(entry, names, sentence="The kernel is flipped,\nwhich is " + "long " * 40):
    made = []
    for name in names:
        one = entry(name)
        one.result.criteria[0].__dict__["sentence"] = sentence
        made.append(Line(name, ASSIGNMENT, one, Record(), known=len(name) % 2 == 0))
    return made


@pytest.mark.parametrize("width", [80, 120])
def test_each_submission_is_one_line_whatever_its_name(entry, width):
    names = drawn_names(40)
    lines = lines_of(entry, names)
    found = printed(telling.table(lines, Summary(lines)), width)
    head, *rows = found[: len(names) + 1]
    assert all(cell_len(line) <= width for line in found)
    assert head.split()[:3] == ["student", "status", "score"] and "bonus" in head
    assert "not in the roster" in "".join(found[len(names) + 1 :]) and len(found) == len(names) + 2
    assert all("graded" in row and row.rstrip().endswith("…") for row in rows)
    assert not any(mark in "".join(found) for mark in ("\x1b", "\x07"))
    shown = list(map(printable, names))
    assert all(row.startswith(name) for row, name in zip(rows, shown, strict=True) if cell_len(name) < 12)


@pytest.mark.parametrize("width", [80, 120])
def test_names_of_the_roster_stand_beside_the_ids(entry, width):
    lines = lines_of(entry, ["ada", "s1234567", "cem"])
    assert "name" not in printed(telling.table(lines, Summary(lines)), width)[0]
    lines[0] = replace(lines[0], record=Record(person=Person("Ada", "Lovelace\x1b[2J")))
    lines[1] = replace(lines[1], record=Record(person=Person(None, "O'Neil-" * 30)))
    head, *rows = printed(telling.table(lines, Summary(lines)), width)
    assert head.split()[:4] == ["student", "name", "status", "score"] and all(cell_len(row) <= width for row in rows)
    assert re.match(r"ada\*? +Ada Lovelace\\x1b\S+ +graded", rows[0]) and re.match(r"s1234567\*? +O'Neil-", rows[1])
    assert re.match(r"cem\*? +graded", rows[2]) and all(row.rstrip().endswith("…") for row in rows[:3])


def test_where_a_notebook_was_found_is_told_once_and_ten_of_them(entry, capsys):
    lines = [replace(line, told=("It lay elsewhere.",)) for line in lines_of(entry, [f"s{n}" for n in range(14)])]
    telling.tell(Summary(lines, fresh={line.key for line in lines[1:13]}))
    said = capsys.readouterr().err.splitlines()
    assert said[0] == f"s1, {ASSIGNMENT}: It lay elsewhere." and len(said) == 11 and said[10].startswith("And 2 more")
    right = replace(lines[0], entry=replace(lines[0].entry, result=replace(lines[0].entry.result, criteria=[])))
    assert right.first_mistake == "It lay elsewhere."


def test_the_assignments_name_stands_there_where_there_are_several(entry):
    (one,) = lines_of(entry, ["ada"])
    other = Line("ada", "02-pooling", one.entry, one.record, True)
    assert "assignment" not in printed(telling.table([one], Summary([one])), 80)[0]
    two = printed(telling.table([one, other], Summary([one, other])), 80)
    assert "assignment" in two[0] and "02-pooling" in two[2]


def test_who_was_not_reached_is_no_fault_of_the_graders(entry):
    (ada,) = lines_of(entry, ["ada"])
    left, lost = (Line(name, ASSIGNMENT, None, None, False) for name in ("ben", "cem"))
    summary = Summary([ada, left, lost], failures={lost.key: "The examiner was lost."}, stopped="Stopped.")
    _, first, second, third, *_ = printed(telling.table(summary.lines, summary), 80)
    assert "graded" in first and "not reached" in second
    assert "no result" in third and "The examiner was lost." in third


def test_unchanged_submissions_are_counted_and_not_shown_again(entry, folder, capsys, monkeypatch):
    monkeypatch.setattr(telling, "book_url", lambda: "")
    lines = lines_of(entry, ["ada", "ben", "cem"])
    summary = Summary(lines, fresh={lines[1].key})
    assert telling.news(summary) == [lines[1]]
    telling.tell_end(summary, folder, 72.4, True)
    said = capsys.readouterr().err
    assert f"{ASSIGNMENT}: 1 graded, 2 unchanged, mean 8 of 10 automatic points." in said and "1 min 12 s" in said
    page = re.search(r"Pages: (\S+)", said)[1]
    assert page.startswith(str(folder.root)) and page.endswith(f"<student>/{ASSIGNMENT}/{ASSIGNMENT}.html")
    assert "class.html" in said and "Next: " in said and "book_url is not set" in said


def test_a_book_with_an_address_needs_no_word(entry, folder, capsys, monkeypatch):
    monkeypatch.setenv("COURSE_BOOK_URL", "https://course.test")
    lines = lines_of(entry, ["ada"])
    telling.tell_end(Summary(lines, fresh={lines[0].key}), folder, 1, True)
    assert "book_url" not in capsys.readouterr().err


# The bar


def test_the_bar_names_who_is_at_work_the_longest_first():
    def at(student, since):
        task = student and Task(student, ASSIGNMENT, "j", b"", Path("x"))
        return _Examiner(None, task=task, since=since)

    pool = object.__new__(Pool)
    pool._examiners = [at("ada", 30.0), at(None, 0.0), at("wanda", 10.0)]
    found = pool.at_work()
    assert [task.student for task, _ in found] == ["wanda", "ada"] and found[0][1] - found[1][1] == pytest.approx(20)


def test_the_bar_fits_and_is_silent_where_there_is_no_terminal():
    for is_terminal in (True, False):
        console = Console(file=io.StringIO(), width=80, force_terminal=is_terminal)
        with progress_bar(console) as step:
            step("Starting", 0, None, lambda: "PyTorch is loaded")
            step("Grading", 1, 24, lambda: "wanda\x1b[2J.kral 45 s, " + "xavier.roy 3 s, " * 20)
        said = console.file.getvalue()
        assert ("wanda" in said) == is_terminal and "\x1b[2J" not in said
        shown = [re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", line) for line in re.split(r"[\r\n]", said)]
        assert all(cell_len(line) <= 80 for line in shown)


def test_sentences_break_between_words_and_paths_nowhere():
    path = "/home/somebody/a/rather/long/way/" + "deep/" * 20 + "01-convolution.ipynb"
    command = f"      autograder report --class {path} --and --more --options"
    for is_terminal in (True, False):
        console = Console(file=io.StringIO(), width=80, force_terminal=is_terminal, color_system=None)
        say(f"{'A sentence of many words, which is long. ' * 4}{path} stands in it.\n{command}", to=console)
        lines = console.file.getvalue().splitlines()
        assert sum(path in line for line in lines) == 2 and command in lines
        assert all(len(line) <= 80 for line in lines if path not in line) or not is_terminal
        assert len(lines) == 2 or is_terminal


# A run that is stopped


@pytest.fixture
def quick(folder, monkeypatch):
    """A class of six, whose examiners answer at once."""
    monkeypatch.setattr(pools, "TEMPLATE", (STUB,))
    for name in ("ada", "ben", "cem", "dan", "eve", "fay"):
        path = folder.notebook(name, ASSIGNMENT)
        path.parent.mkdir(parents=True)
        path.write_bytes(b"answer")
    return folder


def graded(folder, *, stop_after=None, students=(), force=False):
    """One run, ended by Ctrl-C after so many results."""

    def step(stage, done, of, now):
        assert isinstance(now(), str)
        if stage == "Grading" and done == stop_after:
            raise KeyboardInterrupt

    return Run(folder, [ASSIGNMENT], {*students}, step).grade(jobs=1, force=force)


@needs_notebooks
def test_a_forced_run_that_is_stopped_goes_on_by_the_same_command(quick, capsys):
    graded(quick)
    first = graded(quick, stop_after=2, force=True)
    assert first.graded == 2 and first.left == 4 and telling.tell(first, force=True) == 1
    said = capsys.readouterr().err
    assert "2 submissions graded again" in said and "4 not reached" in said and "same command" in said
    assert graded(quick, force=True, students=["ada"]).graded == 1  # another command
    second = graded(quick, stop_after=2, force=True)
    assert second.graded == 2
    last = graded(quick, force=True)
    assert last.graded == 6 - second.graded and last.left == 0 and not Forced(quick).file.exists()
    assert graded(quick, force=True).graded == 6


@needs_notebooks
def test_a_run_that_is_stopped_goes_on(quick, capsys):
    first = graded(quick, stop_after=2)
    assert (first.graded, first.left, telling.tell(first)) == (2, 4, 1)
    assert "2 submissions graded and written down, 4 not reached" in capsys.readouterr().err
    assert graded(quick).graded == 4


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"keys": 1}', '{"keys": [], "since": "x"}', '{"keys": [], "since": 99}']
)
def test_what_a_stopped_run_left_may_be_damaged(folder, text):
    folder.journal.write_text("")
    forced = Forced(folder)
    forced.file.write_text(text)
    assert forced.begin({("ada", ASSIGNMENT)}) == set()
    assert json.loads(forced.file.read_text()) == {"keys": [["ada", ASSIGNMENT]], "since": 0}


# What is asked for wrongly


@pytest.mark.parametrize(
    "name, meant",
    [
        *(("adda", "ada"), ("ADA", "ada"), ("zoe", "Zoë"), ("ben", None), ("xxxxxx", None)),
        *(("Kral", "wanda.kral"), ("an", "wanda.kral"), ("a", None), ("", None)),  # a part of one name, of more, of all
    ],
)
def test_names_that_resemble_are_offered(name, meant):
    assert did_you_mean(name, ["ada", "Zoë", "wanda.kral"]) == (f" Did you mean {meant}?" if meant else "")


def test_a_file_that_cannot_be_written_is_refused_before_anything_is_graded(tmp_path):
    for file, why in (
        (tmp_path, "it is a folder"),
        (tmp_path / "no" / "x.jsonl", "there is no folder"),
        (Path(__file__) / "x.jsonl", "is no folder"),
    ):
        with pytest.raises(UserError, match=f"{re.escape(str(file))} cannot be written: .*{why}"):
            choosing.refuse_unwritable(file)
    choosing.refuse_unwritable(tmp_path / "x.jsonl")
    choosing.refuse_unwritable(Path(os.devnull))


def test_a_class_folder_that_is_none_says_which_is(tmp_path, folder):
    with pytest.raises(UserError, match="There is no folder"):
        choosing.open_class(tmp_path / "nowhere")
    with pytest.raises(UserError, match=f"--class {re.escape(str(folder.root))}$"):
        choosing.open_class(folder.submitted)
    with pytest.raises(UserError, match="submitted/<student>"):
        choosing.open_class(Path("/usr"))


def test_a_class_folder_that_is_not_ours_is_told_in_a_sentence(tmp_path, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "is_dir", refuse)
    with pytest.raises(UserError, match=f"{re.escape(str(tmp_path / 'submitted'))} cannot be reached: you have no"):
        choosing.open_class(tmp_path)


def test_a_file_that_is_not_ours_ends_any_command_with_a_sentence(monkeypatch, capsys):
    def refuse():
        raise PermissionError(13, "Permission denied", "/classes/2026/journal.jsonl")

    monkeypatch.setattr(cli, "app", refuse)
    monkeypatch.setenv("PATH", os.environ["PATH"])  # which `main` changes
    with pytest.raises(SystemExit) as ended:
        cli.main()
    said = " ".join(capsys.readouterr().err.split())
    assert ended.value.code == 2 and "You have no right to open or change /classes/2026/journal.jsonl." in said


@pytest.mark.parametrize("encoding", ["latin-1", "ascii"])
def test_a_terminal_that_lacks_a_letter_shows_an_escape_and_programs_read_utf_8(monkeypatch, encoding):
    written = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(written, encoding=encoding))
    escape_what_cannot_be_shown()
    say("Zoë … 李", to=out)
    out.file.flush()
    told = written.getvalue()
    assert told.decode(encoding).startswith("Zoë" if encoding == "latin-1" else "Zo\\xeb") and b"\\u674e" in told
    write_for_programs("Zoë … 李")
    out.file.flush()
    assert written.getvalue()[len(told) :].decode("utf-8") == "Zoë … 李"


# Help


def test_help_is_whole_at_80_columns():
    runner, commands = CliRunner(), cli.typer.main.get_command(cli.app).commands
    for words in ([], *([name] for name in commands)):
        text = runner.invoke(cli.app, [*words, "--help"], terminal_width=80).output
        assert (
            all(len(line) <= 80 for line in text.splitlines())
            and "…" not in text
            and "..." not in text.replace("]...", "")
        )
        for parameter in commands[words[0]].params if words else ():
            assert all(option in text for option in parameter.opts if option.startswith("-")), parameter.opts
    for name in ("grade", "explain", "report"):
        assert "Example" in runner.invoke(cli.app, [name, "--help"]).output


def test_the_version_is_told():
    said = CliRunner().invoke(cli.app, ["--version"]).output
    assert re.match(r"autograder \d+\.\d+\S*, grader [0-9a-f]{12}\ntorch ", said)
