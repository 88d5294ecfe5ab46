"""What a network of assignment 03 answers, and what is wrong with it, by the way in which it was asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from autograder.exam import network_errors
from autograder.exam.calls import Value
from autograder.exam.compare import fault
from autograder.exam.core import Stopped
from autograder.exam.features import Features
from autograder.exam.networks import close
from autograder.exam.subject import Raised

T = torch.Tensor
WHOLE = "with all its layers at work"
# Where a call looks, in words, and the features that these tell.
PLACES: dict[str, tuple[str, ...]] = {
    "in the names and shapes of its parameters": ("parameters",),
    "in its convolutions": ("convolutions",),
    "in its poolings, or for images of other sizes": ("pooling", "sizes"),
    "in its last, linear layers": ("last layer",),
    "with its normalisation layers": ("normalisation",),
    "in train mode": ("train",),
    WHOLE: (),
    "in its gradients": ("gradient",),
    "in the convolution of the 1×1 branch": ("convolutions",),
    "in the convolutions of the 3×3 branch": ("convolutions",),
    "in the convolutions of the 5×5 branch": ("convolutions",),
    "in the branch with the pooling": ("pooling",),
    "in the place of its branches, or inside them": ("place",),
    "in its convolutions, with their norms and ReLUs": ("convolutions",),
    "in its shortcut, which is a skip connection": ("skip",),
    "in the class attribute `expansion`": (),
    "in its first layers, from the convolution to the pooling": ("convolutions", "pooling"),
    "in the convolutions of its stages": ("convolutions",),
    "in its shortcuts, which are skip connections": ("skip",),
    "in its last layers": ("last layer",),
}


def unlike(got: Any, right: Any) -> str | None:
    """What is wrong with a value where this one is right: tensors to a thousandth of the largest number."""
    if isinstance(right, T) and isinstance(got, T) and got.shape == right.shape and got.is_floating_point():
        if close(got.to(right.dtype), right) or not (got.any() or right.any()):
            return None
        return "gave back wrong values"
    if isinstance(right, list | tuple) and isinstance(got, list | tuple) and len(got) == len(right):
        return next((found for found in map(unlike, got, right) if found), None)
    return fault(got, right)


@dataclass(eq=False)
class Reply(Value):
    """What a network answers, as it is asked by the case."""

    parted = False

    @property
    def tells(self) -> Features:  # type: ignore[override]
        told = self._error()
        return frozenset(told.tells if told else PLACES[self.case.about])

    def sentence(self, name, reference, when, numbers, beside):
        if isinstance(self.got, Raised):
            told = self._error(name)
            return f"{told.sentence} {beside}".rstrip() if told else super().sentence(name, reference, "", "", beside)
        said = f"`{name}` differs from the network of the text {self.case.about}."
        return f"{said} {beside}".rstrip()

    def _error(self, name: str = "") -> Stopped | None:
        """What an error means in a network, where that is known."""
        told = network_errors.told(name, self.got) if isinstance(self.got, Raised) else None
        return told if isinstance(told, Stopped) and told.tells else None

    def _unlike(self, got, right):
        return unlike(got, right)


@dataclass(eq=False)
class Branch(Reply):
    """An answer of which only those channels count that are not 0 throughout, wherever they stand."""

    def _unlike(self, got, right):
        return unlike(alive(got), alive(right))


def alive(maps: Any) -> Any:
    """The channels of maps (N, C, H, W) that are not 0 throughout."""
    if not isinstance(maps, T) or not maps.is_floating_point() or maps.dim() != 4 or not maps.numel():
        return maps
    return maps[:, maps.abs().amax((0, 2, 3)) > 0]


@dataclass(eq=False)
class Named(Reply):
    """Names and shapes of what is saved, or, where names are free, the shapes alone."""

    def mistake(self, reference):
        right = self.given(reference)
        if isinstance(self.got, Raised) or not isinstance(self.got, dict):
            return None
        lost, more = (sorted(set(a) - set(b)) for a, b in ((right, self.got), (self.got, right)))
        if "block" in self.case.kwargs and self.got.get("fc.weight", [0])[1:] != right["fc.weight"][1:]:
            return "resnet-expansion-ignored"
        if "thin" in str(list(right)) and "thin" not in str(list(self.got)):
            return "resnet-block-ignored"
        if lost and not more and all("downsample." in name for name in lost):
            return "resnet-shortcut-missing" if "layer" in lost[0] else "block-downsample-ignored"
        return "state-names" if lost or more else "state-shapes"

    def _unlike(self, got, right):
        """The shape of a layer that waits for its first input is not known yet."""
        if isinstance(got, dict):
            got = {name: shape or right.get(name, shape) for name, shape in got.items()}
        return fault(got, right)


@dataclass(eq=False)
class Expansion(Reply):
    """The class attribute `expansion`."""

    def mistake(self, reference):
        return "block-expansion"


@dataclass(eq=False)
class Shaped(Named):
    """The shapes alone, of weights and biases; a linear layer may be a 1×1 convolution."""

    def mistake(self, reference):
        return "state-shapes" if isinstance(self.got, dict) else None

    def _unlike(self, got, right):
        return fault(*(sorted(map(bare, some.values())) if isinstance(some, dict) else some for some in (got, right)))


def bare(shape: Any) -> Any:
    """A shape without sides of one pixel."""
    return [*shape[:2], *(side for side in shape[2:] if side != 1)] if isinstance(shape, list) else shape


@dataclass(eq=False)
class Noise(Reply):
    """What dropout does to logits that are all alike without it."""

    def mistake(self, reference):
        got, right = seen(self.got), seen(self.given(reference))
        return "dropout-rate" if got and right and got[1:] == right[1:] and len(got[0]) == 2 else None

    def _unlike(self, got, right):
        return None if seen(got) is not None and seen(got) == seen(right) else "gave back wrong values"


def seen(logits: Any) -> tuple[Any, ...] | None:
    """Of logits (N, K): the factors of dropout, where it has the same on all; is there a 0; do rows differ but for it;
    are the first 36, which come from one channel, 0 together in two rows or more, while another row keeps ten. Dropout
    of single values leaves a row none of them in one case of 30,000; a very large rate leaves no row ten."""
    if not isinstance(logits, T) or logits.dim() != 2 or not logits.isfinite().all():
        return None
    rounded = (logits.double() * 100).round()
    values = rounded.unique().tolist()
    kept = [column[column != 0].unique() for column in rounded.T]
    left = (rounded[:, :36] != 0).sum(1)
    varied = any(len(one) > 1 for one in kept)
    together = int((left == 0).sum()) > 1 and bool((left > 9).any())
    return tuple(values) if len(values) < 4 else (), 0.0 in values, varied, together
