"""The visible checks of assignment 04."""

from convcourse.checks.augmentation.files import SegmentationDataset
from convcourse.checks.augmentation.mixing import cutmix
from convcourse.checks.augmentation.moves import cutout, rotate, shift
from convcourse.checks.augmentation.pipelines import Compose, RandomApply, SegmentationTransform
from convcourse.checks.augmentation.questions import question_1, question_3
from convcourse.checks.augmentation.values import adjust_contrast, gaussian_blur, gaussian_noise, replace_background
from convcourse.checks.questions import question_2

__all__ = [
    "Compose",
    "RandomApply",
    "SegmentationDataset",
    "SegmentationTransform",
    "adjust_contrast",
    "cutmix",
    "cutout",
    "gaussian_blur",
    "gaussian_noise",
    "question_1",
    "question_2",
    "question_3",
    "replace_background",
    "rotate",
    "shift",
]
