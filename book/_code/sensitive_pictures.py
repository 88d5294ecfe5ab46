"""Filter sensitivity as pictures for chapter 5's live figure: at three depths sixteen filters, their maps and patches.

The filters are taken at equal distances, so that nobody has chosen them.
"""

import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

from _code import explaining, sensitive
from convcourse import pretrained

PATCHES, MAPS, NUMBERS = (f"sensitive-{name}" for name in ("patches.webp", "maps.webp", "numbers.json"))
DEPTHS = (0, 2, 4)  # stages
FILTERS, BEST = 16, 9
SIDE, QUALITY = 64, 72  # pixels of a patch; of its WebP file, in percent
TILE = 112  # pixels of a photograph


def filters(channels: int) -> list[int]:
    """Which channels are shown."""
    return [number * channels // FILTERS for number in range(FILTERS)]


@torch.inference_mode()
def maps(net: pretrained.EfficientNetLite0, stages: int, images: torch.Tensor) -> torch.Tensor:
    """All channels after so many stages: (N, C, h, w)."""
    x = net.stem((255 * images - 127) / 128)
    for stage in net.stages[:stages]:
        x = stage(x)
    return x


def patches(found: sensitive.Strongest, tiles: torch.Tensor, channel: int) -> torch.Tensor:
    """The best windows as squares, the pixels of small ones as they are: (BEST, 3, SIDE, SIDE)."""
    cut = [sensitive.patch(found, tiles, channel, place) for place in range(BEST)]
    ways = [{"mode": "nearest"} if min(each.shape[1:]) < SIDE / 4 else {"mode": "area"} for each in cut]
    return torch.cat([F.interpolate(each[None], (SIDE, SIDE), **way) for each, way in zip(cut, ways)])


def write(folder: Path) -> None:
    """Writes patches, maps, and the figures: of each depth what a unit sees, the filters, the bounds between which each
    one's maps are scaled, and its nine values."""
    net, tiles, images = pretrained.efficientnet_lite0(), sensitive.tiles(TILE), explaining.squares(TILE)
    depths, sheets, rows = [], [], []
    for stages in DEPTHS:
        found, values = sensitive.strongest(net, stages, tiles, BEST), maps(net, stages, images)
        shown = filters(values.shape[1])
        low, high = (each(values[:, shown], dim=(0, 2, 3)) for each in (torch.amin, torch.amax))
        scaled = (values[:, shown] - low[:, None, None]) / (high - low)[:, None, None]
        sheets.append((255 * scaled).round().byte())  # photographs, filters, rows, columns
        rows += [torch.cat(list(patches(found, tiles, channel)), 2) for channel in shown]
        size, start, jump = sensitive.sight(net, stages, TILE)
        depths.append(
            {
                "stages": stages,
                "channels": values.shape[1],
                "sight": {"size": size, "start": start, "jump": jump},
                "units": values.shape[-1],
                "filters": shown,
                "bounds": torch.stack([low, high], 1).double().round(decimals=4).tolist(),
                "values": found.values[:, shown].T.double().round(decimals=3).tolist(),
            }
        )
    folder.mkdir(parents=True, exist_ok=True)
    foot = F.pad(torch.cat(list(images), 2), (0, BEST * SIDE - len(images) * TILE))  # the photographs
    pixels = (255 * torch.cat([*rows, foot], 1)).round().byte().permute(1, 2, 0)
    Image.fromarray(pixels.numpy()).save(folder / PATCHES, "WEBP", quality=QUALITY, method=6)
    Image.fromarray(packed(sheets)).save(folder / MAPS, "WEBP", lossless=True, method=6)
    told = {"photographs": list(explaining.CLASSES.values()), "side": SIDE, "depths": depths}
    (folder / NUMBERS).write_text(json.dumps(told), encoding="utf-8")


def packed(sheets: list[torch.Tensor]) -> np.ndarray:
    """Maps of all depths below each other: for each depth and photograph a row with its filters side by side."""
    rows = [image.permute(1, 0, 2).flatten(1) for sheet in sheets for image in sheet]
    wide = max(row.shape[1] for row in rows)
    return torch.cat([F.pad(row, (0, wide - row.shape[1])) for row in rows]).numpy()
