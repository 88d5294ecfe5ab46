"""What comes back from an operation is read only where it has exactly the form that was asked for."""

from dataclasses import fields

import pytest
import torch

from autograder.exam.subject import LocalSubject, Subject
from autograder.objects import replies
from autograder.objects.replies import Misshapen, Rows
from autograder.objects.table import OPERATIONS

LAYER = torch.nn.BatchNorm1d(2)
X = torch.ones(3, 2, requires_grad=True)
VALUES = {
    "vjp": ((X,), {}, torch.ones(3, 2)), "gradients": ((X,), {}, torch.ones(3, 2)), "make": ((X,), {}), "state": (),
    "outline": (), "load": (LAYER.state_dict(),), "train": (True,), "to": (torch.float32,), "attribute": ("training",),
    "source": (), "part": ("",), "footprint": (), "is_": (LAYER,),
    "run": ((X,), {}), "again": ((torch.ones(3, 2),), (torch.zeros(3, 2),), {}),
}  # fmt: skip
ODD = [
    None, True, 1, 1.5, "text", [], [1], (), {}, {1: 2}, object(), torch.ones(2), [("a",)], [(1, 2, 3)], (None, None),
    (1, [], None, {}), [("a", None, 0, 1, False)], [("a", (-1,), 0, True, False)], [(b"a", None, 0, True, False)],
    ([("a", True, True)], []), ([("a", True, (True,), True)], []), ([], [("a", True, None, 1.0)]),
    (None, [], None, {}), (None, [None, None], None, {}),
    (None, [1], None, {}), (None, [None], [], {}), (None, [None], None, {1: None}), (object(), [None], None, {}),
]  # fmt: skip


def test_each_operation_is_a_method_of_subjects_and_is_tried_here():
    assert set(OPERATIONS) == set(VALUES)
    assert all(callable(getattr(Subject, name)) for name in OPERATIONS)


def test_rows_check_each_field():
    rows = [one for one in vars(replies).values() if isinstance(one, Rows)]
    assert len(rows) == 4 and all(len(fields(one.row)) == len(one.checks) for one in rows)


@pytest.mark.parametrize("name", OPERATIONS)
def test_what_is_told_is_read(name):
    operation = OPERATIONS[name]
    told = operation.told(LAYER, VALUES[name], LocalSubject)
    operation.reply.read(told, VALUES[name], LocalSubject)


ACCEPTED = {
    "again": 4,
    "vjp": 0,
    "gradients": 0,
    "make": 0,
    "part": 0,
    "load": 1,
    "train": 1,
    "to": 1,
    "run": 1,
    "is_": 1,
    "source": 2,
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_nothing_else_is(name):
    accepted = []
    for odd in ODD:
        try:
            OPERATIONS[name].reply.read(odd, VALUES[name], LocalSubject)
            accepted.append(odd)
        except Misshapen:
            pass
    if name in ACCEPTED:
        assert len(accepted) == ACCEPTED[name], accepted
    elif name in ("state", "outline"):
        assert accepted == [[]]
    elif name == "footprint":
        assert accepted == []
    else:
        assert not any(type(one) is object for one in accepted)
