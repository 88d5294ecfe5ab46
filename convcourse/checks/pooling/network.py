"""Visible check of `SimpleCNN`."""

from __future__ import annotations

from typing import Any

import torch

from convcourse.checks.core import Check, close, numbers
from convcourse.checks.networks import behaves, count, has_shape, network


def SimpleCNN(made: Any) -> None:
    """Check the class `SimpleCNN`: (N, in_channels, H, W) → logits (N, num_classes)."""
    check = Check("SimpleCNN")
    with check("a logit for each class"):
        net = network(check, made, 1, 10)
        has_shape(check, net, torch.zeros(2, 1, 8, 8), (2, 10), "SimpleCNN(1, 10)")
        has_shape(check, network(check, made, 3, 4), torch.zeros(2, 3, 8, 8), (2, 4), "SimpleCNN(3, 4)")
    with check("any size from 8 × 8 up"):
        for height, width in ((9, 9), (8, 13), (28, 28), (40, 33)):
            has_shape(check, net, torch.zeros(2, 1, height, width), (2, 10), "SimpleCNN(1, 10)")
    with check("fewer than a million parameters, and a convolution among them"):
        if (got := count(check, net)) >= 1_000_000:
            check.fail(f"SimpleCNN(1, 10) must have fewer than a million parameters, and yours has {got:,}.")
        if not any(isinstance(part, torch.nn.Conv2d) for part in check.ask(net.modules)):
            check.fail("SimpleCNN must have at least one `nn.Conv2d`, and yours has none.")
    with check("calls repeat, images stay apart, and logits are raw"):
        nets = [network(check, made, 1, 10) for _ in range(4)]
        several = [behaves(check, one, numbers(20 + i, 3, 1, 8, 8)) for i, one in enumerate(nets)]
        if not any((logits < 0).any() for logits in several):
            check.fail("No logit is ever negative. Is there a ReLU, a softmax or a sigmoid after the last layer?")
        if all(close(logits.sum(1), torch.ones(3)) for logits in several):
            check.fail("The logits of an image sum to 1. Is there a softmax after the last layer?")
    with check("train mode takes a batch, and gradients reach every parameter"):
        check.ask(net.train)
        check.ask(lambda: net(numbers(30, 4, 1, 8, 8)).square().sum().backward())
        without = [name for name, parameter in check.ask(net.named_parameters) if parameter.grad is None]
        if without:
            check.fail(f"No gradient reaches {', '.join(without)}. Is this layer used?")
