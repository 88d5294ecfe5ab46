"""What ReLU and dropout bring: one small network in the manner of AlexNet, with dropout, without, and with tanh.

The networks of a seed see the same letters in the same order and at the same rates. They are tested on new letters, in
typefaces that none has seen. Dropout slows training down, so they are trained twice as long as in the contest.
"""

import torch
from _code import contestants, letters

SEEDS = range(5)
IMAGES, NEW_IMAGES, EPOCHS = 2000, 500, 32


def run(seed: int) -> dict[str, dict]:
    """Per variant of the network what `contestants.train` tells."""
    scenes, labels = letters.scenes(IMAGES, letters.SEEN, seed=100 + seed)
    fresh, truth = letters.scenes(NEW_IMAGES, letters.NEW, seed=1)
    shown, new = (letters.view(scenes), labels), (letters.view(fresh), truth)
    found: dict[str, dict] = {}
    for name in contestants.VARIANTS:
        torch.manual_seed(seed)
        found[name] = contestants.train(contestants.network(name), shown, new, EPOCHS, seed)
    return found
