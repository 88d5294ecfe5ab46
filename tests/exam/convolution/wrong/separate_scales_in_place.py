"""The kernel is divided by its largest entry in place.

names: separate
mistake: input-changed
where: changed, kernel
"""

import torch


def separate(kernel):
    scale = kernel.abs().max().clone()
    kernel /= scale
    u, s, v = torch.linalg.svd(kernel)
    if len(s) > 1 and s[1] > 1e-4 * s[0]:
        raise ValueError("this kernel cannot be separated")
    return u[:, 0] * s[0] * scale, v[0]
