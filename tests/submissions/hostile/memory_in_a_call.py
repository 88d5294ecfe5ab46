"""The graded function takes all the memory there is.

status: memory
score: 3
says: memory
"""

def conv2d_naive(x, weight, bias=None):
    return torch.ones(1 << 20, 1 << 14)
