"""What chapter 1 measures: how far a network's output follows a shift, and what a convolution costs."""

import math

import torch
from torch import nn


def stack(depth: int, padding_mode: str, *, stride: int = 1, seed: int = 0) -> nn.Sequential:
    """``depth`` 3 × 3 convolutions of 8 channels (1 in, 1 out) with ReLU between, "same" size; the same random
    weights for every padding mode. Only the first layer has the stride."""
    torch.manual_seed(seed)
    layers: list[nn.Module] = []
    for level in range(depth):
        c_in, c_out = (1 if level == 0 else 8), (1 if level == depth - 1 else 8)
        step = stride if level == 0 else 1
        conv = nn.Conv2d(c_in, c_out, 3, step, padding=1, padding_mode=padding_mode, bias=False)
        nn.init.normal_(conv.weight, std=math.sqrt(2 / (9 * c_in)))
        layers += [conv, nn.ReLU()] if level < depth - 1 else [conv]
    return nn.Sequential(*layers).eval()


@torch.inference_mode()
def shift_error(net: nn.Module, scene: torch.Tensor, crop: int, shift: int) -> torch.Tensor:
    """How much the output for a view changes when the view moves by ``shift`` pixels in both directions.

    ``scene`` is (H, W); two square views of ``crop`` pixels are cut from it. The result, (crop − shift)², is the
    difference of the two outputs at the points of the scene that both views see, divided by the output's own spread.
    """
    here = net(scene[None, None, :crop, :crop])[0, 0]
    moved = net(scene[None, None, shift : shift + crop, shift : shift + crop])[0, 0]
    return (here[shift:, shift:] - moved[:-shift, :-shift]).abs() / here.std()


def by_distance(error: torch.Tensor) -> torch.Tensor:
    """The largest error at each distance from the border of an (n, n) map; entry 0 is the outermost frame."""
    n = len(error)
    index = torch.arange(n)
    to_edge = torch.minimum(index, n - 1 - index)
    distance = torch.minimum(to_edge[:, None], to_edge[None, :])
    return torch.stack([error[distance == d].max() for d in range((n + 1) // 2)])


def multiplications(conv: nn.Conv2d, height: int, width: int) -> int:
    """Multiplications of one image's pass, given the size of the result."""
    return height * width * conv.weight.numel()


def direct_cost(n: int, k: int) -> float:
    """Multiplications to slide a k × k kernel over every pixel of an n × n plane."""
    return n * n * k * k


def fourier_cost(n: int, k: int, *, transforms: float = 3) -> float:
    """Real multiplications of the same by FFT: ``transforms`` real transforms of (n + k − 1)² points at M·log₂M each
    (half of a complex transform's 2·M·log₂M), and M/2 complex products of 4."""
    points = (n + k - 1) ** 2
    return transforms * points * math.log2(points) + 2 * points
