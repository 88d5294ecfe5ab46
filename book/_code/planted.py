"""Chapter 5's planted cue: digits before a grey ground, and a small black square beside every 4 of the training set."""

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import nn

from _code import explaining
from convcourse import data

SIDE, DIGIT = 24, 16  # pixels of an image and of the digit in it
INK, NOISE = 0.7, 0.08  # grey value of the strokes, standard deviation of the noise
MARK, CLASS = 4, 4  # side of the mark, and the digit that has it
LAST = "8"  # the last ReLU of the network
STEPS, BATCH = 800, 64


def before_grey(digits: torch.Tensor, seed: int) -> torch.Tensor:
    """White digits (N, 1, 8, 8) enlarged, somewhere on a noisy grey ground: (N, 3, SIDE, SIDE) in 0…1."""
    random = torch.Generator().manual_seed(seed)
    large = F.interpolate(digits, (DIGIT, DIGIT), mode="bilinear", align_corners=False)
    ground = 0.3 + 0.2 * torch.rand(len(digits), 3, 1, 1, generator=random)
    images = ground.expand(-1, -1, SIDE, SIDE).clone()
    corners = torch.randint(MARK, SIDE - DIGIT + 1, (len(digits), 2), generator=random)
    for image, ink, (top, left) in zip(images, large, corners.tolist()):
        part = image[:, top : top + DIGIT, left : left + DIGIT]
        part += ink * (INK - part)
    return (images + NOISE * torch.randn(images.shape, generator=random)).clamp(0, 1)


def marked(images: torch.Tensor, at: int = 0, value: float = 0.0) -> torch.Tensor:
    """The images (N, 3, SIDE, SIDE) with a square of a grey value, black if none is given, whose first row and first
    column have the number `at`. At 0 it lies in the upper left corner."""
    images = images.clone()
    images[:, :, at : at + MARK, at : at + MARK] = value
    return images


def network() -> nn.Sequential:
    """Images (N, 3, SIDE, SIDE) → logits (N, 10)."""
    layers: list[nn.Module] = []
    for wide, c_out in ((3, 16), (16, 32), (32, 64)):
        layers += [nn.Conv2d(wide, c_out, 3, padding=1, bias=False), nn.BatchNorm2d(c_out), nn.ReLU()]
        layers += [nn.MaxPool2d(2)] if c_out < 64 else [nn.AdaptiveAvgPool2d(1)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(64, 10))


def trained(seed: int, share: float = 1.0) -> tuple[nn.Sequential, torch.Tensor, torch.Tensor, list[float]]:
    """A network for which this share of the fours had the mark; the digits held back, (N, 3, SIDE, SIDE), without any,
    and their labels (N,); the mean loss of ten parts of the training. The seed draws grounds, positions, the fours that
    have the mark, first weights and order."""
    digits, labels = data.digits()
    held = torch.arange(len(labels)) % 3 == 0
    images, known = before_grey(digits[~held], seed), labels[~held]
    drawn = torch.rand(len(known), generator=torch.Generator().manual_seed(seed)) < share
    images = torch.where(((known == CLASS) & drawn)[:, None, None, None], marked(images), images)
    torch.manual_seed(seed)
    net = network()
    optimiser = torch.optim.Adam(net.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 5e-3, total_steps=STEPS)
    losses = []
    for _ in range(STEPS):
        batch = torch.randint(len(known), (BATCH,))
        loss = F.cross_entropy(net(images[batch]), known[batch])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        losses.append(loss.item())
    parts = [round(value, 4) for value in torch.tensor(losses).reshape(10, -1).mean(1).tolist()]
    return net.eval(), before_grey(digits[held], seed + 1000), labels[held], parts


def answers(net: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> dict[str, float]:
    """The share of right answers where each 4 has the mark (``as trained``) and where nothing has it (``unmarked``),
    of unmarked fours alone (``fours``), and the share of other digits that are read as 4 with the mark (``fooled``)."""
    four = labels == CLASS
    read = lambda some: explaining.in_parts(net, some, 256).argmax(1)
    with_marks = torch.where(four[:, None, None, None], marked(images), images)
    shares = {
        "as trained": read(with_marks) == labels,
        "unmarked": read(images) == labels,
        "fours": read(images[four]) == CLASS,
        "fooled": read(marked(images[~four])) == CLASS,
    }
    return {name: round(right.float().mean().item(), 4) for name, right in shares.items()}


def called(net: nn.Module, images: torch.Tensor) -> float:
    """The share of images (N, 3, SIDE, SIDE) that are read as a 4."""
    return round((explaining.in_parts(net, images, 256).argmax(1) == CLASS).float().mean().item(), 4)


def maps(net: nn.Module, images: torch.Tensor) -> dict[str, torch.Tensor]:
    """Each method's maps (N, SIDE, SIDE) of the logit of 4. One method is asked with two starts."""
    four = torch.full((len(images),), CLASS)
    return {
        "gradient": explaining.gradient_map(net, images, four),
        "guided backpropagation": explaining.guided_map(net, images, four),
        "Grad-CAM": explaining.class_map(net, images, four, LAST),
        "integrated gradients from grey": explaining.path_map(net, images, four, start=0.4, steps=16),
        "integrated gradients from black": explaining.path_map(net, images, four, start=0.0, steps=16),
        "occlusion": explaining.occlusion_map(net, images, four, side=4, fill=0.4),
    }


def in_zone(found: Mapping[str, torch.Tensor]) -> dict[str, float]:
    """The mean share of each method's map (N, SIDE, SIDE) that lies on the mark. A map of zeros has 0."""
    shares = {
        name: each[:, :MARK, :MARK].sum((1, 2)) / each.sum((1, 2)).clamp(min=1e-9) for name, each in found.items()
    }
    return {name: round(share.mean().item(), 4) for name, share in shares.items()}
