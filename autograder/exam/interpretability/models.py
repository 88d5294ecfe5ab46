"""The models of assignment 05's exams, as recipes, and what is read off them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from autograder.exam.draw import Draw
from autograder.objects.recipes import Recipe

T = torch.Tensor
Row = tuple[Any, ...]
Model = Callable[..., Recipe]  # of a draw and an image's shape (C, H, W)


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


def ranked(image: T, model: Recipe | nn.Module, rank: int) -> int:
    """The class of an image (C, H, W) that has this rank among the most probable ones."""
    with evaluated(built(model)) as made, torch.no_grad():
        return int(made(image[None])[0].argsort(descending=True)[rank])


# ---------------------------------------------------------------- classifiers of three classes
def flat(draw: Draw, shape: tuple[int, ...], **how: Any) -> Recipe:
    """A linear model."""
    return network(("flatten",), linear(draw, shape[0] * shape[1] * shape[2], 3), **how)


def curved(draw: Draw, shape: tuple[int, ...], *between: Row, **how: Any) -> Recipe:
    """A convolution, what follows on it, a ReLU and a linear layer."""
    first, last = convolution(draw, shape[0], 4, padding=1), linear(draw, 4 * shape[1] * shape[2], 3)
    return network(first, *between, ("relu",), ("flatten",), last, **how)


def deep(draw: Draw, shape: tuple[int, ...], **how: Any) -> Recipe:
    """Layers in other modules, and an in-place ReLU."""
    inner = ("residual", convolution(draw, 4, 4, padding=1), ("tanh",))
    group = ("group", convolution(draw, shape[0], 4, padding=1), ("relu", True), inner)
    return network(group, ("average",), ("flatten",), linear(draw, 4, 3), **how)


def detector(draw: Draw, shape: tuple[int, ...], **how: Any) -> Recipe:
    """A detector of one pattern of 2 × 2 pixels, wherever on the image that is."""
    weight = draw.away_from_zero(1, shape[0], 2, 2)
    last = "linear", torch.tensor([[2.0], [0.0], [-1.0]]), torch.zeros(3)
    anywhere = "max_pool", [shape[1] - 1, shape[2] - 1]
    return network(("convolution", weight, torch.zeros(1)), anywhere, ("flatten",), last, **how)


def normed(draw: Draw, shape: tuple[int, ...], **how: Any) -> Recipe:
    """A model with a batch norm."""
    return curved(draw, shape, norm(draw, 4), **how)


def dropping(draw: Draw, shape: tuple[int, ...], **how: Any) -> Recipe:
    """A model with a dropout, which lets nothing pass in train mode."""
    return curved(draw, shape, ("dropout", 1.0), **how)
