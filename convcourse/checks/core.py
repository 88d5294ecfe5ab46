"""How a visible check calls what a student wrote, compares, and says what is wrong.

A check sees a function, a class or a value of the notebook and uses it as anybody would: it calls it with tensors and
numbers, and reads attributes. It runs in the student's kernel, and again while the notebook is graded.
"""

from __future__ import annotations

import functools
import math
import textwrap
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

import numpy as np
import torch
from torch.overrides import TorchFunctionMode

from convcourse.missing import in_words


class CheckFailed(AssertionError):
    """What a check found, in words. Jupyter shows these instead of a traceback through the check."""

    def _render_traceback_(self) -> list[str]:
        shown = textwrap.wrap(f"✗ {self}", 96, break_long_words=False)
        cause = self.__cause__
        if cause is None or cause.__traceback__ is None:
            return shown
        theirs = cause.__traceback__.tb_next  # without the check's own line, which called them
        return [*"".join(traceback.format_exception(type(cause), cause, theirs)).splitlines(), *shown]


class ForbiddenCall(Exception):
    """The library's function was called where the student should write it."""


Forbidden = Callable[..., Any] | tuple[Callable[..., Any], dict[str, Any]]  # with keywords: forbidden only with these


class Forbidding(TorchFunctionMode):
    """Within it, calls of these functions of PyTorch raise ForbiddenCall."""

    def __init__(self, functions: Sequence[Forbidden]):
        super().__init__()
        self.functions = functions

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        for entry in self.functions:
            function, given = entry if isinstance(entry, tuple) else (entry, {})
            if func is function and given.items() <= (kwargs or {}).items():
                raise ForbiddenCall(f"PyTorch's `{func.__name__}`")
        return func(*args, **(kwargs or {}))


FEW = 2  # entries of a list that are told
Slips = list[tuple[Callable[[], torch.Tensor], str]]  # answers that people give by a slip, each with its sentence


