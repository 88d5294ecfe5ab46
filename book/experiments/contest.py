"""Four architectures at one budget, and one of them with batch norm: small networks that read letters.

All networks of a seed see the same images in the same order as often, at the same rates, and need about equally many
multiplications. Each is tested on the same new letters, in typefaces that none has seen. Networks, images and training
are small on purpose. Of two networks the reach of their last map is measured too, before and after training.
"""

import torch
from _code import contestants, counting, fields, letters

SEEDS = range(5)
IMAGES, NEW_IMAGES, EPOCHS = 2000, 500, 16
MEASURED = ("vgg", "vgg + norm")


def reach(net: torch.nn.Sequential, scenes: torch.Tensor) -> int:
    """The side of the square that holds 95 per cent of the influence on one position before the last pooling."""
    return fields.effective(fields.influence(fields.features(net), scenes[:100]))


def run(seed: int) -> dict[str, dict]:
    """Per network what `contestants.train` tells, its ``parameters`` and its ``multiplications`` per image; of some the
    effective ``field`` before and after training."""
    scenes, labels = letters.scenes(IMAGES, letters.SEEN, seed=100 + seed)
    fresh, truth = letters.scenes(NEW_IMAGES, letters.NEW, seed=1)
    shown, new = (letters.view(scenes), labels), (letters.view(fresh), truth)
    found: dict[str, dict] = {}
    for name in contestants.NAMES:
        torch.manual_seed(seed)
        net = contestants.network(name)
        field = [reach(net, fresh)] if name in MEASURED else []
        found[name] = contestants.train(net, shown, new, EPOCHS, seed)
        found[name] |= {
            "parameters": counting.parameters(net),
            "multiplications": counting.multiplications(net, (1, letters.SIZE, letters.SIZE)),
        }
        if name in MEASURED:
            found[name]["field"] = [*field, reach(net, fresh)]
    return found
