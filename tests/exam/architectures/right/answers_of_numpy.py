"""Answers as NumPy's number, a tensor, and a letter in brackets.

names: answer_1, answer_2, answer_3
"""

import numpy as np
import torch

answer_1 = np.int64(971)
answer_2 = torch.tensor(5_268_480)
answer_3 = "(B)"
