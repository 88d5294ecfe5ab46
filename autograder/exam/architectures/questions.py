"""The questions of assignment 03. The notebook holds their texts."""

from __future__ import annotations

from autograder.exam.architectures.field import Layer, receptive_field
from autograder.exam.architectures.sentences import SENTENCES
from autograder.exam.questions import question

STEM: list[Layer] = [(7, 2, 1), (3, 2, 1)]
STAGES = (3, 1), (4, 2), (23, 2), (3, 2)  # blocks, and the stride of the first


def resnet101(stride_in_3x3: bool) -> list[Layer]:
    """The layers along ResNet-101's longest path."""
    layers = list(STEM)
    for blocks, stride in STAGES:
        for step in (stride, *[1] * (blocks - 1)):
            first, second = (1, step) if stride_in_3x3 else (step, 1)
            layers += [(1, first, 1), (3, second, 1), (1, 1, 1)]
    return layers


def seen(layers: list[Layer]) -> int:
    """The receptive field of one unit."""
    return receptive_field(layers)[0]


SIDE, INPUTS, REDUCED, OUTPUTS = 14, 480, 16, 48
REDUCING, DIRECT = INPUTS * REDUCED + 25 * REDUCED * OUTPUTS, 25 * INPUTS * OUTPUTS

question_1 = question(
    1, "what a unit of ResNet-101 sees", 1.0, seen(resnet101(True)), SENTENCES,
    telling={
        seen(resnet101(False)): "answer-stride-first",
        seen([(kernel, 1, 1) for kernel, _, _ in resnet101(True)]): "answer-strides-ignored",
    },
)  # fmt: skip
question_2 = question(
    2, "what a branch multiplies", 1.0, SIDE**2 * REDUCING, SENTENCES,
    telling={SIDE**2 * DIRECT: "answer-reduction", SIDE**2 * (REDUCING - INPUTS * REDUCED): "answer-reduction"},
)  # fmt: skip
question_3 = question(3, "what a block does that adds nothing", 1.0, "B", SENTENCES)
