"""Four architectures at one budget, and what ReLU, dropout and batch norm change: small networks that read letters.

All networks of a seed see the same images in the same order as often, at the same rates, and need about equally many
multiplications. Each is tested on the same new letters, in typefaces that none has seen. Networks, images and training
are small on purpose. Of two networks the reach of their last map is measured too, before and after training.
"""

import torch
from _code import contestants, fields, letter_network, letters

SEEDS = range(5)
IMAGES, NEW_IMAGES, EPOCHS = 2000, 500, 16
MEASURED = ("vgg", "vgg + norm")


def reach(net: torch.nn.Sequential, scenes: torch.Tensor) -> int:
    """The side of the square that holds 95 per cent of the influence on one position before the last pooling."""
    return fields.effective(fields.influence(fields.features(net), scenes[:100]))


def run(seed: int) -> dict[str, dict]:
    """Per network: after each epoch the mean ``loss`` and the share of new letters that are ``right``; at the end the
    share of letters of the training that are right (``seen``); of some the effective ``field`` before and after."""
    scenes, labels = letters.scenes(IMAGES, letters.SEEN, seed=100 + seed)
    fresh, truth = letters.scenes(NEW_IMAGES, letters.NEW, seed=1)
    images, new = letters.view(scenes), letters.view(fresh)
    share = lambda net, x, y: round((letter_network.probabilities(net, x).argmax(1) == y).float().mean().item(), 4)
    found: dict[str, dict] = {}
    for name in contestants.NAMES:
        torch.manual_seed(seed)
        net = contestants.network(name)
        field = [reach(net, fresh)] if name in MEASURED else []
        loss, right = [], []
        for mean in letter_network.epochs_of(net, images, labels, EPOCHS, seed=seed):
            loss.append(round(mean, 4))
            right.append(share(net, new, truth))
        found[name] = {"loss": loss, "right": right, "seen": share(net, images, labels)}
        if name in MEASURED:
            found[name]["field"] = [*field, reach(net, fresh)]
    return found
