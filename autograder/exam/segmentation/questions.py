"""The questions of assignment 06: their texts, as the notebook prints them, and their answers.

The notebook's text is held equal to `TEXTS` by a test of the assignment.
"""

from __future__ import annotations

from autograder.exam.questions import question
from autograder.exam.segmentation.networks import valid_size
from autograder.exam.segmentation.sentences import SENTENCES

# A 572 × 572 image of the paper: the first level's map, 64 channels of 568 × 568 float32 values.
SKIP_MEBIBYTES = 64 * 568 * 568 * 4 / 2**20

TEXTS = {
    "question_1": "A U-Net of depth 3 without padding (`UNet(1, 2, depth=3)`) gets an image of 300 × 300 pixels. "
    "How many pixels wide is its output? Set `answer_1` to this number.",
    "question_2": "While the paper's U-Net is trained on one image of 572 × 572, its first skip is kept until the end. "
    "It holds 64 channels of 568 × 568 float32 values, before cropping. How many MiB (2²⁰ bytes) is that? "
    "Set `answer_2` to the number rounded to a whole one.",
    "question_3": 'The input of a U-Net of depth 4 with padding "same" is shifted 8 pixels to the right. What happens '
    "to its output, far away from the borders?\n"
    "- A: it shifts by exactly 8 pixels, since all layers are convolutions;\n"
    "- B: it stays where it is;\n"
    "- C: it need not be a shifted copy: pooling cuts the image into other cells, and only shifts by multiples of 16 "
    "give the same cells;\n"
    "- D: it shifts by 16 pixels.\n\n"
    'Set `answer_3` to one of the letters, such as `"A"`.',
}
ANSWERS: dict[str, int | str] = {
    "question_1": valid_size(300, depth=3),
    "question_2": round(SKIP_MEBIBYTES),
    "question_3": "C",
}
MISTAKES = {"question_1": "answer-size", "question_2": "answer-memory", "question_3": "answer-shift"}
TITLES = {
    "question_1": "the width of a U-Net's output",
    "question_2": "the memory of a skip",
    "question_3": "what a shift does",
}


question_1, question_2, question_3 = (
    question(name, TITLES[name], 1.0, TEXTS[name], ANSWERS[name], SENTENCES, {}, MISTAKES[name]) for name in TEXTS
)
