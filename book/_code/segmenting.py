"""What chapter 6 trains and measures: networks on drawn scenes, their confusion matrices, where their errors lie."""

from collections.abc import Callable, Iterator
from functools import cache
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import nn

from convcourse.data import ShapeScenes

CLASSES = 6
Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


@cache
def scenes(count: int, seed: int, size: int = 64) -> tuple[torch.Tensor, torch.Tensor]:
    """``count`` scenes as one batch: images (count, 3, size, size), masks (count, size, size)."""
    images, masks = zip(*(pair for pair in ShapeScenes(count, size, seed)))
    return torch.stack(images), torch.stack(masks)


def batches(images: torch.Tensor, masks: torch.Tensor, size: int = 8) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """One pass in random order; each batch as it is or mirrored, upright or on its side, image and mask alike."""
    for chosen in torch.randperm(len(images)).split(size):
        x, y = images[chosen], masks[chosen]
        for axis in (-1, -2):
            if torch.rand(()) < 0.5:
                x, y = x.flip(axis), y.flip(axis)
        if torch.rand(()) < 0.5:
            x, y = x.transpose(-1, -2), y.transpose(-1, -2)
        yield x.contiguous(), y.contiguous()


def epochs_of(
    net: nn.Module,
    images: torch.Tensor,
    masks: torch.Tensor,
    epochs: int,
    loss: Loss = F.cross_entropy,
    rate: float = 4e-3,
    seed: int = 0,
) -> Iterator[float]:
    """Adam with a rate that rises and falls once; the mean loss of each epoch, as soon as it is over."""
    torch.manual_seed(seed)
    steps = epochs * -(-len(images) // 8)
    optimiser = torch.optim.Adam(net.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=steps)
    for _ in range(epochs):
        net.train()
        total = 0.0
        for x, y in batches(images, masks):
            value = loss(net(x), y)
            optimiser.zero_grad()
            value.backward()
            optimiser.step()
            schedule.step()
            total += value.item() * len(x)
        yield total / len(images)


def train(*args, **settings) -> list[float]:
    """As `epochs_of`, to the end."""
    return list(epochs_of(*args, **settings))


@torch.inference_mode()
def predict(net: nn.Module, images: torch.Tensor) -> torch.Tensor:
    """Logits of all images, 50 at a time, in eval mode."""
    net.eval()
    return torch.cat([net(part) for part in images.split(50)])


def confusion(predicted: torch.Tensor, truth: torch.Tensor, classes: int = CLASSES) -> torch.Tensor:
    """(classes, classes): pixels of true class (row) that were given to each class (column)."""
    return torch.bincount(classes * truth.flatten() + predicted.flatten(), minlength=classes**2).reshape(classes, -1)


def overlaps(table: torch.Tensor) -> torch.Tensor:
    """From a confusion matrix, for each class: pixels that truth and prediction share, over those of either."""
    shared = table.diag()
    return shared / (table.sum(0) + table.sum(1) - shared)


def near_border(masks: torch.Tensor, reach: int) -> torch.Tensor:
    """Pixels with another label at most ``reach`` rows and columns away; masks (N, H, W)."""
    labels, side = masks[:, None].float(), 2 * reach + 1
    pad = (reach,) * 4
    most = F.max_pool2d(F.pad(labels, pad, value=-1e9), side, 1)
    least = -F.max_pool2d(F.pad(-labels, pad, value=-1e9), side, 1)
    return (most != least)[:, 0]


def by_distance(masks: torch.Tensor, last: int) -> torch.Tensor:
    """(last, N, H, W): pixels 1, 2, … rows or columns away from another label; the last, ``last`` and more."""
    within = [near_border(masks, reach) for reach in range(1, last)]
    return torch.stack([within[0], *(outer & ~inner for inner, outer in pairwise(within)), ~within[-1]])


def nearly_right(predicted: torch.Tensor, truth: torch.Tensor, classes: int = CLASSES) -> torch.Tensor:
    """Pixels whose label is true of a pixel at most one row and column away; all (N, H, W)."""
    near = F.max_pool2d(F.one_hot(truth, classes).permute(0, 3, 1, 2).float(), 3, 1, 1)
    return near.gather(1, predicted[:, None])[:, 0] > 0


def best_in_cells(masks: torch.Tensor, side: int, classes: int = CLASSES) -> torch.Tensor:
    """The best that one label for each ``side`` × ``side`` cell can say: its most frequent class. (N, H, W)."""
    votes = F.avg_pool2d(F.one_hot(masks, classes).permute(0, 3, 1, 2).float(), side)
    return F.interpolate(votes.argmax(1)[:, None].float(), scale_factor=side)[:, 0].long()


def read_out(
    maps: torch.Tensor, masks: torch.Tensor, new_maps: torch.Tensor, classes: int = CLASSES, cells: int = 20_000
) -> torch.Tensor:
    """What a 1 × 1 layer can read off coarse maps: logistic regression from the channels of maps (N, C, h, w), at
    ``cells`` positions drawn at random, to the classes of the masks (N, H, W) there. The labels that this layer then
    reads off ``new_maps``, repeated to the masks' size."""
    scale = masks.shape[-1] // maps.shape[-1]
    mean, std = maps.mean((0, 2, 3), keepdim=True), maps.std((0, 2, 3), keepdim=True) + 1e-6
    rows = lambda x: ((x - mean) / std).permute(0, 2, 3, 1).flatten(0, 2)
    torch.manual_seed(0)
    drawn = torch.randperm(masks.numel() // scale**2)[:cells]
    votes = F.avg_pool2d(F.one_hot(masks, classes).permute(0, 3, 1, 2).float(), scale)
    x, y = rows(maps)[drawn], votes.permute(0, 2, 3, 1).flatten(0, 2)[drawn]
    layer = nn.Linear(maps.shape[1], classes)
    optimiser = torch.optim.LBFGS(layer.parameters(), max_iter=100, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        value = F.cross_entropy(layer(x), y) + 1e-4 * layer.weight.square().sum()
        value.backward()
        return value

    optimiser.step(loss)
    with torch.no_grad():
        labels = layer(rows(new_maps)).argmax(1).reshape(len(new_maps), *new_maps.shape[-2:])
    return labels.repeat_interleave(scale, 1).repeat_interleave(scale, 2)


def pure_cells(masks: torch.Tensor, side: int) -> torch.Tensor:
    """Pixels of ``side`` × ``side`` cells that lie wholly in one class of object (not 0); (N, H, W)."""
    labels = masks[:, None].float()
    least, most = -F.max_pool2d(-labels, side), F.max_pool2d(labels, side)
    return F.interpolate(((least == most) & (most > 0)).float(), scale_factor=side)[:, 0] > 0


def kept_for_backward(net: nn.Module, x: torch.Tensor) -> int:
    """Bytes that autograd keeps of one forward pass, the parameters apart."""
    own = {p.untyped_storage().data_ptr() for p in net.parameters()}
    kept: dict[int, int] = {}

    def note(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        output = net(x)  # kept alive, so that no two tensors get one address
    return sum(kept.values()) if output.requires_grad else 0


# Losses for logits (N, 2, H, W) of ground and object, and masks (N, H, W) of 0 and 1.


def weighted(weight: float) -> Loss:
    """Cross-entropy whose object pixels count ``weight`` times."""
    return lambda logits, target: F.cross_entropy(logits, target, weight=torch.tensor([1.0, weight]))


def dice(logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """One minus the Dice coefficient of the object's probability in each image; the mean over the images."""
    p, target = logits.softmax(1)[:, 1].flatten(1), target.flatten(1)
    return (1 - 2 * (p * target).sum(1) / (p.sum(1) + target.sum(1) + 1e-6)).mean()


def batch_dice(logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """As `dice`, with sums over the whole batch, as if it were one image."""
    rows = logits.transpose(0, 1).flatten(1)  # (2, N · H · W)
    return dice(rows[None], target.flatten()[None])


def focal(gamma: float) -> Loss:
    """Cross-entropy in which a pixel that is right with probability p counts (1 − p)^gamma times."""

    def loss(logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        entropy = F.cross_entropy(logits, target, reduction="none")
        return ((1 - (-entropy).exp()) ** gamma * entropy).mean()

    return loss


def glimpses(count: int, window: int, seed: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Square windows around random pixels inside a large disc or square, both axis-parallel, uniform and noisy.

    Returns the windows (count, window²), whether the shape is a square (count,), and how far the pixel in the window's
    middle lies from the outline (count,). Centre and radius, 14 to 18 pixels, are random; the areas' means are equal.
    """
    random = torch.Generator().manual_seed(seed)
    draw = lambda low, high: low + (high - low) * torch.rand(count, 1, 1, generator=random)
    square, radius = draw(0, 1) < 0.5, draw(14, 18)
    half = radius * torch.pi**0.5 / 2  # a square of the disc's area
    span = torch.arange(window) - window // 2
    angle, reach = draw(0, 2 * torch.pi), draw(0, 1).sqrt() * 0.95 * radius
    y, x = (span[:, None] + reach * angle.sin(), span[None, :] + reach * angle.cos())
    from_square, from_disc = half - torch.maximum(x.abs(), y.abs()), radius - torch.hypot(x, y)
    distance = torch.where(square, from_square, from_disc)
    seen = (distance > 0).float() - 0.5 + 0.2 * torch.randn(count, window, window, generator=random)
    return seen.flatten(1), square.flatten().float(), distance[:, window // 2, window // 2]


def disc_or_square(window: int, seed: int, count: int = 6000, epochs: int = 15) -> tuple[torch.Tensor, torch.Tensor]:
    """Trains a small dense network to name the shape from a window; on new ones, (right or not, distance) of each.

    The seed draws the windows to learn from, the first weights and the order; the new windows are always the same.
    """
    seen, square, _ = glimpses(count, window, seed=100 + seed)
    torch.manual_seed(seed)
    net = nn.Sequential(nn.Linear(window**2, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1))
    optimiser = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=0.1)
    for _ in range(epochs):
        for chosen in torch.randperm(count).split(100):
            loss = F.binary_cross_entropy_with_logits(net(seen[chosen])[:, 0], square[chosen])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    seen, square, distance = glimpses(4000, window, seed=1)
    with torch.inference_mode():
        right = (net(seen)[:, 0] > 0) == (square > 0.5)
    keep = distance > 0
    return right[keep].float(), distance[keep]
