"""Results that are still attached to the model's graph, where the text leaves this free.

names: occlusion_map, saliency
"""

import torch


def occlusion_map(model, image, target, patch_size, stride, fill=0.0):
    came_in_train_mode = model.training
    model.eval()
    rows = []
    for top in range(0, image.shape[1] - patch_size + 1, stride):
        rows.append([])
        for left in range(0, image.shape[2] - patch_size + 1, stride):
            covered = image.clone().requires_grad_()
            inside = torch.zeros(image.shape[1:], dtype=torch.bool)
            inside[top : top + patch_size, left : left + patch_size] = True
            logits = model(covered.masked_fill(inside, fill)[None])[0]
            rows[-1].append(logits.exp()[target] / logits.exp().sum())
    model.train(came_in_train_mode)
    return torch.stack([torch.stack(row) for row in rows])


def saliency(model, image, target):
    came_in_train_mode = model.training
    model.eval()
    x = image.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(model(x[None])[0, target], x, create_graph=True)
    model.train(came_in_train_mode)
    return gradient.abs().max(dim=0).values + 0 * x.sum()
