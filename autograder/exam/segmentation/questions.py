"""The questions of assignment 06. The notebook holds their texts."""

from __future__ import annotations

from autograder.exam.encoder_decoders.closed_form import valid_size
from autograder.exam.questions import question
from autograder.exam.segmentation.sentences import SENTENCES

# Across, at the bottom of a U-Net of depth 4: two 3×3 convolutions a level, and a 2×2 pooling below all but the last.
SEEN_AT_BOTTOM = 1 + sum(2 * 2 * 2**level for level in range(5)) + sum(2**level for level in range(4))

question_1 = question(
    1, "the width of a U-Net's output", 1.0, valid_size(700, depth=3), SENTENCES, otherwise="answer-size"
)
question_2 = question(2, "what the bottom sees", 1.0, SEEN_AT_BOTTOM, SENTENCES, otherwise="answer-field")
question_3 = question(3, "what a shift does", 1.0, "C", SENTENCES, otherwise="answer-shift")
