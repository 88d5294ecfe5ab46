"""Visible check of `VGGUNet`."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F

from convcourse.checks.core import Check, numbers
from convcourse.checks.networks import behaves, count, has_shape, network, parameters, raw


def VGGUNet(made: Any, features: Any) -> None:
    """Check the class `VGGUNet`: (N, 3, H, W) → logits (N, num_classes, H, W). `features()` makes a VGG13's encoder."""
    check = Check("VGGUNet")
    with check("one class, the image's size"):
        net = network(check, made, num_blocks=3)
        has_shape(check, net, torch.zeros(1, 3, 16, 24), (1, 1, 16, 24), "VGGUNet(num_blocks=3)")
    with check("as many parameters as the text says"):
        for blocks, wanted in ((3, 2_067_649), (4, 8_557_505)):
            got = count(check, check.ask(made, num_blocks=blocks))
            if got != wanted:
                check.fail(f"VGGUNet(num_blocks={blocks}) must have {wanted:,} parameters, and yours has {got:,}.")
    with check("calls repeat, images stay apart, and logits are raw"):
        nets = [network(check, made, 4, 2) for _ in range(4)]
        raw(check, [behaves(check, net, numbers(21, 2, 3, 8, 8)) for net in nets])
    with check("the encoder's weights are taken"):
        encoder = check.ask(features)
        theirs = list(check.ask(encoder.state_dict).values())
        net = network(check, made, num_blocks=2, encoder=encoder)
        ours = parameters(check, net)
        for number, their in enumerate(theirs[:8]):  # two blocks of two convolutions, each with weight and bias
            if not any(torch.equal(our, their) for our in ours if our.shape == their.shape):
                what = "bias" if number % 2 else "weight"
                check.fail(f"The {what} of the encoder's convolution {number // 2 + 1} is nowhere in the network.")
    with check("one block: its convolutions, and the 1×1 at the end"):
        net, x = network(check, made, num_blocks=1, encoder=encoder), numbers(22, 1, 3, 6, 5)
        head = [p for p in parameters(check, net) if p.numel() == 64 and p.shape[0] == 1]
        last = [p for p in parameters(check, net) if p.numel() == 1]
        if not head or not last:
            check.fail("There is no 1×1 convolution with a bias from 64 channels to the classes.")
        hidden = F.relu(F.conv2d(x, theirs[0], theirs[1], padding=1))
        hidden = F.relu(F.conv2d(hidden, theirs[2], theirs[3], padding=1))
        expected = F.conv2d(hidden, head[0], last[0].reshape(1))
        pooled = lambda: F.conv2d(F.max_pool2d(hidden, 2), head[0], last[0].reshape(1))
        slips = [(pooled, "Yours pools after the last block. Pool between blocks only.")]
        check.same(check.ask(net, x), expected, "with VGGUNet(num_blocks=1, encoder=…)", slips)
