"""Chapter 4's training: a small network reads handwritten digits, with few images and with many, changed or not."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from convcourse import data

STEPS, BATCH = 2000, 64
Change = Callable[[torch.Tensor], torch.Tensor]


def digits() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Images (N, 1, 8, 8) and labels (N,) for training, in an order that a seed may change, and those held back."""
    images, labels = data.digits()
    held = torch.arange(len(labels)) % 3 == 0
    return images[~held], labels[~held], images[held], labels[held]


def network() -> nn.Sequential:
    """Images (N, 1, 8, 8) → logits (N, 10)."""
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(32 * 16, 10),
    )  # fmt: skip


def unchanged(images: torch.Tensor) -> torch.Tensor:
    """The images themselves."""
    return images


def moved(images: torch.Tensor) -> torch.Tensor:
    """Each image rotated by up to 15° and shifted by up to a pixel, drawn from torch's global generator."""
    count, side = len(images), images.shape[-1]
    angle = (torch.rand(count) - 0.5) * torch.pi / 6
    along = (torch.rand(count, 2) - 0.5) * 4 / side
    rows = torch.stack([angle.cos(), -angle.sin(), along[:, 0], angle.sin(), angle.cos(), along[:, 1]], 1)
    grid = F.affine_grid(rows.reshape(count, 2, 3), list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, align_corners=False)


def turned(images: torch.Tensor) -> torch.Tensor:
    """Each image rotated by 0°, 90°, 180° or 270° and perhaps mirrored, drawn from torch's global generator."""
    ways = torch.stack([torch.rot90(way, turn, (2, 3)) for way in (images, images.flip(3)) for turn in range(4)])
    return ways[torch.randint(8, (len(images),)), torch.arange(len(images))]


WAYS: dict[str, Change] = {"unchanged": unchanged, "moved": moved, "turned": turned}


def fitted(change: Change, count: int, seed: int) -> tuple[nn.Sequential, torch.Tensor, torch.Tensor]:
    """Trains on the first `count` images of an order that the seed gives, each changed anew in each batch.

    Returns the network, the numbers (count,) of its training images, and the mean losses (10,) of ten parts of the
    training.
    """
    images, labels, _, _ = digits()
    torch.manual_seed(seed)
    chosen = torch.randperm(len(labels))[:count]
    images, labels, net = images[chosen], labels[chosen], network()
    optimiser = torch.optim.Adam(net.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 5e-3, total_steps=STEPS)
    losses = []
    for _ in range(STEPS):
        batch = torch.randint(count, (BATCH,))
        loss = F.cross_entropy(net(change(images[batch])), labels[batch])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        losses.append(loss.item())
    return net, chosen, torch.tensor(losses).reshape(10, -1).mean(1)


def train(change: Change, count: int, seed: int) -> dict[str, list[float] | float]:
    """What `fitted` reaches: the mean ``loss`` of ten parts of the training, the share of the training images that are
    read right as they are (``known``), and of those held back (``right``).
    """
    images, labels, new, truth = digits()
    net, chosen, parts = fitted(change, count, seed)
    with torch.inference_mode():
        known, right = (
            (net(x).argmax(1) == y).float().mean().item() for x, y in ((images[chosen], labels[chosen]), (new, truth))
        )
    return {"loss": [round(value, 4) for value in parts.tolist()], "known": known, "right": round(right, 4)}


def worth(shares: Sequence[float], counts: Sequence[int], share: float) -> float:
    """With how many images shares of right answers, one per number in `counts`, first reach a share: read off on a
    logarithmic axis between two points. Where the first is higher, the first number; where none is so high, infinity.
    """
    if max(shares) < share:
        return float("inf")
    first = next(at for at, reached in enumerate(shares) if reached >= share)
    part = slice(max(first - 1, 0), first + 1)
    return float(np.exp(np.interp(share, shares[part], np.log(counts[part]))))
