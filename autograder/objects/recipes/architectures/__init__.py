"""What assignment 03's exams have built: what makes, fills and asks a network, and the pieces that networks are given.

A network of torchvision's shapes has up to 120 million parameters. So its weights are never sent: both sides make them
from names, shapes and a seed, the candidate for the student's network, the examiner for torchvision's.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from autograder.objects.recipes.architectures.probe import PROBE


def shortcut(inplanes: int, planes: int, stride: int) -> nn.Sequential:
    """What a caller makes for a block's shortcut: a 1×1 convolution with a batch norm."""
    return nn.Sequential(nn.Conv2d(inplanes, planes, 1, stride, bias=False), nn.BatchNorm2d(planes))


def plain_shortcut(inplanes: int, planes: int, stride: int) -> nn.Conv2d:
    """Another one: a convolution with a bias alone."""
    return nn.Conv2d(inplanes, planes, stride, stride)


def block(expansion: int) -> type[nn.Module]:
    """A residual block of one thin convolution, to be given to a ResNet."""

    class Block(nn.Module):
        expansion: int

        def __init__(self, inplanes, planes, stride=1, downsample=None):
            super().__init__()
            planes = planes * expansion
            self.thin = nn.Conv2d(inplanes, planes, 3, stride, 1, groups=math.gcd(inplanes, planes) // 4, bias=False)
            self.norm = nn.BatchNorm2d(planes)
            self.downsample = downsample

        def forward(self, x):
            shortcut = x if self.downsample is None else self.downsample(x)
            return torch.relu(self.norm(self.thin(x)) + shortcut)

    Block.expansion = expansion
    return Block


RECIPES: dict[str, Callable[..., Any]] = {
    "network_probe": lambda: PROBE,
    "shortcut": shortcut,
    "plain_shortcut": plain_shortcut,
    "block": block,
}
