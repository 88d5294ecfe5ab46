"""The visible checks of assignment 05."""

from convcourse.checks.interpretability.cam import grad_cam
from convcourse.checks.interpretability.gradients import integrated_gradients, saliency
from convcourse.checks.interpretability.layers import activations
from convcourse.checks.interpretability.occlusion import occlusion_map
from convcourse.checks.interpretability.patches import top_patches
from convcourse.checks.questions import letter_question, question_1

question_2, question_3 = letter_question(2), letter_question(3)

__all__ = [
    "activations",
    "grad_cam",
    "integrated_gradients",
    "occlusion_map",
    "question_1",
    "question_2",
    "question_3",
    "saliency",
    "top_patches",
]
