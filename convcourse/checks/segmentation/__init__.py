"""The visible checks of assignment 06."""

from convcourse.checks.questions import question_1, question_2, question_3
from convcourse.checks.segmentation.dice import DiceLoss
from convcourse.checks.segmentation.measures import boundary_weights, iou
from convcourse.checks.segmentation.training import fit
from convcourse.checks.segmentation.transposed import conv_transpose2d
from convcourse.checks.segmentation.unet import UNet
from convcourse.checks.segmentation.upsampling import upsample_bilinear, upsample_nearest
from convcourse.checks.segmentation.vgg import VGGUNet

__all__ = [
    "DiceLoss",
    "UNet",
    "VGGUNet",
    "boundary_weights",
    "conv_transpose2d",
    "fit",
    "iou",
    "question_1",
    "question_2",
    "question_3",
    "upsample_bilinear",
    "upsample_nearest",
]
