"""No value costs an exam its end: whatever comes back costs the criterion that met it, and names no fault of ours."""

import json
import subprocess
import sys
import warnings
from dataclasses import replace

import pytest
import torch
from drawing import some_of
from odd_values import ODD, namespace

from autograder.exam.core import Criterion, Exam, SettingFailed
from autograder.exam_tables.examining import Quiet, parts_of, setting
from autograder.exam_tables.implementations import exam_names, implementations

EXAMS = [(name, exam) for name in exam_names() for exam in parts_of(name)]


def quick(exam):
    return [criterion for criterion in exam.criteria if not criterion.slow]


# Each value, with criteria that take turns; and at the second call of a right one, and later with each criterion.
ALONE = [
    pytest.param(name, exam, quick(exam)[number // 2 % len(quick(exam))], text, id=f"{name}-{exam.name}-{what}")
    for name, exam in EXAMS
    for number, (what, text) in enumerate(ODD.items())
]
AMONG_RIGHT = [
    pytest.param(
        name, exam, criterion, place,
        [*ODD.values()][(17 * number + 29 * place) % len(ODD)], id=f"{name}-{exam.name}-{criterion.id}-{place}",
    )
    for name, exam in EXAMS
    for number, criterion in enumerate(quick(exam))
    for place in (2, 3 + number)
]  # fmt: skip


@pytest.fixture(autouse=True)
def one_thread():
    """As in a candidate; two for each of a thousand tiny calls take ten times as long where others work too."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def right():
    """By exam and graded name: what the first right implementation of it defines."""
    modules = {}

    def of(name, graded):
        one = next(i for i in implementations(name) if not i.wrong and graded in i.names)
        if one.path not in modules:
            modules[one.path] = one.load()
        return getattr(modules[one.path], graded)

    return of


def spoiled(obj, spoil):
    """A function or a class whose instances answer as `obj` does, but for what `spoil(count)` gives at a call."""
    calls = iter(range(1, 10**9))
    if not isinstance(obj, type):

        def function(*args, **kwargs):
            given = spoil(next(calls))
            return obj(*args, **kwargs) if given is spoil else given

        return function

    asked = next(name for name in ("forward", "__getitem__", "__call__") if hasattr(obj, name))

    class Layer(obj):
        pass

    def answer(self, *args, **kwargs):
        given = spoil(next(calls))
        return getattr(super(Layer, self), asked)(*args, **kwargs) if given is spoil else given

    setattr(Layer, asked, answer)
    return Layer


def held(name, exam, criteria, obj):
    """The outcomes of these criteria, on whatever `obj` is."""
    everything = {e.name: True for e in parts_of(name)}  # nothing stands in
    here = Quiet(everything)
    with setting(here), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        outcomes = replace(exam, criteria=tuple(criteria)).examine(obj)
    assert here.faults == []
    assert len(outcomes) == len(criteria)
    assert all(len(o.finding.sentence) < 1000 for o in outcomes if o.finding)
    return outcomes


@pytest.mark.parametrize(("name", "exam", "criterion", "text"), some_of(ALONE, 30))
def test_odd_values_lose_points_and_nothing_else(name, exam, criterion, text, right):
    """As the variable, and as what the function or the layer gives back."""
    scope = namespace()
    (outcome,) = held(name, exam, [criterion], eval(text, scope))
    assert outcome.earned == 0
    if callable(obj := right(name, exam.graded_name)):
        lost = held(name, exam, [criterion], spoiled(obj, lambda _: eval(text, scope)))
        assert criterion.id in UNCALLED.get(exam.name, ()) or lost[0].earned == 0


# Criteria that do not call the layer, or that are met where it gives back nothing.
UNCALLED = {
    "Conv2d": {"distribution", "parameters"},
    "UNet": {"parameters"},
    "VGGUNet": {"parameters"},
    "DiceLoss": {"function"},
    "fit": {"place", "passes"},
}


@pytest.mark.parametrize(("name", "exam", "criterion", "place", "text"), some_of(AMONG_RIGHT, 12))
def test_an_odd_value_among_right_ones(name, exam, criterion, place, text, right):
    """At some call after right ones: what the answers before it opened is no way to a fault."""
    obj, scope = right(name, exam.graded_name), namespace()
    if callable(obj):
        spoil = lambda count: eval(text, scope) if count == place else spoil
        held(name, exam, [criterion], spoiled(obj, spoil))


def test_what_is_not_foreseen_costs_one_criterion_and_is_written_down():
    def unforeseen(subject, draw):
        return {}[subject()]

    exam = Exam("part", tuple(Criterion(c, c, 1.0, unforeseen if c == "b" else fine) for c in "abc"))
    here = Quiet()
    with setting(here):
        outcomes = exam.examine(lambda: "what came")
    assert [o.earned for o in outcomes] == [1, 0, 1]
    assert outcomes[1].finding.sentence == (
        "`part` gave back something that could not be compared with what is expected."
    )
    (fault,) = here.faults
    assert fault.startswith("part/b: KeyError: 'what came' (exam/core.py, line ") and "in _hold" in fault


def fine(subject, draw):
    pass


def test_where_the_setting_is_gone_no_mark_is_given():
    def gone(subject, draw):
        raise SettingFailed("no candidate")

    with pytest.raises(SettingFailed):
        Exam("part", (Criterion("a", "a", 1.0, gone),)).examine(len)


FIXED = """
import json, resource, sys, torch
from dataclasses import replace
from autograder.exam import segmentation
from autograder.exam_tables.examining import Quiet, setting
from autograder.exam_tables.implementations import implementation

resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
torch.set_num_threads(1)
Right = implementation("segmentation", "right/plain").load().UNet
ran = []


class Wide(Right):
    def __init__(self, in_channels, num_classes, base_channels=64, depth=4, padding="valid"):
        super().__init__(in_channels, num_classes, 64, depth, padding)

    def forward(self, x):
        ran.append(1)
        return super().forward(x)


class Fixed(Wide):
    def __init__(self, in_channels, num_classes, base_channels=64, depth=4, padding="valid"):
        super().__init__(in_channels, num_classes, 64, 4, "same")


exam = segmentation.UNet
for network, criteria in ((Fixed, ("sizes", "skips", "gradients")), (Wide, ("gradients",))):
    ran.clear()
    here = Quiet()
    with setting(here):
        outcomes = replace(exam, criteria=tuple(c for c in exam.criteria if c.id in criteria)).examine(network)
    print(json.dumps([[(o.earned, o.finding and o.finding.sentence) for o in outcomes], len(ran), here.faults]))
"""


def test_a_network_of_a_fixed_size_needs_no_memory_of_the_examiner():
    """4 GiB of addresses, where its channels, compared all with all, took 19. One that is far too large runs once."""
    run = subprocess.run([sys.executable, "-c", FIXED], capture_output=True, text=True, timeout=280)
    assert run.returncode == 0, run.stderr[-2000:]
    (fixed, once, none), (wide, runs, nor) = map(json.loads, run.stdout.splitlines())
    assert none == nor == [] and once <= 1 < runs
    assert all(earned == 0 and sentence for earned, sentence in fixed)
    assert wide == [[0.5, None]]
