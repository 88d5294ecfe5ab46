"""The two trainings of assignment 06, on its page and in its exam: their settings, and how well they must end.

The numbers lie in `trainings.json`, which `make training-bar` writes after it has trained the reference many times.
"""

import json
from pathlib import Path
from typing import NamedTuple

from torch import nn

FILE = Path(__file__).with_name("trainings.json")


def training_network(classes: int) -> nn.Sequential:
    """The small network that the exam of `fit` trains: images (N, 3, H, W) → logits (N, classes, H, W)."""
    return nn.Sequential(
        nn.Conv2d(3, 16, 5, padding=2), nn.BatchNorm2d(16), nn.ReLU(),
        nn.Conv2d(16, 16, 5, padding=2), nn.BatchNorm2d(16), nn.ReLU(),
        nn.Conv2d(16, classes, 1),
    )  # fmt: skip


class Training(NamedTuple):
    """A network on `ShapeScenes`. One class: a mask is 1 where any shape is, and the mean is over ground and shapes."""

    classes: int
    scenes: int
    size: int  # of the scenes' sides, in pixels
    batch_size: int
    epochs: int
    unseen: int  # scenes on which it is measured afterwards
    reached: list[float]  # mean IoU there, of the worst and the best training
    bar: float
    base_channels: int | None = None  # of a U-Net
    depth: int | None = None

    @property
    def network(self) -> str:
        """The call that makes the network."""
        if self.base_channels is None:
            return f"data.training_network({self.classes})"
        return f'UNet(3, {self.classes}, base_channels={self.base_channels}, depth={self.depth}, padding="same")'

    @property
    def rule(self) -> str:
        """What must be reached, in a sentence or two."""
        masks = "masks of 0 for ground and 1 for any shape" if self.classes == 1 else "all classes"
        over = "ground and shapes" if self.classes == 1 else "the classes"
        return (
            f"{self.network}, trained by `fit` for {self.epochs} epochs on {self.scenes} scenes of "
            f"{self.size} × {self.size} pixels in batches of {self.batch_size}, {masks}:\non {self.unseen} scenes that "
            f"it never saw, its mean IoU over {over} must reach {self.bar:.2f}. "
            f"(Right work got {min(self.reached):.2f} to {max(self.reached):.2f}.)"
        )


def training(name: str) -> Training:
    """The training "page" or "exam"."""
    found = json.loads(FILE.read_text(encoding="utf-8"))
    if name not in found:
        raise ValueError(f"There is no training {name!r}; there are {', '.join(found)}.")
    return Training(**found[name])
