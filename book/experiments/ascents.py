"""Gradient ascent from several starts: images that make a logit or a channel of EfficientNet-Lite0 large, and how far
the images of two starts agree.

Each seed draws two starts, so that the pairs are independent of each other. A start is a first image with its random
movements. Images are small and steps few on purpose. The pictures of each seed's first start are kept, to be looked at.
"""

from itertools import permutations

import torch
import torch.nn.functional as F
from _code import dreaming, explaining

from convcourse import pretrained

SEEDS = range(5)
SIDE, STEPS = 128, 96
KEPT = 96  # pixels of a picture that is kept
FILES = [f"book/experiments/ascents-{seed}.webp" for seed in SEEDS]


def run(seed: int) -> dict[str, dict]:
    """Per way for the ``class`` espresso, and per ``channel``: the ``value`` of the goal for the images of both starts,
    and how far the two agree. ``alike`` is the rank correlation of their grey values in cells, and ``inside`` the
    correlation of what the classifier gets of them. ``others`` are the means of both over pairs of different goals."""
    net = pretrained.efficientnet_lite0().requires_grad_(False)
    espresso = explaining.numbers()[1]
    found: dict[str, dict] = {"class": {}, "channel": {}}
    goal = lambda x: net(x)[0, espresso]
    for way in dreaming.WAYS:
        pair = both(goal, way, seed)
        found["class"][way] = {"value": values(goal, pair), **agreement(net, pair)}
    pairs = [pair]  # of the last way, in which the channels' images are found, too
    for name, (stages, channel) in dreaming.CHANNELS.items():
        goal = dreaming.mean_of(net, stages, channel)
        pairs.append(both(goal, "waves, moved", seed))
        found["channel"][name] = {"value": values(goal, pairs[-1]), **agreement(net, pairs[-1])}
    mixed = [agreement(net, torch.stack([one[0], other[1]])) for one, other in permutations(pairs, 2)]
    found["others"] = {key: round(sum(each[key] for each in mixed) / len(mixed), 4) for key in mixed[0]}
    first = torch.stack([pair[0] for pair in pairs])
    dreaming.keep(F.interpolate(first, (KEPT, KEPT), mode="bilinear", antialias=True, align_corners=False), seed)
    return found


def both(goal: dreaming.Goal, way: str, seed: int) -> torch.Tensor:
    """What both starts of a seed find: (2, 3, SIDE, SIDE)."""
    return torch.stack([dreaming.found(goal, way, SIDE, STEPS, 2 * seed + n) for n in range(2)])


def values(goal: dreaming.Goal, images: torch.Tensor) -> list[float]:
    """The goal of each image."""
    return [round(goal(image[None]).item(), 3) for image in images]


def agreement(net: pretrained.EfficientNetLite0, pair: torch.Tensor) -> dict[str, float]:
    """How far two images (2, 3, H, W) agree: in grey values, and in the 1,280 means that the classifier gets."""
    grey, means = pair.mean(1), net.top(net.maps(pair)[-1]).mean((2, 3))
    return {
        "alike": round(explaining.rank_correlation(grey[:1], grey[1:]).item(), 4),
        "inside": round(means.corrcoef()[0, 1].item(), 4),
    }
