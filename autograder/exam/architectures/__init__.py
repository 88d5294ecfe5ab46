"""The exam of assignment 03, architectures: 40 points, and a bonus beyond them.

Rules that the notebook states beside INTERFACE's:

- Required arguments are given by position, optional ones by name.
- `ResNet` makes each block by `block(inplanes, planes, stride, downsample)`, by position or by name, and leaves
  `downsample` out or None where nothing changes. `block.expansion` may be any int.
- Where a class can be made under `torch.device("meta")`, it is, and filled by `load_state_dict(…, assign=True)`.
- `SqueezeExcitation(channels, reduction)`, the optional part in the cell `bonus`: the mean of each channel, a linear
  layer to `channels // reduction`, a ReLU, a linear layer back, a sigmoid, and each map times its number. The layers
  have biases and may be 1×1 convolutions; their names are free.
"""

from autograder.exam.architectures.alexnet import AlexNet
from autograder.exam.architectures.blocks import BasicBlock, Bottleneck
from autograder.exam.architectures.excitation import bonus
from autograder.exam.architectures.field import receptive_field_exam as receptive_field
from autograder.exam.architectures.inception import Inception
from autograder.exam.architectures.questions import question_1, question_2, question_3
from autograder.exam.architectures.resnet import ResNet
from autograder.exam.architectures.sentences import SENTENCES
from autograder.exam.architectures.vgg import VGG
from autograder.exam.assignment import Assignment
from autograder.wire.limits import Limits

EXAMS = (
    receptive_field, question_1, AlexNet, VGG, Inception, question_2, BasicBlock, Bottleneck, ResNet, bonus, question_3,
)  # fmt: skip
ASSIGNMENT = Assignment(
    "03-architectures",
    EXAMS,
    SENTENCES,
    # A VGG whose class cannot be made without memory takes seconds, on a busy machine more.
    limits=Limits(cell_seconds=60, call_seconds=40, notebook_seconds=240),
)
