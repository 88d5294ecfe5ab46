"""The questions of assignment 02. The notebook holds their texts."""

from __future__ import annotations

from math import prod

from autograder.exam.pooling.sentences import SENTENCES
from autograder.exam.pooling.windows import Count, rounded_up, windows
from autograder.exam.questions import question

CHANNELS, SIDES, KERNEL, STRIDE = 8, (63, 61), 2, 3


def numbers(count: Count, *, ceil_mode: bool = True) -> int:
    """What an image of 8 channels is pooled to, by a rule for the windows along an axis."""
    return CHANNELS * prod(count(n, KERNEL, STRIDE, 0, 1, ceil_mode) for n in SIDES)


def seen(*layers: tuple[int, int]) -> int:
    """How many pixels across one output sees, through layers of these kernels and strides."""
    field, distance = 1, 1
    for kernel, stride in layers:
        field, distance = field + (kernel - 1) * distance, distance * stride
    return field


CONVOLUTION, POOLING = (3, 1), (2, 2)

question_1 = question(
    1, "what ceil_mode leaves", 1.0, numbers(windows), SENTENCES,
    telling={numbers(windows, ceil_mode=False): "ceil-ignored", numbers(rounded_up): "ceil-rounds-up"},
)  # fmt: skip
question_2 = question(
    2, "what one position sees", 1.0, seen(CONVOLUTION, POOLING, CONVOLUTION, POOLING, CONVOLUTION), SENTENCES,
    telling={seen(CONVOLUTION, CONVOLUTION, CONVOLUTION): "answer-field"},
)  # fmt: skip
question_3 = question(3, "which shifts change nothing", 1.0, "C", SENTENCES)
