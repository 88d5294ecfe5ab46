"""A product of spectra, of the reflected image and of the window.

names: gaussian_blur
"""

import torch
import torch.nn.functional as F


def gaussian_blur(image, kernel_size, sigma):
    m = kernel_size // 2
    d = torch.arange(-m, m + 1, dtype=torch.float64)
    line = torch.softmax(-(d**2) / (2 * float(sigma) ** 2), 0)
    framed = F.pad(image.double().unsqueeze(0), (m, m, m, m), mode="reflect")[0]
    window = torch.zeros_like(framed[0])
    window[:kernel_size, :kernel_size] = line[:, None] * line
    product = torch.fft.rfft2(framed) * torch.fft.rfft2(window)
    result = torch.fft.irfft2(product, s=framed.shape[-2:])
    return result[:, 2 * m :, 2 * m :].to(image.dtype)
