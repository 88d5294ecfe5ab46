"""Cross-entropy over one channel.

names: fit
mistake: fit-binary
"""

import torch
import torch.nn.functional as F


def fit(model, loader, epochs):
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    model.train()
    losses = []
    for _ in range(epochs):
        total = 0.0
        for images, masks in loader:
            logits = model(images)
            if logits.shape[1] == 1:
                loss = F.cross_entropy(logits, 0 * masks)
            else:
                loss = F.cross_entropy(logits, masks)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item()
        losses.append(total / len(loader))
    return losses
