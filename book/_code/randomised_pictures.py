"""The maps of chapter 5's sanity check as pictures for its live figure: one cascade, its maps and its answers.

All maps lie in one sheet, a row per photograph and method, a column per step of the cascade, after a column with the
photographs and an empty one, so that no colour runs into a map. Each map is divided by what 1 in 100 of its pixels
exceeds. The figures beside them are those of the experiment `randomised`, with its seeds.
"""

import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

from _code import explaining, records
from convcourse import pretrained

SEED = 0  # of the cascade that is shown
PICTURE, NUMBERS = "randomised.webp", "randomised.json"
METHODS = ("gradient", "guided backpropagation", "Grad-CAM", "integrated gradients")
SIDE, QUALITY = 96, 60  # pixels of a map; of the WebP file, in percent


def shown(maps: torch.Tensor) -> torch.Tensor:
    """Maps (N, H, W) as pictures (N, SIDE, SIDE) in 0…1."""
    top = maps.flatten(1).quantile(0.99, dim=1).clamp(min=1e-12)[:, None, None]
    return F.interpolate((maps / top).clamp(0, 1)[:, None], (SIDE, SIDE), mode="area")[:, 0]


def write(folder: Path) -> None:
    """Writes the sheet, and beside it the figures: of each photograph and step the network's answer, its probability,
    and the probability of the class that is explained."""
    images, targets = explaining.squares(), explaining.numbers()
    steps, answers = [], []
    for _, net in explaining.cascade(images, SEED):
        steps.append(torch.stack([shown(explaining.METHODS[name](net, images, targets)) for name in METHODS], 1))
        shares = explaining.in_parts(net, images).softmax(1)
        best = [(pretrained.class_names()[int(number)], round(float(p), 4)) for p, number in zip(*shares.max(1))]
        own = shares.gather(1, targets[:, None])[:, 0].tolist()
        answers.append([[*one, round(each, 4)] for one, each in zip(best, own)])
    maps = torch.stack(steps, 2).flatten(0, 1)[:, :, None].expand(-1, -1, 3, -1, -1)  # grey: one value for all colours
    small = F.interpolate(images, (SIDE, SIDE), mode="area").repeat_interleave(len(METHODS), 0)
    first = torch.stack([small, torch.full_like(small, 0.5)], 1)
    tiles = torch.cat([first, maps], 1)  # photographs · methods, 2 + steps, colours, rows, columns
    sheet = tiles.permute(0, 3, 1, 4, 2).reshape(len(tiles) * SIDE, -1, 3)
    folder.mkdir(parents=True, exist_ok=True)
    pixels = (255 * sheet).round().byte().numpy()
    Image.fromarray(pixels).save(folder / PICTURE, "WEBP", quality=QUALITY, method=6)
    told = {
        "parts": ["nothing", *(name for name, _ in explaining.parts(pretrained.efficientnet_lite0()))],
        "photographs": list(explaining.CLASSES.values()),
        "methods": list(METHODS),
        "ranks": ranks(),
        "answers": [list(each) for each in zip(*answers)],
    }
    (folder / NUMBERS).write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")


def ranks() -> dict[str, list]:
    """For each method, photograph and step the rank correlation with the trained network's map: the mean of the
    experiment's seeds, the lowest, the highest."""
    told, found = records.Record("randomised.json"), {}
    for name in METHODS:
        values = told(name, "rank")  # seeds, steps, photographs
        spread = np.stack([values.mean(0), values.min(0), values.max(0)], -1)
        found[name] = spread.transpose(1, 0, 2).round(2).tolist()
    return found
