"""Counts by histograms and scatter_add, thresholds instead of divisions, labels compared through unfolded windows.

names: iou, boundary_weights, DiceLoss, dice_loss, upsample_bilinear, upsample_nearest, fit
"""

from itertools import chain
from statistics import fmean

import torch
import torch.nn.functional as F
from torch import nn


def iou(pred, target, num_classes, ignore_index=255):
    """Three histograms: of what is right, of what was said, of what is true."""
    keep = (target != ignore_index).flatten()
    pred, target = pred.flatten()[keep], target.flatten()[keep]

    def histogram(labels):
        return torch.zeros(num_classes).scatter_add(0, labels, torch.ones(len(labels)))

    right = histogram(pred[pred == target])
    return right / (histogram(pred) + histogram(target) - right)


def boundary_weights(mask, width=1, boost=4.0):
    """Windows by Tensor.unfold; a frame that repeats the outermost pixels adds no label that is not near already."""
    padded = F.pad(mask[:, None].double(), [width] * 4, mode="replicate")[:, 0]
    windows = padded.unfold(1, 2 * width + 1, 1).unfold(2, 2 * width + 1, 1).flatten(3)
    return 1 + boost * (windows != mask[..., None]).any(-1).to(torch.float32)


class DiceLoss(nn.modules.loss._Loss):
    """Keeps its reduction where PyTorch's losses keep it; refuses when it is called."""

    def __init__(self, eps=1e-7, reduction="mean", with_logits=True):
        super().__init__(reduction=reduction)
        self.eps = eps
        self.with_logits = with_logits

    def forward(self, prediction, target):
        a = prediction.reshape(prediction.shape[0], -1)
        b = target.reshape(target.shape[0], -1)
        if self.with_logits:
            a = 0.5 * (1 + torch.tanh(a / 2))
        dice = 2 * torch.linalg.vecdot(a, b) / (a.sum(dim=-1) + b.sum(dim=-1) + self.eps)
        match self.reduction:
            case "mean":
                return (1 - dice).mean()
            case "sum":
                return (1 - dice).sum()
            case "none":
                return 1 - dice
        raise ValueError(f"no such reduction: {self.reduction}")


dice_loss = DiceLoss()


def upsample_bilinear(x, size, align_corners=False):
    """Each axis moved to the end, and multiplied by a matrix that scatter_add fills."""
    if isinstance(size, int):
        size = (size, size)
    for axis, m in ((2, size[0]), (3, size[1])):
        n = x.shape[axis]
        new = torch.arange(m, dtype=torch.float64)
        place = new * (n - 1) / max(m - 1, 1) if align_corners else ((new + 0.5) * n / m - 0.5).clamp(0, n - 1)
        low = place.long()
        part = (place - low).to(x.dtype)
        matrix = torch.zeros(n, m, dtype=x.dtype)
        matrix.scatter_add_(0, low[None], 1 - part[None])
        matrix.scatter_add_(0, (low + 1).clamp(max=n - 1)[None], part[None])
        x = (x.movedim(axis, -1) @ matrix).movedim(-1, axis)
    return x


def upsample_nearest(x, scale):
    """Each pixel times a block of ones."""
    down, right = scale if isinstance(scale, (tuple, list)) else (scale, scale)
    ones = torch.ones(down, right, dtype=x.dtype)
    return torch.einsum("nchw,uv->nchuwv", x, ones).reshape(*x.shape[:2], x.shape[2] * down, x.shape[3] * right)


def fit(model, loader, epochs):
    """RMSprop on all parameters that learn; where there is one class, softplus is its cross-entropy."""
    model.train()
    learning = [p for p in chain(model.parameters()) if p.requires_grad]
    optimizer = torch.optim.RMSprop(learning, lr=2e-3)
    losses = [[] for _ in range(epochs)]
    for of_epoch in losses:
        for images, masks in loader:
            logits = model(images)
            binary = logits.shape[1] == 1
            signs = 1 - 2 * masks
            loss = F.softplus(signs * logits[:, 0]).mean() if binary else F.cross_entropy(logits, masks)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            of_epoch.append(loss.item())
    return [fmean(of_epoch) for of_epoch in losses]
