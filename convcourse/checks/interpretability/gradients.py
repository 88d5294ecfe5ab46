"""Visible checks of `saliency` and `integrated_gradients`."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import nn

from convcourse.checks.core import Slips, numbers
from convcourse.checks.interpretability.models import ModelCheck, fickle, linear, on_models, weights, with_gradients

T = torch.Tensor


@on_models
def saliency(function: Any) -> None:
    """Check `saliency(model, image, target)` on models of weighted sums, whose derivatives are the weights."""
    check = ModelCheck("saliency")
    image = numbers(1, 3, 4, 5).sigmoid()
    model = linear(3, 3, *image.shape)
    weight = weights(model, *image.shape)
    with check("the largest absolute derivative"):
        logits = model(image[None])[0].detach()
        probabilities = logits.softmax(0)
        by_probability = probabilities[1] * (weight[1] - (probabilities[:, None, None, None] * weight).sum(0))
        by_logarithm = by_probability / probabilities[1]
        wanted = weight[1].abs().amax(0)
        slips: Slips = [
            (by_probability.abs().amax(0).clone, "Yours is the derivative of the probability. Take the logit's."),
            (by_logarithm.abs().amax(0).clone, "Yours is the derivative of a loss. Take the logit's."),
            (weight[1].amax(0).clone, "Yours leaves the absolute value out."),
            (weight[1].amax(0).abs, "Take the absolute value before the largest one."),
            (weight[1].abs().sum(0).clone, "Yours adds up the channels. Take the largest."),
            (weight[1].abs().mean(0).clone, "Yours is the mean over the channels. Take the largest."),
            (weight[1].abs().clone, "Yours has one map a channel. Take the largest of the channels."),
            (partial(torch.div, wanted, wanted.max()), "Yours is scaled. Return the derivatives as they are."),
            (
                partial(torch.div, wanted - wanted.min(), wanted.max() - wanted.min()),
                "Yours is scaled. Return the derivatives as they are.",
            ),
            (weight[1].relu().amax(0).clone, "Yours leaves negative derivatives out. Take absolute values."),
            (weight[1].sum(0).abs, "Yours adds up the channels. Take the largest."),
            (weight[1].norm(dim=0).clone, "Yours is the norm over the channels. Take the largest absolute value."),
            (weight[1][0].abs, "Yours has the first channel alone."),
            (weight[logits.argmax()].abs().amax(0).clone, "Yours is that of the largest logit. Take the target's."),
            (weight.sum(0).abs().amax(0).clone, "Yours is the derivative of the sum of all logits."),
            ((image * weight[1]).abs().amax(0).clone, "Yours is multiplied by the image."),
        ]
        got = check.ask(function, model, image, 1)
        check.same(got, wanted, "with a model that sums up the pixels with weights", slips)
    with check("parameters that require no gradient"):
        model.requires_grad_(False)
        got = check.ask(function, model, image, 2)
        check.same(got, weight[2].abs().amax(0), "with parameters that require no gradient")
    with check("in eval mode, and left as it was"):
        model, slope, _ = fickle(5, 3, *image.shape)
        wanted = (slope * weights(model, *image.shape)[1]).abs().amax(0)
        slips = [(partial(torch.zeros_like, wanted), "Yours runs it in train mode.")]
        got = check.ask(function, with_gradients(model), image, 1)
        check.same(got, wanted, "the model must run in eval mode, also if it comes in train mode", slips)


class Cubes(nn.Module):
    """Each number to the power of 3."""

    def forward(self, x: T) -> T:
        """(N, …) → (N, …)"""
        return x**3


@on_models
def integrated_gradients(function: Any) -> None:
    """Check `integrated_gradients(model, image, target, steps=50)` on a model of weighted cubes of the pixels."""
    check = ModelCheck("integrated_gradients")
    image = numbers(1, 2, 3, 4).sigmoid()
    model = nn.Sequential(Cubes(), *linear(2, 3, *image.shape)).eval()
    weight = weights(model, *image.shape)

    def path(at: T) -> T:
        """The map where the gradients are taken at these parts of the way."""
        return 3 * weight[1] * image**3 * (at**2).mean()

    for steps in (4, 1, 50):
        with check("50 steps, by default" if steps == 50 else f"steps={steps}"):
            begin = torch.arange(steps) / steps
            gradient = path(begin + 0.5 / steps) / image
            slips: Slips = [
                (partial(path, begin), "Yours begins at α = 0. The first α is ½ / steps."),
                (partial(path, begin + 1 / steps), "Yours ends at α = 1. The last α is (steps - ½) / steps."),
                (partial(path, torch.linspace(0, 1, steps)), "Yours goes from α = 0 to 1. Take (i + ½) / steps."),
                (partial(path, torch.ones(1)), "Yours takes the gradient at the image itself."),
                (gradient.clone, "Yours is not multiplied by the image."),
                (partial(torch.mul, gradient, image * steps), "Yours is the sum of the gradients. Take their mean."),
                (gradient.mul(image).abs, "Yours takes the absolute value. Leave the sign."),
            ]
            more = (steps,) if steps != 50 else ()
            got = check.ask(function, model, image, 1, *more)
            check.same(got, path(begin + 0.5 / steps), f"with steps={steps}", slips)
    with check("in eval mode, and left as it was"):
        model, slope, _ = fickle(5, 3, *image.shape)
        wanted = slope * weights(model, *image.shape)[1] * image
        slips = [(partial(torch.zeros_like, wanted), "Yours runs it in train mode.")]
        got = check.ask(function, with_gradients(model), image, 1)
        check.same(got, wanted, "the model must run in eval mode, also if it comes in train mode", slips)
