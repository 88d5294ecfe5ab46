"""What is said where a command is given something that it cannot work on."""

import sqlite3
from contextlib import closing

import pytest

from autograder.classroom.choosing import open_class
from autograder.classroom.errors import UserError


def test_a_file_in_the_place_of_a_class_folder_is_called_a_file(tmp_path):
    (tmp_path / "marks.csv").write_text("")
    with pytest.raises(UserError, match=r"marks\.csv is a file\. Expected: a class folder"):
        open_class(tmp_path / "marks.csv")
    with pytest.raises(UserError, match="There is no folder"):
        open_class(tmp_path / "nothing")


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
