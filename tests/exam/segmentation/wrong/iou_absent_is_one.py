"""Absent classes get 1.

names: iou
mistake: iou-absent-number
"""

import torch


def iou(pred, target, num_classes, ignore_index=255):
    keep = target != ignore_index
    pred, target = pred[keep], target[keep]
    scores = torch.ones(num_classes)
    for c in range(num_classes):
        p, t = pred == c, target == c
        union = (p | t).sum()
        if union > 0:
            scores[c] = (p & t).sum() / union
    return scores
