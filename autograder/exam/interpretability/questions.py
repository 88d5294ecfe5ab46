"""The questions of assignment 05. The notebook holds their texts."""

from __future__ import annotations

from autograder.exam.interpretability.sentences import SENTENCES
from autograder.exam.questions import question

SIDE = 64  # pixels of the image
LAYERS = ((5, 2, 2), (3, 2, 0), (3, 1, 1), (3, 2, 1))  # kernel size, stride and padding
UNIT = 0, 3


def span(place: int) -> tuple[int, int]:
    """First and end of the pixels along one axis that a unit of the last layer sees, padding included."""
    size, start, jump = 1, 0, 1
    for kernel, stride, padding in LAYERS:
        size, start, jump = size + (kernel - 1) * jump, start - padding * jump, jump * stride
    return start + place * jump, start + place * jump + size


def clipped(place: int) -> int:
    """How many of them lie on the image."""
    first, end = span(place)
    return min(SIDE, end) - max(0, first)


def whole(place: int) -> int:
    """How many there are."""
    first, end = span(place)
    return end - first


PIXELS = clipped(UNIT[0]) * clipped(UNIT[1])

question_1 = question(
    1, "the window that a unit sees", 3.0, PIXELS, SENTENCES,
    telling={whole(UNIT[0]) * whole(UNIT[1]): "answer-not-clipped", whole(UNIT[0]): "answer-one-axis"},
)  # fmt: skip
question_2 = question(
    2, "what a map of 0 says", 2.5, "B", SENTENCES, telling={"A": "answer-map-probability", "D": "answer-map-gradient"}
)
question_3 = question(
    3, "what train mode does", 2.5, "C", SENTENCES, telling={"A": "answer-statistics", "D": "answer-statistics"}
)
