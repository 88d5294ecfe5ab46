"""With and without skips: a U-Net, and a plain encoder–decoder that is wider, so that it has at least as many weights.

Each seed draws training scenes, first weights and order of its own; the networks share the scenes and the order, and
both are measured on the same new scenes. Networks and scenes are small on purpose (48 × 48 pixels), so that all ten
trainings take minutes.
"""

import torch
from _code import segmenting, unet

SEEDS = range(5)
SCENES, NEW_SCENES, SIZE, EPOCHS = 240, 100, 48, 24
NETWORKS = {"unet": {"width": 8}, "plain": {"width": 9, "skips": False}}


def run(seed: int) -> dict[str, dict]:
    """Per network: ``weights``, their number; after each epoch the ``mean`` IoU of the classes; at the end the ``iou``
    of each class and the confusion matrix (``table``); the share of ``wrong`` pixels at each distance from another
    class, the last for 8 pixels and more; and of the pixels next to another class the share whose label is true of a
    pixel at most one row and column away (``nearly``)."""
    images, masks = segmenting.scenes(SCENES, seed=100 + seed, size=SIZE)
    new_images, new_masks = segmenting.scenes(NEW_SCENES, seed=1, size=SIZE)
    zones = segmenting.by_distance(new_masks, 8)
    found = {}
    for name, settings in NETWORKS.items():
        torch.manual_seed(seed)
        net = unet.SegmentationNet(3, segmenting.CLASSES, depth=3, **settings)
        mean = []
        for _ in segmenting.epochs_of(net, images, masks, EPOCHS, seed=seed):
            labels = segmenting.predict(net, new_images).argmax(1)
            table = segmenting.confusion(labels, new_masks)
            iou = segmenting.overlaps(table)
            mean.append(round(iou.mean().item(), 4))
        found[name] = {
            "weights": sum(p.numel() for p in net.parameters()),
            "mean": mean,
            "iou": [round(value, 4) for value in iou.tolist()],
            "table": table.tolist(),
            "wrong": [round((labels != new_masks)[zone].float().mean().item(), 4) for zone in zones],
            "nearly": round(segmenting.nearly_right(labels, new_masks)[zones[0]].float().mean().item(), 4),
        }
    return found
