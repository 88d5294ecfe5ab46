"""Answers from NumPy's arithmetic, and a letter as it is typed in a sentence.

names: answer_1, answer_2, answer_3
"""

import numpy as np

size = np.int16(700)
for _ in range(3):
    size = (size - 4) // 2
size = size - 4
for _ in range(3):
    size = 2 * size - 4
answer_1 = size
seen, step = np.array(1.0), np.float32(1)
for level in range(5):
    seen = seen + 2 * 2 * step + (step if level < 4 else 0)
    step = 2 * step
answer_2 = np.round(seen)
answer_3 = np.str_("(C)")
