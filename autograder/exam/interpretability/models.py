"""The models of assignment 05's exams, as recipes, and what is read off them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from autograder.exam.draw import Draw
from autograder.objects.recipes import Recipe

T = torch.Tensor
Row = tuple[Any, ...]
Model = Callable[..., Recipe]  # of a draw and an image (C, H, W)


# ---------------------------------------------------------------- models
def network(*rows: Row, **how: Any) -> Recipe:
    """A network of these rows; `how` is that of `recipes.interpretability.network`."""
    return Recipe("network", [list(row) for row in rows], **how)


def convolution(draw: Draw, inputs: int, out: int, size: int = 3, **how: Any) -> Row:
    """A convolution with weights that keep values of order 1. how: stride, padding, dilation."""
    weight, bias = draw.normal(out, inputs, size, size) / (inputs**0.5 * size), draw.normal(out) / 4
    return "convolution", weight, bias, how.get("stride", 1), how.get("padding", 0), how.get("dilation", 1)


def linear(draw: Draw, inputs: int, out: int) -> Row:
    """A linear layer with weights that make logits of order 1."""
    return "linear", 2 * draw.normal(out, inputs) / inputs**0.5, draw.normal(out) / 4


def norm(draw: Draw, channels: int) -> Row:
    """A batch norm whose statistics are not those of any batch, so that its mode shows."""
    weight, bias, mean = 1 + draw.uniform(channels), draw.normal(channels) / 4, draw.normal(channels)
    return "norm", weight, bias, mean, 0.2 + draw.uniform(channels)


def built(model: Recipe | nn.Module) -> nn.Module:
    """The model itself, made of a recipe where it is one."""
    return model.build() if isinstance(model, Recipe) else model


@contextmanager
def evaluated(model: nn.Module) -> Iterator[nn.Module]:
    """Within the block the model is in eval mode."""
    was = model.training
    model.eval()
    try:
        yield model
    finally:
        model.train(was)


# ---------------------------------------------------------------- classifiers
def asked_of(image: T, given: Mapping[str, Any]) -> dict[str, bool]:
    """What can be special about an image (C, H, W), a model and the class that it is asked for."""
    return {
        "image not square": image.shape[1] != image.shape[2],
        "other class": given["target"] != ranked(image, given["model"], 0),
        "train mode": given["model"].kwargs.get("training", False),
    }


def ranked(image: T, model: Recipe | nn.Module, rank: int) -> int:
    """The class of an image (C, H, W) that has this rank among the most probable ones."""
    with evaluated(built(model)) as made, torch.no_grad():
        return int(made(image[None])[0].argsort(descending=True, stable=True)[rank])


def scoring(score: T, bias: float, draw: Draw, classes: int, *before: Row, **how: Any) -> Recipe:
    """A linear model of an image (C, H, W) with one logit of these weights, at any place among others that are 0."""
    place = int(draw.integers(0, classes, 1))
    weight, offset = torch.zeros(classes, score.numel()), torch.zeros(classes)
    weight[place], offset[place] = score.flatten(), bias
    return network(*before, ("flatten",), ("linear", weight, offset), **how)


def detector(draw: Draw, image: T, *before: Row, **how: Any) -> Recipe:
    """A detector that is sure: one of two classes has the probability 1 where four pixels of the image are as they are,
    and 0 where one of them is 0. All lie above the diagonal, two in the first channel and two in the last."""
    _, height, width = image.shape
    above = [(row, column) for row in range(height) for column in range(row + 1, width)]
    score = torch.zeros(image.shape)
    for place, (row, column) in enumerate(draw.shuffled(above)[:4]):
        score[-(place % 2), row, column] = 80 / image[-(place % 2), row, column]
    return scoring(score, -80.0 * (score > 0).sum().item() + 40, draw, 2, *before, **how)


def flat(draw: Draw, image: T, **how: Any) -> Recipe:
    """A linear model of three classes."""
    return network(("flatten",), linear(draw, image.numel(), 3), **how)


def curved(draw: Draw, image: T, *between: Row, **how: Any) -> Recipe:
    """A convolution, what follows on it, a ReLU and a linear layer of three classes."""
    channels, height, width = image.shape
    first, last = convolution(draw, channels, 4, padding=1), linear(draw, 4 * height * width, 3)
    return network(first, *between, ("relu",), ("flatten",), last, **how)


def deep(draw: Draw, image: T, **how: Any) -> Recipe:
    """Layers in other modules, and an in-place ReLU."""
    inner = ("residual", convolution(draw, 4, 4, padding=1), ("tanh",))
    group = ("group", convolution(draw, len(image), 4, padding=1), ("relu", True), inner)
    return network(group, ("average",), ("flatten",), linear(draw, 4, 3), **how)


def normed(draw: Draw, image: T, **how: Any) -> Recipe:
    """A model with a batch norm."""
    return curved(draw, image, norm(draw, 4), **how)
