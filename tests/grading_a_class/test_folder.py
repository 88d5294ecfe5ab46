"""What lies in a class folder, and what cannot be a submission."""

import os
import shutil
import stat
import unicodedata

import pytest

from autograder.classroom.errors import UserError
from autograder.classroom.folder import ClassFolder, write_whole
from autograder.classroom.names import printable, student_id_refusal

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


@pytest.mark.parametrize("refused", [("lstat", "scandir"), ("scandir",)])  # the one above it cannot, or it alone
def test_a_folder_that_cannot_be_looked_into_is_told_of_and_ends_nothing(folder, monkeypatch, refused):
    for name in ("ada", "ben"):
        (folder.submitted / name / NAME).mkdir(parents=True)
    real = {"lstat": os.lstat, "scandir": os.scandir}

    def refusing(call):
        def refuse(path, *rest):
            if "ben" in os.fspath(path):
                raise PermissionError(13, "Permission denied")
            return real[call](path, *rest)

        return refuse

    for call in refused:
        monkeypatch.setattr(os, call, refusing(call))
    assert folder.assignments() == [NAME]
    found = {s.student: s.refusal for s in folder.submissions(NAME)}
    assert found["ada"] is None and "Permission denied" in found["ben"]


def test_who_has_handed_in_nothing_has_no_submission(folder):
    for name in ("ada", "ben", "__MACOSX", "._ada", "a+b"):
        (folder.submitted / name).mkdir()
    (folder.submitted / ".DS_Store").write_bytes(b"")
    (folder.submitted / "ada" / NAME).mkdir()
    (folder.submitted / "ada" / "._junk.ipynb").write_bytes(b"")
    assert [s.student for s in folder.submissions(NAME)] == ["ada"] and folder.assignments() == [NAME]
    assert folder.not_handed_in(NAME, ["ada", "zoe"]) == ["ben", "zoe"]
    assert folder.submission("ada", NAME).key == ("ada", NAME) and folder.submission("ben", NAME) is None


def test_a_notebook_directly_in_the_students_folder_is_an_assignments(folder):
    for name in ("01-convolution.ipynb", "06-segmentation.zip", "notes.txt"):
        (folder.submitted / "ada").mkdir(exist_ok=True)
        (folder.submitted / "ada" / name).write_bytes(b"")
    assert folder.assignments() == ["01-convolution", "06-segmentation"]


def test_two_forms_of_a_letter_are_one_student(folder):
    composed, apart = (unicodedata.normalize(form, "zoë") for form in ("NFC", "NFD"))
    path = folder.submitted / apart / NAME / f"{NAME}.ipynb"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"mine")
    (found,) = folder.submissions(NAME)
    assert found.student == composed and found.refusal is None and found.found.notebook.read() == b"mine"
    assert folder.submission(apart, NAME) == folder.submission(composed, NAME) == found
    assert folder.not_handed_in(NAME, [composed]) == []
    (folder.submitted / composed / NAME).mkdir(parents=True)
    assert ["two forms" in s.refusal for s in folder.submissions(NAME)] == [True, True]
    assert folder.submission(composed, NAME).refusal


def exchanged(folder, **files):
    home = folder.submitted / "ada" / NAME
    home.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (home / f"{name}.txt").write_text(text)
    return folder.submission("ada", NAME)


def beside(path):
    return {file.name: file.read_text() for file in path.parent.glob("*.txt")}


STAMP = "2026-10-12 09:00:00.000000 UTC"


def test_what_the_exchange_wrote_goes_back_with_the_page(folder):
    submission = exchanged(folder, timestamp=STAMP, submission_secret="ab" * 64)
    page, executed = folder.feedback("ada", NAME), folder.autograded("ada", NAME)
    folder.send_back(submission)
    assert not page.parent.exists() and not executed.parent.exists(), "nothing to go with"
    write_whole(executed, "{}")
    write_whole(page, "")
    folder.send_back(submission)
    came = {"timestamp.txt": STAMP, "submission_secret.txt": "ab" * 64}
    assert beside(page) == beside(executed) == came
    written = page.with_name("timestamp.txt").stat().st_mtime_ns
    folder.send_back(submission)
    assert page.with_name("timestamp.txt").stat().st_mtime_ns == written, "written again, though nothing changed"
    later = STAMP.replace("12", "13")
    folder.send_back(exchanged(folder, timestamp=later, submission_secret="cd" * 64))
    assert beside(page) == beside(executed) == {"timestamp.txt": later, "submission_secret.txt": "cd" * 64}


@pytest.mark.parametrize("came", [{}, {"timestamp": "9" * 30 + "m"}, {"submission_secret": "ab" * 64}])
def test_without_what_the_exchange_writes_no_page_ends_the_release_of_all(folder, came):
    submission = exchanged(folder, **came)
    for path in (folder.feedback("ada", NAME), folder.autograded("ada", NAME)):
        write_whole(path, "")
    folder.send_back(submission)
    page = beside(folder.feedback("ada", NAME))
    assert page["timestamp.txt"] == "" and len(page["submission_secret.txt"]) == 128
    assert set(beside(folder.autograded("ada", NAME))) == {f"{name}.txt" for name in came} - {"timestamp.txt"}
    folder.send_back(submission)
    assert beside(folder.feedback("ada", NAME)) == page, "a new secret each time"


def test_a_page_is_found_by_the_name_that_the_notebook_had(folder):
    page = folder.feedback("ada", NAME)
    write_whole(page, "first")
    home = folder.submitted / "ada" / NAME
    odd = "a\nb", "a\x1b[2J", os.fsdecode(b"\xff"), ".hidden", "x" * 201, "ë" * 120
    for name in ("My homework (1)", *odd):
        home.mkdir(parents=True)
        (home / f"{name}.ipynb").touch()
        folder.send_back(folder.submission("ada", NAME))
        shutil.rmtree(home)
        links = {path.name for path in page.parent.iterdir() if path.is_symlink()}
        assert links == ({"My homework (1).html"} if name not in odd else set()), "of this submission, and no other"
    write_whole(home / "Homework.ipynb", "{}")
    folder.send_back(folder.submission("ada", NAME))
    write_whole(page, "second")
    assert page.with_name("Homework.html").read_text() == "second"
    write_whole(home / f"{NAME}.ipynb", "{}")
    folder.send_back(folder.submission("ada", NAME))
    assert [path.name for path in page.parent.glob("*.html")] == [page.name] and page.read_text() == "second"


def test_a_secret_that_is_a_link_is_not_followed(folder):
    submission = exchanged(folder, timestamp=STAMP)
    (folder.root / "secret").write_text("of the instructor")
    (submission.home / "submission_secret.txt").symlink_to(folder.root / "secret")
    write_whole(folder.feedback("ada", NAME), "")
    folder.send_back(submission)
    assert "instructor" not in beside(folder.feedback("ada", NAME))["submission_secret.txt"]


def test_a_lost_key_is_not_replaced_while_results_were_made_with_it(folder):
    key = folder.key()
    (folder.root / "course.key").unlink()
    folder.journal.touch()
    assert folder.key() != key, "no result was made with it"
    folder.journal.write_text("{}\n")
    (folder.root / "course.key").unlink()
    with pytest.raises(UserError, match=r"Restore it from your backup.*autograder grade --force"):
        folder.key()
    assert not (folder.root / "course.key").exists()
    assert len(folder.key(new=True)) == 32


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
