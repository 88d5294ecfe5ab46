"""Cases: the calls of which an exam is made. Their skeleton is fixed and written by hand; a seed gives the values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from autograder.exam.draw import Draw

Shape = tuple[int, ...]


@dataclass
class Case:
    """One call: its arguments, and in words what is special about it ("with a stride of 2")."""

    args: tuple
    kwargs: dict[str, Any] = field(default_factory=dict)
    about: str = ""


@dataclass(frozen=True)
class Setup:
    """A case without its values. `shape` is read by the function that draws the tensors; `arguments` are those that
    differ from their defaults; `about` says how to call it."""

    shape: Shape
    arguments: dict[str, Any] = field(default_factory=dict)
    bias: bool = True
    dtype: torch.dtype = torch.float32
    about: str = ""


Cases = Callable[[Draw], Iterable[Case]]
Tensors = Callable[[Setup, Draw], tuple]  # the arguments of a call that stand before the named ones


def words(arguments: dict[str, Any]) -> str:
    """ "with stride (2, 1) and padding 1"."""
    named = [f"{key} {value!r}" for key, value in arguments.items() if key != "groups" or value != 1]
    return f"with {' and '.join(named)}" if named else ""


def choices(name: str, *values: Any) -> list[dict[str, Any]]:
    """One argument with each of these values, for `grid`."""
    return [{name: value} for value in values]


def grid(shapes: Sequence[Shape], arguments: Sequence[dict[str, Any]]) -> list[Setup]:
    """Every shape with every choice of arguments; bias and none take turns, so that each choice meets both."""
    return [
        Setup(shape, chosen, (i + j) % 3 != 0, about=words(chosen))
        for i, chosen in enumerate(arguments)
        for j, shape in enumerate(shapes)
    ]


def unbiased(*shapes: Shape) -> list[Setup]:
    """These shapes without a bias, all arguments at their defaults."""
    return [Setup(shape, bias=False) for shape in shapes]


def grouped(*given: tuple[Shape, int]) -> list[Setup]:
    """These shapes, (N, C_in, …), with so many groups each and without a bias."""
    return [Setup(shape, {"groups": groups}, bias=False, about=in_groups(shape, groups)) for shape, groups in given]


def in_groups(shape: Shape, groups: int) -> str:
    """ "with 2 groups"; where each channel has its own, with how many outputs."""
    each = shape[4] // groups
    if groups < shape[1]:
        return f"with {groups} groups"
    return "with as many groups as channels" + (f", {each} outputs each" if each > 1 else "")


def drawn(tensors: Tensors, *setups: Sequence[Setup]) -> Cases:
    """The cases of these setups, with values that the seed gives, in its order."""
    chosen = [setup for part in setups for setup in part]

    def cases(draw: Draw) -> Iterator[Case]:
        for setup in draw.shuffled(chosen):
            yield Case(tensors(setup, draw), dict(setup.arguments), setup.about)

    return cases


def convolution_tensors(setup: Setup, draw: Draw, *, transposed: bool = False) -> tuple[torch.Tensor, ...]:
    """Input (N, C_in, H, W), weight and, where there is one, bias (C_out,), of order 1, from a shape (N, C_in, H, W,
    C_out, kH, kW). The weight is (C_out, C_in / groups, kH, kW), of a transposed convolution (C_in, C_out / groups, …).
    """
    n, c_in, h, w, c_out, kh, kw = setup.shape
    groups = setup.arguments.get("groups", 1)
    x = draw.normal(n, c_in, h, w, dtype=setup.dtype)
    channels = (c_in, c_out // groups) if transposed else (c_out, c_in // groups)
    weight = draw.normal(*channels, kh, kw, dtype=setup.dtype)
    return (x, weight, draw.normal(c_out, dtype=setup.dtype)) if setup.bias else (x, weight)
