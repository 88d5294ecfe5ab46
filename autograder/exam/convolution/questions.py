"""The questions of assignment 01. The notebook holds their texts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograder.exam.convolution.sentences import SENTENCES
from autograder.exam.convolution.sizes import MISTAKES, size
from autograder.exam.questions import question

SIDE = 96
LAYERS = (7, 2, 3, 1), (3, 3, 0, 1), (3, 1, 3, 3)  # kernel size, stride, padding, dilation


def through(rule: Callable[..., Any]) -> Any:
    """The side that is left of `SIDE` pixels after the layers of question 1, by a rule for one layer."""
    n = SIDE
    for layer in LAYERS:
        n = rule(n, *layer)
    return n


def multiplications(stride: int = 2, groups: int = 2) -> int:
    """Of a weight with a pixel: 56 × 56 pixels, 16 channels to 32, a 3×3 kernel, padding 1."""
    return size(56, 3, stride, 1) ** 2 * 32 * (16 // groups) * 3 * 3


question_1 = question(
    1, "the size after three layers", 1.5, through(size), SENTENCES,
    telling={through(m.mutants[0]): m.id for m in MISTAKES if m.id != "size-not-int"},
)  # fmt: skip
question_2 = question(
    2, "the multiplications of a layer", 1.5, multiplications(), SENTENCES,
    telling={multiplications(stride=1): "stride-ignored", multiplications(groups=1): "groups-ignored"},
)  # fmt: skip
question_3 = question(3, "what shared weights assume", 1.0, "B", SENTENCES)
