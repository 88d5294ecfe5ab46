"""One base class adds the shortcut; the two blocks only list their layers.

names: BasicBlock, Bottleneck
"""

import torch.nn.functional as F
from torch import nn


class Residual(nn.Module):
    expansion = 1

    def __init__(self, inplanes, planes, stride=1, downsample=None):
        super().__init__()
        widths = self.widths(inplanes, planes, stride)
        for number, (inputs, outputs, side, step) in enumerate(widths, 1):
            setattr(self, f"conv{number}", nn.Conv2d(inputs, outputs, side, step, side // 2, bias=False))
            setattr(self, f"bn{number}", nn.BatchNorm2d(outputs))
        self.count = len(widths)
        if downsample is not None:
            self.downsample = downsample

    def forward(self, x):
        out = x
        for number in range(1, self.count + 1):
            out = getattr(self, f"bn{number}")(getattr(self, f"conv{number}")(out))
            if number < self.count:
                out = F.relu(out)
        shortcut = self.downsample(x) if hasattr(self, "downsample") else x
        return F.relu(shortcut + out)


class BasicBlock(Residual):
    def widths(self, inplanes, planes, stride):
        return [(inplanes, planes, 3, stride), (planes, planes, 3, 1)]


class Bottleneck(Residual):
    expansion = 4

    def widths(self, inplanes, planes, stride):
        return [(inplanes, planes, 1, 1), (planes, planes, 3, stride), (planes, 4 * planes, 1, 1)]
