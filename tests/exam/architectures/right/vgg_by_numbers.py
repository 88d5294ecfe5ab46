"""Layers with weights are added under their numbers, and found again by them.

names: VGG
"""

import torch
import torch.nn.functional as F
from torch import nn


class VGG(nn.Module):
    def __init__(self, config, num_classes, batch_norm=False):
        super().__init__()
        self.plan = []
        self.features = nn.Module()
        self.classifier = nn.Module()
        number, inputs = 0, 3
        for entry in config:
            if entry == "M":
                self.plan.append(None)
                number += 1
                continue
            self.features.add_module(str(number), nn.Conv2d(inputs, entry, 3, 1, 1))
            if batch_norm:
                self.features.add_module(str(number + 1), nn.BatchNorm2d(entry))
            self.plan.append((str(number), str(number + 1) if batch_norm else None))
            number += 3 if batch_norm else 2
            inputs = entry
        for name, linear in (
            ("0", nn.Linear(512 * 49, 4096)),
            ("3", nn.Linear(4096, 4096)),
            ("6", nn.Linear(4096, num_classes)),
        ):
            setattr(self.classifier, name, linear)

    def forward(self, x):
        for step in self.plan:
            if step is None:
                x = F.max_pool2d(x, 2)
                continue
            convolution, norm = step
            x = getattr(self.features, convolution)(x)
            if norm is not None:
                x = getattr(self.features, norm)(x)
            x = x.clamp(min=0)
        x = F.adaptive_avg_pool2d(x, 7)
        x = x.reshape(x.shape[0], -1)
        for name in ("0", "3"):
            x = getattr(self.classifier, name)(x)
            x = F.dropout(torch.maximum(x, torch.zeros_like(x)), 0.5, self.training)
        return getattr(self.classifier, "6")(x)
