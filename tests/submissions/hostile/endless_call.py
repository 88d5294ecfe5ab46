"""The graded function never returns.

status: timeout
score: 3
says: took longer than
"""

def conv2d_naive(x, weight, bias=None):
    while True:
        pass
