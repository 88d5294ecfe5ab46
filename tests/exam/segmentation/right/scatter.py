"""Every product is added at its place by index_add; IoU with sets of pixels; Dice by einsum.

names: conv_transpose2d, iou, DiceLoss, dice_loss
"""

import torch
from torch import nn


def conv_transpose2d(x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    def pair(v):
        return [v, v] if isinstance(v, int) else list(v)

    s, p, o, d = pair(stride), pair(padding), pair(output_padding), pair(dilation)
    if o[0] >= max(s[0], d[0]) or o[1] >= max(s[1], d[1]):
        raise ValueError("output_padding must be below stride or dilation")
    n, c, *size = x.shape
    c_in, c_out, *kernel = weight.shape
    if c != c_in or c % groups:
        raise ValueError("channels do not fit")
    full = [(a - 1) * b + e * (k - 1) + 1 + f for a, b, e, k, f in zip(size, s, d, kernel, o)]
    rows = (torch.arange(size[0]) * s[0])[:, None] + torch.arange(kernel[0]) * d[0]
    columns = (torch.arange(size[1]) * s[1])[:, None] + torch.arange(kernel[1]) * d[1]
    places = (rows[:, None, :, None] * full[1] + columns[None, :, None, :]).flatten()
    products = torch.einsum(
        "ngchw,gcoij->ngohwij", x.reshape(n, groups, -1, *size), weight.reshape(groups, -1, c_out, *kernel)
    )
    out = x.new_zeros(n, groups * c_out, full[0] * full[1]).index_add(2, places, products.reshape(n, groups * c_out, -1))
    out = out.unflatten(2, full)[:, :, p[0] : full[0] - p[0], p[1] : full[1] - p[1]]
    return out if bias is None else out + bias.view(1, -1, 1, 1)


def iou(pred, target, num_classes, ignore_index=255):
    values = []
    for c in range(num_classes):
        a = set(torch.nonzero((pred == c).flatten() & (target != ignore_index).flatten()).flatten().tolist())
        b = set() if c == ignore_index else set(torch.nonzero((target == c).flatten()).flatten().tolist())
        values.append(len(a & b) / len(a | b) if a | b else float("nan"))
    return torch.tensor(values)


class DiceLoss(nn.Module):
    def __init__(self, eps=1e-7, reduction="mean", with_logits=True):
        super().__init__()
        self.eps, self.with_logits = eps, with_logits
        self.reduce = {"mean": torch.mean, "sum": torch.sum, "none": lambda v: v}.get(reduction)
        if self.reduce is None:
            raise ValueError("reduction must be mean, sum or none")

    def forward(self, prediction, target):
        prediction = 1 / (1 + torch.exp(-prediction.clamp(-80, 80))) if self.with_logits else prediction
        a, b = prediction.reshape(len(prediction), -1), target.reshape(len(target), -1)
        both = torch.einsum("nk,nk->n", a, b)
        return self.reduce(1 - 2 * both / (a.sum(dim=1) + b.sum(dim=1) + self.eps))


dice_loss = DiceLoss()
