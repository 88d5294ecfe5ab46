"""The questions of assignment 01: their texts, as the notebook prints them, and their answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograder.exam.convolution.sentences import SENTENCES
from autograder.exam.convolution.sizes import MISTAKES, size
from autograder.exam.questions import question

SIDE = 96
LAYERS = (7, 2, 3, 1), (3, 3, 0, 1), (3, 1, 3, 3)  # kernel size, stride, padding, dilation

TEXTS = {
    "question_1": "An image of 96 × 96 pixels passes three layers, one after the other: the first has `kernel_size=7, "
    "stride=2, padding=3`, the second `kernel_size=3, stride=3`, the third `kernel_size=3, padding=3, dilation=3`. "
    "How many pixels high is the output of the last one? Set `answer_1` to this number.",
    "question_2": "One image of 56 × 56 pixels with 16 channels passes `nn.Conv2d(16, 32, kernel_size=3, stride=2, "
    "padding=1, groups=2)`. How many multiplications of a weight with a pixel does that take, those with the zeros of "
    "the padding counted? Set `answer_2` to this number.",
    "question_3": "A fully connected layer becomes a convolution by two restrictions: an output sees only a small "
    "window of its input, and all outputs share one set of weights. What does the *second* restriction assume?\n"
    "- A: that pixels far apart do not matter for the same output;\n"
    "- B: that a pattern means the same wherever in the picture it stands;\n"
    "- C: that neighbouring pixels have similar values;\n"
    "- D: that the picture is as high as it is wide.\n\n"
    'Set `answer_3` to one of the letters, such as `"A"`.',
}


def through(rule: Callable[..., Any]) -> Any:
    """The side that is left after the layers of question 1, by a rule for one layer."""
    n = SIDE
    for layer in LAYERS:
        n = rule(n, *layer)
    return n


def multiplications(stride: int = 2, groups: int = 2) -> int:
    return size(56, 3, stride, 1) ** 2 * 32 * (16 // groups) * 3 * 3


ANSWERS: dict[str, int | str] = {"question_1": through(size), "question_2": multiplications(), "question_3": "B"}
# Wrong answers that only one mistake leads to.
TELLING: dict[str, dict[Any, str]] = {
    "question_1": {through(m.mutants[0]): m.id for m in MISTAKES if m.id != "size-not-int"},
    "question_2": {multiplications(stride=1): "stride-ignored", multiplications(groups=1): "groups-ignored"},
    "question_3": {},
}
POINTS = {"question_1": 1.5, "question_2": 1.5, "question_3": 1.0}
TITLES = {
    "question_1": "the size after three layers",
    "question_2": "the multiplications of a layer",
    "question_3": "what shared weights assume",
}


question_1, question_2, question_3 = (
    question(name, TITLES[name], POINTS[name], TEXTS[name], ANSWERS[name], SENTENCES, TELLING[name]) for name in TEXTS
)
