"""What assignment 06's exams have built: a network to train, and an encoder to build on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from convcourse.data import training_network


def vgg13_features(seed: int) -> nn.Sequential:
    """`torchvision.models.vgg13().features` with weights of its own: without the classifier, which takes seconds."""
    from torchvision.models.vgg import cfgs, make_layers  # an import of seconds, which only this needs

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return make_layers(cfgs["B"])


def scene_network(classes: int, seed: int) -> nn.Sequential:
    """The network by which the notebook's rule of training goes, with first weights of its own."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return training_network(classes)


RECIPES: dict[str, Callable[..., Any]] = {
    "vgg13_features": vgg13_features,
    "scene_network": scene_network,
}
