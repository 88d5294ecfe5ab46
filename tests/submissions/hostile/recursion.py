"""The graded function calls itself without end, with the guard taken away.

status: crashed|memory|graded|timeout
score: 3
"""

import sys

sys.setrecursionlimit(10**9)


def conv2d_naive(x, weight, bias=None):
    return conv2d_naive(x, weight, bias)
