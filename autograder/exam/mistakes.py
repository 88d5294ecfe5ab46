"""Mistakes that people make, each as the wrong functions it is recognised by.

A mutant has the signature of the reference. Mutants are compared with a student's answers, most telling first: a
mistake is named where a mutant of it answers as the student does in every case that was seen.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterable
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch

Function = Callable[..., Any]


@dataclass(frozen=True)
class Misconception:
    """A mistake: its id, and what it is recognised by.

    mutants: wrong functions whose values equal the student's. says: parts of the errors that PyTorch raises over it.
    changing: beside such an error, do calls change their arguments where they can? None where that tells nothing.
    rough: float64 values that are right to float32's precision only. raises: wrong calls end in errors alone.
    """

    id: str
    mutants: tuple[Function, ...] = ()
    says: tuple[str, ...] = ()
    changing: bool | None = None
    rough: bool = False
    raises: bool = False


# Ids of mistakes that exams do as if they had never heard of, to see how a mistake fares that has no name.
FORGOTTEN: ContextVar[frozenset[str]] = ContextVar("forgotten", default=frozenset())


def known(mistakes: Iterable[Misconception]) -> list[Misconception]:
    """Those that are not forgotten."""
    return [mistake for mistake in mistakes if mistake.id not in FORGOTTEN.get()]


def misconception(id: str, *mutants: Function, raises: bool = False) -> Misconception:
    """A mistake that is recognised by wrong functions."""
    return Misconception(id, mutants, raises=raises)


@dataclass(frozen=True, eq=False)
class Changed:
    """A function with a change, which can be made to another function of its signature as well.

    change: of the function and its arguments by name, defaults too, what comes back.
    """

    function: Function
    change: Callable[..., Any]

    @cached_property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(self.function)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        bound = self.__signature__.bind(*args, **kwargs)
        bound.apply_defaults()
        return self.change(self.function, bound.arguments)

    def on(self, function: Function) -> Changed:
        """The change made to another function."""
        inner = self.function.on(function) if isinstance(self.function, Changed) else function
        return Changed(inner, self.change)


def both(one: Function, other: Function) -> list[Function]:
    """Two wrong functions made into one with both mistakes, in either order; none where both stand for themselves."""
    return [a.on(b) for a, b in ((one, other), (other, one)) if isinstance(a, Changed)]


def with_all_arguments(reference: Function, rule: Callable[..., Any]) -> Function:
    """The reference by a rule, which gets the function and all arguments by name, defaults too."""
    return Changed(reference, lambda function, given: rule(function, **given))


def with_changes(reference: Function, change: Callable[..., dict[str, Any]]) -> Function:
    """The reference with the arguments that `change` gives back, which gets all of them by name, defaults too."""
    return Changed(reference, lambda function, given: function(**(given | change(**given))))


def with_result(reference: Function, change: Callable[[Any], Any]) -> Function:
    """The reference whose result is changed."""
    return Changed(reference, lambda function, given: change(function(**given)))


def with_arguments(reference: Function, **changes: Callable[[Any], Any]) -> Function:
    """The reference with some of its arguments changed: `with_arguments(pooled, stride=swapped)`."""
    return with_changes(reference, lambda **given: {name: change(given[name]) for name, change in changes.items()})


def pair(value: Any) -> tuple[int, int]:
    """(down, right) of a number or a pair."""
    down, right = (value, value) if isinstance(value, int) else value
    return down, right


# Changes of one argument, for `with_arguments`. Words such as "same" stay as they are.
def swapped(value: Any) -> Any:
    """A pair's two numbers exchanged."""
    return (value[1], value[0]) if isinstance(value, tuple | list) else value


def first_of(value: Any) -> Any:
    """A pair's first number for both axes."""
    return value[0] if isinstance(value, tuple | list) else value


def no_pair(value: Any) -> Any:
    """A pair is refused."""
    if isinstance(value, tuple | list):
        raise TypeError("a pair")
    return value


def always(value: Any) -> Callable[[Any], Any]:
    """Whatever is given, this value is taken."""
    return lambda given: value


def in_float32(value: Any) -> Any:
    """A floating-point tensor in float32."""
    return value.float() if isinstance(value, torch.Tensor) and value.is_floating_point() else value


