"""The two trainings of assignment 06, on its page and in its exam: their settings, and how well they must end.

The numbers lie in `trainings.json`, which `make training-bar` writes after it has trained the reference with 5 seeds.
"""

import json
from pathlib import Path
from typing import NamedTuple

FILE = Path(__file__).with_name("trainings.json")


class Training(NamedTuple):
    """A U-Net on `ShapeScenes`. One class: a mask is 1 where any shape is, and the mean is over ground and shapes."""

    classes: int
    base_channels: int
    depth: int
    scenes: int
    size: int  # of the scenes' sides, in pixels
    batch_size: int
    epochs: int
    unseen: int  # scenes on which it is measured afterwards
    reached: list[float]  # mean IoU there, one for each seed
    bar: float

    @property
    def rule(self) -> str:
        """What must be reached, in a sentence or two."""
        network = f'UNet(3, {self.classes}, base_channels={self.base_channels}, depth={self.depth}, padding="same")'
        masks = "masks of 0 for ground and 1 for any shape" if self.classes == 1 else "all classes"
        over = "ground and shapes" if self.classes == 1 else "the classes"
        return (
            f"{network}, trained by `fit` for {self.epochs} epochs on {self.scenes} scenes of "
            f"{self.size} × {self.size} pixels in batches of {self.batch_size}, {masks}:\non {self.unseen} scenes that "
            f"it never saw, its mean IoU over {over} must reach {self.bar:.2f}. "
            f"(The reference got {min(self.reached):.2f} to {max(self.reached):.2f}.)"
        )


def training(name: str) -> Training:
    """The training "page" or "exam"."""
    found = json.loads(FILE.read_text(encoding="utf-8"))
    if name not in found:
        raise ValueError(f"There is no training {name!r}; there are {', '.join(found)}.")
    return Training(**found[name])
