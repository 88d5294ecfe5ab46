"""The questions of assignment 06. The notebook holds their texts."""

from __future__ import annotations

from autograder.exam.questions import question
from autograder.exam.segmentation.closed_form import valid_size
from autograder.exam.segmentation.sentences import SENTENCES

# A 572 × 572 image of the paper: the first level's map, 64 channels of 568 × 568 float32 values.
SKIP_MEBIBYTES = 64 * 568 * 568 * 4 / 2**20

question_1 = question(
    1, "the width of a U-Net's output", 1.0, valid_size(300, depth=3), SENTENCES, otherwise="answer-size"
)
question_2 = question(2, "the memory of a skip", 1.0, round(SKIP_MEBIBYTES), SENTENCES, otherwise="answer-memory")
question_3 = question(3, "what a shift does", 1.0, "C", SENTENCES, otherwise="answer-shift")
