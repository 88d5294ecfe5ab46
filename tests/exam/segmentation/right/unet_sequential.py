"""The network is an nn.Sequential of levels; in a ModuleDict, by name; ReLUs work in place; torchvision crops.

names: UNet, VGGUNet
"""

from collections import OrderedDict

import torch
from torch import nn
from torchvision.transforms import CenterCrop


def double(i, o, padding):
    return nn.Sequential(
        OrderedDict(
            conv_a=nn.Conv2d(i, o, 3, padding=padding),
            relu_a=nn.ReLU(inplace=True),
            conv_b=nn.Conv2d(o, o, 3, padding=padding),
            relu_b=nn.ReLU(inplace=True),
        )
    )


class Stage(nn.Module):
    """What levels have in common: a stack that is handed from one to the next."""

    def forward(self, stack):
        raise NotImplementedError


class Down(Stage):
    def __init__(self, block, pool):
        super().__init__()
        self.block = block
        self.pool = nn.MaxPool2d(2) if pool else nn.Identity()

    def forward(self, stack):
        return [*stack[:-1], *((stack[-1],) if len(stack) else ()), self.block(self.pool(stack[-1]))]


class Up(Stage):
    def __init__(self, enlarge, block):
        super().__init__()
        self.parts = nn.ModuleDict({"enlarge": enlarge, "block": block})

    def forward(self, stack):
        *rest, skip, x = stack
        x = self.parts["enlarge"](x)
        return [*rest, self.parts["block"](torch.cat((x, CenterCrop(x.shape[-2:])(skip)), dim=1))]


class Head(Stage):
    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, stack):
        return self.layer(stack[-1])


class Levels(nn.Sequential):
    def forward(self, x):
        return super().forward([x])


class UNet(Levels):
    def __init__(self, in_channels, num_classes, base_channels=64, depth=4, padding="valid"):
        widths = [base_channels << i for i in range(depth + 1)]
        down = [Down(double(i, o, padding), i != in_channels or k > 0) for k, (i, o) in enumerate(zip([in_channels, *widths], widths))]
        up = [Up(nn.ConvTranspose2d(2 * w, w, 2, 2), double(2 * w, w, padding)) for w in widths[-2::-1]]
        super().__init__(*down, *up, Head(nn.Conv2d(base_channels, num_classes, 1)))
        self[0].pool = nn.Identity()


class VGGUNet(Levels):
    def __init__(self, num_classes=1, num_blocks=4, encoder=None):
        widths = [64, 128, 256, 512][:num_blocks]
        down = [Down(double(i, o, 1), k > 0) for k, (i, o) in enumerate(zip([3, *widths], widths))]
        up = [
            Up(nn.Sequential(nn.UpsamplingBilinear2d(scale_factor=2), nn.Conv2d(2 * w, w, 3, 1, 1)), double(2 * w, w, 1))
            for w in widths[-2::-1]
        ]
        super().__init__(*down, *up, Head(nn.Conv2d(64, num_classes, 1)))
        if encoder is not None:
            given = (m for m in encoder.modules() if type(m) is nn.Conv2d)
            with torch.no_grad():
                for level in down:
                    for layer in (level.block.conv_a, level.block.conv_b):
                        source = next(given)
                        layer.weight.copy_(source.weight)
                        layer.bias.copy_(source.bias)
