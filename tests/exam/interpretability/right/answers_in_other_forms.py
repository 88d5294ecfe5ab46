"""A number of NumPy, small letters, brackets.

names: answer_1, answer_2, answer_3
"""

import numpy as np

answer_1, answer_2, answer_3 = np.int64(375), " b ", "c)"
