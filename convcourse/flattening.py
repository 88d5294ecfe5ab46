"""Convolutions with batch norms and additions around them, written as a flat row of `nn.Conv2d` and activations."""

from collections.abc import Iterable, Iterator

import torch
from torch import nn
from torch.nn.utils import fuse_conv_bn_weights

Weights = tuple[torch.Tensor, torch.Tensor]


def flattened(layers: Iterable[nn.Module], added: bool = False) -> list[nn.Module]:
    """Layers that give what these give, without batch norms.

    Args:
        layers: `nn.Conv2d` without bias, each with its `nn.BatchNorm2d` behind it, and activations.
        added: the layers are 1 × 1, ReLU6, one kernel per channel, ReLU6, 1 × 1, and their input is added to their
            output. Then the channels of the convolutions in between become more: they carry the input, too.
    """
    parts, found = list(layers), []
    for part, after in zip(parts, [*parts[1:], None]):
        if isinstance(part, nn.Conv2d):
            assert isinstance(after, nn.BatchNorm2d)
            found.append(convolution(*folded(part, after), part.stride[0], part.groups))
        elif not isinstance(part, nn.BatchNorm2d):
            found.append(part)
    return list(_carrying(*found[::2])) if added else found


def folded(conv: nn.Conv2d, norm: nn.BatchNorm2d) -> Weights:
    """Weight and bias of the one convolution that does in eval mode what both do."""
    return fuse_conv_bn_weights(
        conv.weight, conv.bias, norm.running_mean, norm.running_var, norm.eps, norm.weight, norm.bias
    )


def convolution(weight: torch.Tensor, bias: torch.Tensor, stride: int = 1, groups: int = 1) -> nn.Conv2d:
    """A layer with these weights (T, S, k, k) and (T,), and k // 2 zeros on all sides."""
    size = weight.shape[-1]
    conv = nn.Conv2d(weight.shape[1] * groups, len(weight), size, stride, padding=size // 2, groups=groups)
    with torch.no_grad():
        conv.weight.copy_(weight)
        conv.bias.copy_(bias)  # type: ignore[union-attr]
    return conv


@torch.no_grad()
def _carrying(wider: nn.Conv2d, spatial: nn.Conv2d, back: nn.Conv2d) -> Iterator[nn.Module]:
    """x + back(ReLU6(spatial(ReLU6(wider(x))))) as three convolutions with two ReLUs.

    Both of what a channel u must become are a difference of two ReLUs of it: ReLU6(u) = ReLU(u) - ReLU(u - 6), and the
    input that is carried x = ReLU(x) - ReLU(-x). So each channel is there twice, and the next layer subtracts.
    """
    c_in, wide, size = wider.in_channels, wider.out_channels, spatial.kernel_size[0]
    unit = torch.eye(c_in)[..., None, None]  # (c_in, c_in, 1, 1)
    middle = torch.zeros(c_in, 1, size, size)
    middle[:, :, size // 2, size // 2] = 1
    sign = torch.cat([torch.ones(wide), -torch.ones(c_in)])
    offset = torch.cat([torch.full((wide,), -6.0), torch.zeros(c_in)])

    def pairs(weight: torch.Tensor, bias: torch.Tensor) -> Weights:
        """For each channel u of a convolution u itself and sign · u + offset."""
        second = sign[:, None, None, None] * weight, sign * bias + offset
        return torch.stack([weight, second[0]], 1).flatten(0, 1), torch.stack([bias, second[1]], 1).flatten()

    nothing = torch.zeros(c_in)
    yield convolution(*pairs(torch.cat([wider.weight, unit]), torch.cat([wider.bias, nothing])))
    yield nn.ReLU()
    weight = torch.cat([spatial.weight, middle])
    weight, bias = pairs(torch.cat([weight, -weight], 1), torch.cat([spatial.bias, nothing]))
    yield convolution(weight, bias, groups=wide + c_in)
    yield nn.ReLU()
    weight = torch.cat([back.weight, unit], 1)
    yield convolution(torch.stack([weight, -weight], 2).flatten(1, 2), back.bias)
