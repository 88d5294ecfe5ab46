"""What test-time augmentation brings: for networks that were trained with small movements, and for others.

Each network answers for the digits that were held back, as they are, and for moved versions of them. A seed draws which
images are known, the first weights, the order and all movements.
"""

import torch
from _code import augmenting

SEEDS = range(5)
COUNT, VERSIONS = 100, 4


def run(seed: int) -> dict[str, dict[str, float]]:
    """Per training the shares of right answers: for the digits ``alone``, for one ``moved`` version, and by the mean of
    the probabilities of both and of further versions (``views``)."""
    found = {}
    _, _, new, truth = augmenting.digits()
    for way in ("unchanged", "moved"):
        net, _, _ = augmenting.fitted(augmenting.WAYS[way], COUNT, seed)
        versions = [new, *(augmenting.moved(new) for _ in range(VERSIONS))]
        with torch.inference_mode():
            seen = torch.stack([net(version).softmax(1) for version in versions])
        right = lambda said: round((said.argmax(1) == truth).float().mean().item(), 4)
        found[way] = {"alone": right(seen[0]), "moved": right(seen[1]), "views": right(seen.mean(0))}
    return found
