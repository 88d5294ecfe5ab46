"""An empty tensor is filled with numbers of the right strength.

names: gaussian_noise, replace_background
"""

import torch


def gaussian_noise(image, sigma, generator):
    noisy = torch.empty(image.shape).normal_(mean=0.0, std=float(sigma), generator=generator) if sigma else 0.0
    return (image + noisy).clip(min=0, max=1)


def replace_background(image, mask, background):
    kept = mask.bool().expand(image.shape)
    result = torch.empty(image.shape)
    result[kept] = image[kept]
    result[~kept] = background[~kept]
    return result
