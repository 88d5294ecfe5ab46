"""The instructor's guide says what the code does: commands, options, statuses, limits, folders."""

import re
from dataclasses import asdict
from pathlib import Path

import screenshots
import typer

from autograder.candidate import confine
from autograder.classroom import folder
from autograder.classroom.cli import app
from autograder.demo.students import CLASS
from autograder.examiner.results import STATUSES
from autograder.wire.limits import LIMITS

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "book" / "instructors-guide.md").read_text()
PAGES = [ROOT / "README.md", *(ROOT / "book").glob("*.md")]


def rows(head: str) -> list[list[str]]:
    """The body of the guide's table whose first column is called `head`."""
    lines = GUIDE[GUIDE.index(f"\n| {head} |") :].lstrip().splitlines()
    body = lines[2 : next(i for i, line in enumerate(lines) if not line.startswith("|"))]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in body]


def test_the_table_of_limits_is_the_limits():
    assert {name.strip("`"): float(value) for name, value, _ in rows("limit")} == asdict(LIMITS)


def test_the_table_of_statuses_has_them_all():
    assert tuple(name.strip("`") for name, *_ in rows("status")) == STATUSES


def test_every_command_and_option_that_pages_show_exists():
    commands = typer.main.get_command(app).commands
    seen = set()
    for page in PAGES:
        for name, rest in re.findall(r"\.venv/bin/autograder (\w+)([^\n#]*)", page.read_text()):
            assert name in commands, f"{page.name} shows `autograder {name}`"
            command = commands[name]
            options = {option for p in command.params for option in (*p.opts, *p.secondary_opts)}
            used = set(re.findall(r"--[\w-]+", rest))
            assert used <= options, f"{page.name}: `autograder {name}` has no {sorted(used - options)}"
            seen.add(name)
    assert seen == set(commands), "the guide leaves a command out"


def test_every_make_target_that_pages_show_exists():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    for page in PAGES:
        shown = set(re.findall(r"(?:^|`)make ([a-z-]+)", page.read_text(), re.M))
        assert shown <= targets, f"{page.name}: {sorted(shown - targets)}"


def test_the_files_of_a_class_are_the_ones_that_are_named():
    for name in re.findall(r"\b[a-z]+\.(?:db|jsonl|key|csv|html)\b", folder.__doc__):
        assert f"/{name}" in GUIDE, name


def test_the_walls_are_told_in_their_order():
    told = re.findall(r"^\d\. \*\*([A-Z][a-z ]+)", GUIDE, re.M)
    assert [name.lower().replace(" ", "_").strip(":") for name in told] == [wall.__name__ for wall in confine.WALLS]


def test_pictures_are_light_and_of_pages_that_the_demo_has():
    shown = re.findall(r"^```\{figure\} (\S+)", GUIDE, re.M)
    assert sorted(shown) == sorted(f"{screenshots.OUT.name}/{name}.png" for name in screenshots.PAGES)
    assert all((screenshots.OUT / f"{name}.png").stat().st_size < 150_000 for name in screenshots.PAGES)
    students = {student.id for student in CLASS}
    assert {page.split("/")[1] for page in screenshots.PAGES.values() if page.startswith("feedback/")} <= students
