"""One rotation matrix and positions as columns; angles are taken into one turn first.

names: rotate
"""

import numpy as np
import torch


def rotate(image, angle):
    theta = np.deg2rad(angle % 360.0)
    back = np.array([[np.cos(theta), -np.sin(theta)], [np.sin(theta), np.cos(theta)]])  # of (right, below)
    height, width = image.shape[1:]
    centre = np.array([[width - 1], [height - 1]]) / 2
    places = np.stack(np.meshgrid(np.arange(width), np.arange(height))).reshape(2, -1)
    right, below = np.around(back @ (places - centre) + centre).astype(np.int64)
    inside = (right >= 0) & (right < width) & (below >= 0) & (below < height)
    result = np.zeros((len(image), height * width), dtype=image.numpy().dtype)
    result[:, inside] = image.numpy()[:, below[inside], right[inside]]
    return torch.from_numpy(result.reshape(image.shape))
