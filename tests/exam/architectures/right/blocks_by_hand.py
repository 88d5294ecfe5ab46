"""The shortcut is an identity module where none is given; ReLU as a maximum.

names: BasicBlock, Bottleneck
"""

import torch
from torch import nn


class BasicBlock(nn.Module):
    expansion = 1

    def __init__(self, inplanes, planes, stride=1, downsample=None):
        super().__init__()
        self.downsample = nn.Identity() if downsample is None else downsample
        self.bn2 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, kernel_size=3, padding="same", bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv1 = nn.Conv2d(inplanes, planes, kernel_size=3, stride=(stride, stride), padding=1, bias=False)
        nn.init.zeros_(self.bn2.weight)

    def forward(self, x):
        inner = self.conv1(x)
        inner = self.bn1(inner).clamp_min(0)
        total = self.downsample(x) + self.bn2(self.conv2(inner))
        return torch.where(total > 0, total, 0)


class Bottleneck(nn.Module):
    expansion = 4

    def __init__(self, inplanes, planes, stride=1, downsample=None):
        super().__init__()
        self.downsample = nn.Identity() if downsample is None else downsample
        self.conv1 = nn.Conv2d(inplanes, planes, (1, 1), bias=False)
        self.conv2 = nn.Conv2d(planes, planes, (3, 3), (stride, stride), (1, 1), bias=False)
        self.conv3 = nn.Conv2d(planes, planes * self.expansion, (1, 1), bias=False)
        self.bn1, self.bn2 = nn.BatchNorm2d(planes), nn.BatchNorm2d(planes)
        self.bn3 = nn.BatchNorm2d(planes * Bottleneck.expansion)

    def forward(self, x):
        inner = self.bn1(self.conv1(x)).clamp_min(0)
        inner = self.bn2(self.conv2(inner)).clamp_min(0)
        return (self.downsample(x) + self.bn3(self.conv3(inner))).clamp_min(0)
