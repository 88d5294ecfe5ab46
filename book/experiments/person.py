"""A few clicks on one photograph: what a 1 × 1 layer learns from them about the rest, and about another photograph.

The layer reads the maps of EfficientNet-Lite0, trained on ImageNet or with random weights, or the bare colours. Each
seed draws the clicked positions and the random weights; the three share the clicks.
"""

import torch
from _code import photographs

from convcourse import pretrained
from convcourse.data import MASKED, photograph, photograph_mask

SEEDS = range(5)
SIZE = 320  # pixels of the shorter side
CLICKS = (10, 30, 100, 300)
LEVELS = (16, 24, 40, 112, 320)  # channels of the maps, finest first
OTHER = {"astronaut": "camera", "camera": "astronaut"}  # the other person


def run(seed: int) -> dict[str, dict]:
    """Per photograph and encoder: ``iou`` by number of clicks; and with the most clicks, ``half``: the IoU in the right
    half where all clicks are in the left one. For persons ``other``: the IoU on the other person's photograph. For the
    trained encoder ``level``: the IoU from the map of each level alone with 100 clicks."""
    views, masks = {}, {name: photograph_mask(name, SIZE) for name in MASKED}
    for name in MASKED:
        image = photograph(name, SIZE)
        views[name] = {
            "trained": photographs.columns(pretrained.efficientnet_lite0(), image),
            "random": photographs.columns(photographs.untrained(image[None], seed), image),
            "colours": photographs.quartered(image),
        }
    found: dict[str, dict] = {}
    for name, mask in masks.items():
        found[name] = {}
        middle = mask.shape[1] // 8 * 4  # a whole number of positions
        for encoder, view in views[name].items():
            layers = [_layer(view, mask, count, seed) for count in CLICKS]
            scores = {"iou": [_score(layer, view, mask) for layer in layers]}
            left = _layer(view[..., : middle // 4], mask[:, :middle], CLICKS[-1], seed)
            scores["half"] = _score(left, view[..., middle // 4 :], mask[:, middle:])
            if name in OTHER:
                scores["other"] = _score(layers[-1], views[OTHER[name]][encoder], masks[OTHER[name]])
            if encoder == "trained":
                levels = view.split(LEVELS)
                scores["level"] = [_score(_layer(one, mask, 100, seed), one, mask) for one in levels]
            found[name][encoder] = scores
    return found


def _layer(view: torch.Tensor, mask: torch.Tensor, count: int, seed: int) -> torch.nn.Conv2d:
    chosen, labels = photographs.clicked(mask, count, seed)
    return photographs.reader(view.flatten(1).T[chosen], labels)


def _score(layer: torch.nn.Conv2d, view: torch.Tensor, mask: torch.Tensor) -> float:
    return round(photographs.segment(layer, view, mask)[1], 4)
