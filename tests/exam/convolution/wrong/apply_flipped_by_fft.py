"""The product of the two spectra, cropped in the middle: a convolution, so the kernel is flipped.

names: apply_kernel
mistake: flipped-kernel
where: plainest
visible: caught
"""

import torch


def apply_kernel(image, kernel):
    (h, w), (kh, kw) = image.shape[-2:], kernel.shape
    size = (h + kh - 1, w + kw - 1)
    spectrum = torch.fft.rfft2(image, size) * torch.fft.rfft2(kernel.to(image.dtype), size)
    full = torch.fft.irfft2(spectrum, size)
    return full[..., kh // 2 : kh // 2 + h, kw // 2 : kw // 2 + w]
