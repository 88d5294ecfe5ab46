"""Data for all chapters and assignments, none of which has to be downloaded."""

from convcourse.data.photographs import photograph
from convcourse.data.scenes import CLASSES, Scene, ShapeScenes
from convcourse.data.trainings import Training, training

__all__ = ["CLASSES", "Scene", "ShapeScenes", "Training", "photograph", "training"]
