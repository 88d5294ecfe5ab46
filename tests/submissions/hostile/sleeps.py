"""The graded function sleeps.

status: timeout
score: 3
says: took longer than
"""

import time


def conv2d_naive(x, weight, bias=None):
    time.sleep(1000)
