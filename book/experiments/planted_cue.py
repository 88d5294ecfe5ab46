"""A black mark beside every 4 of the training set: how much the network relies on it, and which maps show it.

A seed draws the grounds, the positions of the digits, the first weights and the order. Maps are those of the fours that
were held back, with the mark. A second network of each seed has seen the mark beside half of the fours only.
"""

import torch
from _code import planted
from torch import nn

SEEDS = range(5)
ELSEWHERE = {"moved": 1, "opposite": planted.SIDE - planted.MARK}  # first row and column of the square


def run(seed: int) -> dict[str, object]:
    """The ``loss`` of ten parts, the ``answers``, and per method the share of its map ``on the mark``; the share of
    other digits that are ``called`` a 4 without a square, with a white one, and with a black one that lies elsewhere.
    Of the network that saw ``half`` of the fours with the mark, answers and maps."""
    net, images, labels, loss = planted.trained(seed)
    others = images[labels != planted.CLASS]
    shown = {"none": others, "white": planted.marked(others, value=1.0)}
    shown |= {name: planted.marked(others, at) for name, at in ELSEWHERE.items()}
    half, new, truth, _ = planted.trained(seed, share=0.5)
    return {
        "loss": loss,
        **figures(net, images, labels),
        "called": {name: planted.called(net, each) for name, each in shown.items()},
        "half": figures(half, new, truth),
    }


def figures(net: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> dict[str, dict[str, float]]:
    """A network's answers, and what its maps have on the mark."""
    fours = planted.marked(images[labels == planted.CLASS])
    return {"answers": planted.answers(net, images, labels), "on the mark": planted.in_zone(planted.maps(net, fours))}