class Check:
    """The checks of one name, one after the other; the first that fails ends them."""

    def __init__(self, name: str, forbidden: Sequence[Forbidden] = ()):
        """forbidden: functions of PyTorch that what is checked must not call."""
        self.name, self.forbidden, self.passed = name, forbidden, 0

    @contextmanager
    def __call__(self, title: str) -> Iterator[None]:
        """A step, which is told when it is passed."""
        yield
        self.passed += 1
        print(f"✓ {self.name}: {title}")

    def fail(self, sentence: str, cause: Exception | None = None) -> NoReturn:
        """End the checks with this sentence; `cause`: what was raised."""
        raise CheckFailed(f"{self.name}: {sentence}") from cause

    def ask(self, call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """call(*args, **kwargs), whose tensors must stay as they are; what it raises becomes a sentence."""
        if not callable(call):
            self.fail("It is not defined as something that can be called. Define it in the cell above.")
        before = [arg.clone() if isinstance(arg, torch.Tensor) and not arg.is_meta else None for arg in args]
        try:
            with Forbidding(self.forbidden):
                answer = call(*args, **kwargs)
        except ForbiddenCall as error:
            self.fail(f"It calls {error}, which is forbidden here. Write yourself what it does.", error)
        except Exception as error:
            if isinstance(error, NotImplementedError) and not self.passed:  # later on it is one case that is missing
                self.fail("It is not written yet. Replace `raise NotImplementedError()` in the cell above.")
            self.fail(f"Called with {_words(args, kwargs)} it raised {in_words(error)}.", error)
        for arg, was in zip(args, before):
            if was is not None and (arg.shape != was.shape or not torch.equal(arg, was)):
                self.fail("It changes a tensor that it is given. Work on a new one (no `+=`, no `x[...] = …` on `x`).")
        return answer

    def attribute(self, layer: Any, name: str) -> Any:
        """What stands under a name of a layer."""
        try:
            return getattr(layer, name)
        except Exception as error:
            self.fail(f"The layer has no attribute `{name}`. It must have one.", error)

    def refuses(self, call: Callable[..., Any], *args: Any, why: str, **kwargs: Any) -> None:
        """The call raises ValueError (or RuntimeError); `why` begins a sentence: what cannot be right."""
        try:
            call(*args, **kwargs)
        except Exception as error:
            if isinstance(error, (ValueError, RuntimeError)) and not isinstance(
                error, (NotImplementedError, RecursionError)
            ):
                return
            self.fail(f"{capital(why)} must be refused with a ValueError. Yours raised {in_words(error)}.", error)
        self.fail(f"{capital(why)} must be refused with a ValueError. Yours gave an output.")

    def same(
        self, got: Any, expected: torch.Tensor, rule: str, slips: Sequence[tuple[Callable[[], torch.Tensor], str]] = ()
    ) -> None:
        """Shape, dtype and values are those of `expected`. rule: why they must be, or "with …", of which case they are.

        slips: answers that people give by a slip, each with the sentence that names it.
        """
        if not isinstance(got, torch.Tensor):
            kind = (
                "tuple" if isinstance(got, tuple) else type(got).__name__
            )  # the class of `x.max(dim=0)` is called max
            self.fail(_told(rule, f"yours returned {article(kind)} instead of a tensor."))
        if got.dtype == expected.dtype and close(got, expected):
            return
        for slip, sentence in slips:
            if close(got, slip()):
                wrong = "the output is wrong. " if rule.startswith("with ") else ""
                self.fail(_told(rule, f"{wrong}{sentence}"))
        if got.shape != expected.shape:
            self.fail(_told(rule, f"the shape must be {tuple(expected.shape)}, and yours is {tuple(got.shape)}."))
        if got.dtype != expected.dtype:
            self.fail(_told(rule, f"the dtype must be {expected.dtype}, and yours is {got.dtype}."))
        got, expected = got.detach(), expected.detach()
        off = ~torch.isclose(got, expected, *_tolerances(expected))
        place = tuple(int(i) for i in off.nonzero()[0])
        where = f" at {list(place)}" if place else ""
        share = f"{int(off.sum())} of {off.numel()} numbers differ. The first{where}" if place else "the number"
        self.fail(_told(rule, f"{share} is {_number(got[place])} and must be {_number(expected[place])}."))

    def whole_number(self, answer: Any) -> None:
        """An answer to a question has the form asked for: a whole number above 0. Whether it is right is not said."""
        answer = plain(answer)
        if isinstance(answer, bool) or not isinstance(answer, int | float) or not math.isfinite(answer):
            self.fail(f"Write a number, such as {self.name} = 12. Yours is {article(type(answer).__name__)}.")
        if answer != int(answer) or answer < 1:
            self.fail(f"The answer is a whole number above 0. Yours is {answer}.")
        print(f"✓ {self.name}: its form is right; the hidden tests say whether the answer is")

    def letter(self, answer: Any, letters: str) -> None:
        """An answer to a question has the form asked for: one of these letters."""
        letter = answer.strip(" ().:").upper() if isinstance(answer, str) else ""
        if len(letter) != 1 or letter not in letters:
            choice = ", ".join(f'"{letter}"' for letter in letters)
            self.fail(f"Write one of the letters {choice}. Yours is {answer!r:.40}.")
        print(f"✓ {self.name}: its form is right; the hidden tests say whether the answer is")


def on_plain_torch(check: Callable[[Any], None]) -> Callable[[Any], None]:
    """A check with float32 as the default and with gradients, whatever other cells have set, as in the hidden tests.

    Without oneDNN, too, which prepares for each new shape longer than a tiny convolution takes.
    """

    @functools.wraps(check)
    def checked(given: Any) -> None:
        dtype, mkldnn = torch.get_default_dtype(), torch.backends.mkldnn.enabled
        torch.set_default_dtype(torch.float32)
        torch.backends.mkldnn.enabled = False  # type: ignore[assignment]
        try:
            with torch.enable_grad():
                check(given)
        finally:
            torch.set_default_dtype(dtype)
            torch.backends.mkldnn.enabled = mkldnn

    return checked


def keeps_dtype_and_gradients(
    check: Check, function: Any, reference: Callable[..., torch.Tensor], *shapes: Sequence[int]
) -> None:
    """float64 stays float64, and gradients reach each argument, which are tensors of these shapes."""
    leaves = [numbers(60 + i, *shape, dtype=torch.float64).requires_grad_() for i, shape in enumerate(shapes)]
    with check("float64 stays float64, and gradients arrive"):
        got = check.ask(function, *leaves)
        expected = reference(*leaves)
        check.same(got, expected, "with a float64 input")
        if not got.requires_grad:
            check.fail("The result is cut off from autograd. Compute with tensors, not with `.data` or `.item()`.")
        along = torch.linspace(1, 2, got.numel(), dtype=torch.float64).reshape(got.shape)
        theirs = check.ask(torch.autograd.grad, (got * along).sum(), leaves, allow_unused=True)
        for their, our in zip(theirs, torch.autograd.grad((expected * along).sum(), leaves)):
            if their is None:
                check.fail("No gradient reaches an input. Somewhere it is detached, or converted to plain numbers.")
            check.same(their, our, "with a gradient asked for")


def plain(number: Any) -> Any:
    """Python's own number for NumPy's, for an array without axes and for a tensor of one element; anything else as it
    is."""
    lone = (
        number.numel() == 1 if isinstance(number, torch.Tensor) else isinstance(number, np.ndarray) and not number.ndim
    )
    return number.item() if lone or isinstance(number, np.generic) else number


def numbers(seed: int, *shape: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    """Random numbers of order 1 which leave the notebook's own stream of random numbers alone."""
    return torch.randn(shape, dtype=dtype, generator=torch.Generator().manual_seed(seed))


def close(got: torch.Tensor, expected: torch.Tensor) -> bool:
    """Of the same shape, and equal but for rounding."""
    same_shape = got.shape == expected.shape
    return same_shape and torch.allclose(got.detach().to(expected.dtype), expected.detach(), *_tolerances(expected))


def _tolerances(expected: torch.Tensor) -> tuple[float, float]:
    """Relative and absolute."""
    return (1e-8, 1e-8) if expected.dtype == torch.float64 else (1e-4, 1e-4)


def capital(text: str) -> str:
    """A text as the beginning of a sentence."""
    return text[:1].upper() + text[1:]


def _told(rule: str, said: str) -> str:
    """What is off, after the rule, or after the case that it is about."""
    return f"{capital(rule)}, {said}" if rule.startswith("with ") else f"{capital(rule)}. {capital(said)}"


def _number(value: torch.Tensor) -> str:
    return f"{value.item():.10g}" if value.dtype == torch.float64 else f"{value.item():.5g}"


def article(kind: str) -> str:
    """The name of a type with its article."""
    return "None" if kind == "NoneType" else f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def _words(args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    """The arguments of a call, tensors by their shape."""
    parts = [_word(arg) for arg in args] + [f"{key}={_word(value)}" for key, value in kwargs.items()]
    return f"({', '.join(parts)})"


def _word(value: Any) -> str:
    """Lists by their entries, a few of them, objects by their class."""
    if isinstance(value, torch.Tensor):
        return f"a tensor of shape {tuple(value.shape)}"
    if isinstance(value, list) or (isinstance(value, tuple) and any(isinstance(one, torch.Tensor) for one in value)):
        said = ", ".join([*map(_word, value[:FEW]), *["…"] * (len(value) > FEW)])
        return f"[{said}]" if isinstance(value, list) else f"({said})"
    plain_ones = (bool, int, float, str, tuple, torch.dtype, type(None))
    return repr(value) if isinstance(value, plain_ones) else article(type(value).__name__)
