"""Layers that learn their number of inputs from the first image.

names: AlexNet
"""

from torch import nn


def stage(outputs, kernel_size, *, pool, **options):
    layers = [nn.LazyConv2d(outputs, kernel_size, **options), nn.ReLU()]
    return [*layers, nn.MaxPool2d(3, 2)] if pool else layers


class AlexNet(nn.Module):
    def __init__(self, num_classes):
        super().__init__()
        self.features = nn.Sequential(
            *stage(64, 11, pool=True, stride=4, padding=2),
            *stage(192, 5, pool=True, padding=2),
            *stage(384, 3, pool=False, padding=1),
            *stage(256, 3, pool=False, padding=1),
            *stage(256, 3, pool=True, padding=1),
        )
        self.avgpool = nn.AdaptiveAvgPool2d((6, 6))
        self.flatten = nn.Flatten()
        hidden = [layer for _ in range(2) for layer in (nn.Dropout(0.5), nn.LazyLinear(4096), nn.ReLU())]
        self.classifier = nn.Sequential(*hidden, nn.LazyLinear(num_classes))

    def forward(self, x):
        return self.classifier(self.flatten(self.avgpool(self.features(x))))
