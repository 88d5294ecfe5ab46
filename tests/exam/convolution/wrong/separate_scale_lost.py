"""The singular value is forgotten, so the product is the kernel divided by its size.

names: separate
mistake: separate-scale
where: plainest
visible: caught
"""

import torch


def separate(kernel):
    u, s, vh = torch.linalg.svd(kernel)
    if len(s) > 1 and s[1] > 1e-5 * s[0]:
        raise ValueError("the kernel is not separable")
    return u[:, 0], vh[0]
