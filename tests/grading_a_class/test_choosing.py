"""What is said where a command is given something that it cannot work on."""

import sqlite3
from contextlib import closing

import pytest

from autograder.classroom.choosing import known_assignments, open_class, tell_stray
from autograder.classroom.errors import UserError

NAME = "01-convolution"


def test_a_file_in_the_place_of_a_class_folder_is_called_a_file(tmp_path):
    (tmp_path / "marks.csv").write_text("")
    with pytest.raises(UserError, match=r"marks\.csv is a file\. Expected: a class folder"):
        open_class(tmp_path / "marks.csv")
    with pytest.raises(UserError, match="There is no folder"):
        open_class(tmp_path / "nothing")


def test_what_is_left_out_is_what_nobody_grades(folder, monkeypatch, capsys):
    monkeypatch.setattr("autograder.classroom.jobs.source_of", lambda name: folder.root / "sources" / name / "x.ipynb")
    (folder.root / "sources" / NAME).mkdir(parents=True)
    (folder.root / "sources" / NAME / "x.ipynb").touch()
    for place in (f"ada/conv/{NAME}.ipynb", f"ben/{NAME}/{NAME}.ipynb", f"cem/{NAME} (1).ipynb", "dan/conv2/a.ipynb"):
        (folder.submitted / place).parent.mkdir(parents=True, exist_ok=True)
        (folder.submitted / place).touch()
    assert known_assignments(folder, []) == [NAME]
    said = " ".join(capsys.readouterr().err.split())
    assert said == f"Left out: conv2, of which there is no source in {folder.root / 'sources'}."
    (folder.submitted / "ben" / "conv").mkdir()  # of one this is graded, of another it is not
    for name in ("Ada Lovelace_1_assignsubmission_file_x.ipynb", "all.zip", "README.txt"):
        (folder.submitted / name).touch()
    tell_stray(folder)
    assert "Left out: Ada Lovelace_1_assignsubmission_file_x.ipynb and 1 more in" in capsys.readouterr().err
    known_assignments(folder, [])
    assert "Left out: conv, of" in capsys.readouterr().err


def database(path):
    with closing(sqlite3.connect(path)) as made, made:
        made.execute("CREATE TABLE marks (student TEXT)")
        made.executemany("INSERT INTO marks VALUES (?)", [(f"student {i}" * 50,) for i in range(200)])
    return path.read_bytes()


def test_a_damaged_gradebook_is_refused_and_left_as_it_is(folder):
    whole = database(folder.gradebook)
    assert open_class(folder.root).gradebook == folder.gradebook
    for damaged in (b"no database at all", whole[:8192] + b"\xff" * 8192 + whole[16384:], whole[: len(whole) // 2]):
        folder.gradebook.write_bytes(damaged)
        with pytest.raises(UserError, match=r"gradebook.* is damaged \(.+\)\. Nothing was changed\. Restore it"):
            open_class(folder.root)
        assert folder.gradebook.read_bytes() == damaged


def test_an_empty_gradebook_and_one_in_use_are_opened(folder):
    folder.gradebook.write_bytes(b"")
    open_class(folder.root)
    database(folder.gradebook)
    with closing(sqlite3.connect(folder.gradebook)) as writer:
        writer.execute("BEGIN EXCLUSIVE")
        open_class(folder.root)
