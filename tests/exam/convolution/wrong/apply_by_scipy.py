"""`scipy.ndimage.correlate`, channel by channel.

names: apply_kernel
mistake: banned-call
where: banned
"""

import numpy as np
import torch
from scipy import ndimage


def apply_kernel(image, kernel):
    planes = image.detach().numpy().reshape(-1, *image.shape[-2:])
    taps = kernel.detach().numpy()
    out = np.stack([ndimage.correlate(plane, taps, mode="constant") for plane in planes])
    return torch.from_numpy(out).reshape(image.shape)
