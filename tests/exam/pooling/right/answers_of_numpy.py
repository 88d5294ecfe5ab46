"""Answers that NumPy and PyTorch have computed, and a letter in brackets.

names: answer_1, answer_2, answer_3
"""

import numpy as np
import torch

answer_1 = np.int64(8) * 21 * 21
answer_2 = torch.tensor([18])
answer_3 = " (C) "
