"""The visible checks of assignment 04."""

from convcourse.checks.augmentation.files import SegmentationDataset
from convcourse.checks.augmentation.mixing import cutmix
from convcourse.checks.augmentation.moves import cutout, rotate, shift
from convcourse.checks.augmentation.pipelines import Compose, RandomApply, SegmentationTransform
from convcourse.checks.augmentation.values import adjust_contrast, gaussian_blur, gaussian_noise, replace_background
from convcourse.checks.questions import letter_question, question_2, question_3

question_1 = letter_question(1)

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
