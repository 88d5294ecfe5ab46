"""The visible checks of assignment 06."""

from convcourse.checks.segmentation.larger import conv_transpose2d, upsample_bilinear, upsample_nearest
from convcourse.checks.segmentation.measures import DiceLoss, boundary_weights, iou
from convcourse.checks.segmentation.networks import UNet, VGGUNet
from convcourse.checks.segmentation.training import fit, question_1, question_2, question_3

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
