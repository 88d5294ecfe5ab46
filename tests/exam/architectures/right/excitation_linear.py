"""Two linear layers between the mean and the product.

names: SqueezeExcitation
"""

import torch
from torch import nn


class SqueezeExcitation(nn.Module):
    def __init__(self, channels, reduction):
        super().__init__()
        self.squeeze = nn.Linear(channels, channels // reduction)
        self.excite = nn.Linear(channels // reduction, channels)

    def forward(self, x):
        scale = x.mean(dim=(2, 3))
        scale = torch.relu(self.squeeze(scale))
        scale = torch.sigmoid(self.excite(scale))
        return x * scale[:, :, None, None]
