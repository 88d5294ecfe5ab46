"""The answers as a float, a tensor, and a small letter in brackets.

names: answer_1, answer_2, answer_3
"""

import torch

answer_1 = 16.0
answer_2 = torch.tensor(1806336)
answer_3 = "(b)"
