"""Which digits are confused by networks that learned from turned and mirrored digits, and by networks that did not.

A seed draws the first weights and the order, alike for both. All are tested on the same digits, which were held back,
as they are.
"""

import torch
from _code import augmenting

SEEDS = range(5)
COUNT = 1198


def run(seed: int) -> dict[str, list[list[int]]]:
    """Per way of training how often each digit (row) is read as each digit (column)."""
    found = {}
    _, _, new, truth = augmenting.digits()
    for way in ("unchanged", "turned"):
        net, _, _ = augmenting.fitted(augmenting.WAYS[way], COUNT, seed)
        with torch.inference_mode():
            read = net(new).argmax(1)
        found[way] = torch.bincount(10 * truth + read, minlength=100).reshape(10, 10).tolist()
    return found
