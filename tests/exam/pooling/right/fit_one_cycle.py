"""SGD with momentum and a schedule, clipped gradients, a progress bar; losses are means that NumPy has taken.

names: fit
"""

import numpy as np
import torch
from torch import nn
from tqdm.auto import tqdm


def fit(model, loader, epochs):
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, nesterov=True)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.1, epochs=epochs, steps_per_epoch=len(loader))
    history = []
    for epoch in tqdm(range(1, epochs + 1), desc="epochs"):
        model.train()
        losses = []
        for batch in (bar := tqdm(loader, leave=False)):
            images, labels = batch
            optimizer.zero_grad(set_to_none=False)
            loss = criterion(model(images), labels)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), max_norm=5.0)
            optimizer.step()
            scheduler.step()
            losses.append(loss.detach().cpu().numpy())
            bar.set_postfix(loss=float(loss))
        model.eval()
        history.append(np.mean(losses, dtype=np.float32))
    return history
