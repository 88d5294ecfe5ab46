"""Parameters in a ParameterDict, the network as plain calls of F; all weights in one loop.

names: UNet, VGGUNet, DiceLoss, dice_loss
"""

import math

import torch
import torch.nn.functional as F
from torch import nn


def new(*shape, fan):
    return nn.Parameter((torch.rand(shape) * 2 - 1) / math.sqrt(fan))


class UNet(nn.Module):
    def __init__(self, in_channels, num_classes, base_channels=64, depth=4, padding="valid"):
        super().__init__()
        self.depth, self.same = depth, padding == "same"
        self.p = nn.ParameterDict()
        before = in_channels
        for level in range(depth + 1):
            c = base_channels << level
            self.add(f"down{level}a", before, c, 3)
            self.add(f"down{level}b", c, c, 3)
            if level < depth:
                self.p[f"up{level}_w"] = new(2 * c, c, 2, 2, fan=2 * c)
                self.p[f"up{level}_b"] = new(c, fan=2 * c)
                self.add(f"back{level}a", 2 * c, c, 3)
                self.add(f"back{level}b", c, c, 3)
            before = c
        self.add("last", base_channels, num_classes, 1)

    def add(self, name, cin, cout, k):
        self.p[name + "_w"] = new(cout, cin, k, k, fan=cin * k * k)
        self.p[name + "_b"] = new(cout, fan=cin * k * k)

    def conv(self, x, name):
        return F.relu(F.conv2d(x, self.p[name + "_w"], self.p[name + "_b"], padding=int(self.same)))

    def forward(self, x):
        kept = {}
        for level in range(self.depth + 1):
            x = self.conv(self.conv(x, f"down{level}a"), f"down{level}b")
            if level < self.depth:
                kept[level] = x
                x = F.max_pool2d(x, 2)
        for level in range(self.depth - 1, -1, -1):
            x = F.conv_transpose2d(x, self.p[f"up{level}_w"], self.p[f"up{level}_b"], stride=2)
            skip = kept[level]
            margins = [(a - b) // 2 for a, b in zip(skip.shape[2:], x.shape[2:])]
            skip = skip.narrow(2, margins[0], x.shape[2]).narrow(3, margins[1], x.shape[3])
            x = self.conv(self.conv(torch.cat((x, skip), 1), f"back{level}a"), f"back{level}b")
        return F.conv2d(x, self.p["last_w"], self.p["last_b"])


class VGGUNet(nn.Module):
    def __init__(self, num_classes=1, num_blocks=4, encoder=None):
        super().__init__()
        self.n = num_blocks
        state = {} if encoder is None else encoder.state_dict()
        keys = [k for k in state if k.endswith("weight")]
        self.w, self.b = nn.ParameterList(), nn.ParameterList()
        widths = [3, 64, 128, 256, 512]
        shapes = [(widths[i + 1], widths[i + 1] if j else widths[i]) for i in range(num_blocks) for j in (0, 1)]
        for i, (cout, cin) in enumerate(shapes):
            self.layer(cout, cin, 3)
            if keys:
                self.w[i].data = state[keys[i]].clone()
                self.b[i].data = state[keys[i].replace("weight", "bias")].clone()
        for c in reversed(widths[1:num_blocks]):
            self.layer(c, 2 * c, 3)
            self.layer(c, 2 * c, 3)
            self.layer(c, c, 3)
        self.layer(num_classes, 64, 1)

    def layer(self, cout, cin, k):
        self.w.append(new(cout, cin, k, k, fan=cin * k * k))
        self.b.append(new(cout, fan=cin * k * k))

    def forward(self, x):
        at = 0

        def conv(x):
            nonlocal at
            w, b = self.w[at], self.b[at]
            at += 1
            return F.conv2d(x, w, b, padding=w.shape[-1] // 2)

        maps = []
        for i in range(self.n):
            if i:
                x = F.max_pool2d(x, 2, 2)
            x = F.relu(conv(F.relu(conv(x))))
            maps.append(x)
        maps.pop()
        while maps:
            x = conv(F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True))
            x = torch.cat((maps.pop(), x), 1)
            x = F.relu(conv(F.relu(conv(x))))
        return conv(x)


class DiceLoss(nn.Module):
    def __init__(self, eps=1e-7, reduction="mean", with_logits=True):
        super().__init__()
        self.options = eps, reduction, with_logits

    def forward(self, p, t):
        eps, reduction, with_logits = self.options
        if with_logits:
            p = p.sigmoid()
        axes = tuple(range(1, p.dim()))
        each = 1 - 2 * torch.sum(p * t, axes) / (torch.sum(p, axes) + torch.sum(t, axes) + eps)
        if reduction == "none":
            return each
        if reduction == "mean":
            return each.mean()
        if reduction == "sum":
            return each.sum()
        raise ValueError(reduction)


def dice_loss(logits, target):
    p = logits.sigmoid().flatten(1)
    t = target.flatten(1)
    return (1 - 2 * (p * t).sum(1) / ((p + t).sum(1) + 1e-7)).mean()
