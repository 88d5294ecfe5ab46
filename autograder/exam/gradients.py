"""Gradients: PyTorch's own, in one backward pass over all of a criterion's cases; the student's, compared with them and
with small differences."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import torch
import torch.fx.experimental.symbolic_shapes  # autograd wants it, and imports it at its first use
from torch.autograd.function import once_differentiable
from torch.autograd.gradcheck import GradcheckError, gradcheck

from autograder.exam.compare import Case, Seen, ask_all, describe, fault, judge, shown
from autograder.exam.core import Evidence, Finding, Misconception, Wrong
from autograder.exam.draw import Draw
from autograder.exam.subject import Subject

T = torch.Tensor
Reference = Callable[..., T]
ORDER = ("input", "weight", "bias")  # of the first three tensors that a function takes


@dataclass
class Question:
    """A case, PyTorch's answer, the gradient that is sent back, and what PyTorch makes of it for each argument."""

    case: Case
    expected: T
    cotangent: T
    wanted: Sequence[T] = ()


@contextmanager
def small_kernels() -> Iterator[None]:
    """Without oneDNN, which prepares for each new shape longer than a tiny convolution takes."""
    before = torch._C._get_mkldnn_enabled()
    torch._C._set_mkldnn_enabled(False)
    try:
        yield
    finally:
        torch._C._set_mkldnn_enabled(before)


def questions(
    reference: Reference, cases: Iterable[Case], draw: Draw, upstream: Callable[..., T] | None = None
) -> list[Question]:
    """What PyTorch answers, and the gradients of every float tensor among the arguments, which require one in each
    question's case. The cases stay as they are.

    `upstream(*shape)` draws what is sent back, where it is not to be `draw.normal`.
    """
    asked: list[Question] = []
    outputs: list[T] = []
    leaves: list[list[T]] = []
    with small_kernels():
        for case in cases:
            case = replace(case, args=tuple(leaf(value) for value in case.args))
            leaves.append([t for t in case.args if isinstance(t, T) and t.requires_grad])
            outputs.append(reference(*case.args, **case.kwargs))
            shape, dtype = outputs[-1].shape, outputs[-1].dtype
            cotangent = upstream(*shape) if upstream else draw.normal(*shape, dtype=dtype)
            asked.append(Question(case, outputs[-1].detach(), cotangent))
        together = [leaf for some in leaves for leaf in some]
        found = iter(torch.autograd.grad(outputs, together, [question.cotangent for question in asked]))
    for question, some in zip(asked, leaves, strict=True):
        question.wanted = [next(found) for _ in some]
    return asked


def leaf(value: Any) -> Any:
    """A float tensor as one that requires a gradient, on the same memory; all else as it is."""
    floats = isinstance(value, T) and value.is_floating_point()
    return value.detach().requires_grad_() if floats else value


def ask_with_gradients(subject: Subject, asked: Sequence[Question]) -> list[Seen]:
    """Every question's call with its backward pass, in one round trip."""
    return ask_all(subject, [(question.case, question.expected, question.cotangent) for question in asked])


@dataclass
class Noted:
    """Gradient faults noted beside right values, kept in `Draw.notes` until the gradients' own criterion."""

    compared: int = 0
    faults: list[Seen] = field(default_factory=list)

    def compare(self, seen: Seen, got: Sequence[T | None], wanted: Sequence[T]) -> None:
        if seen.answer is not None and seen.fault is None:
            self.compared += 1
            if note := gradient_fault(got, wanted):
                self.faults.append(Seen(seen.case, wanted, got, note))


def noted(draw: Draw) -> Noted:
    return draw.notes.setdefault("gradients", Noted())


def gradient_fault(got: Sequence[T | None], wanted: Sequence[T]) -> str | None:
    if len(got) != len(wanted):
        return f"sends back {len(got)} of {len(wanted)} gradients"
    for i, (mine, right) in enumerate(zip(got, wanted, strict=True)):
        name = ORDER[i] if i < len(ORDER) else f"tensor number {i + 1}"
        if mine is None:
            return f"sends no gradient back to the {name}"
        if fault(mine, right):
            return f"sends a wrong gradient back to the {name}"
    return None


