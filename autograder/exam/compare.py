"""Compare a student's answers with PyTorch's over a list of cases, and name the mistake where one fits.

Comparisons are written so that only a right answer passes: NaN, an empty or a broadcast result, another dtype or shape
all fail. Nothing here reaches the student but the sentences of `Finding`.
"""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import torch

from autograder.exam import words
from autograder.exam.core import Evidence, Finding, Misconception, Wrong, banned
from autograder.exam.subject import Answer, Banned, Raised, Subject

TOLERANCE = {torch.float32: 1e-4, torch.float64: 1e-8}


@dataclass
class Case:
    """One call: its arguments, and in words what is special about it ("with a stride of 2")."""

    args: tuple
    kwargs: dict[str, Any] = field(default_factory=dict)
    about: str = ""


@dataclass
class Seen:
    """A case, what PyTorch answers, and what came back (a value or `Raised`); `answer` is all that the call gave."""

    case: Case
    expected: Any
    got: Any
    fault: str | None
    answer: Answer | None = None


def fault(got: Any, expected: Any) -> str | None:
    """What is wrong with an answer, in words that show no number of ours; None where it is right."""
    if isinstance(expected, torch.Tensor):
        if not isinstance(got, torch.Tensor):
            return f"gave back {kind(got)} where a tensor is expected"
        if got.shape != expected.shape:
            return f"gave back a tensor of shape {tuple(got.shape)}, which is not the right shape"
        if got.dtype != expected.dtype:
            return f"gave back {got.dtype}, expected {expected.dtype}"
        if not agree(got, expected):
            return "gave back NaN or infinity" if not bool(torch.isfinite(got).all()) else "gave back wrong values"
        return None
    if isinstance(expected, tuple):
        if not isinstance(got, tuple | list) or len(got) != len(expected):
            return f"gave back {kind(got)} where {len(expected)} results are expected"
        return next((f for f in map(fault, got, expected) if f), None)
    if type(got) is not type(expected):
        return f"gave back {kind(got)} where {kind(expected)} is expected"
    return None if got == expected else "gave back a wrong value"


def agree(a: torch.Tensor, b: torch.Tensor) -> bool:
    """Equal in shape, dtype and, within the interface's tolerance, in every value; NaN agrees with nothing."""
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    if b.dtype not in TOLERANCE:
        return torch.equal(a, b)
    if a.numel() and np.abs(a.detach().numpy() - b.detach().numpy()).max() <= TOLERANCE[b.dtype]:
        return True  # nearly always, and NumPy is the quicker for so few numbers; NaN fails it
    tolerance, apart = TOLERANCE[b.dtype], (a - b).abs()
    return bool((apart <= tolerance + tolerance * b.abs()).all())


# What comes back, in words.
PLAIN = {tuple: "a tuple", list: "a list", dict: "a dict", str: "text", int: "an int", float: "a float", bool: "a bool"}
OBJECTS = {"function": "a function", "class": "a class", "module": "a module"}


def kind(value: Any) -> str:
    if value is None:
        return "nothing (None)"
    if isinstance(value, Subject):
        return OBJECTS.get(value.kind, "an object that is no number, no text and no dense tensor")
    if isinstance(value, torch.Tensor):
        return f"a tensor of {str(value.dtype).removeprefix('torch.')}"
    return PLAIN.get(type(value), f"a {type(value).__name__}")


SHOWN = 300  # characters of a value that is no tensor


def shown(value: Any) -> str:
    """A value as the instructor reads it: shape and the first entries."""
    if isinstance(value, torch.Tensor):
        flat = ", ".join(f"{x:.4g}" for x in value.flatten()[:8].tolist())
        return f"{value.dtype} {tuple(value.shape)} [{flat}{', …' if value.numel() > 8 else ''}]"
    if isinstance(value, tuple | list):
        return "(" + ", ".join([*map(shown, value[:8]), *["…"] * (len(value) > 8)]) + ")"
    if isinstance(value, int) and value.bit_length() > 1000:
        return f"an int of {value.bit_length()} bits"
    return (str(value) if isinstance(value, Raised) else reprlib.repr(value))[:SHOWN]


def describe(case: Case) -> str:
    named = [f"{key}={shown(value)}" for key, value in case.kwargs.items()]
    return ", ".join([*map(shown, case.args), *named])


def outcome(function: Callable[..., Any], case: Case) -> Any:
    """What a mutant of ours answers: a value, or `Raised` where it refuses."""
    try:
        with torch.no_grad():
            return function(*case.args, **case.kwargs)
    except Exception as error:
        return Raised(type(error).__name__, "")


def same(got: Any, theirs: Any) -> bool:
    """Does a mutant's answer equal what came back? (Two errors are equal, whatever they say.)"""
    if isinstance(got, Raised) or isinstance(theirs, Raised):
        return isinstance(got, Raised) and isinstance(theirs, Raised)
    return fault(got, theirs) is None


