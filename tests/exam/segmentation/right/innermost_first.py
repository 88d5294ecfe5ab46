"""A block that holds the next deeper block, built from the innermost outwards; nn.Sequential around it.

names: UNet, VGGUNet, fit, upsample_nearest, upsample_bilinear
"""

import torch
from torch import nn


def pair(value):
    return tuple(value) if hasattr(value, "__len__") else (value, value)


class WithSkip(nn.Module):
    """What goes through the deeper part comes back beside what went past it."""

    def __init__(self, before, deeper, after):
        super().__init__()
        self.before, self.deeper, self.after = before, deeper, after

    def forward(self, x):
        past = self.before(x)
        below = self.deeper(past)
        h, w = below.shape[-2:]
        y, z = (past.shape[-2] - h) // 2, (past.shape[-1] - w) // 2
        return self.after(torch.cat([past.narrow(2, y, h).narrow(3, z, w), below], dim=1))


def convolutions(c_in, c_out, padding):
    return nn.Sequential(
        nn.Conv2d(c_in, c_out, 3, padding=padding),
        nn.ReLU(inplace=True),
        nn.Conv2d(c_out, c_out, 3, padding=padding),
        nn.ReLU(inplace=True),
    )


class UNet(nn.Sequential):
    def __init__(self, in_channels, num_classes, base_channels=64, depth=4, padding="valid"):
        width = base_channels * 2**depth
        block = convolutions(width // 2 if depth else in_channels, width, padding)
        for level in reversed(range(depth)):
            width = base_channels * 2**level
            first = in_channels if level == 0 else width // 2
            deeper = nn.Sequential(nn.MaxPool2d(2), block, nn.ConvTranspose2d(2 * width, width, 2, 2))
            block = WithSkip(convolutions(first, width, padding), deeper, convolutions(2 * width, width, padding))
        super().__init__(block, nn.Conv2d(base_channels, num_classes, 1))


class VGGUNet(nn.Sequential):
    """Slices of the encoder itself, in the same recursive block."""

    def __init__(self, num_classes=1, num_blocks=4, encoder=None):
        if encoder is None:
            from torchvision.models.vgg import cfgs, make_layers

            encoder = make_layers(cfgs["B"][: 3 * num_blocks - 1])
        stages = [encoder[5 * i : 5 * i + 4] for i in range(num_blocks)]
        block = stages.pop()
        while stages:
            stage = stages.pop()
            c = stage[0].out_channels
            deeper = nn.Sequential(
                nn.MaxPool2d(2), block, nn.UpsamplingBilinear2d(scale_factor=2), nn.Conv2d(2 * c, c, 3, padding=1)
            )
            block = WithSkip(stage, deeper, convolutions(2 * c, c, 1))
        super().__init__(block, nn.Conv2d(64, num_classes, 1))


def fit(model, loader, epochs):
    """SGD with momentum and a learning rate that falls by a cosine."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, nesterov=True)
    steps = max(1, epochs * len(loader))
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    curve = []
    model.train()
    for epoch in range(epochs):
        running = []
        for image, mask in loader:
            optimizer.zero_grad(set_to_none=False)
            out = model(image)
            if out.size(1) > 1:
                loss = nn.CrossEntropyLoss()(out, mask)
            else:
                loss = nn.BCEWithLogitsLoss()(out, mask.unsqueeze(1).to(out))
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            running.append(loss.detach())
        curve.append(torch.stack(running).mean().item())
    return curve


def upsample_nearest(x, scale):
    """By the formula's indices."""
    a, b = pair(scale)
    rows = torch.arange(x.shape[2] * a) // a
    columns = torch.arange(x.shape[3] * b) // b
    return x[:, :, rows[:, None], columns]


def upsample_bilinear(x, size, align_corners=False):
    """The four corners, each by its own weight."""

    def axis(n, m):
        i = torch.arange(m, dtype=x.dtype)
        p = i * (n - 1) / max(m - 1, 1) if align_corners else (i + 0.5) * n / m - 0.5
        p = p.clamp(0, n - 1)
        a = p.floor().long()
        return a, (a + 1).clamp(max=n - 1), p - a

    (top, bottom, down), (left, right, across) = (axis(n, m) for n, m in zip(x.shape[2:], pair(size)))
    at = lambda rows, columns: x[:, :, rows][:, :, :, columns]
    down = down[:, None]
    return (
        at(top, left) * (1 - down) * (1 - across)
        + at(top, right) * (1 - down) * across
        + at(bottom, left) * down * (1 - across)
        + at(bottom, right) * down * across
    )
