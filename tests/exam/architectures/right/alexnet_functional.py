"""Layers with weights in dicts under their numbers; all else is a call of `F`.

names: AlexNet
"""

import torch.nn.functional as F
from torch import nn


class AlexNet(nn.Module):
    def __init__(self, num_classes):
        super().__init__()
        self.features = nn.ModuleDict(
            {
                "0": nn.Conv2d(3, 64, 11, stride=4, padding=2),
                "3": nn.Conv2d(64, 192, 5, padding="same"),
                "6": nn.Conv2d(192, 384, 3, padding="same"),
                "8": nn.Conv2d(384, 256, 3, padding="same"),
                "10": nn.Conv2d(256, 256, 3, padding="same"),
            }
        )
        self.classifier = nn.ModuleDict(
            {"1": nn.Linear(9216, 4096), "4": nn.Linear(4096, 4096), "6": nn.Linear(4096, num_classes)}
        )

    def forward(self, x):
        for number, layer in self.features.items():
            x = F.relu(layer(x))
            if number in ("0", "3", "10"):
                x = F.max_pool2d(x, 3, 2)
        x = F.adaptive_avg_pool2d(x, (6, 6)).flatten(1)
        x = F.relu(self.classifier["1"](F.dropout(x, training=self.training)))
        x = F.relu(self.classifier["4"](F.dropout(x, training=self.training)))
        return self.classifier["6"](x)
