"""The visible checks of assignment 02."""

from convcourse.checks.pooling.averages import adaptive_avg_pool2d, avg_pool2d
from convcourse.checks.pooling.blur import blur_pool
from convcourse.checks.pooling.maxima import max_pool2d, max_unpool2d
from convcourse.checks.pooling.network import SimpleCNN
from convcourse.checks.pooling.training import fit
from convcourse.checks.questions import question_1, question_2, question_3

__all__ = [
    "SimpleCNN",
    "adaptive_avg_pool2d",
    "avg_pool2d",
    "blur_pool",
    "fit",
    "max_pool2d",
    "max_unpool2d",
    "question_1",
    "question_2",
    "question_3",
]
