"""A copy of everything first, so that plain `backward` may write where it likes; then NumPy, float64, lists and loops.

names: occlusion_map, activations, top_patches, answer_1, saliency, grad_cam, answer_2, answer_3, integrated_gradients
"""

import copy
from math import floor

import numpy as np
import torch


def occlusion_map(model, image, target, patch_size, stride, fill=0.0):
    my_model = copy.deepcopy(model)
    my_model.eval()
    pixels = np.array(image)
    _, height, width = pixels.shape
    rows = []
    for top in range(0, height - patch_size + 1, stride):
        row = []
        for left in range(0, width - patch_size + 1, stride):
            covered = pixels.copy()
            covered[:, top : top + patch_size, left : left + patch_size] = fill
            logits = my_model(torch.tensor(covered[np.newaxis])).detach().numpy().astype(np.float64)[0]
            powers = np.exp(logits - logits.max())
            row.append(powers[target] / powers.sum())
        rows.append(row)
    return torch.tensor(rows, dtype=image.dtype)


def activations(model, layer, images):
    my_model, my_layer = copy.deepcopy((model, layer))
    my_model.eval()
    outputs = []

    def keep(module, inputs, output):
        outputs.append(output.detach().numpy().copy())

    my_layer.register_forward_hook(keep)
    for image in images:
        my_model(image.unsqueeze(0).clone())
    return torch.from_numpy(np.concatenate(outputs))


def top_patches(model, layer, channel, images, k):
    my_model, my_layer = copy.deepcopy((model, layer))
    my_model.eval()
    size, start, jump = np.array([1, 1]), np.array([0, 0]), np.array([1, 1])
    passed = []
    for module in my_model:
        passed.append(module)
        if isinstance(module, (torch.nn.Conv2d, torch.nn.MaxPool2d)):
            kernel = np.array(module.kernel_size) * [1, 1]  # an int becomes a pair
            size = size + module.dilation * (kernel - 1) * jump
            start = start - module.padding * jump
            jump = jump * module.stride
        if module is my_layer:
            break
    border = np.array(images.shape[2:])
    found = []
    for index in range(len(images)):
        x = images[index : index + 1].clone()
        for module in passed:
            x = module(x)
        feature_map = x[0, channel].detach().numpy()
        best = None
        for p in range(feature_map.shape[0]):
            for q in range(feature_map.shape[1]):
                if best is None or feature_map[p, q] > feature_map[best]:
                    best = p, q
        begin = start + best * jump
        top, left = np.maximum(begin, 0)
        bottom, right = np.minimum(begin + size, border)
        found.append((index, (int(top), int(left), int(bottom), int(right)), float(feature_map[best])))
    found.sort(key=lambda entry: entry[2])
    return found[::-1][:k]


size, start, jump = 1, 0, 1
for kernel, step, padding in [(5, 2, 2), (3, 2, 0), (3, 1, 1), (3, 2, 1)]:
    size, start, jump = size + (kernel - 1) * jump, start - padding * jump, jump * step
pixels_of_unit = [
    [row, column]
    for row in range(start + 0 * jump, start + 0 * jump + size)
    for column in range(start + 3 * jump, start + 3 * jump + size)
    if 0 <= row < 64 and 0 <= column < 64
]
answer_1 = np.array(pixels_of_unit).shape[0]


def saliency(model, image, target):
    my_model = copy.deepcopy(model)
    my_model.eval()
    x = torch.tensor(np.array(image), requires_grad=True)
    my_model(torch.stack([x]))[0][target].backward()
    gradient = np.abs(x.grad.numpy())
    channels, height, width = gradient.shape
    largest = [[max(gradient[c, r, s] for c in range(channels)) for s in range(width)] for r in range(height)]
    return torch.tensor(np.array(largest))


def enlarge(small, height, width):
    """Bilinear, from the centres of pixels, in float64."""
    h, w = small.shape
    large = np.zeros((height, width))
    for r in range(height):
        y = max((r + 0.5) * h / height - 0.5, 0)
        y0 = floor(y)
        y1 = min(y0 + 1, h - 1)
        for s in range(width):
            x = max((s + 0.5) * w / width - 0.5, 0)
            x0 = floor(x)
            x1 = min(x0 + 1, w - 1)
            above = (1 - (x - x0)) * small[y0, x0] + (x - x0) * small[y0, x1]
            below = (1 - (x - x0)) * small[y1, x0] + (x - x0) * small[y1, x1]
            large[r, s] = (1 - (y - y0)) * above + (y - y0) * below
    return large


def grad_cam(model, layer, image, target):
    my_model, my_layer = copy.deepcopy((model, layer))
    my_model.eval()
    kept = {}

    def keep(module, inputs, output):
        kept["A"] = output
        output.retain_grad()
        return output.clone()

    my_layer.register_forward_hook(keep)
    x = image.clone()
    x.requires_grad = True
    logits = my_model(x.unsqueeze(0))
    logits[0, target].backward()
    A = kept["A"][0].detach().numpy().astype("float64")
    dA = kept["A"].grad[0].numpy().astype("float64")
    total = np.zeros(A.shape[1:])
    for c in range(len(A)):
        total += np.mean(dA[c]) * A[c]
    total[total < 0] = 0
    total = enlarge(total, image.shape[1], image.shape[2])
    if np.max(total) > 0:
        total /= np.max(total)
    return torch.tensor(total.tolist(), dtype=image.dtype)


answer_2 = "B"

answer_3 = "C"


def integrated_gradients(model, image, target, steps=50):
    my_model = copy.deepcopy(model)
    my_model.eval()
    pixels = np.array(image, dtype=np.float64)
    total = np.zeros_like(pixels)
    for i in range(steps):
        x = torch.tensor((i + 0.5) / steps * pixels, dtype=image.dtype, requires_grad=True)
        my_model(x[None])[0, target].backward()
        total += np.array(x.grad)
    return torch.tensor(pixels * total / steps).to(image.dtype)
