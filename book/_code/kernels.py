"""The lecture's nine kernels, for tables and pictures."""

import torch
import torch.nn.functional as F

_ROWS = {
    "identity": ((0, 0, 0), (0, 1, 0), (0, 0, 0)),
    "edge1": ((1, 0, -1), (0, 0, 0), (-1, 0, 1)),
    "edge2": ((0, 1, 0), (1, -4, 1), (0, 1, 0)),
    "edge3": ((-1, -1, -1), (-1, 8, -1), (-1, -1, -1)),
    "sharpen": ((0, -1, 0), (-1, 5, -1), (0, -1, 0)),
    "box_blur": ((1, 1, 1), (1, 1, 1), (1, 1, 1)),
    "gaussian_blur": ((1, 2, 1), (2, 4, 2), (1, 2, 1)),
    "sobel_x": ((-1, 0, 1), (-2, 0, 2), (-1, 0, 1)),
    "sobel_y": ((1, 2, 1), (0, 0, 0), (-1, -2, -1)),
}
_DIVISOR = {"box_blur": 9, "gaussian_blur": 16}


def names() -> list[str]:
    """The nine names, in the lecture's order."""
    return list(_ROWS)


def entries(name: str) -> tuple[tuple[tuple[int, ...], ...], int]:
    """A kernel as (3 × 3 whole numbers, divisor)."""
    return _ROWS[name], _DIVISOR.get(name, 1)


def kernel(name: str) -> torch.Tensor:
    """The kernel as a float32 tensor (3, 3)."""
    rows, divisor = entries(name)
    return torch.tensor(rows, dtype=torch.float32) / divisor


def respond(image: torch.Tensor, name: str) -> torch.Tensor:
    """The (H, W) output of the kernel on a grey (H, W) image; the border pixel is repeated outwards, so that the
    picture has no frame of its own."""
    return F.conv2d(F.pad(image[None, None], (1, 1, 1, 1), mode="replicate"), kernel(name)[None, None])[0, 0]


def to_show(output: torch.Tensor, name: str) -> torch.Tensor:
    """The output as a picture in 0…1: as it is for kernels that sum to 1, else with 0 shown as mid-grey."""
    if abs(kernel(name).sum().item() - 1) < 1e-6:
        return output.clamp(0, 1)
    return (0.5 + output / (2 * output.abs().quantile(0.995))).clamp(0, 1)
