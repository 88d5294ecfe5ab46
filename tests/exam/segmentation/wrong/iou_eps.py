"""ε over ε.

names: iou
mistake: iou-eps
"""

import torch


def iou(pred, target, num_classes, ignore_index=255):
    keep = target != ignore_index
    pred, target = pred[keep], target[keep]
    scores = torch.full((num_classes,), float("nan"))
    for c in range(num_classes):
        p, t = pred == c, target == c
        union = (p | t).sum()
        scores[c] = ((p & t).sum() + 1e-6) / (union + 1e-6)
    return scores
