"""The exam of `01-convolution`: 40 points, and a bonus beyond them."""

from autograder.exam.assignment import Assignment
from autograder.exam.convolution.backward import conv2d_backward
from autograder.exam.convolution.kernels import KERNELS, apply_kernel
from autograder.exam.convolution.layer import Conv2d
from autograder.exam.convolution.questions import question_1, question_2, question_3
from autograder.exam.convolution.sentences import SENTENCES
from autograder.exam.convolution.separate import bonus
from autograder.exam.convolution.sizes import output_size
from autograder.exam.convolution.sums import conv2d, conv2d_naive

EXAMS = (
    output_size, question_1, conv2d_naive, KERNELS, apply_kernel, conv2d,
    question_2, conv2d_backward, Conv2d, bonus, question_3,
)  # fmt: skip
ASSIGNMENT = Assignment("01-convolution", EXAMS, SENTENCES)
