"""Chapter 3's stacks of 3 × 3 convolutions: 4 to 32 layers, with or without shortcuts and norms, on small digits."""

from collections.abc import Iterator
from functools import cache

import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn

WIDTH, SIDE = 8, 4  # channels and pixels of all maps of a stack
BATCH = 100


class Stack(nn.Module):
    """Images (N, 1, 8, 8) → logits (N, 10), through an even number of 3 × 3 convolutions that keep their maps' shape.

    Two convolutions make a pair. With ``skip``, what goes into a pair is added to what comes out of it, before the last
    ReLU (He and others, 2016). With ``norm`` each convolution is followed by a batch norm. Weights start as PyTorch
    draws them, or with ``init="he"`` by a normal distribution that keeps the spread through a ReLU, with biases 0 (He
    and others, 2015).
    """

    def __init__(self, depth: int, skip: bool, norm: bool, init: str):
        super().__init__()
        self.skip = skip
        self.stem = nn.Conv2d(1, WIDTH, 4, stride=2, padding=1)
        self.convs = nn.ModuleList(nn.Conv2d(WIDTH, WIDTH, 3, padding=1) for _ in range(depth))
        self.norms = nn.ModuleList(nn.BatchNorm2d(WIDTH) if norm else nn.Identity() for _ in range(depth))
        self.head = nn.Linear(WIDTH * SIDE**2, 10)
        if init == "he":
            for conv in [self.stem, *self.convs]:
                nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")
                nn.init.zeros_(conv.bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.relu(self.stem(x))
        layers = [nn.Sequential(conv, norm) for conv, norm in zip(self.convs, self.norms)]
        for first, second in zip(layers[::2], layers[1::2]):
            y = second(F.relu(first(x)))
            x = F.relu(x + y if self.skip else y)
        return self.head(x.flatten(1))


@cache
def digits() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """scikit-learn's digits: images (1198, 1, 8, 8) and labels to train with, and every third image and label (599).
    Pixels have mean 0 and standard deviation 1 over the images to train with."""
    bunch = load_digits()
    images, labels = torch.tensor(bunch.images, dtype=torch.float32)[:, None], torch.tensor(bunch.target)
    new = torch.arange(len(images)) % 3 == 2
    images = (images - images[~new].mean()) / images[~new].std()
    return images[~new], labels[~new], images[new], labels[new]


def gradients(net: Stack, images: torch.Tensor, labels: torch.Tensor) -> list[float]:
    """The norm of the loss's gradient with respect to the weights of each convolution, the first one first."""
    loss = F.cross_entropy(net.train()(images), labels)
    found = torch.autograd.grad(loss, [conv.weight for conv in net.convs])
    return [gradient.norm().item() for gradient in found]


def epochs_of(net: Stack, images: torch.Tensor, labels: torch.Tensor, epochs: int, seed: int) -> Iterator[float]:
    """SGD with momentum and a rate that rises to 0.05 and falls to 0; yields the mean loss of each epoch."""
    torch.manual_seed(seed)
    optimiser = torch.optim.SGD(net.parameters(), momentum=0.9)
    steps = epochs * -(-len(images) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 0.05, total_steps=steps, cycle_momentum=False)
    for _ in range(epochs):
        total = 0.0
        for chosen in torch.randperm(len(images)).split(BATCH):
            loss = F.cross_entropy(net.train()(images[chosen]), labels[chosen])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += loss.item() * len(chosen)
        yield total / len(images)


@torch.inference_mode()
def right(net: Stack, images: torch.Tensor, labels: torch.Tensor) -> float:
    """The share of images that the network reads right, in eval mode."""
    return (net.eval()(images).argmax(1) == labels).float().mean().item()
