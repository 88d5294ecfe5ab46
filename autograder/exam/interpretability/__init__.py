"""The exam of assignment 05, interpretability: 40 points, and a bonus beyond them."""

from autograder.exam.assignment import Assignment
from autograder.exam.interpretability.classes import grad_cam
from autograder.exam.interpretability.gradients import saliency
from autograder.exam.interpretability.hooks import activations
from autograder.exam.interpretability.occlusion import occlusion_map
from autograder.exam.interpretability.patches import top_patches
from autograder.exam.interpretability.questions import question_1, question_2, question_3
from autograder.exam.interpretability.sentences import SENTENCES
from autograder.exam.interpretability.ways import bonus

EXAMS = (
    occlusion_map, activations, top_patches, question_1, saliency, grad_cam, question_2, question_3, bonus,
)  # fmt: skip
ASSIGNMENT = Assignment("05-interpretability", EXAMS, SENTENCES)
