"""Taken over from NumPy, so everything is float64.

names: KERNELS
mistake: kernels-dtype
where: result, type, float64
visible: caught
"""

import numpy as np
import torch

box = np.ones((3, 3)) / 9
gauss = np.outer([1, 2, 1], [1, 2, 1]) / 16
sobel = np.outer([1, 2, 1], [-1, 0, 1]).astype(float)
laplace = np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]], float)
middle = np.zeros((3, 3))
middle[1, 1] = 1
arrays = dict(
    identity=middle,
    edge1=np.outer([-1, 0, 1], [-1, 0, 1]).astype(float),
    edge2=laplace,
    edge3=9 * middle - 1,
    sharpen=middle - laplace,
    box_blur=box,
    gaussian_blur=gauss,
    sobel_x=sobel,
    sobel_y=-sobel.T.copy(),
)
KERNELS = {name: torch.from_numpy(array) for name, array in arrays.items()}
