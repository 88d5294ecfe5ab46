"""How well assignment 06's trainings end: `make training-bar` sets the two bars.

Every seed draws other scenes, first weights and orders of batches. A bar is nine tenths of the worst, rounded down to a
twentieth. A network that has learned only how common each class is stays below it (its mean IoU is printed too).

The page's training is the reference's, with 5 seeds. The exam's is held with loops of several optimisers, learning
rates and losses, 15 seeds each, and as there the better of two attempts counts, so that a bar holds for right work of
any such choice.
"""

import json
import time
from collections.abc import Iterator
from functools import partial
from itertools import product
from pathlib import Path

import torch
import torch.nn.functional as F
from rich.progress import Progress
from torch import nn
from torch.utils.data import DataLoader

from autograder import slow_checks
from autograder.release import TEXTS, source_notebook
from convcourse import data
from convcourse.data.trainings import FILE

SEEDS = range(5)
EXAM_SEEDS = range(15)
SETTINGS = {
    "page": dict(classes=6, scenes=320, size=64, batch_size=4, epochs=12, unseen=100, base_channels=8, depth=3),
    "exam": dict(classes=1, scenes=32, size=32, batch_size=8, epochs=16, unseen=64),
}
# The rates that the text names, and two habits besides.
OPTIMISERS = {
    "Adam 1e-3": partial(torch.optim.Adam, lr=1e-3),
    "Adam 3e-3": partial(torch.optim.Adam, lr=3e-3),
    "Adam 1e-2": partial(torch.optim.Adam, lr=1e-2),
    "SGD 0.1": partial(torch.optim.SGD, lr=0.1),
    "SGD 0.01, momentum 0.9": partial(torch.optim.SGD, lr=0.01, momentum=0.9),
}


def entropy(logits: torch.Tensor, masks: torch.Tensor) -> torch.Tensor:
    return F.binary_cross_entropy_with_logits(logits[:, 0], masks.float())


def with_dice(logits: torch.Tensor, masks: torch.Tensor) -> torch.Tensor:
    a, b = logits[:, 0].sigmoid().flatten(1), masks.float().flatten(1)
    return entropy(logits, masks) + (1 - 2 * (a * b).sum(1) / ((a + b).sum(1) + 1e-7)).mean()


LOSSES = {"cross-entropy": (1, entropy), "with Dice": (1, with_dice), "two classes": (2, F.cross_entropy)}


def reference(path: Path = TEXTS / "06-segmentation.py") -> dict:
    """The names that the reference notebook defines."""
    names: dict = {}
    for cell in source_notebook(path.read_text(encoding="utf-8")).cells:
        if cell.id == "setup" or (cell.cell_type == "code" and cell.metadata.nbgrader.solution):
            exec(cell.source, names)
    return names


def pairs(count: int, size: int, seed: int, classes: int) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Scenes with masks of these classes; with one, of 0 and 1."""
    return [(image, (mask > 0).long() if classes == 1 else mask) for image, mask in data.ShapeScenes(count, size, seed)]


def mean_iou(labels: torch.Tensor, masks: torch.Tensor, names: dict, classes: int) -> float:
    return names["iou"](labels, masks, max(classes, 2)).mean().item()


def fit_by(optimiser, loss):
    """A right `fit` with an optimiser and a loss."""

    def fit(model, loader, epochs):
        steps = optimiser(model.parameters())
        model.train()
        for _ in range(epochs):
            for images, masks in loader:
                steps.zero_grad()
                loss(model(images), masks).backward()
                steps.step()

    return fit


def reached(names: dict, fit, network: nn.Module, seed: int, setting: dict) -> float:
    """The mean IoU on scenes that were not seen, after one training."""
    size, classes = setting["size"], setting["classes"]
    loader = DataLoader(pairs(setting["scenes"], size, seed, classes), setting["batch_size"], shuffle=True)
    fit(network, loader, setting["epochs"])
    images, masks = (torch.stack(part) for part in zip(*pairs(setting["unseen"], size, 1000 + seed, classes)))
    network.eval()
    with torch.inference_mode():
        logits = torch.cat([network(part) for part in images.split(25)])
    labels = (logits[:, 0] > 0).long() if logits.shape[1] == 1 else logits.argmax(1)
    return mean_iou(labels, masks, names, classes)


def page(names: dict) -> Iterator[float]:
    """The reference's U-Net and loop."""
    setting = SETTINGS["page"]
    for seed in SEEDS:
        torch.manual_seed(seed)
        network = names["UNet"](3, setting["classes"], setting["base_channels"], setting["depth"], padding="same")
        yield reached(names, names["fit"], network, seed, setting)


def exam(names: dict) -> Iterator[float]:
    """The better of two attempts, for every optimiser, loss and seed."""
    for (way, optimiser), (about, (outputs, loss)) in product(OPTIMISERS.items(), LOSSES.items()):
        found = []
        for seed in EXAM_SEEDS:
            attempts = []
            for attempt in (2 * seed, 2 * seed + 1):
                torch.manual_seed(attempt)
                network = data.training_network(outputs)
                attempts.append(reached(names, fit_by(optimiser, loss), network, attempt, SETTINGS["exam"]))
            found.append(max(attempts))
            yield found[-1]
        print(f"{way}, {about}: {min(found):.2f} to {max(found):.2f}")


def bar(scores: list[float]) -> float:
    """Nine tenths of the worst, rounded down to a twentieth."""
    return int(0.9 * min(scores) * 20) / 20


def main() -> None:
    names, found, told = reference(), {}, []
    for name, trainings, count in (
        ("page", page, len(SEEDS)),
        ("exam", exam, len(OPTIMISERS) * len(LOSSES) * len(EXAM_SEEDS)),
    ):
        setting, start = SETTINGS[name], time.process_time()
        with Progress() as progress:
            scores = [round(score, 4) for score in progress.track(trainings(names), total=count, description=name)]
        found[name] = {**setting, "reached": [min(scores), max(scores)], "bar": bar(scores)}
        _, masks = zip(*pairs(setting["unseen"], setting["size"], 1000, setting["classes"]))
        truth = torch.stack(masks)
        lazy = mean_iou(torch.zeros_like(truth), truth, names, setting["classes"])
        lowest = ", ".join(f"{score:.2f}" for score in sorted(scores)[:5])
        told.append(f"{name}, {count} times: lowest {lowest}, bar {bar(scores):.2f}, ground everywhere {lazy:.2f}")
        print(f"{told[-1]}; {(time.process_time() - start) / count:.1f} s of CPU each")
    FILE.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(f"wrote {FILE}")
    slow_checks.record("training-bar", f"mean IoU: {'; '.join(told)}")


if __name__ == "__main__":
    main()
