"""Exceptions that end programs, and messages without end.

status: graded|timeout
score: 3
"""

calls = 0


def conv2d_naive(x, weight, bias=None):
    global calls
    calls += 1
    raise (SystemExit, KeyboardInterrupt, GeneratorExit, StopIteration, ValueError, BaseException)[calls % 6]("x" * 10**7)
