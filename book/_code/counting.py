"""What a network's layers cost: shapes, parameters and multiplications, counted from the module itself.

Networks may lie on ``torch.device("meta")``, where tensors have shapes and no numbers. There VGG-16 takes milliseconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode


@dataclass(frozen=True)
class Layer:
    """A convolution or a linear layer: its output's shape for one image, its parameters and its multiplications."""

    name: str
    module: nn.Module
    shape: tuple[int, ...]
    parameters: int
    multiplications: int


@torch.inference_mode()
def layers(net: nn.Module, image: Sequence[int]) -> list[Layer]:
    """The convolutions and linear layers of a network in the order in which they run, for an image (C, H, W)."""
    found: list[Layer] = []

    def note(name: str, module: nn.Conv2d | nn.Linear):
        def hook(_module: nn.Module, _inputs: tuple[torch.Tensor], output: torch.Tensor) -> None:
            positions = output[0, 0].numel() if isinstance(module, nn.Conv2d) else 1
            parameters = sum(p.numel() for p in module.parameters())
            found.append(Layer(name, module, tuple(output.shape[1:]), parameters, positions * module.weight.numel()))

        return hook

    handles = [
        module.register_forward_hook(note(name, module))
        for name, module in net.named_modules()
        if isinstance(module, nn.Conv2d | nn.Linear)
    ]
    net.eval()(torch.zeros(1, *image, device=next(net.parameters()).device))
    for handle in handles:
        handle.remove()
    return found


def parameters(net: nn.Module) -> int:
    """How many numbers the network learns."""
    return sum(p.numel() for p in net.parameters())


def multiplications(net: nn.Module, image: Sequence[int]) -> int:
    """Of all matrix products and convolutions for one image (C, H, W), those of attention included."""
    net.train()  # in eval mode attention runs in one call that nobody counts
    counter = FlopCounterMode(display=False)
    with counter:
        net(torch.zeros(2, *image, device=next(net.parameters()).device))
    return counter.get_total_flops() // 4  # a multiplication and an addition each, of two images
