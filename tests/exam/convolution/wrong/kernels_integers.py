"""Tables of whole numbers become int64 tensors.

names: KERNELS
mistake: kernels-dtype
where: result, type
visible: caught
"""

import torch

KERNELS = {
    "identity": torch.tensor([[0, 0, 0], [0, 1, 0], [0, 0, 0]]),
    "edge1": torch.tensor([[1, 0, -1], [0, 0, 0], [-1, 0, 1]]),
    "edge2": torch.tensor([[0, 1, 0], [1, -4, 1], [0, 1, 0]]),
    "edge3": torch.tensor([[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]]),
    "sharpen": torch.tensor([[0, -1, 0], [-1, 5, -1], [0, -1, 0]]),
    "box_blur": torch.ones(3, 3) / 9,
    "gaussian_blur": torch.tensor([[1, 2, 1], [2, 4, 2], [1, 2, 1]]) / 16,
    "sobel_x": torch.tensor([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]),
    "sobel_y": torch.tensor([[1, 2, 1], [0, 0, 0], [-1, -2, -1]]),
}
