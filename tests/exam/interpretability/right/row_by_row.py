"""A row of patches as one batch, as the text advises for large networks; masks and `torch.where`.

names: occlusion_map
"""

import torch


def occlusion_map(model, image, target, patch_size, stride, fill=0.0):
    height, width = image.shape[1:]
    tops = range(0, height - patch_size + 1, stride)
    lefts = torch.arange(0, width - patch_size + 1, stride)[:, None]
    y, x = torch.arange(height), torch.arange(width)
    beside = (x < lefts) | (x >= lefts + patch_size)  # (columns, W)
    rows = []
    training = model.training
    model.eval()
    with torch.no_grad():
        for top in tops:
            outside = (y < top) | (y >= top + patch_size)  # (H,)
            kept = outside[None, :, None] | beside[:, None, :]  # (columns, H, W)
            batch = torch.where(kept[:, None], image, torch.full_like(image, fill))
            rows.append(model(batch).softmax(1)[:, target])
    model.train(training)
    return torch.stack(rows)
