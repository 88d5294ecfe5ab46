"""A function that calls itself for the deeper levels; layers in one nn.ModuleDict under other names.

names: UNet, VGGUNet, iou, conv_transpose2d, DiceLoss, dice_loss, answer_1
"""

import torch
from torch import nn
from torch.nn import functional as F
from torchvision.transforms.functional import center_crop


class UNet(nn.Module):
    def __init__(self, in_channels, num_classes, base_channels=64, depth=4, padding="valid"):
        super().__init__()
        self.deepest = depth
        layers = {"last": nn.Conv2d(base_channels, num_classes, 1)}
        for level in range(depth, -1, -1):
            mine = base_channels * 2**level
            above = in_channels if level == 0 else mine // 2
            layers[f"{level} first"] = nn.Conv2d(above, mine, 3, padding=padding)
            layers[f"{level} second"] = nn.Conv2d(mine, mine, 3, padding=padding)
            if level < depth:
                layers[f"{level} grow"] = nn.ConvTranspose2d(2 * mine, mine, 2, stride=2)
                layers[f"{level} third"] = nn.Conv2d(2 * mine, mine, 3, padding=padding)
                layers[f"{level} fourth"] = nn.Conv2d(mine, mine, 3, padding=padding)
        self.layers = nn.ModuleDict(layers)

    def at(self, level, x):
        """The level's maps, on the way up."""
        step = lambda name, maps: torch.relu(self.layers[f"{level} {name}"](maps))
        x = step("second", step("first", x))
        if level == self.deepest:
            return x
        below = step("grow", self.at(level + 1, F.max_pool2d(x, 2)))
        x = center_crop(x, list(below.shape[2:]))
        return step("fourth", step("third", torch.cat([below, x], 1)))

    def forward(self, x):
        return self.layers["last"](self.at(0, x))


class VGGUNet(nn.Module):
    """A network that has the next deeper network as its part; the encoder's weights are copied by index."""

    def __init__(self, num_classes=1, num_blocks=4, encoder=None):
        super().__init__()
        self.body = Level(0, num_blocks - 1)
        self.out = nn.Conv2d(64, num_classes, (1, 1))
        if encoder is not None:
            level, index = self.body, 0
            while level is not None:
                with torch.no_grad():
                    for layer, at in ((level.conv1, index), (level.conv2, index + 2)):
                        layer.weight.copy_(encoder[at].weight)
                        layer.bias.copy_(encoder[at].bias)
                level, index = level.deeper, index + 5

    def forward(self, x):
        return self.out(self.body(x))


class Level(nn.Module):
    def __init__(self, level, last):
        super().__init__()
        c = 64 * 2**level
        conv = lambda a, b: nn.Conv2d(a, b, 3, 1, 1)
        self.conv1, self.conv2 = conv(c // 2 if level else 3, c), conv(c, c)
        self.deeper = None
        if level < last:
            self.deeper = Level(level + 1, last)
            self.conv3, self.conv4, self.conv5 = conv(2 * c, c), conv(2 * c, c), conv(c, c)

    def forward(self, x):
        x = self.conv2(self.conv1(x).relu()).relu()
        if self.deeper is None:
            return x
        up = F.interpolate(self.deeper(F.max_pool2d(x, 2)), size=x.shape[2:], mode="bilinear", align_corners=False)
        x = torch.cat((self.conv3(up), x), 1)
        return self.conv5(self.conv4(x).relu()).relu()


def iou(pred, target, num_classes, ignore_index=255):
    """Class by class with logical masks, plain Python numbers."""
    scores = []
    for label in range(num_classes):
        said, true = pred.eq(label), target.eq(label)
        valid = target.ne(ignore_index)
        union = torch.logical_or(said, true).logical_and(valid).sum().item()
        both = torch.logical_and(said, true).logical_and(valid).sum().item()
        scores.append(both / union if union else float("nan"))
    return torch.tensor(scores)


def conv_transpose2d(x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    """One group after the other; every input pixel stamps the kernel with index_add."""
    two = lambda v: (v, v) if isinstance(v, int) else v
    (sy, sx), (py, px), (oy, ox), (dy, dx) = map(two, (stride, padding, output_padding, dilation))
    if oy >= max(sy, dy) or ox >= max(sx, dx):
        raise ValueError("output_padding")
    if x.size(1) != weight.size(0) or x.size(1) % groups != 0:
        raise ValueError("channels")
    n, _, h, w = x.shape
    kh, kw = weight.shape[2:]
    fh, fw = (h - 1) * sy + (kh - 1) * dy + 1 + oy, (w - 1) * sx + (kw - 1) * dx + 1 + ox
    rows = torch.arange(h)[:, None] * sy + torch.arange(kh) * dy
    columns = torch.arange(w)[:, None] * sx + torch.arange(kw) * dx
    place = (rows[:, None, :, None] * fw + columns[None, :, None, :]).flatten()
    parts = []
    for xs, ws in zip(x.chunk(groups, 1), weight.chunk(groups, 0)):
        stamps = torch.einsum("nshw,stuv->nthwuv", xs, ws).flatten(2)
        parts.append(x.new_zeros(n, ws.size(1), fh * fw).index_add(2, place, stamps).view(n, -1, fh, fw))
    out = torch.cat(parts, 1)
    if bias is not None:
        out = out + bias.view(-1, 1, 1)
    return out[:, :, py : fh - py, px : fw - px]


class DiceLoss(nn.Module):
    """Sigmoid through logsigmoid; sums by einsum."""

    words = {"mean": torch.mean, "sum": torch.sum, "none": lambda t: t}

    def __init__(self, eps=1e-7, reduction="mean", with_logits=True):
        super().__init__()
        if reduction not in self.words:
            raise ValueError(f"reduction={reduction}: one of {list(self.words)}")
        self.eps, self.reduce, self.logits = eps, self.words[reduction], with_logits

    def forward(self, prediction, target):
        a = F.logsigmoid(prediction).exp() if self.logits else prediction
        both = torch.einsum("n...,n...->n", a, target)
        total = torch.einsum("n...->n", a) + torch.einsum("n...->n", target)
        return self.reduce(1 - 2 * both / (total + self.eps))


def dice_loss(logits, target):
    return DiceLoss(eps=1e-7, reduction="mean", with_logits=True)(logits, target)


answer_1 = UNet(1, 1, 1, depth=3)(torch.zeros(1, 1, 700, 700)).shape[-1]
