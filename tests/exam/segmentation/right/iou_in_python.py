"""Counted with Python's numbers, label by label; the scores are a list until the end.

names: iou
"""

from collections import Counter

import torch


def iou(pred, target, num_classes, ignore_index=255):
    pairs = Counter((p, t) for p, t in zip(pred.flatten().tolist(), target.flatten().tolist()) if t != ignore_index)
    scores = []
    for label in range(num_classes):
        union = sum(count for pair, count in pairs.items() if label in pair)
        scores.append(pairs[label, label] / union if union else float("nan"))
    return torch.tensor(scores)
