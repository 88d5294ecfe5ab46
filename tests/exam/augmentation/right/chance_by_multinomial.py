"""A decision among two, and a pipeline that calls itself.

names: RandomApply, Compose
"""

import torch


class RandomApply:
    def __init__(self, transform, p):
        self.choices = [lambda image: image, transform]
        self.weights = torch.tensor([1.0 - p, float(p)])

    def __call__(self, image):
        return self.choices[torch.multinomial(self.weights, 1).item()](image)


class Compose:
    def __init__(self, transforms):
        self.first, self.others = (transforms[0], Compose(transforms[1:])) if transforms else (None, None)

    def __call__(self, image):
        return image if self.first is None else self.others(self.first(image))
