"""Visible check of `UNet`."""

from __future__ import annotations

from typing import Any

import torch

from convcourse.checks.core import Check, numbers
from convcourse.checks.networks import behaves, count, has_shape, network, raw


def conv(inputs: int, outputs: int, size: int) -> int:
    """The number of a convolution's weights and biases."""
    return inputs * outputs * size * size + outputs


def unet_parameters(channels: int, classes: int, base: int, depth: int) -> int:
    """Of the U-Net in the drawing."""
    widths = [base * 2**level for level in range(depth + 1)]
    down = sum(conv(a, b, 3) + conv(b, b, 3) for a, b in zip([channels, *widths], widths))
    up = sum(conv(2 * c, c, 2) + conv(2 * c, c, 3) + conv(c, c, 3) for c in widths[:-1])
    return down + up + conv(base, classes, 1)


def UNet(made: Any) -> None:
    """Check the class `UNet`: (N, in_channels, H, W) → logits (N, num_classes, H', W')."""
    check = Check("UNet")
    with check("572 × 572 pixels become 388 × 388"):
        net = network(check, made, 1, 2, base_channels=2)
        has_shape(check, net, torch.zeros(1, 1, 572, 572), (1, 2, 388, 388), "UNet(1, 2, base_channels=2)")
    with check('other depths, sizes and channels, and padding="same"'):
        net = network(check, made, 3, 5, base_channels=2, depth=2)
        has_shape(check, net, torch.zeros(2, 3, 44, 60), (2, 5, 4, 20), "UNet(3, 5, base_channels=2, depth=2)")
        net = network(check, made, 3, 5, base_channels=2, depth=3, padding="same")
        said = 'UNet(3, 5, base_channels=2, depth=3, padding="same")'
        has_shape(check, net, torch.zeros(2, 3, 24, 32), (2, 5, 24, 32), said)
    with check("as many parameters as in the drawing"):
        for arguments in ((1, 2, 4, 4), (3, 6, 8, 2)):
            got, wanted = count(check, check.ask(made, *arguments)), unet_parameters(*arguments)
            if got != wanted:
                check.fail(
                    f"UNet{arguments} must have {wanted:,} parameters and no other state, and yours has {got:,}. "
                    "Compare kernel sizes, channels and biases level by level. Are lists `nn.ModuleList`s?"
                )
    with check("calls repeat, images stay apart, and logits are raw"):
        nets = [network(check, made, 3, 4, base_channels=3, depth=2, padding="same") for _ in range(4)]
        raw(check, [behaves(check, net, numbers(20, 2, 3, 16, 16)) for net in nets])
