"""Gradients: the reference's own, in one backward pass over all of a criterion's cases; the student's, compared with
them.

Every floating-point tensor among a case's arguments is asked for a gradient, wherever it stands; whole numbers have
none. Where a function gives back more than one tensor, or no floating-point one, its values alone are compared.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch
import torch.fx.experimental.symbolic_shapes  # autograd wants it, and imports it at its first use

from autograder.exam.cases import Case
from autograder.exam.compare import Reference, fault
from autograder.exam.draw import Draw
from autograder.objects import operations

T = torch.Tensor


@dataclass
class Asked:
    """A case, what the reference answers, the gradient that is sent back (None where there is no way back), what the
    reference makes of it for each leaf, and the leaves' names."""

    case: Case
    expected: Any
    cotangent: T | None = None
    wanted: Sequence[T] = ()
    names: Sequence[str] = ()


@contextmanager
def small_kernels() -> Iterator[None]:
    """Without oneDNN, which prepares for each new shape longer than a tiny convolution takes."""
    before = torch._C._get_mkldnn_enabled()
    torch._C._set_mkldnn_enabled(False)
    try:
        yield
    finally:
        torch._C._set_mkldnn_enabled(before)


def mapped(change: Callable[[T], T], value: Any) -> Any:
    """A value with `change` made to each floating-point tensor in it, in order of appearance."""
    if isinstance(value, T):
        return change(value) if value.is_floating_point() else value
    if isinstance(value, tuple | list):
        return type(value)(mapped(change, item) for item in value)
    return {key: mapped(change, item) for key, item in value.items()} if isinstance(value, dict) else value


def with_tensors(case: Case, change: Callable[[T], T]) -> Case:
    """The same call with other floating-point tensors."""
    return replace(case, args=mapped(change, case.args), kwargs=mapped(change, case.kwargs))


def leaves(case: Case) -> list[T]:
    """The tensors of a case that require a gradient, in order of appearance."""
    return [t for t in operations.tensors((case.args, case.kwargs)) if t.requires_grad]


def names_of(reference: Reference, case: Case) -> list[str]:
    """What the reference calls the arguments in which the leaves stand."""
    try:
        bound = inspect.signature(reference).bind(*case.args, **case.kwargs).arguments
    except (TypeError, ValueError):  # a builtin tells nothing about its arguments
        bound = {f"argument {i}": value for i, value in enumerate((*case.args, *case.kwargs.values()), 1)}
    return [
        "input" if name == "x" else name
        for name, value in bound.items()
        for t in leaves(Case((value,)))
        if t is not None
    ]


def with_wanted_gradients(reference: Reference, cases: Iterable[Case], draw: Draw) -> list[Asked]:
    """What the reference answers in each case, and the gradients of every floating-point tensor among the arguments."""
    asked: list[Asked] = []
    on_the_way: list[tuple[Asked, T, list[T]]] = []
    with small_kernels():
        for given in cases:
            case = with_tensors(given, lambda t: t.detach().requires_grad_())
            output = reference(*case.args, **case.kwargs)
            asked.append(Asked(case, mapped(torch.Tensor.detach, output)))
            if isinstance(output, T) and output.requires_grad:
                asked[-1].cotangent = draw.normal(*output.shape, dtype=output.dtype)
                asked[-1].names = names_of(reference, case)
                on_the_way.append((asked[-1], output, leaves(case)))
        if on_the_way:
            outputs, cotangents = [o for _, o, _ in on_the_way], [a.cotangent for a, _, _ in on_the_way]
            together = [leaf for _, _, some in on_the_way for leaf in some]
            found = iter(torch.autograd.grad(outputs, together, cotangents, materialize_grads=True, allow_unused=True))
            for one, _, some in on_the_way:
                one.wanted = [next(found) for _ in some]
    return asked


def gradient_fault(got: Sequence[T | None], wanted: Sequence[T], names: Sequence[str]) -> str | None:
    """What is wrong with the gradients to the arguments of these names; None where they are right."""
    if not len(got) == len(wanted) == len(names):
        return f"sends back {len(got)} of {len(wanted)} gradients"
    for name, mine, right in zip(names, got, wanted, strict=True):
        if mine is None:
            return f"sends no gradient back to the {name}"
        if fault(mine, right):
            return f"sends a wrong gradient back to the {name}"
    return None
