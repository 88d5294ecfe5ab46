"""The exam of assignment 06, segmentation.

Rules that the notebook states beside INTERFACE's:

- `fit`'s loader gives (images, masks): float32 (N, C, H, W) and int64 (N, H, W), with one class as well (then masks
  hold 0 and 1). Its losses are numbers.
- `boundary_weights(mask, width=1, boost=4.0)`, the optional part: mask int64 (N, H, W) -> float32 (N, H, W), which is
  `1 + boost` where some pixel of the same image at most `width` rows and `width` columns away bears another label,
  else 1. Nothing outside the picture counts.

Points: upsample_nearest 2.5, upsample_bilinear 4, conv_transpose2d 6, iou 2.5, DiceLoss 4, UNet 8, fit 4, VGGUNet 6,
three questions of 1; boundary_weights (the cell `bonus`) 2 beyond the 40.
"""

from autograder.exam.segmentation.questions import question_1, question_2, question_3
from autograder.exam.segmentation.sentences import SENTENCES
from autograder.exam.segmentation.transposed import conv_transpose2d
from autograder.exam.segmentation.unet import UNET as UNet
from autograder.exam.segmentation.upsampling import upsample_bilinear, upsample_nearest

__all__ = [
    "SENTENCES",
    "UNet",
    "conv_transpose2d",
    "question_1",
    "question_2",
    "question_3",
    "upsample_bilinear",
    "upsample_nearest",
]
