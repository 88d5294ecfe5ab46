"""What lies in a class folder, and what cannot be a submission."""

import os
import stat

import pytest

from autograder.classroom.errors import UserError
from autograder.classroom.folder import ClassFolder, printable, student_id_refusal, write_whole

NAME = "01-convolution"


@pytest.mark.parametrize(
    "name", ["ada", "ada.lovelace", "s1234567", "zoë", "o'brien", "a@b.org", "van der berg", "x" * 128]
)
def test_names_that_students_have(name):
    assert student_id_refusal(name) is None


@pytest.mark.parametrize(
    "name",
    [".hidden", " ada", "ada ", "a+b", "a*", "a?", "[a]", "a\nb", "a\x1b[31m", "\udcff", "x" * 129, "a\\b", "{a}"],
)
def test_names_that_can_be_no_students(name):
    assert "can be no student" in student_id_refusal(name)


def test_each_folder_is_told_of_also_those_of_no_use(folder):
    for name in ("ada", ".hidden", "a+b", ".ipynb_checkpoints", os.fsdecode(b"caf\xff")):
        (folder.submitted / name / NAME).mkdir(parents=True)
    (folder.submitted / "README.txt").write_text("not a student")
    (folder.submitted / "linked").symlink_to(folder.submitted / "ada")
    (folder.submitted / "ben").mkdir()
    (folder.submitted / "ben" / NAME).symlink_to(folder.submitted / "ada" / NAME)
    found = {s.student: s.refusal for s in folder.submissions(NAME)}
    assert set(found) == {"ada", ".hidden", "a+b", "linked", "ben", "caf\\xdcff"}
    assert found["ada"] is None
    assert "link" in found["linked"] and "link" in found["ben"]
    assert all("can be no student" in found[name] for name in (".hidden", "a+b", "caf\\xdcff"))
    for name in found:
        name.encode()


def test_a_folder_that_cannot_be_looked_into_is_told_of_and_ends_nothing(folder, monkeypatch):
    for name in ("ada", "ben"):
        (folder.submitted / name / NAME).mkdir(parents=True)
    real = {"lstat": os.lstat, "scandir": os.scandir}

    def refusing(call):
        def refuse(path, *rest):
            if "ben" in os.fspath(path):
                raise PermissionError(13, "Permission denied")
            return real[call](path, *rest)

        return refuse

    for call in real:
        monkeypatch.setattr(os, call, refusing(call))
    assert folder.assignments() == [NAME]
    found = {s.student: s.refusal for s in folder.submissions(NAME)}
    assert found["ada"] is None and "Permission denied" in found["ben"]


def test_the_key_is_made_once_and_is_the_owners_alone(folder):
    key = folder.key()
    assert len(key) == 32 and folder.key() == key == ClassFolder(folder.root).key()
    assert stat.S_IMODE((folder.root / "course.key").stat().st_mode) == 0o600


def test_a_broken_key_is_not_replaced_silently(folder):
    (folder.root / "course.key").write_text("abcd")
    with pytest.raises(UserError, match="64 hexadecimal"):
        folder.key()


@pytest.mark.parametrize("kind", ["none", "folder", "link", "pipe", "long", "number"])
def test_a_timestamp_is_a_short_line_in_a_regular_file(folder, kind):
    submission_folder = folder.submitted / "ada" / NAME
    submission_folder.mkdir(parents=True)
    path = submission_folder / "timestamp.txt"
    if kind == "folder":
        path.mkdir()
    elif kind == "link":
        (folder.root / "secret").write_text("secret")
        path.symlink_to(folder.root / "secret")
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "long":
        path.write_text("2026-10-12 09:00:00.000000 UTC" + " " * 10**6 + "x")
    elif kind == "number":
        path.write_text("9" * 30 + "m")
    stamp = folder.timestamp(folder.submissions(NAME)[0])
    assert stamp == ("2026-10-12 09:00:00.000000 UTC" if kind == "long" else None)


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "deep" / "page.html"
    write_whole(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_whole(path, "new \ud800")
    assert path.read_text() == "old"
    assert [p.name for p in path.parent.iterdir()] == ["page.html"]


def test_names_are_told_so_that_nothing_obeys_them():
    assert printable("a\x1b[2Jb\udcff") == "a\\x1b[2Jb\\xdcff"
