"""Adam written out, with gradients from autograd.grad; a progress bar; losses printed on the way.

names: fit
"""

import torch
import torch.nn.functional as F
from tqdm.auto import tqdm


def fit(model, loader, epochs):
    model.train()
    weights = [p for p in model.parameters() if p.requires_grad]
    m = [torch.zeros_like(p) for p in weights]
    v = [torch.zeros_like(p) for p in weights]
    history, step = [], 0
    for epoch in tqdm(range(epochs)):
        total, count = 0.0, 0
        for x, y in loader:
            out = model(x)
            loss = F.cross_entropy(out, y) if out.shape[1] > 1 else F.binary_cross_entropy_with_logits(out.flatten(), y.flatten().float())
            grads = torch.autograd.grad(loss, weights)
            step += 1
            with torch.no_grad():
                for p, g, a, b in zip(weights, grads, m, v):
                    a.mul_(0.9).add_(g, alpha=0.1)
                    b.mul_(0.999).addcmul_(g, g, value=0.001)
                    p -= 5e-3 * (a / (1 - 0.9**step)) / ((b / (1 - 0.999**step)).sqrt() + 1e-8)
            total += float(loss.detach())
            count += 1
        history.append(total / count)
        print(epoch, history[-1])
    return history
