"""Data for all chapters and assignments. What has to be downloaded says so, and nothing of the course needs it."""

from convcourse.data.photographs import MASKED, photograph, photograph_mask
from convcourse.data.real import cifar10, digits, mnist, oxford_pets
from convcourse.data.scenes import CLASSES, Scene, ShapeScenes
from convcourse.data.trainings import Training, training, training_network

__all__ = [
    "CLASSES",
    "MASKED",
    "Scene",
    "ShapeScenes",
    "Training",
    "cifar10",
    "digits",
    "mnist",
    "oxford_pets",
    "photograph",
    "photograph_mask",
    "training",
    "training_network",
]
