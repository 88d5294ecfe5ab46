"""What augmentation is worth, by the number of training images: digits as they are, moved a little, and turned.

A seed draws which images are known, the first weights and the order, alike for the three ways. All are tested on the
same digits, which were held back, as they are.
"""

from _code import augmenting

SEEDS = range(5)
COUNTS = (30, 100, 300, 1198)


def run(seed: int) -> dict[str, dict]:
    """Per way and per number of training images what `augmenting.train` tells."""
    return {
        way: {str(count): augmenting.train(change, count, seed) for count in COUNTS}
        for way, change in augmenting.WAYS.items()
    }
