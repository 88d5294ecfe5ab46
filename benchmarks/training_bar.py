"""How well assignment 06's reference learns: `make training-bar` trains it with 5 seeds and sets the two bars.

Every seed draws other scenes, first weights and orders of batches. A bar is nine tenths of what the worst seed
reaches, rounded down to a twentieth: an optimiser that is less well chosen than the reference's still gets there, a
network that has learned only how common each class is does not (its mean IoU is printed too).
"""

import json
import time
from pathlib import Path

import torch
from rich.progress import Progress
from torch.utils.data import DataLoader

from autograder import slow_checks
from autograder.release import TEXTS, source_notebook
from convcourse import data
from convcourse.data.trainings import FILE

SEEDS = range(5)
SETTINGS = {
    "page": dict(classes=6, base_channels=8, depth=3, scenes=320, size=64, batch_size=4, epochs=12, unseen=100),
    "exam": dict(classes=1, base_channels=8, depth=2, scenes=64, size=32, batch_size=8, epochs=15, unseen=64),
}


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


def reached(
    names: dict, seed: int, *, classes, base_channels, depth, scenes, size, batch_size, epochs, unseen
) -> float:
    """The mean IoU on scenes that were not seen, after one training."""
    torch.manual_seed(seed)
    loader = DataLoader(pairs(scenes, size, seed, classes), batch_size, shuffle=True)
    network = names["UNet"](3, classes, base_channels, depth, padding="same")
    names["fit"](network, loader, epochs)
    images, masks = (torch.stack(part) for part in zip(*pairs(unseen, size, 1000 + seed, classes)))
    network.eval()
    with torch.inference_mode():
        logits = torch.cat([network(part) for part in images.split(25)])
    labels = (logits[:, 0] > 0).long() if classes == 1 else logits.argmax(1)
    return mean_iou(labels, masks, names, classes)


def bar(scores: list[float]) -> float:
    """Nine tenths of the worst, rounded down to a twentieth."""
    return int(0.9 * min(scores) * 20) / 20


def main() -> None:
    names, found = reference(), {}
    with Progress() as progress:
        for name, setting in SETTINGS.items():
            start, scores = time.process_time(), []
            for seed in progress.track(SEEDS, description=name):
                scores.append(round(reached(names, seed, **setting), 4))
            found[name] = {**setting, "reached": scores, "bar": bar(scores)}
            _, masks = zip(*pairs(setting["unseen"], setting["size"], 1000, setting["classes"]))
            truth = torch.stack(masks)
            lazy = mean_iou(torch.zeros_like(truth), truth, names, setting["classes"])
            seconds = (time.process_time() - start) / len(SEEDS)
            print(f"{name}: {scores}, bar {bar(scores):.2f}; ground everywhere {lazy:.2f}; {seconds:.1f} s of CPU each")
    FILE.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(f"wrote {FILE}")
    bars = ", ".join(f"{name}: worst {min(one['reached']):.2f}, bar {one['bar']:.2f}" for name, one in found.items())
    slow_checks.record("training-bar", f"{len(SEEDS)} seeds; mean IoU of {bars}")


if __name__ == "__main__":
    main()
