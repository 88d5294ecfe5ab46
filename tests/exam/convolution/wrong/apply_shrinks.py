"""No padding: the picture loses its border.

names: apply_kernel
mistake: valid-size
where: kernel larger, plainest, sizes, border, padding
visible: caught
"""

def apply_kernel(image, kernel):
    kernel = kernel.to(image.dtype)
    kh, kw = kernel.shape
    h, w = image.shape[-2] - kh + 1, image.shape[-1] - kw + 1
    out = 0
    for i in range(kh):
        for j in range(kw):
            out = out + kernel[i, j] * image[..., i : i + h, j : j + w]
    return out
