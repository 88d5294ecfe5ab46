"""The exam of assignment 05, interpretability: 40 points, and a bonus beyond them."""

from autograder.exam.assignment import Assignment
from autograder.exam.interpretability.sentences import SENTENCES

EXAMS = ()
ASSIGNMENT = Assignment("05-interpretability", EXAMS, SENTENCES)
