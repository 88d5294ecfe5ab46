"""Where a layer keeps its weights: under which names of its state, or in which attributes, and with which axes.

What a layer answers is judged by its own numbers, so that names and shapes cost the criterion that asks for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from autograder.exam.scripts import State

T = torch.Tensor
Weights = dict[str, T]


@dataclass(frozen=True)
class Place:
    """One weight: the name under which a layer has it, whether its first two axes are exchanged there, and the shape
    that it is given where it has other axes, (1, −1, 1, 1) for a bias."""

    name: str
    exchanged: bool = False
    axes: tuple[int, ...] = ()

    def given(self, value: T) -> T:
        """The reference's weight as the layer keeps it."""
        value = value.transpose(0, 1) if self.exchanged else value
        return value.reshape(self.axes) if self.axes else value

    def read(self, own: T | None, shape: torch.Size) -> T | None:
        """The layer's weight as the reference takes it; None where there is none, or not of so many entries."""
        if own is None:
            return None
        own = own.transpose(0, 1) if self.exchanged else own
        return own.reshape(shape) if own.numel() == shape.numel() else None


@dataclass(frozen=True)
class Layout:
    """The places of weights, by the reference's names. in_state: does the layer's state hold them?"""

    places: Mapping[str, Place]
    in_state: bool = True

    def given(self, weights: Weights) -> Weights:
        """Weights as a state that the layer loads."""
        return {place.name: place.given(weights[name]) for name, place in self.places.items() if name in weights}

    def read(self, own: Mapping[str, Any], weights: Weights) -> Weights | None:
        """The layer's own weights, in the place of these; None where they differ in size, or do not look drawn. What
        it has no place for stays."""
        found = dict(weights)
        for name in weights:
            if name not in self.places:
                continue
            value = own.get(self.places[name].name)
            taken = self.places[name].read(value, weights[name].shape) if isinstance(value, T) else None
            if taken is None or (taken.dim() > 1 and not is_drawn(taken)):
                return None
            found[name] = taken
        return found


def is_drawn(kernels: T) -> bool:
    """Do the entries look drawn? With kernels of zeros, of ones or of a single 1 the answer needs no convolution.

    Uniform or normal entries pass but for one draw in 10⁹. Of fewer than nine entries nothing can be told so surely.
    """
    sizes = kernels.abs().flatten()
    if not bool(sizes.isfinite().all()):
        return False
    largest = sizes.max()
    return len(sizes) < 9 or bool(sizes.min() < 0.95 * largest and sizes.median() > 0.005 * largest)


def layout_of(state: State, shapes: Mapping[str, tuple[int, ...]]) -> Layout:
    """The layout of a layer with this state, whose weights should have these shapes, each with a number of entries of
    its own. A layer without any tensor in its state may have them as attributes of the reference's names."""
    own = {name: tuple(entry.tensor.shape) for name, entry in state.items() if entry.tensor is not None}
    if not own:
        return Layout({name: Place(name) for name in shapes}, in_state=False)
    places = {}
    for name, shape in shapes.items():
        fitting = [one for one in own if torch.Size(own[one]).numel() == torch.Size(shape).numel()]
        chosen = name if name in fitting else next(iter(fitting), None)
        if chosen is None:
            continue
        exchanged = own[chosen] != shape and len(shape) > 1 and own[chosen] == (shape[1], shape[0], *shape[2:])
        axes = tuple(1 if n == 1 else -1 for n in own[chosen]) if len(shape) == 1 and own[chosen] != shape else ()
        places[name] = Place(chosen, exchanged, axes)
    return Layout(places)