def pair_mistakes(
    reference: Function, first_only: Collection[str] = (), refused: str = "pairs-refused", **words: str
) -> tuple[Misconception, ...]:
    """What goes wrong with arguments that may be pairs: exchanged, refused, of `first_only` the first number for both.

    words: what each argument is called in the ids; `stride="stride"` makes "stride-swapped" and "stride-first-only".
    """
    found = []
    for argument, word in words.items():
        found.append(misconception(f"{word}-swapped", with_arguments(reference, **{argument: swapped})))
        if argument in first_only:
            found.append(misconception(f"{word}-first-only", with_arguments(reference, **{argument: first_of})))
    none = with_arguments(reference, **dict.fromkeys(words, no_pair))
    return (*found, misconception(refused, none, raises=True))


def upright(bias: torch.Tensor) -> torch.Tensor:
    """A bias (C,) as (1, C, 1, 1)."""
    return bias.reshape(1, -1, 1, 1)


def with_bias(reference: Function, change: Callable[..., torch.Tensor]) -> Function:
    """A function of x, weight and bias to whose sums `change(bias, x, weight)` is added in place of the bias."""

    def mutant(function, x, weight, bias, **rest):
        out = function(x, weight, None, **rest)
        return out if bias is None else out + change(bias, x, weight)

    return with_all_arguments(reference, mutant)


def group_mistakes(reference: Function, prefix: str = "") -> tuple[Misconception, ...]:
    """What goes wrong with the groups of a convolution of x, weight and bias: none are made, or channels are dealt out
    to them in turn, those of the input, of the output, or both."""

    def ungrouped(weight: torch.Tensor, groups: int, **rest: Any) -> dict[str, Any]:
        return {"weight": weight.repeat(1, groups, 1, 1), "groups": 1}

    def dealt_out(x: torch.Tensor, groups: int, **rest: Any) -> dict[str, Any]:
        return {"x": torch.cat([x[:, group::groups] for group in range(groups)], 1)}

    def collected(function, x, weight, bias, groups, **rest):
        out = function(x, weight, None, groups=groups, **rest)
        out = out.unflatten(1, (groups, -1)).transpose(1, 2).flatten(1, 2)
        return out if bias is None else out + upright(bias)

    by_name = with_all_arguments(reference, collected)
    return (
        misconception(
            f"{prefix}groups-ignored", with_changes(reference, ungrouped), with_arguments(reference, groups=always(1))
        ),
        misconception(
            f"{prefix}groups-interleaved",
            with_changes(reference, dealt_out),
            by_name,
            with_changes(by_name, dealt_out),
        ),
    )


def unfit(reference: Function, refused: Callable[..., bool]) -> Function:
    """The reference, which fails where its arguments are `refused`."""

    def change(**given: Any) -> dict[str, Any]:
        if refused(**given):
            raise RuntimeError("sizes do not fit")
        return {}

    return with_changes(reference, change)


def one_side_for_both(reference: Function) -> tuple[Function, ...]:
    """One side of a kernel taken for both, so that products fail; where a side is one pixel, they may broadcast."""
    return tuple(
        unfit(reference, lambda weight, pixels=pixels, **rest: len({*weight.shape[2:]} - pixels) > 1)
        for pixels in (set(), {1})
    )


# PyTorch refuses to change in place a leaf of the graph, or a tensor that is expanded. The leaf is an argument, or a
# result that was made with requires_grad=True.
IN_PLACE = (
    Misconception(
        "input-changed",
        says=("leaf Variable that requires grad", "more than one element of the written-to tensor"),
        changing=True,
    ),
    Misconception("leaf-filled", says=("leaf Variable that requires grad",), changing=False),
)


def missing_bias(reference: Function) -> Misconception:
    """The bias is used where none is given."""
    return misconception("bias-none", unfit(reference, lambda bias, **rest: bias is None), raises=True)


def empty_slice(*mutants: Function) -> Misconception:
    """The slice p:-p with a padding of 0. To fill it is an error of PyTorch or NumPy, and what is cut so is empty."""
    return Misconception("padding-slice-empty", mutants, says=("expanded size of the tensor (0)", ",0,0)"), raises=True)


def care_mistakes(reference: Function) -> tuple[Misconception, ...]:
    """What goes wrong with a function of tensors whatever it computes: in float32 alone, digits lost on the way."""

    def mutant(function: Function, given: dict[str, Any]) -> Any:
        return function(**{key: in_float32(value) for key, value in given.items()})

    return misconception("float32-result", Changed(reference, mutant)), Misconception("precision-lost", rough=True)
