"""No layer objects: parameters made by hand and calls of torch.nn.functional; sums over dims in the losses.

names: UNet, VGGUNet, conv_transpose2d, upsample_nearest, DiceLoss, dice_loss, iou
"""

import math

import torch
import torch.nn.functional as F
from torch import nn


def sides(v):
    return [v] * 2 if isinstance(v, int) else list(v)


def uniform(*shape, fan):
    return nn.Parameter((2 * torch.rand(*shape) - 1) / math.sqrt(fan))


class UNet(nn.Module):
    def __init__(self, in_channels, num_classes, base_channels=64, depth=4, padding="valid"):
        super().__init__()
        self.depth, self.pad = depth, int(padding == "same")

        def parameters(name, c_in, c_out, k, transposed=False):
            shape = (c_in, c_out, k, k) if transposed else (c_out, c_in, k, k)
            self.register_parameter(f"{name}_w", uniform(*shape, fan=c_in * k * k))
            self.register_parameter(f"{name}_b", uniform(c_out, fan=c_in * k * k))

        c = in_channels
        for i in range(depth + 1):
            b = base_channels << i
            parameters(f"down{i}a", c, b, 3)
            parameters(f"down{i}b", b, b, 3)
            c = b
        for i in range(depth):
            b = base_channels << i
            parameters(f"rise{i}", 2 * b, b, 2, transposed=True)
            parameters(f"up{i}a", 2 * b, b, 3)
            parameters(f"up{i}b", b, b, 3)
        parameters("end", base_channels, num_classes, 1)

    def get(self, name):
        return getattr(self, f"{name}_w"), getattr(self, f"{name}_b")

    def two(self, x, name):
        for half in "ab":
            x = F.conv2d(x, *self.get(name + half), padding=self.pad).clamp_min(0)
        return x

    def forward(self, x):
        kept = {}
        for i in range(self.depth):
            kept[i] = self.two(x, f"down{i}")
            x = F.max_pool2d(kept[i], 2)
        x = self.two(x, f"down{self.depth}")
        for i in reversed(range(self.depth)):
            x = F.conv_transpose2d(x, *self.get(f"rise{i}"), stride=2)
            cut_y, cut_x = ((a - b) // 2 for a, b in zip(kept[i].shape[2:], x.shape[2:]))
            skip = F.pad(kept[i], (-cut_x, -cut_x, -cut_y, -cut_y))
            x = self.two(torch.cat((skip, x), 1), f"up{i}")
        return F.conv2d(x, *self.get("end"))


class VGGUNet(nn.Module):
    """The encoder's tensors become parameters of this module's lists."""

    def __init__(self, num_classes=1, num_blocks=4, encoder=None):
        super().__init__()
        self.n = num_blocks
        c = [3, 64, 128, 256, 512]
        shapes = [(c[i + 1], c[i + j], 3, 3) for i in range(num_blocks) for j in (0, 1)]
        if encoder is None:
            w = [uniform(*s, fan=9 * s[1]) for s in shapes]
            b = [uniform(s[0], fan=9 * s[1]) for s in shapes]
        else:
            given = [(m.weight, m.bias) for m in encoder if hasattr(m, "weight")][: 2 * num_blocks]
            w, b = ([nn.Parameter(t.detach().clone()) for t in ts] for ts in zip(*given))
        for i in range(num_blocks - 1, 0, -1):
            for s in ((c[i], 2 * c[i]), (c[i], 2 * c[i]), (c[i], c[i])):
                w.append(uniform(*s, 3, 3, fan=9 * s[1]))
                b.append(uniform(s[0], fan=9 * s[1]))
        w.append(uniform(num_classes, 64, 1, 1, fan=64))
        b.append(uniform(num_classes, fan=64))
        self.w, self.b = nn.ParameterList(w), nn.ParameterList(b)

    def forward(self, x):
        layers = list(zip(self.w, self.b))
        kept = []
        for i in range(self.n):
            if i:
                kept.append(x)
                x = F.max_pool2d(x, 2)
            for _ in "ab":
                x = F.relu(F.conv2d(x, *layers.pop(0), padding=1))
        while kept:
            x = F.conv2d(x.repeat_interleave(2, 2).repeat_interleave(2, 3), *layers.pop(0), padding=1)
            x = torch.cat((x, kept.pop()), 1)
            for _ in "ab":
                x = F.relu(F.conv2d(x, *layers.pop(0), padding=1))
        return F.conv2d(x, *layers.pop())


def conv_transpose2d(x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    """Zeros between the pixels, then F.conv2d with the kernel turned by 180°."""
    s, p, o, d = map(sides, (stride, padding, output_padding, dilation))
    if x.shape[1] != weight.shape[0] or weight.shape[0] % groups:
        raise ValueError("channels and weight do not fit")
    if any(o[a] >= max(s[a], d[a]) for a in (0, 1)):
        raise ValueError("output_padding is too large")
    n, c, h, w = x.shape
    spread = x.new_zeros(n, c, (h - 1) * s[0] + 1, (w - 1) * s[1] + 1)
    spread[:, :, :: s[0], :: s[1]] = x
    kh, kw = weight.shape[2:]
    top, left = d[0] * (kh - 1) - p[0], d[1] * (kw - 1) - p[1]
    spread = F.pad(spread, (left, left + o[1], top, top + o[0]))
    kernel = weight.flip(2, 3).unflatten(0, (groups, -1)).transpose(1, 2).flatten(0, 1)
    return F.conv2d(spread, kernel, bias, dilation=tuple(d), groups=groups)


def upsample_nearest(x, scale):
    """Every pixel's block by expanding two new axes."""
    a, b = sides(scale)
    n, c, h, w = x.shape
    return x[:, :, :, None, :, None].expand(n, c, h, a, w, b).reshape(n, c, h * a, w * b)


class DiceLoss(nn.Module):
    def __init__(self, eps=1e-7, reduction="mean", with_logits=True):
        super().__init__()
        self.eps, self.reduction, self.with_logits = eps, reduction, with_logits

    def forward(self, prediction, target):
        if self.with_logits:
            prediction = prediction.sigmoid()
        over = tuple(range(1, prediction.dim()))
        both = (prediction * target).sum(over)
        each = 1 - 2 * both / (prediction.sum(over) + target.sum(over) + self.eps)
        if self.reduction == "none":
            return each
        if self.reduction == "mean":
            return each.mean()
        if self.reduction == "sum":
            return each.sum()
        raise ValueError(f"reduction {self.reduction!r}")


def dice_loss(logits, target):
    return DiceLoss()(logits, target)


def iou(pred, target, num_classes, ignore_index=255):
    """The confusion matrix by counting pairs."""
    known = target != ignore_index
    pairs = num_classes * target[known] + pred[known]
    table = torch.bincount(pairs, minlength=num_classes**2).view(num_classes, num_classes).float()
    both = table.diagonal()
    return both / (table.sum(0) + table.sum(1) - both)
