"""Compiled by hand: the constructor writes a list of instructions, the forward pass executes them on a small machine.

names: UNet
"""

import torch
import torch.nn.functional as F
from torch import nn


class UNet(nn.Module):
    def __init__(self, in_channels, num_classes, base_channels=64, depth=4, padding="valid"):
        super().__init__()
        self.padding = padding
        self.bank = nn.ModuleList()
        program = []

        def conv(a, b):
            program.extend([("run", len(self.bank)), ("relu", None)])
            self.bank.append(nn.Conv2d(a, b, 3, padding=padding))

        def level(c_in, c, left):
            conv(c_in, c)
            conv(c, c)
            if left:
                program.extend([("push", None), ("pool", None)])
                level(c, 2 * c, left - 1)
                program.append(("run", len(self.bank)))
                self.bank.append(nn.ConvTranspose2d(2 * c, c, 2, stride=2))
                program.append(("merge", None))
                conv(2 * c, c)
                conv(c, c)

        level(in_channels, base_channels, depth)
        program.append(("run", len(self.bank)))
        self.bank.append(nn.Conv2d(base_channels, num_classes, 1))
        self.program = program

    def forward(self, x):
        stack = []
        for word, index in self.program:
            if word == "run":
                x = self.bank[index](x)
            elif word == "relu":
                x = F.relu(x, inplace=True)
            elif word == "push":
                stack.append(x)
            elif word == "pool":
                x = F.max_pool2d(x, 2)
            else:
                skip = stack.pop()
                top, left = [(a - b) // 2 for a, b in zip(skip.shape[-2:], x.shape[-2:])]
                x = torch.cat([x, skip[..., top : top + x.shape[-2], left : left + x.shape[-1]]], 1)
        return x
