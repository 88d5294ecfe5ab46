"""Chapter 3's measured receptive fields: how strongly each pixel of an image moves one position of a map."""

from collections.abc import Iterator

import torch
from torch import nn


def influence(net: nn.Module, images: torch.Tensor, seed: int = 0) -> torch.Tensor:
    """The influence of each pixel on the middle position of the last map, (H, W).

    It is the mean square of the gradient of Σ r_c · y[n, c, middle], with random signs r_c, over images (N, C, H, W)
    and their channels (Luo et al. 2016).
    """
    random = torch.Generator().manual_seed(seed)
    images = images.clone().requires_grad_()
    maps = net.eval()(images)
    middle = maps[:, :, maps.shape[2] // 2, maps.shape[3] // 2]
    signs = 2.0 * torch.randint(2, middle.shape, generator=random) - 1
    (gradient,) = torch.autograd.grad((signs * middle).sum(), images)
    return gradient.square().mean((0, 1))


def extent(found: torch.Tensor) -> tuple[int, int]:
    """Rows and columns from the first to the last pixel of an influence (H, W) that is not 0."""
    touched = found != 0
    rows, columns = (touched.any(axis).nonzero() for axis in (1, 0))
    return tuple(int(lines.max() - lines.min()) + 1 for lines in (rows, columns))


def effective(found: torch.Tensor, share: float = 0.95) -> int:
    """The side of the smallest square around the centre of gravity that holds this share of an influence (H, W)."""
    total = found.sum()
    axes = [torch.arange(n, dtype=found.dtype) for n in found.shape]
    row, column = (round(((found.sum(1 - a) * axes[a]).sum() / total).item()) for a in (0, 1))
    reach = 0
    while True:
        window = found[max(0, row - reach) : row + reach + 1, max(0, column - reach) : column + reach + 1]
        if window.sum() >= share * total:
            return 2 * reach + 1
        reach += 1


def features(net: nn.Sequential) -> nn.Sequential:
    """The part of a network that ends before its last pooling."""
    pools = nn.MaxPool2d | nn.AvgPool2d | nn.AdaptiveAvgPool2d
    last = max(at for at, layer in enumerate(net) if isinstance(layer, pools))
    return net[:last]


def he(net: nn.Module) -> nn.Module:
    """The same network with first weights that keep the spread through ReLUs (He et al. 2015), and biases 0."""
    for layer in net.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    return net


def words(layer: nn.Module) -> str:
    """A convolution or pooling with square kernel in words, such as "Conv2d 11 × 11, stride 4"."""
    side, stride = (value[0] if isinstance(value, tuple) else value for value in (layer.kernel_size, layer.stride))
    return f"{type(layer).__name__} {side} × {side}, stride {stride}"


def reaches(net: nn.Sequential) -> Iterator[tuple[nn.Module, int, int]]:
    """Each convolution and pooling of a sequence with square kernels, with the side of the receptive field behind it
    and the pixels of the image between two neighbours of its map."""
    side, jump = 1, 1
    for layer in net:
        if isinstance(layer, nn.Conv2d | nn.MaxPool2d | nn.AvgPool2d):
            number = lambda value: value[0] if isinstance(value, tuple) else value
            dilation = number(getattr(layer, "dilation", 1))
            side += dilation * (number(layer.kernel_size) - 1) * jump
            jump *= number(layer.stride)
            yield layer, side, jump