def named(wrong: Sequence[Seen], right: Sequence[Seen], mistakes: Iterable[Misconception]) -> Misconception | None:
    """The first misconception that explains what was seen, the right answers among it too."""
    first = wrong[0].got
    errors_alone = all(isinstance(s.got, Raised) for s in wrong)
    for mistake in mistakes:
        if isinstance(first, Raised) and any(part in first.message for part in mistake.says):
            return mistake
        if mistake.rough and all(roughly_right(s) for s in wrong):
            return mistake
        # Errors are equal whatever they say, so alone they tell only where the mistake leads to nothing else.
        if errors_alone and not (mistake.raises and right):
            continue
        if any(all(same(s.got, outcome(mutant, s.case)) for s in (*wrong, *right)) for mutant in mistake.mutants):
            return mistake
    return None


def roughly_right(seen: Seen) -> bool:
    """Right in float64 but for the digits that float32 has not."""
    got, expected = seen.got, seen.expected
    if not isinstance(got, torch.Tensor) or got.dtype != torch.float64 or expected.dtype != torch.float64:
        return False
    return agree(got.float(), expected.float())


def judge(name: str, seen: Sequence[Seen], mistakes: Iterable[Misconception]) -> None:
    """Raise `Wrong` where a case failed, with the mistake's sentence if one fits all that was seen."""
    wrong = [s for s in seen if s.fault]
    if not wrong:
        return
    first = wrong[0]
    evidence = Evidence(describe(first.case), shown(first.expected), shown(first.got))
    if isinstance(first.got, Banned):
        raise Wrong(banned(name, first.got, evidence))
    if isinstance(first.got, Raised) and first.got.kind == "NotImplementedError":
        raise Wrong(Finding(words.raised(name, first.got), None, evidence))
    mistake = named(wrong, [s for s in seen if not s.fault], mistakes)
    if mistake is not None:
        raise Wrong(Finding(mistake.sentence, mistake.id, evidence))
    right = len(seen) - len(wrong)
    about = f" {first.case.about}" if first.case.about else ""
    sentence = f"`{name}`{about} {first.fault}"
    if isinstance(first.got, Raised):
        sentence = words.raised(name, first.got, first.case.about)
    if right:
        sentence += f" ({right} of {len(seen)} calls of this kind were right)"
    raise Wrong(Finding(f"{sentence}.", None, evidence))


def ask(subject: Subject, case: Case, expected: Any, cotangent: torch.Tensor | None = None) -> Seen:
    """Call the student's function once, with a backward pass where a cotangent is given."""
    return ask_all(subject, [(case, expected, cotangent)])[0]


def ask_all(subject: Subject, asked: Sequence[tuple[Case, Any, torch.Tensor | None]]) -> list[Seen]:
    """The same for several cases, in one round trip."""
    answers = subject.vjps([(case.args, case.kwargs, cotangent) for case, _, cotangent in asked])
    return [saw(subject, case, expected, answer) for (case, expected, _), answer in zip(asked, answers, strict=True)]


def saw(subject: Subject, case: Case, expected: Any, answer: Answer | Raised) -> Seen:
    """What came of a case; a banned call, or one that is not written yet, needs no other."""
    if not isinstance(answer, Raised):
        return Seen(case, expected, answer.output, fault(answer.output, expected), answer)
    seen = Seen(case, expected, answer, "raised")
    if answer.kind == "NotImplementedError" or isinstance(answer, Banned):
        judge(subject.name, [seen], ())
    return seen


def compare_values(
    subject: Subject, reference: Callable[..., Any], cases: Iterable[Case], mistakes: Iterable[Misconception]
) -> list[Seen]:
    """Every case's answer equals the reference's."""
    seen = ask_all(subject, [(case, reference(*case.args, **case.kwargs), None) for case in cases])
    judge(subject.name, seen, mistakes)
    return seen


def refused(subject: Subject, asked: Sequence[tuple[Case, str]], mistake: Callable[[str, Evidence], Wrong]) -> None:
    """Each case is refused (`must_refuse`); beside it stands the id of the mistake of answering it."""
    answers = subject.vjps([(case.args, case.kwargs, None) for case, _ in asked])
    for (case, id), answer in zip(asked, answers, strict=True):
        must_refuse(subject.name, describe(case), answer, partial(mistake, id))


def must_refuse(name: str, case: str, got: Any, taken: Callable[[Evidence], Wrong]) -> None:
    """A call was refused with ValueError or RuntimeError; an answer is the mistake `taken`, another error is said as it
    is."""
    if not isinstance(got, Raised):
        raise taken(Evidence(case, "a refusal", f"an answer: {type(got).__name__}"))
    if not got.refusal:
        said = f"`{name}` should refuse with a ValueError or RuntimeError; it raised {got.kind}: {got.message}"
        raise Wrong(Finding(said, None, Evidence(case, "a refusal", str(got))))
