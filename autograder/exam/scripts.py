"""What is asked of layers in one round trip (`Subject.scripts`): steps with names, by which their replies are read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from autograder.exam.cases import Case
from autograder.exam.gradients import Asked
from autograder.objects.operations import Entry

T = torch.Tensor
State = dict[str, Entry]


@dataclass
class Script:
    """What is asked of the layers of one case, step by step. `layers`: their names, in the order they are made."""

    case: Case
    steps: list[tuple] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    layers: list[str] = field(default_factory=list)

    def make(self, layer: str, args: tuple, options: dict[str, Any]) -> Script:
        """Make a layer; the reply is its kind."""
        self.layers.append(layer)
        return self._step(f"make {layer}", 0, "make", args, options)

    def load(self, weights: dict[str, T], layer: str = "layer") -> Script:
        """Load a state; it has no reply."""
        return self._step("load", self._place(layer), "load", weights)

    def state(self, name: str, layer: str = "layer") -> Script:
        """The layer's state."""
        return self._step(name, self._place(layer), "state")

    def attribute(self, name: str, attribute: str, layer: str = "layer") -> Script:
        """The value of an attribute."""
        return self._step(name, self._place(layer), "attribute", attribute)

    def call(self, name: str, *args: Any) -> Script:
        """Call the layer without a way back."""
        return self._step(name, 1, "vjp", args, {}, None)

    def gradients(self, name: str, asked: Asked) -> Script:
        """Call the layer and go back, with the gradient of every parameter."""
        return self._step(name, 1, "gradients", asked.case.args[:1], {}, asked.cotangent)

    def train(self, mode: bool) -> Script:
        """Set training or evaluation mode; it has no reply."""
        return self._step("train", 1, "train", mode)

    def to(self, dtype: torch.dtype) -> Script:
        """Change the layer's type; it has no reply."""
        return self._step("to", 1, "to", dtype)

    def _step(self, name: str, *step: Any) -> Script:
        self.names.append(name)
        self.steps.append(step)
        return self

    def _place(self, layer: str) -> int:
        return self.layers.index(layer) + 1

    def replies(self, given: Sequence[Any]) -> dict[str, Any]:
        """What each step gave, by its name. A step that raised has the error as its reply and is the last."""
        return dict(zip(self.names, given, strict=False))


def tensors_of(state: State) -> dict[str, T]:
    """The values of a state, by name."""
    return {name: e.tensor for name, e in state.items() if e.tensor is not None}


def parameters_of(state: State) -> dict[str, T]:
    """The values of a state's parameters, by name."""
    return {name: e.tensor for name, e in state.items() if e.tensor is not None and e.parameter}
