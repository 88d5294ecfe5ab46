"""Where the gradient goes in stacks of 4 to 32 convolutions, and how they train: with and without shortcuts, batch
norms and He's initialisation.

Each seed draws first weights and order of its own. The gradients are those of the first weights, for the same 200
digits. Rate, schedule and number of epochs are the same for all stacks, so another rate may train what fails here. The
rate ends at 0, so all curves end flat. Stacks and images are small on purpose, so that all 160 trainings take minutes.
"""

from itertools import product

import torch
from _code import depth

SEEDS = range(5)
DEPTHS, EPOCHS, IMAGES = (4, 8, 16, 32), 10, 200
MOST = 100.0  # what a loss counts as that is larger than this, or no number any more


def run(seed: int) -> dict[str, dict]:
    """By depth, then "plain" or "skip", then "bare" or "norm", then "default" or "he": ``gradient``, the norm of the
    gradient with respect to each layer's weights before training; ``loss``, the mean of each epoch, at most ``MOST``;
    ``right``, the share of new digits that are read right in the end."""
    images, labels, new, truth = depth.digits()
    found: dict[str, dict] = {}
    for count, skip, norm, init in product(DEPTHS, (False, True), (False, True), ("default", "he")):
        torch.manual_seed(seed)
        net = depth.Stack(count, skip, norm, init)
        gradient = depth.gradients(net, images[:IMAGES], labels[:IMAGES])
        loss = [*depth.epochs_of(net, images, labels, EPOCHS, seed=seed)]
        shortcut = found.setdefault(str(count), {}).setdefault("skip" if skip else "plain", {})
        shortcut.setdefault("norm" if norm else "bare", {})[init] = {
            "gradient": [float(f"{value:.3g}") for value in gradient],
            "loss": [float(f"{value:.3g}") if value < MOST else MOST for value in loss],
            "right": round(depth.right(net, new, truth), 4),
        }
    return found
