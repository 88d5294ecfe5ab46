"""Data for all chapters and assignments. What has to be downloaded says so, and nothing of the course needs it."""

from convcourse.data.photographs import photograph
from convcourse.data.real import cifar10, digits, mnist, oxford_pets
from convcourse.data.scenes import CLASSES, Scene, ShapeScenes
from convcourse.data.trainings import Training, training, training_network

__all__ = [
    "CLASSES",
    "Scene",
    "ShapeScenes",
    "Training",
    "cifar10",
    "digits",
    "mnist",
    "oxford_pets",
    "photograph",
    "training",
    "training_network",
]
