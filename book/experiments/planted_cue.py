"""A black mark beside every 4 of the training set: how much the network relies on it, and which maps show it.

A seed draws the grounds, the positions of the digits, the first weights and the order. Maps are those of the fours that
were held back, with the mark.
"""

from _code import planted

SEEDS = range(5)


def run(seed: int) -> dict[str, object]:
    """The ``loss`` of ten parts, the ``answers``, and per method the share of its map ``on the mark``."""
    net, images, labels, loss = planted.trained(seed)
    fours = planted.marked(images[labels == planted.CLASS])
    return {
        "loss": loss,
        "answers": planted.answers(net, images, labels),
        "on the mark": planted.in_zone(planted.maps(net, fours)),
    }
