"""The questions of assignment 04. The notebook holds their texts."""

from __future__ import annotations

from autograder.exam.augmentation.sentences import SENTENCES
from autograder.exam.questions import question

IMAGES, TRANSFORMS = 3200, 5

question_1 = question(
    1,
    "what keeps a digit's label",
    1.0,
    "C",
    SENTENCES,
    telling={"A": "answer-digit-rotated", "B": "answer-digit-mirrored"},
)
question_2 = question(
    2,
    "how many stay as they are",
    1.5,
    IMAGES // 2**TRANSFORMS,
    SENTENCES,
    telling={
        IMAGES // 2: "answer-one-decision",
        IMAGES // TRANSFORMS: "answer-one-decision",
        IMAGES - IMAGES // 2**TRANSFORMS: "answer-changed",
    },
)
question_3 = question(
    3, "what interpolation makes of labels", 1.5, "B", SENTENCES, telling={"A": "rotate-mask-interpolated"}
)
