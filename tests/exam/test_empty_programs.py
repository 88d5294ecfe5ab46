"""Programs that do no work earn nothing in any part, and the released stub earns nothing."""

import functools
from contextlib import suppress
from dataclasses import replace

import nbformat
import pytest
from drawing import some_of
from idling import programs

from autograder.exam.subject import Missing
from autograder.exam_tables.examining import Quiet, parts_of, setting
from autograder.exam_tables.implementations import ROOT
from autograder.objects.assignments import ASSIGNMENTS, topic

NAMES = {topic(name): name for name in ASSIGNMENTS}
PARTS = {  # without the criteria that train, which are slow
    (exam, part.name): replace(part, criteria=tuple(c for c in part.criteria if not c.slow))
    for exam in NAMES
    for part in parts_of(exam)
}


@functools.cache
def stubs(exam):
    """What the released notebook defines, its solution cells untouched; some raise where they run."""
    name = NAMES[exam]
    scope = {"__name__": "student"}
    for cell in nbformat.read(ROOT / "assignments" / name / f"{name}.ipynb", as_version=4).cells:
        about = cell.metadata.get("nbgrader", {})
        if cell.cell_type == "code" and (about.get("grade_id") == "setup" or about.get("solution")):
            with suppress(NotImplementedError):
                exec(compile(cell.source, name, "exec", dont_inherit=True), scope)
    return scope


def earned(exam, name, program):
    """The criteria of a part that give points for a program."""
    quiet = Quiet({other: other != name for _, other in PARTS})
    with setting(quiet):
        outcomes = PARTS[exam, name].examine(program)
    assert not quiet.faults
    return {outcome.id: outcome.earned for outcome in outcomes if outcome.earned}


CASES = some_of([(*key, kind) for key in PARTS for kind in programs(*key)], 12)


@pytest.mark.parametrize(("exam", "name", "kind"), CASES, ids=[" ".join(case) for case in CASES])
def test_an_empty_program_earns_nothing(exam, name, kind):
    assert earned(exam, name, programs(exam, name)[kind]) == {}


@pytest.mark.parametrize(("exam", "name"), PARTS, ids=[" ".join(key) for key in PARTS])
def test_the_released_stub_earns_nothing(exam, name):
    graded = PARTS[exam, name].graded_name
    assert earned(exam, name, stubs(exam).get(graded, Missing(graded))) == {}


def test_every_part_has_empty_programs():
    assert all(len(programs(*key)) >= 4 for key in PARTS)
