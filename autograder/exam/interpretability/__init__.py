"""The exam of assignment 05, interpretability: 40 points, and a bonus beyond them."""

from autograder.exam.assignment import Assignment
from autograder.exam.interpretability.gradients import saliency
from autograder.exam.interpretability.hooks import activations
from autograder.exam.interpretability.occlusion import occlusion_map
from autograder.exam.interpretability.sentences import SENTENCES

EXAMS = (occlusion_map, activations, saliency)
ASSIGNMENT = Assignment("05-interpretability", EXAMS, SENTENCES)
