"""A hook hands a copy of the layer's output on, so that what follows in place leaves the output as it was.

names: grad_cam
"""

import torch
import torch.nn.functional as F


def grad_cam(model, layer, image, target):
    """Where the layer speaks for the target: (H, W) of the image (C, H, W), in 0…1."""
    kept = []

    def keep(module, inputs, output):
        kept.append(output)
        return output.clone()

    training = model.training
    model.eval()
    handle = layer.register_forward_hook(keep)
    try:
        with torch.enable_grad():
            logits = model(image[None].detach().requires_grad_())
            logit = logits[0, target]
            maps = kept[0]
            gradient = torch.autograd.grad(logit, maps)[0]
    finally:
        handle.remove()
        model.train(training)
    alpha = gradient.mean(dim=(2, 3), keepdim=True)
    cam = (alpha * maps.detach()).sum(dim=1, keepdim=True)
    cam = F.relu(cam)
    cam = F.interpolate(cam, size=image.shape[1:], mode="bilinear", align_corners=False)[0, 0]
    largest = cam.max()
    return cam / largest if largest > 0 else cam
