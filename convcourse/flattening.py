"""Convolutions with batch norms and additions around them, written as a flat row of `nn.Conv2d` and activations."""

from collections.abc import Iterable, Iterator

import torch
from torch import nn

Weights = tuple[torch.Tensor, torch.Tensor]


def flattened(layers: Iterable[nn.Module], added: bool = False) -> list[nn.Module]:
    """Layers that give what these give, without batch norms.

    Args:
        layers: `nn.Conv2d` without bias, each with its `nn.BatchNorm2d` behind it, and activations.
        added: the layers are 1 × 1, ReLU6, one kernel per channel, ReLU6, 1 × 1, and their input is added to their
            output. Then the channels of the convolutions in between become more: they carry the input, too.
    """
    found: list[nn.Module] = []
    for layer in layers:
        if isinstance(layer, nn.BatchNorm2d):
            conv = found.pop()
            assert isinstance(conv, nn.Conv2d)
            found.append(convolution(*_folded(conv, layer), conv.stride[0], conv.groups))
        else:
            found.append(layer)
    return list(_carrying(*map(_weights, found[::2]))) if added else found


def convolution(weight: torch.Tensor, bias: torch.Tensor, stride: int = 1, groups: int = 1) -> nn.Conv2d:
    """A layer with these weights (T, S, k, k) and (T,), and k // 2 zeros on all sides."""
    size = weight.shape[-1]
    conv = nn.Conv2d(weight.shape[1] * groups, len(weight), size, stride, padding=size // 2, groups=groups)
    conv.load_state_dict({"weight": weight, "bias": bias})
    return conv


def _folded(conv: nn.Conv2d, norm: nn.BatchNorm2d) -> Weights:
    """Weight and bias of the one convolution that does in eval mode what both do."""
    assert norm.running_mean is not None and norm.running_var is not None
    slope = norm.weight / (norm.running_var + norm.eps).sqrt()
    return conv.weight * slope[:, None, None, None], norm.bias - slope * norm.running_mean


def _weights(conv: nn.Module) -> Weights:
    return conv.get_parameter("weight"), conv.get_parameter("bias")


@torch.no_grad()
def _carrying(wider: Weights, spatial: Weights, back: Weights) -> Iterator[nn.Module]:
    """x + back(ReLU6(spatial(ReLU6(wider(x))))) as three convolutions with two ReLUs.

    What a channel u must become is always a difference of two ReLUs: ReLU6(u) = ReLU(u) - ReLU(u - 6), and for a
    channel of the input, which is carried, u = ReLU(u) - ReLU(-u). So each channel is there twice, and the next layer
    subtracts.
    """
    wide, c_in, size = *wider[0].shape[:2], spatial[0].shape[-1]
    unit = torch.eye(c_in)[..., None, None]  # (c_in, c_in, 1, 1)
    middle = torch.zeros(c_in, 1, size, size)
    middle[:, :, size // 2, size // 2] = 1
    sign = torch.cat([torch.ones(wide), -torch.ones(c_in)])
    offset = torch.cat([torch.full((wide,), -6.0), torch.zeros(c_in)])

    def pairs(weight: torch.Tensor, bias: torch.Tensor) -> Weights:
        """For each channel u of a convolution u itself and sign · u + offset."""
        weights = torch.stack([weight, sign[:, None, None, None] * weight], 1).flatten(0, 1)
        return weights, torch.stack([bias, sign * bias + offset], 1).flatten()

    nothing = torch.zeros(c_in)
    yield convolution(*pairs(torch.cat([wider[0], unit]), torch.cat([wider[1], nothing])))
    yield nn.ReLU()
    each = torch.cat([spatial[0], middle])  # (wide + c_in, 1, size, size)
    yield convolution(*pairs(torch.cat([each, -each], 1), torch.cat([spatial[1], nothing])), groups=wide + c_in)
    yield nn.ReLU()
    joined = torch.cat([back[0], unit], 1)
    yield convolution(torch.stack([joined, -joined], 2).flatten(1, 2), back[1])
