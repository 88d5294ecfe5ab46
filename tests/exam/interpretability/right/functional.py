"""`torch.func` for the derivative and for a model whose mode need not be put back, patches with `unfold` of numbers.

names: occlusion_map, activations, saliency
"""

from contextlib import ExitStack

import torch
from torch.func import functional_call, grad


def state_of(model):
    return {name: tensor.detach() for name, tensor in [*model.named_parameters(), *model.named_buffers()]}


def evaluated(stack, model):
    """Until the stack ends, the model is in eval mode."""
    stack.callback(model.train, model.training)
    return model.eval()


def occlusion_map(model, image, target, patch_size, stride, fill=0.0):
    numbers = torch.arange(image[0].numel()).reshape(image.shape[1:])
    windows = numbers.unfold(0, patch_size, stride).unfold(1, patch_size, stride)  # (rows, columns, patch, patch)
    chances = []
    with ExitStack() as stack:
        evaluated(stack, model)
        stack.enter_context(torch.no_grad())
        for pixels in windows.flatten(0, 1):
            covered = image.flatten(1).index_fill(1, pixels.flatten(), float(fill)).reshape(image.shape)
            logits = model(covered.unsqueeze(0)).squeeze(0)
            chances.append((logits[target] - logits.logsumexp(0)).exp())
    return torch.stack(chances).reshape(windows.shape[:2])


def activations(model, layer, images):
    """The layer's forward is replaced for one pass."""
    kept = []
    forward = layer.forward

    def watched(*args, **kwargs):
        output = forward(*args, **kwargs)
        kept.append(output.data.clone())
        return output

    with ExitStack() as stack:
        evaluated(stack, model)
        layer.forward = watched
        stack.callback(delattr, layer, "forward")
        model(images.detach())
    return kept.pop()


def saliency(model, image, target):
    def logit(x):
        return functional_call(model, state_of(model), (x[None],))[0, target]

    with ExitStack() as stack:
        evaluated(stack, model)
        return grad(logit)(image).abs().max(dim=0)[0]
