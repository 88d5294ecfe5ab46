"""The exam of `Conv2d`, the layer."""

from __future__ import annotations

from autograder.exam.convolution import cases as c
from autograder.exam.core import Criterion, Exam
from autograder.exam.draw import Draw
from autograder.exam.subject import Subject


def todo(subject: Subject, draw: Draw) -> None:
    subject.make(1, 1, 1)
    c.LAYOUTS


Conv2d = Exam(
    "Conv2d",
    "Conv2d",
    (Criterion("todo", "todo", 8.0, todo),),
    ban="convolution",
    stands_in={"conv2d": "conv2d"},
)
