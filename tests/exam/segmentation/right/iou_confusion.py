"""A confusion matrix counted by NumPy; the scores come back in float64. Neighbours by SciPy's filters.

names: iou, boundary_weights
"""

import numpy as np
import torch
from scipy import ndimage


def confusion(pred, target, classes, ignore):
    pred, target = pred.numpy().ravel(), target.numpy().ravel()
    counted = target != ignore
    pred, target = pred[counted], target[counted]
    # labels that are no class fall into one more row and column
    pred = np.where((pred >= 0) & (pred < classes), pred, classes)
    target = np.where((target >= 0) & (target < classes), target, classes)
    return np.bincount(target * (classes + 1) + pred, minlength=(classes + 1) ** 2).reshape(classes + 1, classes + 1)


def iou(pred, target, num_classes, ignore_index=255):
    matrix = confusion(pred, target, num_classes, ignore_index)
    both = np.diag(matrix).astype(np.float64)
    either = matrix.sum(0) + matrix.sum(1) - both
    with np.errstate(divide="ignore", invalid="ignore"):
        return torch.from_numpy(both / either)[:num_classes]


def boundary_weights(mask, width=1, boost=4.0):
    labels = mask.numpy()
    window = (1, 2 * width + 1, 2 * width + 1)
    high = ndimage.maximum_filter(labels, window, mode="nearest")
    low = ndimage.minimum_filter(labels, window, mode="nearest")
    return torch.from_numpy(1 + np.float32(boost) * (high > low))
