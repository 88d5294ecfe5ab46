"""Visible check of the optional `SqueezeExcitation`."""

from __future__ import annotations

from typing import Any

import torch

from convcourse.checks.architectures.states import a_tensor, gradient
from convcourse.checks.core import Check, Slips, numbers, on_plain_torch

CHANNELS, REDUCTION = 12, 3


@on_plain_torch
def SqueezeExcitation(made: Any) -> None:
    """Check the class `SqueezeExcitation`: (N, channels, H, W) → the same shape."""
    check, few = Check("SqueezeExcitation"), CHANNELS // REDUCTION
    with check("two layers with biases, 12 → 4 → 12"):
        net = check.ask(made, CHANNELS, REDUCTION)
        layers = {tuple(p.shape[:2]): p for p in check.ask(lambda: list(net.parameters())) if p.ndim > 1}
        biases = {len(p): p for p in net.parameters() if p.ndim == 1}
        if set(layers) != {(few, CHANNELS), (CHANNELS, few)} or set(biases) != {few, CHANNELS}:
            theirs = ", ".join(str(tuple(p.shape)) for p in net.parameters()) or "none"
            check.fail(
                f"SqueezeExcitation({CHANNELS}, {REDUCTION}) must have a layer {CHANNELS} → {few} and a layer "
                f"{few} → {CHANNELS}, each with a bias. The parameters of yours have the shapes {theirs}."
            )
    first, second = numbers(6, few, CHANNELS) / 2, numbers(7, CHANNELS, few) / 2
    given = numbers(8, few), numbers(9, CHANNELS)
    with torch.no_grad():
        for parameter, value in zip((layers[few, CHANNELS], layers[CHANNELS, few]), (first, second)):
            parameter.copy_(value.reshape(parameter.shape))
        for bias in given:
            biases[len(bias)].copy_(bias)
    x = numbers(5, 2, CHANNELS, 5, 6)

    def weights(squeezed: torch.Tensor, relu: Any = torch.relu, last: Any = torch.sigmoid) -> torch.Tensor:
        hidden = relu(squeezed @ first.T + given[0])
        return last(hidden @ second.T + given[1])[:, :, None, None]

    with check("each map times its own weight"):
        mean = x.mean((2, 3))
        slips: Slips = [
            (lambda: x * weights(mean, last=lambda z: z.softmax(1)), "Yours takes a softmax in place of the sigmoid."),
            (lambda: x * weights(mean, last=lambda z: z), "Yours has no sigmoid."),
            (lambda: x * weights(mean, relu=lambda z: z), "Yours has no ReLU between its two layers."),
            (lambda: x + weights(mean), "Yours adds the weights. Multiply by them."),
            (lambda: x * weights(x.amax((2, 3))), "Yours squeezes by the maximum. Take the mean."),
            (lambda: x * weights(x.mean((0, 2, 3))[None]), "Yours takes the mean over the batch too."),
            (lambda: x + x * weights(mean), "Yours adds the input. Only multiply it by the weights."),
            (lambda: weights(mean).expand_as(x), "Yours returns the weights. Multiply the input by them."),
        ]
        check.same(a_tensor(check, check.ask(net, x)), x * weights(mean), "with given weights", slips)
    with check("its gradient, of each image for itself"):
        leaf = x[1:, :, :3].clone().requires_grad_()
        (wanted,) = torch.autograd.grad((leaf * weights(leaf.mean((2, 3)))).sum(), leaf)
        check.same(
            gradient(check, net, x[:, :, :3])[1:], wanted, "with images of another size and its gradient asked for"
        )
