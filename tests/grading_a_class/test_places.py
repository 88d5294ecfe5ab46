"""Two variables are all the set-up: where a class lies, and its exchange, with the right modes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from autograder.classroom import places
from autograder.classroom.cli import app
from autograder.classroom.jobs import ROOT
from autograder.classroom.places import class_folder, closed_to_students, exchange, made, open_to_others


def test_the_variables_are_read_as_a_shell_writes_them(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("COURSE_CLASS", "~/2026")
    monkeypatch.delenv("COURSE_EXCHANGE", raising=False)
    assert (class_folder(), exchange()) == (tmp_path / "2026", None)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COURSE_CLASS", " ")
    monkeypatch.setenv("COURSE_EXCHANGE", "here")
    assert (class_folder(), exchange()) == (None, tmp_path / "here")


def test_autograder_and_nbgrader_work_on_one_folder(monkeypatch, tmp_path):
    """`autograder` complains of the very folder that nbgrader's configuration makes, for its owner alone."""
    place = tmp_path / "classes" / "2026"
    monkeypatch.setenv("COURSE_CLASS", str(place))
    before = CliRunner().invoke(app, ["report"])
    assert str(place) in str(before.exception) and not place.exists()
    environment = os.environ | {"COURSE_EXCHANGE": str(tmp_path / "exchange")}
    listed = [sys.executable, "-m", "nbgrader", "db", "student", "list"]
    done = subprocess.run(listed, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count(f"Made the class folder {place}, which you alone can read.") == 1
    assert place.stat().st_mode & 0o777 == 0o700 and (place / "gradebook.db").is_file()


def test_who_can_read_a_class_is_told(tmp_path):
    folder = tmp_path / "a class"
    assert made(folder) and not made(folder) and not open_to_others(folder)
    folder.chmod(0o755)
    said = open_to_others(folder)
    assert said and f"chmod o-rwx '{folder}'" in said
    subprocess.run(said.rpartition(": ")[2], shell=True, check=True)
    assert not open_to_others(folder)


def test_a_class_that_cannot_be_made_costs_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    assert "cannot be made: Not a directory" in made(tmp_path / "file" / "class")


@pytest.fixture
def reachable(tmp_path, monkeypatch):
    """A folder that others can reach, although the temporary one is closed."""
    stat = Path.stat

    def seen(path, **options):
        found = stat(path, **options)
        if path != tmp_path and path not in tmp_path.parents:
            return found
        return os.stat_result((found.st_mode | 0o001, *found[1:]))

    monkeypatch.setattr(Path, "stat", seen)
    return tmp_path


def test_an_exchange_is_open_to_all_and_what_closes_it_is_told(reachable):
    place = reachable / "an exchange"
    assert closed_to_students(place) is None, "release_assignment makes it"
    place.mkdir(mode=0o755)
    said = closed_to_students(place)
    assert said and "Not everyone can write" in said
    subprocess.run(said.rpartition(": ")[2], shell=True, check=True)
    assert closed_to_students(place) is None and place.stat().st_mode & 0o777 == 0o777
    hidden = reachable / "home"
    hidden.mkdir(mode=0o700)
    said = closed_to_students(hidden / "exchange")
    assert said and f"because {hidden} is closed to others" in said
    subprocess.run(said.rpartition(": ")[2], shell=True, check=True)
    assert closed_to_students(hidden / "exchange") is None


def test_without_an_exchange_the_line_that_makes_one_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(places, "SYSTEM_WIDE", tmp_path / "none")
    said = closed_to_students(None)
    assert said and "export COURSE_EXCHANGE=" in said and "install -d -m 777 $COURSE_EXCHANGE" in said
    monkeypatch.setattr(places, "_advised", set())
    monkeypatch.delenv("COURSE_CLASS", raising=False)
    monkeypatch.delenv("COURSE_EXCHANGE", raising=False)
    assert places.advice("list") == [said] and places.advice("collect") == [places.NO_CLASS, said]
    assert places.advice("export") == [places.NO_CLASS] and places.advice("fetch_assignment") == []
    assert places.advice("collect") == [], "told twice, as nbgrader reads its settings several times"
