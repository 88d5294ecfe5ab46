"""The visible checks of assignment 03."""

from convcourse.checks.architectures.fields import receptive_field
from convcourse.checks.architectures.inception import Inception
from convcourse.checks.architectures.residual import BasicBlock, Bottleneck, ResNet
from convcourse.checks.architectures.sequences import VGG, AlexNet
from convcourse.checks.architectures.squeeze import SqueezeExcitation
from convcourse.checks.questions import question_1, question_2, question_3

__all__ = [
    "VGG",
    "AlexNet",
    "BasicBlock",
    "Bottleneck",
    "Inception",
    "ResNet",
    "SqueezeExcitation",
    "question_1",
    "question_2",
    "question_3",
    "receptive_field",
]
