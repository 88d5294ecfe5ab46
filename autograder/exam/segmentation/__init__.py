"""The exam of assignment 06, segmentation: 40 points, and a bonus beyond them.

Rules that the notebook states beside INTERFACE's:

- `fit`'s loader gives (images, masks): float32 (N, C, H, W) and int64 (N, H, W), with one class as well (then masks
  hold 0 and 1). Its losses are numbers. Gradients are cleared for each batch.
- Learning: the rule that `convcourse.data.training("exam")` prints. Adam with a learning rate from 1e-3 to 1e-2 gets
  there.
- `DiceLoss`'s targets are float maps of the prediction's shape and dtype.
- `boundary_weights(mask, width=1, boost=4.0)`, the optional part in the cell `bonus`: mask int64 (N, H, W) -> float32
  (N, H, W), which is `1 + boost` where some pixel of the same image at most `width` rows and `width` columns away bears
  another label, else 1. Nothing outside the picture counts.
"""

from autograder.exam.assignment import Assignment
from autograder.exam.segmentation.dice import DiceLoss
from autograder.exam.segmentation.measures import bonus, iou
from autograder.exam.segmentation.questions import question_1, question_2, question_3
from autograder.exam.segmentation.sentences import SENTENCES
from autograder.exam.segmentation.training import fit
from autograder.exam.segmentation.transposed import conv_transpose2d
from autograder.exam.segmentation.unet import UNet
from autograder.exam.segmentation.upsampling import upsample_bilinear, upsample_nearest
from autograder.exam.segmentation.vgg import VGGUNet
from autograder.wire.limits import Limits

EXAMS = (
    upsample_nearest, upsample_bilinear, conv_transpose2d, iou, DiceLoss, fit, UNet,
    question_1, question_2, question_3, VGGUNet, bonus,
)  # fmt: skip
ASSIGNMENT = Assignment(
    "06-segmentation",
    EXAMS,
    SENTENCES,
    # A notebook that trains: its cells and `fit` take longer than those of other assignments, on a busy machine too.
    limits=Limits(cell_seconds=90, call_seconds=60, notebook_seconds=400),
)
