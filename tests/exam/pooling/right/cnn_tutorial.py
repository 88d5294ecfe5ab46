"""In the style of tutorials: `F` in forward, dropout with `self.training`, the head defined first.

names: SimpleCNN
"""

import torch
import torch.nn.functional as F
from torch import nn


class SimpleCNN(nn.Module):
    def __init__(self, in_channels: int, num_classes: int):
        super(SimpleCNN, self).__init__()
        self.fc2 = nn.Linear(50, num_classes)
        self.fc1 = nn.Linear(20 * 4, 50)
        self.conv1 = nn.Conv2d(in_channels, 10, kernel_size=5, padding=2)
        self.conv2 = nn.Conv2d(10, 20, kernel_size=5, padding=2)
        self.drop = nn.Dropout2d(0.1)

    def forward(self, x):
        x = F.relu(F.max_pool2d(self.conv1(x), 2))
        x = F.relu(self.drop(self.conv2(x)))
        x = F.adaptive_max_pool2d(x, (2, 2))
        x = torch.flatten(x, start_dim=1)
        x = F.relu(self.fc1(x))
        x = F.dropout(x, p=0.1, training=self.training)
        return self.fc2(x)
