"""As most people write it: a module for two convolutions, lists of levels, one loop for training.

names: upsample_nearest, upsample_bilinear, conv_transpose2d, iou, DiceLoss, dice_loss, UNet, fit, VGGUNet, boundary_weights
"""

import torch
import torch.nn.functional as F
import torchvision
from torch import nn


def pair(v):
    return (v, v) if isinstance(v, int) else tuple(v)


def upsample_nearest(x, scale):
    sh, sw = pair(scale)
    return x.repeat_interleave(sh, dim=2).repeat_interleave(sw, dim=3)


def positions(n, m, align_corners, device, dtype):
    i = torch.arange(m, device=device, dtype=torch.float64)
    if align_corners:
        pos = i * (n - 1) / (m - 1) if m > 1 else torch.zeros_like(i)
    else:
        pos = ((i + 0.5) * n / m - 0.5).clamp(min=0)
    lo = pos.floor().long().clamp(max=n - 1)
    hi = (lo + 1).clamp(max=n - 1)
    return lo, hi, (pos - lo).to(dtype)


def upsample_bilinear(x, size, align_corners=False):
    h, w = pair(size)
    lo, hi, t = positions(x.shape[2], h, align_corners, x.device, x.dtype)
    t = t[:, None]
    x = x[:, :, lo] * (1 - t) + x[:, :, hi] * t
    lo, hi, t = positions(x.shape[3], w, align_corners, x.device, x.dtype)
    return x[..., lo] * (1 - t) + x[..., hi] * t


