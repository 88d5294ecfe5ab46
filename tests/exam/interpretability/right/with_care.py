"""Few words: gradients set aside and given back, a hook that is a context manager, patches added and taken away.

names: occlusion_map, activations, saliency
"""

import torch


def occlusion_map(model, image, target, patch_size, stride, fill=0.0):
    was = model.training
    model.eval()
    h = (image.size(1) - patch_size) // stride + 1
    w = (image.size(2) - patch_size) // stride + 1
    result = image.new_empty(h, w)
    copy = image.clone()
    for n in range(h * w):
        i, j = divmod(n, w)
        box = ..., slice(i * stride, i * stride + patch_size), slice(j * stride, j * stride + patch_size)
        copy[box] = fill
        result[i, j] = torch.softmax(model(copy.unsqueeze(0)), 1)[0, target].item()
        copy[box] = image[box]
    model.train(was)
    return result


def activations(model, layer, images):
    was = model.training
    model.eval()
    seen = []
    with layer.register_forward_hook(lambda module, args, out: seen.append(out.detach() + 0)):
        model(images)
    model.train(was)
    return seen[-1]


def saliency(model, image, target):
    """By `backward`, which leaves gradients in the parameters: those that were there are put back."""
    kept = [(p, p.grad, p.requires_grad) for p in model.parameters()]
    was = model.training
    try:
        model.eval().requires_grad_(False)
        x = image.detach()[None].clone()
        x.requires_grad = True
        model(x)[0][target].backward()
        return x.grad.squeeze(0).abs().amax(dim=0)
    finally:
        model.train(was)
        for p, grad, wanted in kept:
            p.requires_grad_(wanted)
            p.grad = grad
