"""What the levels of an encoder hold for a few scenes: a picture, with the data of the live figure that replaces it."""

import base64
import io
import json
from collections.abc import Sequence

import drawsvg
import torch
import torch.nn.functional as F
from IPython.display import SVG
from PIL import Image

from _code.drawing import Sheet
from _code.segmenting import best_in_cells
from convcourse import plots
from convcourse.data import CLASSES

CHANNELS = 4  # that are shown of each level


def _address(pixels: torch.Tensor) -> str:
    """A PNG of bytes (H, W) or (H, W, 3) as a data address."""
    data = io.BytesIO()
    Image.fromarray(pixels.numpy()).save(data, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(data.getvalue()).decode()


def chosen_channels(maps: torch.Tensor, count: int = CHANNELS) -> tuple[torch.Tensor, list[float]]:
    """The ``count`` channels of maps (N, C, h, w) that vary most, as bytes (N, count, h, w), and what 255 stands for
    in each."""
    most = maps.std((0, 2, 3)).topk(count).indices
    kept = maps[:, most].clamp(min=0)
    peaks = kept.amax((0, 2, 3)).clamp(min=1e-6)
    return (255 * kept / peaks[:, None, None]).round().byte(), [round(peak, 4) for peak in peaks.tolist()]


def sprite(parts: Sequence[Sequence[torch.Tensor]]) -> torch.Tensor:
    """Maps of bytes in one picture: ``parts[level][kind]`` (h, w). Levels lie below one another, and kinds side by side
    in columns as wide as the first level's maps."""
    side = parts[0][0].shape[-1]
    return torch.cat([torch.cat([F.pad(each, (0, side - each.shape[-1])) for each in line], 1) for line in parts])


def picture(
    images: torch.Tensor, masks: torch.Tensor, maps: Sequence[torch.Tensor], labels: Sequence[torch.Tensor]
) -> SVG:
    """The first scene with the labels read from each level, its classes with a channel of each level, and all data.

    Args:
        images: (N, 3, H, H) in 0…1.
        masks: classes (N, H, H).
        maps: of each level, (N, C, H / 2^level, H / 2^level).
        labels: what a 1 × 1 layer reads from each level, (N, H, H).
    """
    side = images.shape[-1]
    steps = [2**level for level in range(len(maps))]
    read = [each[:, ::step, ::step].byte() for each, step in zip(labels, steps)]
    best = [best_in_cells(masks, step)[:, ::step, ::step].byte() for step in steps]
    shown, peaks = zip(*(chosen_channels(each) for each in maps))
    palette = plots.labels(torch.arange(len(CLASSES))[None], len(CLASSES))[:, 0].T  # (classes, 3)

    scenes = []
    for n, image in enumerate(images):
        kinds = [[read[level][n], best[level][n], *shown[level][n]] for level in range(len(maps))]
        scenes.append(
            {
                "image": _address((255 * image).round().byte().permute(1, 2, 0).contiguous()),
                "labels": _address(masks[n].byte()),
                "sprite": _address(sprite(kinds)),
            }
        )
    data = {
        "side": side,
        "classes": CLASSES,
        "colours": (255 * palette).round().int().tolist(),
        "channels": [each.shape[1] for each in maps],
        "peaks": peaks,
        "scenes": scenes,
    }

    size, gap = 118, 12
    sheet = Sheet(640, 2 * (size + 30) + 30)
    sheet.drawing.append(drawsvg.Raw(f"<metadata>{json.dumps(data)}</metadata>"))
    colours = lambda each: palette[each.long()].permute(2, 0, 1)
    channel = lambda level: (f"map, level {level}", shown[level][0, 0] / 255)
    reading = lambda level: (f"read, level {level}", colours(read[level][0]))
    rows = [
        [("scene", images[0]), *map(reading, range(len(maps)))],
        [("classes", colours(masks[0])), *map(channel, range(len(maps)))],
    ]
    for r, line in enumerate(rows):
        for c, (title, panel) in enumerate(line):
            x, y = c * (size + gap), 30 + r * (size + 30)
            sheet.text(title, x + size / 2, y - 13, size=17)
            sheet.picture(panel, x, y, size, size)
    x, y = 4, 2 * (size + 30) + 14
    for label, name in enumerate(CLASSES):
        sheet.picture(palette[label][:, None, None], x, y - 7, 14, 14)
        sheet.text(name, x + 22, y, size=17, anchor="start")
        x += 44 + 9.6 * len(name)
    return sheet.svg()
