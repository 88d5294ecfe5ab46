"""Chapter 5's filter sensitivity: for all channels of a stage at once, the windows to which they respond most."""

from typing import NamedTuple

import torch

from convcourse import data
from convcourse.data.photographs import NAMES
from convcourse.pretrained import EfficientNetLite0, Same


class Strongest(NamedTuple):
    """For each channel the best tiles, best first."""

    values: torch.Tensor  # (k, C)
    tiles: torch.Tensor  # (k, C): indices
    corners: torch.Tensor  # (k, C, 4): top, left, bottom, right, half open and clipped to the tile


def tiles(side: int = 112, sizes: tuple[int, ...] = (224, 448)) -> torch.Tensor:
    """Tiles (N, 3, side, side) of all photographs, which are resized so that the shorter side has each of the sizes."""
    found = []
    for size in sizes:
        for name in NAMES:
            image = data.photograph(name, size)
            rows = image.unfold(1, side, side).unfold(2, side, side)  # 3, rows, columns, side, side
            found.append(rows.flatten(1, 2).transpose(0, 1))
    return torch.cat(found).contiguous()


def sight(net: EfficientNetLite0, stages: int, side: int) -> tuple[int, int, int]:
    """What a unit sees along an axis after the stem and so many stages: how many pixels, where the window of the first
    unit begins, and how many pixels lie between two units. TensorFlow's zeros depend on the side of the image."""
    size, start, jump = 1, 0, 1
    for part in (net.stem, *net.stages[:stages]):
        for conv in part.modules():
            if not isinstance(conv, Same):
                continue
            kernel, stride = conv.kernel_size[0], conv.stride[0]
            after = -(-side // stride)
            start -= max((after - 1) * stride + kernel - side, 0) // 2 * jump
            size += (kernel - 1) * jump
            side, jump = after, jump * stride
    return size, start, jump


@torch.inference_mode()
def strongest(net: EfficientNetLite0, stages: int, images: torch.Tensor, k: int = 9) -> Strongest:
    """The k tiles of images (N, 3, side, side) with the largest responses of each channel after so many stages."""
    parts = []
    for x in images.split(16):
        x = net.stem((255 * x - 127) / 128)
        for stage in net.stages[:stages]:
            x = stage(x)
        parts.append(x)
    maps = torch.cat(parts)  # (N, C, h, w)
    values, units = maps.flatten(2).max(2)
    best, chosen = values.topk(k, dim=0)
    places = units.gather(0, chosen)
    size, start, jump = sight(net, stages, images.shape[-1])
    first = start + jump * torch.stack([places // maps.shape[3], places % maps.shape[3]], -1)  # (k, C, 2)
    corners = torch.cat([first, first + size], -1).clamp(0, images.shape[-1])
    return Strongest(best, chosen, corners)


def patch(found: Strongest, images: torch.Tensor, channel: int, place: int) -> torch.Tensor:
    """The window of one channel that is at this place of its list, as it stands in its tile: (3, h, w)."""
    top, left, bottom, right = found.corners[place, channel].tolist()
    return images[int(found.tiles[place, channel]), :, top:bottom, left:right]


def sheet(found: Strongest, images: torch.Tensor, channel: int, side: int) -> torch.Tensor:
    """Nine patches as 3 × 3 squares of ``side`` pixels with white lines between them."""
    resize = torch.nn.functional.interpolate
    cells = [resize(patch(found, images, channel, place)[None], (side, side))[0] for place in range(9)]
    padded = [torch.nn.functional.pad(cell, (1, 1, 1, 1), value=1.0) for cell in cells]
    return torch.cat([torch.cat(padded[row : row + 3], 2) for row in (0, 3, 6)], 1)
