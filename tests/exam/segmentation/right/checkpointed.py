"""Levels recomputed on the way back (torch.utils.checkpoint); their settings in a dataclass, classes from a factory.

names: UNet, VGGUNet, fit, upsample_nearest, DiceLoss, dice_loss, boundary_weights
"""

import copy
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.checkpoint import checkpoint


@dataclass(frozen=True)
class Level:
    before: int
    width: int
    border: int

    def down(self):
        return self.two(self.before)

    def up(self):
        return self.two(2 * self.width)

    def grow(self):
        return nn.ConvTranspose2d(2 * self.width, self.width, kernel_size=(2, 2), stride=(2, 2))

    def two(self, channels):
        first = nn.Conv2d(channels, self.width, 3, padding=self.border)
        second = nn.Conv2d(self.width, self.width, 3, padding=self.border)
        return nn.Sequential(first, nn.ReLU(), second, nn.ReLU())


def make_unet(remember):
    """A U-Net class whose levels are called by `remember(level, maps)`."""

    class UNet(nn.Module):
        def __init__(self, in_channels, num_classes, base_channels=64, depth=4, padding="valid"):
            super().__init__()
            widths = [base_channels * 2**k for k in range(depth + 1)]
            plan = [Level(a, b, int(padding == "same")) for a, b in zip([in_channels, *widths], widths)]
            self.bottom = plan.pop().down()
            self.sides = nn.ModuleList(
                nn.ModuleDict({"up": p.up(), "grow": p.grow(), "down": p.down()}) for p in reversed(plan)
            )
            self.head = nn.Conv2d(base_channels, num_classes, 1)

        def forward(self, x):
            kept = []
            for side in reversed(self.sides):
                kept.append(remember(side["down"], x))
                x = F.max_pool2d(kept[-1], kernel_size=2)
            x = remember(self.bottom, x)
            for side, skip in zip(self.sides, kept[::-1]):
                x = side["grow"](x)
                cut = (skip.shape[-1] - x.shape[-1]) // 2, (skip.shape[-2] - x.shape[-2]) // 2
                skip = F.pad(skip, [-cut[0], -cut[0], -cut[1], -cut[1]])
                x = remember(side["up"], torch.hstack([x, skip]))
            return self.head(x)

    return UNet


UNet = make_unet(lambda level, maps: checkpoint(level, maps, use_reentrant=False))


class VGGUNet(nn.Module):
    """A deep copy of the encoder, cut behind its last block."""

    def __init__(self, num_classes=1, num_blocks=4, encoder=None):
        super().__init__()
        cut = 5 * num_blocks - 1
        if encoder is None:
            plan = [(3, 64), (64, 128), (128, 256), (256, 512)][:num_blocks]
            layers = [layer for a, b in plan for layer in (*Level(a, b, 1).down(), nn.MaxPool2d(2))]
            self.way_down = nn.Sequential(*layers)[:cut]
        else:
            self.way_down = copy.deepcopy(encoder)[:cut]
        for layer in self.way_down:
            if isinstance(layer, nn.ReLU):
                layer.inplace = False
        widths = [32 * 2**k for k in range(num_blocks - 1, 0, -1)]
        self.narrower = nn.ModuleList(nn.Conv2d(2 * c, c, 3, padding=1) for c in widths)
        self.mixers = nn.ModuleList(Level(c, c, 1).up() for c in widths)
        self.head = nn.Conv2d(64, num_classes, 1)

    def forward(self, x):
        blocks = [self.way_down[i : i + 4] for i in range(0, len(self.way_down), 5)]
        kept = [blocks[0](x)]
        for block in blocks[1:]:
            kept.append(block(F.max_pool2d(kept[-1], 2)))
        x = kept.pop()
        for narrower, mixer in zip(self.narrower, self.mixers):
            larger = F.interpolate(x, scale_factor=2, mode="nearest-exact")
            x = mixer(torch.cat([narrower(larger), kept.pop()], 1))
        return self.head(x)


def fit(model, loader, epochs):
    """AdamW; with one class, the sum of cross-entropy and Dice."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3, weight_decay=1e-3)
    model.train(True)

    def loss_of(logits, mask):
        if logits.shape[1] > 1:
            return F.nll_loss(logits.log_softmax(1), mask)
        truth = mask[:, None].float()
        return F.binary_cross_entropy_with_logits(logits, truth) + dice_loss(logits, truth)

    def epoch():
        losses = []
        for x, y in loader:
            model.zero_grad()
            loss = loss_of(model(x), y)
            loss.backward()
            optimizer.step()
            losses.append(float(loss))
        return sum(losses) / len(losses)

    return [epoch() for _ in range(epochs)]


def upsample_nearest(x, scale):
    """Stacked copies, along a new axis behind each of the two."""
    for axis, times in zip((2, 3), (scale, scale) if isinstance(scale, int) else scale):
        x = torch.stack([x] * times, dim=axis + 1).flatten(axis, axis + 1)
    return x


class DiceLoss(nn.Module):
    """Image by image, one dot product each."""

    def __init__(self, eps=1e-7, reduction="mean", with_logits=True):
        super().__init__()
        if reduction not in {"none", "mean", "sum"}:
            raise ValueError("reduction: none, mean or sum")
        self.eps, self.reduction = eps, reduction
        self.squash = nn.Sigmoid() if with_logits else nn.Identity()

    def one(self, a, b):
        a, b = self.squash(a).reshape(-1), b.reshape(-1)
        return 1 - 2 * torch.dot(a, b) / (a.sum() + b.sum() + self.eps)

    def forward(self, prediction, target):
        losses = torch.stack([self.one(a, b) for a, b in zip(prediction, target)])
        return losses if self.reduction == "none" else losses.sum() / (len(losses) if self.reduction == "mean" else 1)


def dice_loss(logits, target):
    return DiceLoss().forward(logits, target)


def boundary_weights(mask, width=1, boost=4.0):
    """Two pictures compared that are shifted against each other, every shift both ways."""
    near = torch.zeros_like(mask, dtype=torch.bool)
    h, w = mask.shape[1:]
    for dy in range(min(width, h - 1) + 1):
        for dx in range(-min(width, w - 1), min(width, w - 1) + 1):
            here = (slice(None), slice(0, h - dy), slice(max(0, -dx), w - max(0, dx)))
            there = (slice(None), slice(dy, h), slice(max(0, dx), w - max(0, -dx)))
            differs = mask[here] != mask[there]
            near[here] |= differs
            near[there] |= differs
    return torch.where(near, 1.0 + boost, 1.0).float()
