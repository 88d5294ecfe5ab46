"""The exam of assignment 04, augmentation: 40 points, and a bonus beyond them.

Rules that the notebook states beside INTERFACE's:

- What a rotated image shows from within two pixels of the image's border is not compared, nor are two pixels along the
  result's own border. By multiples of 90° on squares, and by 0° and 180°, everything is.
- `cutmix(images, labels, order, top, left, height, width)`, the optional part in the cell `bonus`: a batch (N, C, H, W)
  with labels (N, K), partners by `order` (N,), a clipped rectangle, labels shared by area after clipping.
"""

from autograder.exam.assignment import Assignment
from autograder.exam.augmentation.blur import gaussian_blur
from autograder.exam.augmentation.contrast import adjust_contrast, replace_background
from autograder.exam.augmentation.cutting import cutout
from autograder.exam.augmentation.files import SegmentationDataset
from autograder.exam.augmentation.mixing import bonus
from autograder.exam.augmentation.noise import gaussian_noise
from autograder.exam.augmentation.pipelines import Compose, RandomApply
from autograder.exam.augmentation.questions import question_1, question_2, question_3
from autograder.exam.augmentation.rotation import rotate
from autograder.exam.augmentation.sentences import SENTENCES
from autograder.exam.augmentation.shifts import shift
from autograder.exam.augmentation.together import SegmentationTransform

EXAMS = (
    shift, cutout, rotate, adjust_contrast, gaussian_blur, gaussian_noise, replace_background, question_1, Compose,
    RandomApply, question_2, SegmentationTransform, question_3, SegmentationDataset, bonus,
)  # fmt: skip
ASSIGNMENT = Assignment("04-augmentation", EXAMS, SENTENCES)
