"""Windows as a view, and one sum of products.

names: gaussian_blur, adjust_contrast
"""

import torch
from torch.nn import ReflectionPad2d


def gaussian_blur(image, kernel_size, sigma):
    square = (torch.arange(kernel_size) - kernel_size // 2) ** 2
    weights = (-(square[:, None] + square) / (2 * sigma**2)).exp()
    windows = ReflectionPad2d(kernel_size // 2)(image).unfold(1, kernel_size, 1).unfold(2, kernel_size, 1)
    return torch.einsum("chwij,ij->chw", windows, weights / weights.sum()).to(image.dtype)


def adjust_contrast(image, factor):
    shares = {1: [1.0], 3: [0.2989, 0.587, 0.114]}[image.shape[0]]
    mean = sum(share * plane.mean() for share, plane in zip(shares, image))
    return torch.clamp_min(torch.clamp_max(mean * (1 - factor) + image * factor, 1.0), 0.0)
