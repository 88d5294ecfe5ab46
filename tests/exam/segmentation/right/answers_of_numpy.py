"""Answers from NumPy's arithmetic, and a letter as it is typed in a sentence.

names: answer_1, answer_2, answer_3
"""

import numpy as np

size = np.int16(300)
for _ in range(3):
    size = (size - 4) // 2
size = size - 4
for _ in range(3):
    size = 2 * size - 4
answer_1 = size
answer_2 = np.round(np.array(64.0 * 568 * 568 * 4 / 2**20))
answer_3 = np.str_("(C)")
