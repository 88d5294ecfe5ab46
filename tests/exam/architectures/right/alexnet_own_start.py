"""First weights by NumPy, which no network without memory bears; dropout by hand.

names: AlexNet
"""

import numpy as np
import torch
from torch import nn


class Drop(nn.Module):
    """Half of the values are kept, twice as large."""

    def forward(self, x):
        if not self.training:
            return x
        return x * torch.bernoulli(torch.full_like(x, 0.5)) * 2


class AlexNet(nn.Module):
    def __init__(self, num_classes):
        super().__init__()
        self.scale = torch.tensor(1.0)
        widths = [(3, 64, 11, 4, 2), (64, 192, 5, 1, 2), (192, 384, 3, 1, 1), (384, 256, 3, 1, 1), (256, 256, 3, 1, 1)]
        layers = []
        for place, numbers in enumerate(widths):
            layers += [nn.Conv2d(*numbers), nn.ReLU()]
            if place in (0, 1, 4):
                layers.append(nn.MaxPool2d(kernel_size=3, stride=2))
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(
            Drop(),
            nn.Linear(256 * 36, 4096),
            nn.ReLU(),
            Drop(),
            nn.Linear(4096, 4096),
            nn.ReLU(),
            nn.Linear(4096, num_classes),
        )
        rng = np.random.default_rng(0)
        for layer in self.features:
            if isinstance(layer, nn.Conv2d):
                noise = rng.normal(0, 0.01, layer.weight.shape)
                layer.weight.data.numpy()[...] = noise

    def forward(self, x):
        maps = nn.functional.adaptive_avg_pool2d(self.features(x), 6)
        return self.classifier(maps.reshape(len(maps), -1)) * self.scale
