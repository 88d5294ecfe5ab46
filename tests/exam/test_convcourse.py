"""Students import `convcourse`: nothing in it passes an exam."""

import pkgutil
from dataclasses import replace
from importlib import import_module
from types import ModuleType

import pytest
from drawing import some_of

import convcourse
from autograder.exam_tables.examining import Quiet, parts_of, setting
from autograder.exam_tables.implementations import exam_names, implementation

EXAMS = [exam for name in exam_names() for exam in parts_of(name)]
CHANGING_PYTHON = {"convcourse.rehearsal.run", "convcourse.packages.refuse_others"}  # for good; they give back nothing


def public() -> dict[str, object]:
    """Everything public that a module of `convcourse` defines or takes from elsewhere, each object once."""
    found: dict[int, tuple[str, object]] = {}
    modules = ["convcourse", *(m.name for m in pkgutil.walk_packages(convcourse.__path__, "convcourse."))]
    for module in (m for m in modules if not m.endswith("__main__")):
        for name, value in list(vars(import_module(module)).items()):
            if not name.startswith("_") and not isinstance(value, ModuleType):
                found.setdefault(id(value), (f"{module}.{name}", value))
    return {name: value for name, value in found.values() if name not in CHANGING_PYTHON}


PUBLIC = public()
PAIRS = [pytest.param(name, exam, id=f"{name} as {exam.name}") for name in PUBLIC for exam in EXAMS]


def keeps_full_marks(exam, value) -> bool:
    """Criteria one after the other, up to the first that is not met; slow ones come last."""
    for criterion in sorted(exam.criteria, key=lambda c: c.slow):
        with setting(Quiet()):
            (outcome,) = replace(exam, criteria=(criterion,)).examine(value)
        if outcome.finding is not None:
            return False
    return True


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path, monkeypatch):
    """Some of these make folders named after their arguments."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(("name", "exam"), some_of(PAIRS, 300))
def test_no_public_name_gets_full_marks(name, exam):
    assert not keeps_full_marks(exam, PUBLIC[name])


def test_this_test_would_notice():
    answers = vars(implementation("convolution", "right/unfold_einsum").load())
    for exam in parts_of("convolution"):
        if exam.graded_name in answers:
            assert keeps_full_marks(exam, answers[exam.graded_name]), exam.name
