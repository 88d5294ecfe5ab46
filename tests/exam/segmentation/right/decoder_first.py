"""Modules are made from the end to the beginning, in lists that are indexed backwards; Kaiming's first weights.

names: UNet, VGGUNet, fit
"""

import torch
import torch.nn as nn
import torch.nn.functional as F


def init(module):
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        nn.init.zeros_(module.bias)


class UNet(nn.Module):
    def __init__(self, in_channels, num_classes, base_channels=64, depth=4, padding="valid"):
        super().__init__()
        assert padding in ("same", "valid")
        p = int(padding == "same")
        self.final = nn.Conv2d(base_channels, num_classes, kernel_size=1)
        self.c4, self.c3, self.t, self.c2, self.c1 = (nn.ModuleList() for _ in range(5))
        for i in range(depth):
            n = base_channels * 2**i
            self.c4.append(nn.Conv2d(n, n, 3, 1, p))
            self.c3.append(nn.Conv2d(n * 2, n, 3, 1, p))
            self.t.append(nn.ConvTranspose2d(n * 2, n, 2, 2))
        for i in range(depth, -1, -1):
            n = base_channels * 2**i
            self.c2.insert(0, nn.Conv2d(n, n, 3, 1, p))
            self.c1.insert(0, nn.Conv2d(n // 2 if i else in_channels, n, 3, 1, p))
        self.apply(init)

    def forward(self, x):
        skips = []
        for i, (a, b) in enumerate(zip(self.c1, self.c2)):
            if i > 0:
                skips.append(x)
                x = nn.functional.max_pool2d(x, kernel_size=2, stride=2)
            x = a(x).clamp(min=0)
            x = b(x).clamp(min=0)
        for i in range(len(skips))[::-1]:
            x = self.t[i](x).clamp(min=0)
            s = skips[i]
            h, w = x.shape[2:]
            y0, x0 = s.shape[2] // 2 - h // 2, s.shape[3] // 2 - w // 2
            x = torch.cat([x, s[:, :, y0 : y0 + h, x0 : x0 + w]], dim=1)
            x = self.c4[i](self.c3[i](x).clamp(min=0)).clamp(min=0)
        return self.final(x)


class VGGUNet(nn.Module):
    def __init__(self, num_classes=1, num_blocks=4, encoder=None):
        super().__init__()
        n = [64, 128, 256, 512][:num_blocks]
        self.last = nn.Conv2d(64, num_classes, 1)
        self.dec = nn.ModuleList(nn.ModuleList([nn.Conv2d(2 * c, c, 3, 1, 1), nn.Conv2d(2 * c, c, 3, 1, 1), nn.Conv2d(c, c, 3, 1, 1)]) for c in n[:-1])
        self.apply(init)
        if encoder is None:
            layers, cin = [], 3
            for c in n:
                layers += [nn.Conv2d(cin, c, 3, 1, 1), nn.ReLU(True), nn.Conv2d(c, c, 3, 1, 1), nn.ReLU(True), nn.MaxPool2d(2)]
                cin = c
        else:
            layers = list(encoder)[: 5 * num_blocks]
        self.features = nn.Sequential(*layers[:-1])

    def forward(self, x):
        skips = []
        for layer in self.features:
            if isinstance(layer, nn.MaxPool2d):
                skips.append(x)
            x = layer(x)
        for (a, b, c), skip in zip(reversed(self.dec), reversed(skips)):
            x = a(F.interpolate(x, size=skip.shape[2:], mode="bilinear", align_corners=False)).relu()
            x = c(b(torch.cat((x, skip), 1)).relu()).relu()
        return self.last(x)


def fit(model, loader, epochs):
    """Dice and cross-entropy together where there is one class."""
    opt = torch.optim.AdamW(model.parameters(), lr=5e-3)
    means = []
    for epoch in range(epochs):
        model.train()
        losses = []
        for x, y in loader:
            opt.zero_grad(set_to_none=False)
            out = model(x)
            if out.size(1) == 1:
                t = y.unsqueeze(1).to(out.dtype)
                p = out.sigmoid()
                dice = 1 - 2 * (p * t).flatten(1).sum(1) / ((p + t).flatten(1).sum(1) + 1e-7)
                loss = 0.5 * nn.BCEWithLogitsLoss()(out, t) + 0.5 * dice.mean()
            else:
                loss = nn.CrossEntropyLoss()(out, y)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            opt.step()
            losses.append(loss.detach())
        means.append(float(torch.stack(losses).mean()))
    model.eval()
    return means
