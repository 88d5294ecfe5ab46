"""The exam of assignment 02, pooling: 40 points, and a bonus beyond them.

Rules that the notebook states beside INTERFACE's:

- `SimpleCNN`'s answer depends on where in the image pixels lie. Gradients reach every parameter, and a network that
  loads another's `state_dict` answers as it does.
- `fit`'s loader gives (images, labels): float32 (N, C, H, W) and int64 (N,). Gradients are cleared for each batch.
- `blur_pool(x, size=3, stride=2)`, the optional part in the cell `bonus`: each channel is blurred by the outer product
  of binomial weights that sum to 1, `size` from 1 on, then sampled. It is padded by reflection, (size − 1) // 2 at the
  start and size // 2 at the end of each axis.
"""

from autograder.exam.assignment import Assignment
from autograder.exam.pooling.averages import adaptive_avg_pool2d, avg_pool2d
from autograder.exam.pooling.maxima import max_pool2d
from autograder.exam.pooling.network import SimpleCNN
from autograder.exam.pooling.questions import question_1, question_2, question_3
from autograder.exam.pooling.sentences import SENTENCES
from autograder.exam.pooling.training import fit
from autograder.exam.pooling.unpooling import bonus, max_unpool2d
from autograder.wire.limits import Limits

EXAMS = (
    max_pool2d, question_1, avg_pool2d, adaptive_avg_pool2d, max_unpool2d, question_2, SimpleCNN, fit, bonus,
    question_3,
)  # fmt: skip
ASSIGNMENT = Assignment(
    "02-pooling",
    EXAMS,
    SENTENCES,
    # A notebook that trains: its cells and `fit` take longer than those of other assignments, on a busy machine too.
    limits=Limits(cell_seconds=90, call_seconds=60, notebook_seconds=400),
)
