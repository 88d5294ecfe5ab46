"""Chapter 2's network: three convolutions, each made smaller in one of four ways, a mean, and one linear layer."""

import base64
import json
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

from _code import letters

WIDTHS = (8, 16, 32)  # channels of the three convolutions
WAYS = ("max", "stride", "average", "blur")
# The weights of the first seed of `experiments.drifts`, which the live figures load.
FILE = Path(__file__).resolve().parents[1] / "_static" / "networks" / "letters.json"


class Blur(nn.Module):
    """Weights 1, 2, 1 down and to the right, divided by their sum; every second position is kept. Zeros outside."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        row = torch.tensor([0.25, 0.5, 0.25])
        kernel = torch.outer(row, row).repeat(x.shape[1], 1, 1, 1)
        return F.conv2d(x, kernel, stride=2, padding=1, groups=x.shape[1])


def network(way: str = "max") -> nn.Sequential:
    """Images (N, 1, H, W) → logits (N, 12). The ways have equally many weights, and each halves the maps thrice.

    "max" and "average" pool windows of 2 × 2. "stride" has no pooling, its convolutions move by 2. "blur" takes the
    largest of each 2 × 2 at every position, blurs the result, and keeps every second position of it (Zhang 2019).
    """
    smaller = {
        "max": lambda: nn.MaxPool2d(2),
        "average": lambda: nn.AvgPool2d(2),
        "blur": lambda: nn.Sequential(nn.MaxPool2d(2, stride=1), Blur()),
    }
    layers: dict[str, nn.Module] = {}
    for level, (c_in, c_out) in enumerate(zip((1, *WIDTHS), WIDTHS), 1):
        layers[f"conv{level}"] = nn.Conv2d(c_in, c_out, 3, stride=2 if way == "stride" else 1, padding=1)
        layers[f"relu{level}"] = nn.ReLU()
        if way != "stride":
            layers[f"pool{level}"] = smaller[way]()
    layers |= {"mean": nn.AdaptiveAvgPool2d(1), "flat": nn.Flatten()}
    layers["classify"] = nn.Linear(WIDTHS[-1], len(letters.LETTERS))
    return nn.Sequential(OrderedDict(layers))


def epochs_of(net: nn.Module, images: torch.Tensor, labels: torch.Tensor, epochs: int, seed: int) -> Iterator[float]:
    """Adam with a rate that rises and falls once, batches of 50; the mean loss of each epoch, as soon as it is over."""
    torch.manual_seed(seed)
    optimiser = torch.optim.Adam(net.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 1e-2, total_steps=epochs * -(-len(images) // 50))
    for _ in range(epochs):
        net.train()
        total = 0.0
        for chosen in torch.randperm(len(images)).split(50):
            loss = F.cross_entropy(net(images[chosen]), labels[chosen])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += loss.item() * len(chosen)
        yield total / len(images)


@torch.inference_mode()
def probabilities(net: nn.Module, images: torch.Tensor) -> torch.Tensor:
    """What the network says of each image in eval mode, (N, 12), rows sum to 1."""
    net.eval()
    return torch.cat([net(part).softmax(1) for part in images.split(500)])


def drift(net: nn.Module, scenes: torch.Tensor, steps: int = letters.MARGIN) -> torch.Tensor:
    """The probabilities while each scene moves to the right, a pixel a step: (2 · steps + 1, N, 12)."""
    return torch.stack([probabilities(net, letters.view(scenes, right=right)) for right in range(-steps, steps + 1)])


def save(nets: Mapping[str, nn.Module]) -> None:
    """Writes these networks' parameters into `FILE`: of each network, under each name, float32 in base64.

    This is shorter than decimal numbers, and nothing is rounded.
    """
    words = lambda values: base64.b64encode(values.detach().numpy().astype("<f4").tobytes()).decode()
    told = {way: {name: words(values) for name, values in net.state_dict().items()} for way, net in nets.items()}
    FILE.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def load(way: str) -> nn.Sequential:
    """The network of this way with the weights of `FILE`, in eval mode."""
    net, held = network(way), json.loads(FILE.read_text(encoding="utf-8"))[way]
    values = lambda name: torch.frombuffer(bytearray(base64.b64decode(held[name])), dtype=torch.float32)
    net.load_state_dict({name: values(name).reshape(first.shape) for name, first in net.state_dict().items()})
    return net.eval()
