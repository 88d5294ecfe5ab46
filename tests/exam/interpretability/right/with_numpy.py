"""Arrays of NumPy for what is computed, a pre-hook and a subclass of a context manager for what is asked.

names: occlusion_map, activations, saliency
"""

import numpy as np
import torch


class Asking:
    """A model in eval mode, of which one layer may be watched."""

    def __init__(self, model, layer=None):
        self.model, self.layer, self.seen = model, layer, None

    def __enter__(self):
        self.was = self.model.training
        self.hook = self.layer.register_forward_hook(self.see) if self.layer is not None else None
        self.model.train(False)
        return self

    def __exit__(self, *error):
        if self.hook is not None:
            self.hook.remove()
        self.model.train(self.was)
        return False

    def see(self, module, inputs, output):
        self.seen = output.detach().numpy().copy()


def occlusion_map(model, image, target, patch_size, stride, fill=0.0):
    pixels = np.array(image.detach())
    tops = range(0, pixels.shape[1] - patch_size + 1, stride)
    lefts = range(0, pixels.shape[2] - patch_size + 1, stride)
    found = np.zeros((len(tops), len(lefts)), dtype=np.float32)
    with Asking(model):
        for (i, top), (j, left) in ((a, b) for a in enumerate(tops) for b in enumerate(lefts)):
            changed = pixels.copy()
            changed[..., top : top + patch_size, left : left + patch_size] = fill
            logits = model(torch.from_numpy(changed).unsqueeze(0)).detach().numpy()[0].astype(np.float64)
            powers = np.exp(logits - logits.max())
            found[i, j] = powers[target] / powers.sum()
    return torch.from_numpy(found)


def activations(model, layer, images):
    with Asking(model, layer) as asked:
        model(images)
    return torch.from_numpy(asked.seen)


def saliency(model, image, target):
    with Asking(model):
        given = torch.tensor(image.detach().numpy()[None], requires_grad=True)
        logits = model(given)
    back = torch.zeros_like(logits)
    back[0, target] = 1
    (gradient,) = torch.autograd.grad(logits, given, grad_outputs=back)
    return torch.from_numpy(np.abs(gradient.numpy()).max(axis=(0, 1)))
