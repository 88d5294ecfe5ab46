"""Convolutions and poolings in one `nn.Sequential`; a mean over all positions makes the size one.

names: SimpleCNN
"""

from torch import nn


class SimpleCNN(nn.Module):
    def __init__(self, in_channels, num_classes):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(in_channels, 24, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(24, 48, 3, padding=1),
            nn.ReLU(),
        )
        self.pool = nn.AdaptiveAvgPool2d(2)
        self.head = nn.Linear(48 * 4, num_classes)

    def forward(self, x):
        features = self.pool(self.body(x))
        logits = self.head(features.flatten(1))
        return logits
