"""The best rank-1 approximation of any kernel.

names: separate
mistake: separate-no-refusal
where: refusal
visible: caught
"""

import torch


def separate(kernel):
    u, s, vh = torch.linalg.svd(kernel)
    return u[:, 0] * s[0].sqrt(), vh[0] * s[0].sqrt()