def conv_transpose2d(x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    (sh, sw), (ph, pw), (oh, ow), (dh, dw) = pair(stride), pair(padding), pair(output_padding), pair(dilation)
    if oh >= max(sh, dh) or ow >= max(sw, dw):
        raise ValueError("output_padding must be smaller than stride or dilation")
    n, c, h, w = x.shape
    c_in, c_out, kh, kw = weight.shape
    if c != c_in or c % groups:
        raise ValueError(f"{c} channels do not fit a weight for {c_in} in {groups} groups")
    full_h = (h - 1) * sh + dh * (kh - 1) + 1 + oh
    full_w = (w - 1) * sw + dw * (kw - 1) + 1 + ow
    out = x.new_zeros(n, groups * c_out, full_h, full_w)
    xg = x.reshape(n, groups, c // groups, h, w)
    wg = weight.reshape(groups, c // groups, c_out, kh, kw)
    for i in range(kh):
        for j in range(kw):
            part = torch.einsum("ngchw,gco->ngohw", xg, wg[..., i, j]).reshape(n, groups * c_out, h, w)
            pad = x.new_zeros(n, groups * c_out, full_h, full_w)
            pad[:, :, i * dh : i * dh + (h - 1) * sh + 1 : sh, j * dw : j * dw + (w - 1) * sw + 1 : sw] = part
            out = out + pad
    out = out[:, :, ph : full_h - ph, pw : full_w - pw]
    return out if bias is None else out + bias[:, None, None]


def iou(pred, target, num_classes, ignore_index=255):
    keep = target != ignore_index
    pred, target = pred[keep], target[keep]
    scores = []
    for c in range(num_classes):
        inter = ((pred == c) & (target == c)).sum().float()
        union = ((pred == c) | (target == c)).sum().float()
        scores.append(inter / union)
    return torch.stack(scores)


class DiceLoss(nn.Module):
    def __init__(self, eps=1e-7, reduction="mean", with_logits=True):
        super().__init__()
        if reduction not in ("mean", "sum", "none"):
            raise ValueError(f"unknown reduction {reduction!r}")
        self.eps, self.reduction, self.with_logits = eps, reduction, with_logits

    def forward(self, input, target):
        a = torch.sigmoid(input) if self.with_logits else input
        a, b = a.flatten(1), target.flatten(1)
        loss = 1 - 2 * (a * b).sum(1) / ((a + b).sum(1) + self.eps)
        return {"mean": loss.mean(), "sum": loss.sum(), "none": loss}[self.reduction]


def dice_loss(logits, target):
    return DiceLoss()(logits, target)


class DoubleConv(nn.Module):
    def __init__(self, cin, cout, padding):
        super().__init__()
        self.conv1 = nn.Conv2d(cin, cout, 3, padding=padding)
        self.conv2 = nn.Conv2d(cout, cout, 3, padding=padding)

    def forward(self, x):
        return F.relu(self.conv2(F.relu(self.conv1(x))))


class UNet(nn.Module):
    def __init__(self, in_channels, num_classes, base_channels=64, depth=4, padding="valid"):
        super().__init__()
        widths = [base_channels * 2**i for i in range(depth + 1)]
        p = 1 if padding == "same" else 0
        self.encoder = nn.ModuleList()
        cin = in_channels
        for c in widths:
            self.encoder.append(DoubleConv(cin, c, p))
            cin = c
        self.up = nn.ModuleList()
        self.decoder = nn.ModuleList()
        for c in reversed(widths[:-1]):
            self.up.append(nn.ConvTranspose2d(2 * c, c, 2, stride=2))
            self.decoder.append(DoubleConv(2 * c, c, p))
        self.head = nn.Conv2d(base_channels, num_classes, 1)

    def forward(self, x):
        skips = []
        for i, block in enumerate(self.encoder):
            x = block(x if i == 0 else F.max_pool2d(x, 2))
            skips.append(x)
        skips.pop()
        for up, block in zip(self.up, self.decoder):
            x = up(x)
            skip = skips.pop()
            dy = (skip.shape[2] - x.shape[2]) // 2
            dx = (skip.shape[3] - x.shape[3]) // 2
            skip = skip[:, :, dy : dy + x.shape[2], dx : dx + x.shape[3]]
            x = block(torch.cat([skip, x], dim=1))
        return self.head(x)


def fit(model, loader, epochs):
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    history = []
    model.train()
    for _ in range(epochs):
        total, n = 0.0, 0
        for images, masks in loader:
            logits = model(images)
            if logits.shape[1] == 1:
                loss = F.binary_cross_entropy_with_logits(logits[:, 0], masks.float())
            else:
                loss = F.cross_entropy(logits, masks)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item()
            n += 1
        history.append(total / n)
    return history


class VGGUNet(nn.Module):
    def __init__(self, num_classes=1, num_blocks=4, encoder=None):
        super().__init__()
        widths = [64, 128, 256, 512][:num_blocks]
        self.blocks = nn.ModuleList()
        cin = 3
        for c in widths:
            block = nn.Sequential(nn.Conv2d(cin, c, 3, padding=1), nn.ReLU(), nn.Conv2d(c, c, 3, padding=1), nn.ReLU())
            self.blocks.append(block)
            cin = c
        if encoder is not None:
            given = [m for m in encoder if isinstance(m, nn.Conv2d)]
            mine = [m for b in self.blocks for m in b if isinstance(m, nn.Conv2d)]
            for a, b in zip(mine, given):
                a.load_state_dict(b.state_dict())
        self.shrink, self.merge = nn.ModuleList(), nn.ModuleList()
        for c in widths[-2::-1] if num_blocks > 1 else []:
            self.shrink.append(nn.Conv2d(2 * c, c, 3, padding=1))
            self.merge.append(nn.Sequential(nn.Conv2d(2 * c, c, 3, padding=1), nn.ReLU(), nn.Conv2d(c, c, 3, padding=1), nn.ReLU()))
        self.head = nn.Conv2d(64, num_classes, 1)

    def forward(self, x):
        skips = []
        for i, b in enumerate(self.blocks):
            x = b(F.max_pool2d(x, 2) if i else x)
            skips.append(x)
        for shrink, merge, skip in zip(self.shrink, self.merge, skips[-2::-1]):
            x = F.relu(shrink(F.interpolate(x, scale_factor=2)))
            x = merge(torch.cat([x, skip], 1))
        return self.head(x)


def boundary_weights(mask, width=1, boost=4.0):
    m = mask[:, None].float()
    k = 2 * width + 1
    high = F.max_pool2d(m, k, 1, width)
    low = -F.max_pool2d(-m, k, 1, width)
    return 1 + boost * (high != low)[:, 0].float()
