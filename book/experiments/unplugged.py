"""What each skip of a U-Net carries: a trained network whose skips are closed one at a time.

A network that is trained as usual cannot do without a skip. So in this training each skip of each image in a batch is
closed with probability 1/4, which means that its map is replaced by zeros. Each seed draws training scenes, first
weights, order and closed skips of its own, and all networks are measured on the same new scenes. Network and training
sets are small on purpose. The network of the first seed, not of the best one, is what the live figures run in the
browser.
"""

import torch
from _code import networks, onnx_files, segmenting, unet
from torch import nn

SEEDS = range(3)
SCENES, NEW_SCENES, EPOCHS, DEPTH, CLOSED = 400, 100, 14, 3, 0.25
FILES = ["book/_static/networks/shapes.onnx"]
GATES = {
    "all": (1, 1, 1),
    "without 0": (0, 1, 1),
    "without 1": (1, 0, 1),
    "without 2": (1, 1, 0),
    "none": (0, 0, 0),
}


class Closing(nn.Module):
    """In training, closes each skip of each image with probability `CLOSED`; in eval mode all are open."""

    def __init__(self, net: unet.SegmentationNet, seed: int):
        super().__init__()
        self.module = networks.Unplugged(net)
        self.random = torch.Generator().manual_seed(seed)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        drawn = torch.rand(len(x), DEPTH, generator=self.random)
        gates = (drawn >= CLOSED).float() if self.training else torch.ones_like(drawn)
        return self.module(x, gates)["logits"]


def run(seed: int) -> dict:
    """After each epoch the ``mean`` IoU of the classes with all skips; at the end, for each choice of open skips, the
    ``iou`` of each class and the share of ``right`` pixels."""
    images, masks = segmenting.scenes(SCENES, seed=100 + seed)
    new_images, new_masks = segmenting.scenes(NEW_SCENES, seed=1)
    torch.manual_seed(seed)
    net = unet.SegmentationNet(3, segmenting.CLASSES, width=8, depth=DEPTH)
    mean = []
    for _ in segmenting.epochs_of(Closing(net, seed), images, masks, EPOCHS, seed=seed):
        mean.append(round(measured(net, new_images, new_masks, GATES["all"])[0].mean().item(), 4))
    if seed == SEEDS[0]:
        networks.save(net, onnx_files.FOLDER / "shapes.onnx")
    ends = {name: measured(net, new_images, new_masks, gates) for name, gates in GATES.items()}
    return {
        "mean": mean,
        "iou": {name: [round(value, 4) for value in iou.tolist()] for name, (iou, _) in ends.items()},
        "right": {name: round(right, 4) for name, (_, right) in ends.items()},
    }


def measured(
    net: unet.SegmentationNet, images: torch.Tensor, masks: torch.Tensor, gates: tuple[int, ...]
) -> tuple[torch.Tensor, float]:
    """The IoU of each class, and the share of right pixels."""
    labels = networks.predict(net, images, gates).argmax(1)
    return segmenting.overlaps(segmenting.confusion(labels, masks)), (labels == masks).float().mean().item()