def compare_with_gradients(
    subject: Subject, reference: Reference, cases: Iterable[Case], mistakes: Iterable[Misconception], draw: Draw
) -> list[Seen]:
    """Values now; gradients of the same calls, by one backward pass each, are noted for their own criterion."""
    asked = questions(reference, cases, draw)
    seen = ask_with_gradients(subject, asked)
    for found, question in zip(seen, asked, strict=True):
        if found.answer is not None:
            noted(draw).compare(found, found.answer.gradients, question.wanted)
    judge(subject.name, seen, mistakes)
    return seen


def judge_gradients(subject: Subject, draw: Draw, detached: Callable[[Evidence], Wrong]) -> None:
    """The gradients that were noted beside right values; one that does not arrive is the mistake `detached`."""
    for first in noted(draw).faults[:1]:
        evidence = Evidence(describe(first.case), "PyTorch's gradients", str(first.fault))
        if "no gradient" in str(first.fault):
            raise detached(evidence)
        raise Wrong(Finding(f"`{subject.name}` is right, but {first.fault}.", None, evidence))


def small_differences(subject: Subject, reference: Reference, case: Case) -> None:
    """PyTorch's `gradcheck` in full, on a float64 case.

    It wants one value, or one gradient, after the other. It is held on the reference first, which shows what it wants;
    all of that is asked of the subject in one round trip; then it is held on what came, unless that is what it has
    passed already.
    """
    given = [leaf(t) for t in case.args if isinstance(t, T)]
    rest = tuple(a for a in case.args if not isinstance(a, T))
    asked: list[tuple[Case, T, T | None]] = []
    wanted: list[tuple[T, ...]] = []

    def rehearse(args: list[T], cotangent: T | None) -> Any:
        with torch.enable_grad():
            args = [t.detach().clone().requires_grad_(cotangent is not None) for t in args]
            output = reference(*args, *rest, **case.kwargs)
            asked.append((Case((*args, *rest), case.kwargs, case.about), output.detach(), cotangent))
            wanted.append(() if cotangent is None else torch.autograd.grad(output, args, cotangent))
            return output.detach() if cotangent is None else wanted[-1]

    _gradcheck(rehearse, given)
    seen = ask_all(subject, asked)
    judge(subject.name, [s for s in seen if not _alike(s.got, s.expected)], ())
    if all(_repeats(s, some) for s, some in zip(seen, wanted, strict=True)):
        return
    for s, some in zip(seen, wanted, strict=True):
        assert s.answer is not None
        if not all(mine is None or _alike(mine, right) for mine, right in zip(s.answer.gradients, some)):
            said = f"`{subject.name}` sends back a gradient of another shape or type than the argument's."
            raise Wrong(Finding(said, None, Evidence(describe(s.case), shown(some), shown(s.answer.gradients))))
    answers = iter(seen)

    def replay(args: list[T], cotangent: T | None) -> Any:
        found = next(answers)
        assert found.answer is not None
        return found.got if cotangent is None else tuple(found.answer.gradients)

    try:
        _gradcheck(replay, given)
    except GradcheckError as error:
        evidence = Evidence(describe(case), "gradcheck", str(error)[:300])
        said = f"`{subject.name}`: a gradient disagrees with small differences."
        raise Wrong(Finding(said, None, evidence)) from None


def _alike(got: Any, expected: T) -> bool:
    """Of one shape and dtype? What the values are is asked elsewhere."""
    return isinstance(got, T) and (got.shape, got.dtype) == (expected.shape, expected.dtype)


def _repeats(seen: Seen, wanted: Sequence[T]) -> bool:
    """Is an answer the reference's, and are its gradients, so nearly that gradcheck cannot tell? (It divides by 1e-6,
    and forgives 1e-5.)"""
    assert seen.answer is not None
    got, right = (seen.got, *seen.answer.gradients), (seen.expected, *wanted)
    return len(got) == len(right) and all(
        _alike(a, b) and bool((a - b).abs().max() <= 1e-12) for a, b in zip(got, right)
    )


def _gradcheck(answer: Callable[[list[T], T | None], Any], given: list[T]) -> None:
    """`answer(arguments, None)` is a value, `answer(arguments, cotangent)` the gradients."""
    gradcheck(lambda *args: _Told.apply(answer, *args), given, check_undefined_grad=False)


class _Told(torch.autograd.Function):
    @staticmethod
    def forward(ctx, answer, *args):
        ctx.answer, ctx.args = answer, [t.detach().clone() for t in args]
        return answer(ctx.args, None).clone()

    @staticmethod
    @once_differentiable
    def backward(ctx, cotangent):
        return None, *ctx.answer(ctx.args, cotangent.clone())  # gradcheck writes the next one over it
