"""For a while the layer has another forward, whose result autograd knows; autograd.grad with a chosen logit.

names: grad_cam
"""

import torch
import torch.nn.functional as F
from torch.func import functional_call


def grad_cam(model, layer, image, target):
    """ReLU of the weighted sum of the layer's channels, enlarged and divided by its maximum."""
    fixed = {name: tensor.detach() for name, tensor in (*model.named_parameters(), *model.named_buffers())}
    was = model.training
    model.train(False)
    plain, seen = layer.forward, []

    def forward(*args, **kwargs):
        seen.append(plain(*args, **kwargs).detach().requires_grad_(True))
        return seen[-1] + 0.0

    layer.forward = forward
    try:
        with torch.enable_grad():
            logits = functional_call(model, fixed, (image[None].clone(),))
    finally:
        del layer.forward
        model.train(was)
    one_hot = torch.zeros_like(logits)
    one_hot[0, target] = 1
    (slope,) = torch.autograd.grad(logits, seen[0], grad_outputs=one_hot)
    maps = seen[0].detach()
    heat = torch.clamp((slope.mean((-2, -1), keepdim=True) * maps).sum(1), min=0)[None]
    h, w = image.shape[-2:]
    rows, columns = ((2 * torch.arange(n) + 1) / n - 1 for n in (h, w))
    grid = torch.stack(torch.meshgrid(columns, rows, indexing="xy"), -1)[None]
    heat = F.grid_sample(heat, grid, mode="bilinear", padding_mode="border", align_corners=False)[0, 0]
    peak = heat.amax()
    return torch.where(peak > 0, heat / peak, torch.zeros_like(heat))
