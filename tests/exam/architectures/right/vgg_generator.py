"""A generator gives the layers; the class is itself a sequence of three.

names: VGG
"""

from collections import OrderedDict

from torch import nn


def convolutions(config, batch_norm):
    channels = 3
    for entry in config:
        if isinstance(entry, str):
            yield nn.MaxPool2d(kernel_size=2, stride=2)
        else:
            yield nn.Conv2d(channels, entry, kernel_size=(3, 3), padding=(1, 1))
            if batch_norm:
                yield nn.BatchNorm2d(entry)
            yield nn.ReLU()
            channels = entry


class VGG(nn.Sequential):
    def __init__(self, config, num_classes, batch_norm=False):
        sizes = [25088, 4096, 4096]
        head = []
        for inputs, outputs in zip(sizes, sizes[1:]):
            head += [nn.Linear(inputs, outputs), nn.ReLU(), nn.Dropout(p=0.5)]
        parts = OrderedDict(
            features=nn.Sequential(*convolutions(config, batch_norm)),
            avgpool=nn.AdaptiveAvgPool2d((7, 7)),
            flat=nn.Flatten(),
            classifier=nn.Sequential(*head, nn.Linear(sizes[-1], num_classes)),
        )
        super().__init__(parts)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                nn.init.zeros_(module.bias)
