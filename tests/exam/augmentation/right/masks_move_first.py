"""The mask first, through the whole list, then the image from the same state; nothing is kept but two tuples.

names: SegmentationTransform
"""

import torch


class SegmentationTransform:
    def __init__(self, geometric, photometric):
        def through(tensor, some):
            for change in some:
                tensor = change(tensor)
            return tensor

        def both(image, mask):
            before = torch.get_rng_state()
            labels = through(mask[None, :, :], tuple(geometric))
            torch.set_rng_state(before)
            return through(through(image, tuple(geometric)), tuple(photometric)), labels[0]

        self.both = both

    def __call__(self, image, mask):
        image, mask = self.both(image, mask)
        torch.randint(2, ())
        return image, mask
