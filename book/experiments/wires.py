"""Five losses for the wires of chapter 6's scenes: how soon each finds them, and what it finds in the end.

Each seed draws training scenes, first weights and order of its own; the losses share them, and all are measured on the
same new scenes. Network and scenes are small on purpose (eight channels, one pooling, 48 × 48 pixels), so that all 25
trainings take minutes.
"""

import torch
import torch.nn.functional as F
from _code import segmenting, unet

from convcourse.data import CLASSES

SEEDS = range(5)
SCENES, NEW_SCENES, SIZE, EPOCHS = 240, 100, 48, 30
WIRE = CLASSES.index("wire")
LOSSES = {
    "cross-entropy": F.cross_entropy,
    "weighted": segmenting.weighted(10.0),
    "focal": segmenting.focal(2.0),
    "dice": segmenting.dice,
    "batch-dice": segmenting.batch_dice,
}


def run(seed: int) -> dict[str, dict]:
    """Per loss: ``iou`` of the wires after each epoch; at the end ``table``, pixels by truth (row) and prediction, and
    ``false_alarms``, the share of pixels called wire in new scenes without a wire."""
    images, masks = segmenting.scenes(SCENES, seed=100 + seed, size=SIZE)
    new_images, new_masks = segmenting.scenes(NEW_SCENES, seed=1, size=SIZE)
    wires, new_wires = (masks == WIRE).long(), (new_masks == WIRE).long()
    empty = ~new_wires.flatten(1).any(1)
    found = {}
    for name, loss in LOSSES.items():
        torch.manual_seed(seed)
        net = unet.SegmentationNet(3, 2, width=8, depth=1)
        iou = []
        for _ in segmenting.epochs_of(net, images, wires, EPOCHS, loss=loss, seed=seed):
            labels = segmenting.predict(net, new_images).argmax(1)
            table = segmenting.confusion(labels, new_wires, classes=2)
            iou.append(round(segmenting.overlaps(table)[1].item(), 4))
        false_alarms = round(labels[empty].float().mean().item(), 5)
        found[name] = {"iou": iou, "table": table.tolist(), "false_alarms": false_alarms}
    return found
