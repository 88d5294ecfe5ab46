"""Chapter 3's contest: small networks in the manner of AlexNet, VGG, Inception and ResNet, for chapter 2's letters.

They need about equally many multiplications for an image of 28 × 28. First weights are He's, and Glorot's with tanh.
"""

from collections.abc import Callable

import torch
from torch import nn

from _code import letter_network, letters

NAMES = ("alexnet", "vgg", "vgg + norm", "inception", "resnet")
VARIANTS = ("dropout", "ReLU", "tanh")  # of "alexnet": itself, then without dropout, then with tanh, too
CLASSES = len(letters.LETTERS)


class Beside(nn.ModuleList):
    """Branches that see the same input; their outputs (N, C_i, H, W) are concatenated to (N, ΣC_i, H, W)."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([branch(x) for branch in self], 1)


class Added(nn.ModuleList):
    """Branches whose outputs, all of one shape, are added; a ReLU follows."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.stack([branch(x) for branch in self]).sum(0).relu()


def conv(c_in: int, c_out: int, kernel_size: int = 3, stride: int = 1, norm: bool = False) -> list[nn.Module]:
    """A convolution that keeps the size (or divides it by the stride), with its batch norm if there is one."""
    layer = nn.Conv2d(c_in, c_out, kernel_size, stride, kernel_size // 2, bias=not norm)
    return [layer, nn.BatchNorm2d(c_out)] if norm else [layer]


def _alexnet(activation: Callable[[], nn.Module] = nn.ReLU, dropout: float = 0.5) -> list[nn.Module]:
    """A large kernel with a stride, few convolutions, and dense layers, which hold nearly all parameters."""
    return [
        *(*conv(1, 14, 7, 2), activation(), nn.MaxPool2d(2)),
        *(*conv(14, 24, 5), activation(), nn.Flatten()),
        *(nn.Dropout(dropout), nn.Linear(24 * 7 * 7, 192), activation()),
        *(nn.Dropout(dropout), nn.Linear(192, CLASSES)),
    ]


def _vgg(norm: bool = False) -> list[nn.Module]:
    """Pairs of 3 × 3 convolutions between poolings."""
    layers: list[nn.Module] = []
    for c_in, c_out in ((1, 5), (5, 10), (10, 20)):
        for wide in (c_in, c_out):
            layers += [*conv(wide, c_out, norm=norm), nn.ReLU()]
        layers += [nn.MaxPool2d(2)]
    return [*layers, nn.Flatten(), nn.Dropout(), nn.Linear(20 * 3 * 3, CLASSES)]


def _module(c_in: int, narrow: int, c_out: int) -> Beside:
    """Four branches with ``c_out`` channels each; the larger kernels stand behind a 1 × 1 to ``narrow`` channels."""
    reduced = lambda kernel_size: [*conv(c_in, narrow, 1), nn.ReLU(), *conv(narrow, c_out, kernel_size), nn.ReLU()]
    return Beside(
        [
            nn.Sequential(*conv(c_in, c_out, 1), nn.ReLU()),
            nn.Sequential(*reduced(3)),
            nn.Sequential(*reduced(5)),
            nn.Sequential(nn.MaxPool2d(3, 1, 1), *conv(c_in, c_out, 1), nn.ReLU()),
        ]
    )


def _inception() -> list[nn.Module]:
    """A stem, and modules of several kernel sizes side by side."""
    stem = [*conv(1, 8, 5), nn.ReLU(), nn.MaxPool2d(2)]
    modules = [_module(8, 4, 6), nn.MaxPool2d(2), _module(24, 8, 10), _module(40, 8, 12)]
    return [*stem, *modules, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(), nn.Linear(48, CLASSES)]


def _residual(c_in: int, c_out: int, stride: int) -> Added:
    """Two 3 × 3 convolutions beside the identity, or beside a 1 × 1 where the shape changes."""
    body = nn.Sequential(*conv(c_in, c_out, 3, stride, True), nn.ReLU(), *conv(c_out, c_out, norm=True))
    same = c_in == c_out and stride == 1
    return Added([body, nn.Identity() if same else nn.Sequential(*conv(c_in, c_out, 1, stride, True))])


def _resnet() -> list[nn.Module]:
    """A stem, and residual blocks, two of which halve the map."""
    stem = [*conv(1, 6, 3, 2, norm=True), nn.ReLU()]
    blocks = [_residual(6, 6, 1), _residual(6, 12, 2), _residual(12, 12, 1), _residual(12, 24, 2), _residual(24, 24, 1)]
    return [*stem, *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(24, CLASSES)]


def network(name: str) -> nn.Sequential:
    """One of `NAMES` or `VARIANTS`: images (N, 1, 28, 28) → logits (N, 12)."""
    layers = {
        "alexnet": _alexnet,
        "dropout": _alexnet,
        "ReLU": lambda: _alexnet(dropout=0.0),
        "tanh": lambda: _alexnet(nn.Tanh, dropout=0.0),
        "vgg": _vgg,
        "vgg + norm": lambda: _vgg(norm=True),
        "inception": _inception,
        "resnet": _resnet,
    }
    net = nn.Sequential(*layers[name]())
    for layer in net.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            if name == "tanh":
                nn.init.xavier_normal_(layer.weight)
            else:
                nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    return net


def train(
    net: nn.Module,
    shown: tuple[torch.Tensor, torch.Tensor],
    new: tuple[torch.Tensor, torch.Tensor],
    epochs: int,
    seed: int,
) -> dict[str, list[float] | float]:
    """Train on the images and labels that are shown. After each epoch the mean ``loss`` and the share of the new ones
    that are ``right``; in the end the share of the shown ones (``seen``)."""
    share = lambda x, y: round((letter_network.probabilities(net, x).argmax(1) == y).float().mean().item(), 4)
    loss, right = [], []
    for mean in letter_network.epochs_of(net, *shown, epochs, seed=seed):
        loss.append(round(mean, 4))
        right.append(share(*new))
    return {"loss": loss, "right": right, "seen": share(*shown)}
