"""What a student's cells leave in PyTorch costs nothing, and random numbers follow from the submission."""

import random
from dataclasses import replace

import numpy as np
import pytest
import torch

from autograder.exam import convolution, segmentation
from autograder.exam.core import Criterion, Exam, current
from autograder.exam.setting import Local
from autograder.exam_tables.implementations import implementation
from autograder.examiner.absences import Absences
from autograder.examiner.setting import Remote
from autograder.objects import modes
from autograder.wire.limits import Limits

LIMITS = Limits(cell_seconds=60, call_seconds=60)
LEFT = """
import numpy as np, random, torch
torch.set_default_dtype(torch.float64)
torch.set_default_device("meta")
torch.set_grad_enabled(False)
torch.autograd.set_detect_anomaly(True)
torch.use_deterministic_algorithms(True)
torch.set_float32_matmul_precision("medium")
torch.autocast("cpu").__enter__()
np.seterr(all="raise")
torch.set_num_threads(2)
torch.seed(), np.random.seed(), random.seed()
"""
RIGHT = implementation("convolution", "right/unfold_einsum").source()
SHOW = "print(torch.ones(1).dtype, torch.get_default_device(), torch.is_grad_enabled(), torch.get_num_threads())"


@pytest.fixture
def held(client):
    """A function: a setting in which these cells ran, those that begin with `# own` as the student's own."""
    made = []

    def hold(*cells, submitted=b"bytes"):
        made.append(Remote(client, LIMITS, bytes(32), submitted, set(), Absences([], {})))
        for number, cell in enumerate(cells):
            outputs = made[-1].run(f"c{number}", cell, own=cell.startswith("# own"))
            assert not any(o["output_type"] == "error" for o in outputs), outputs
        return made[-1], outputs

    yield hold
    for each in made:
        each.close()


def examined(setting, exam, obj):
    token = current.set(setting)
    try:
        return exam.examine(obj)
    finally:
        current.reset(token)


@pytest.mark.parametrize("name", ["KERNELS", "apply_kernel", "conv2d", "conv2d_backward", "Conv2d"])
def test_what_own_cells_leave_costs_nothing(held, name):
    exam = getattr(convolution, name)
    setting, _ = held(f"# own\n{LEFT}", RIGHT)
    outcomes = examined(setting, exam, setting.look_up(exam.graded_name))
    assert [o.finding for o in outcomes] == [None] * len(outcomes)


def test_what_a_graded_cell_leaves_costs_nothing_either(held):
    setting, _ = held(f"{RIGHT}\n{LEFT}")
    outcomes = examined(setting, convolution.Conv2d, setting.look_up("Conv2d"))
    assert all(o.finding is None for o in outcomes)


def test_own_cells_find_what_they_left(held):
    """As at home, also after an exam; given and graded cells do not."""
    setting, _ = held(f"# own\n{LEFT}", RIGHT)
    examined(setting, convolution.conv2d, setting.look_up("conv2d"))
    (shown,) = setting.run("more", SHOW, own=True)
    assert shown["text"] == "torch.float64 meta False 1\n"
    (shown,) = setting.run("given", SHOW)
    assert shown["text"] == "torch.float32 cpu True 1\n"


@pytest.fixture
def as_found():
    with modes.kept():
        yield


def test_in_one_process_too(as_found):
    """As under stock nbgrader, where the student's cells ran in the same kernel."""
    scope = {}
    threads = torch.get_num_threads()
    exec(RIGHT, scope)
    exec(LEFT, scope)
    torch.set_num_threads(threads)
    outcomes = examined(Local(), convolution.Conv2d, scope["Conv2d"])
    assert all(o.finding is None for o in outcomes)


def test_modes_are_kept_over_a_block(as_found):
    torch.set_default_dtype(torch.float64)
    before = modes.present()
    with modes.kept():
        torch.set_default_dtype(torch.float16)
        torch.set_grad_enabled(False)
        np.seterr(all="ignore")
        assert modes.present() != before
    assert modes.present() == before != modes.IMPORTED
    modes.put(modes.IMPORTED)
    assert modes.present() == modes.IMPORTED


DRAWING = """
import random, numpy as np, torch
torch.seed(), np.random.seed(), random.seed()
def draws():
    return [torch.rand(1).item(), np.random.rand(), random.random()]
"""


def test_random_numbers_follow_from_the_submission_and_the_criterion(held):
    found = []
    exam = Exam("draws", tuple(Criterion(id, id, 1.0, lambda subject, draw: found.append(subject())) for id in "ab"))
    for submitted in (b"bytes", b"bytes", b"others"):
        setting, _ = held(DRAWING, submitted=submitted)
        examined(setting, exam, setting.look_up("draws"))
    assert found[:2] == found[2:4]
    assert len({number for numbers in (found[0], found[1], *found[4:]) for number in numbers}) == 12


def test_a_training_ends_alike_each_time(held):
    """Losses and weights: what is said of a `fit` that starts from chance, and what is shown of it."""
    right = implementation("segmentation", "right/fit_with_adam").source()
    chancy = right.replace("logits = model(images)", "logits = model(images[torch.randperm(len(images))])")
    found = []
    for _ in range(2):
        setting, _ = held(f"{chancy}\ntorch.seed()")
        found.append(
            examined(setting, replace(segmentation.fit, criteria=segmentation.fit.criteria[:3]), setting.look_up("fit"))
        )
    assert found[0] == found[1] and any(o.finding and o.finding.evidence for o in found[0])


def test_so_they_do_in_one_process():
    def draws(*_):
        return torch.rand(1).item(), np.random.rand(), random.random()

    found = []
    for key in ("a", "a", "b"):
        Local().seed(key)
        found.append(draws())
    assert found[0] == found[1] and not set(found[0]) & set(found[2])
