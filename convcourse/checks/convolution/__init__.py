"""The visible checks of assignment 01."""

from convcourse.checks.convolution.backward import conv2d_backward
from convcourse.checks.convolution.kernels import KERNELS, apply_kernel
from convcourse.checks.convolution.layer import Conv2d
from convcourse.checks.convolution.separate import separate
from convcourse.checks.convolution.sizes import output_size
from convcourse.checks.convolution.sums import conv2d, conv2d_naive
from convcourse.checks.questions import question_1, question_2, question_3

__all__ = [
    "KERNELS",
    "Conv2d",
    "apply_kernel",
    "conv2d",
    "conv2d_backward",
    "conv2d_naive",
    "output_size",
    "question_1",
    "question_2",
    "question_3",
    "separate",
]
