"""The exam of `01-convolution`: 40 points, and a bonus beyond them."""

from autograder.exam.convolution.backward import conv2d_backward
from autograder.exam.convolution.functions import conv2d, conv2d_naive
from autograder.exam.convolution.kernels import KERNELS, apply_kernel, bonus
from autograder.exam.convolution.layer import Conv2d
from autograder.exam.convolution.questions import question_1, question_2, question_3
from autograder.exam.convolution.sentences import SENTENCES
from autograder.exam.convolution.sizes import output_size

__all__ = [
    "KERNELS",
    "SENTENCES",
    "Conv2d",
    "apply_kernel",
    "bonus",
    "conv2d",
    "conv2d_backward",
    "conv2d_naive",
    "output_size",
    "question_1",
    "question_2",
    "question_3",
]
