"""Students import `convcourse`: nothing in it earns more than a quarter of a part."""

import contextlib
import pkgutil
from dataclasses import replace
from importlib import import_module
from types import ModuleType

import pytest
from drawing import some_of
from earning import earns_more_than

import convcourse
from autograder.exam_tables.examining import parts_of
from autograder.exam_tables.implementations import exam_names, implementation
from autograder.wire.limits import Limits

EXAMS = [exam for name in exam_names() for exam in parts_of(name)]
# These change the process that calls them, for good, and give back nothing.
CHANGING_PYTHON = "convcourse.stage.", "convcourse.graded.", "convcourse.packages.refuse_others"


def public() -> dict[str, object]:
    """Everything public that a module of `convcourse` defines or takes from elsewhere, each object once."""
    found: dict[int, tuple[str, object]] = {}
    modules = ["convcourse", *(m.name for m in pkgutil.walk_packages(convcourse.__path__, "convcourse."))]
    for module in (m for m in modules if not m.endswith("__main__")):
        for name, value in list(vars(import_module(module)).items()):
            if not name.startswith("_") and not isinstance(value, ModuleType):
                found.setdefault(id(value), (f"{module}.{name}", value))
    return {name: value for name, value in found.values() if not name.startswith(CHANGING_PYTHON)}


PUBLIC = public()
PAIRS = [pytest.param(name, exam, id=f"{name} as {exam.name}") for name in PUBLIC for exam in EXAMS]


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path, monkeypatch):
    """Some of these make folders named after their arguments."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(("name", "exam"), some_of(PAIRS, 24))
def test_no_public_name_earns_more_than_a_quarter(name, exam):
    assert not earns_more_than(exam.points / 4, exam, PUBLIC[name])


def test_this_test_would_notice():
    answers = vars(implementation("convolution", "right/unfold_einsum").load())
    for exam in parts_of("convolution"):
        if exam.graded_name in answers:
            assert earns_more_than(exam.points / 4, exam, answers[exam.graded_name]), exam.name
            assert not earns_more_than(exam.points, exam, answers[exam.graded_name]), exam.name


def test_what_runs_on_is_ended_and_earns_nothing():
    def runs_on(*args, **kwargs):
        while True:
            with contextlib.suppress(Exception):
                sum(range(1000))

    quick = replace(Limits(), call_seconds=0.1)
    for exam in parts_of("convolution"):
        if not any(criterion.slow for criterion in exam.criteria):
            assert not earns_more_than(0.0, exam, runs_on, quick), exam.name
