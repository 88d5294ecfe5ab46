"""Judge a student's answers over a list of cases, and name the mistake where one fits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from autograder.exam import words
from autograder.exam.cases import Case
from autograder.exam.compare import agree, describe, result_of, same, shown
from autograder.exam.core import Evidence, Unnamed, Wrong, banned
from autograder.exam.features import Contrast
from autograder.exam.mistakes import Misconception, known
from autograder.exam.numbers_seen import kind_of_numbers
from autograder.exam.subject import Answer, Banned, Raised


@dataclass
class Comparison:
    """A case, what is expected of it, and what came back (a value or `Raised`). `answer` is all that the call gave."""

    case: Case
    expected: Any
    got: Any
    fault: str | None
    answer: Answer | None = None

    @property
    def evidence(self) -> Evidence:
        """The case, the expected and the given value."""
        return Evidence(describe(self.case), shown(self.expected), shown(self.got))


def named(
    wrong: Sequence[Comparison], right: Sequence[Comparison], mistakes: Iterable[Misconception]
) -> Misconception | None:
    """The first mistake that explains all comparisons, the right ones among them too."""
    first = wrong[0].got
    errors_alone = all(isinstance(c.got, Raised) for c in wrong)
    for mistake in known(mistakes):
        if isinstance(first, Raised) and any(part in first.message for part in mistake.says):
            return mistake
        if mistake.rough and all(roughly_right(c) for c in wrong):
            return mistake
        # Errors are equal whatever they say, so alone they tell only where the mistake leads to nothing else.
        if errors_alone and not (mistake.raises and right):
            continue
        if any(all(same(c.got, result_of(mutant, c.case)) for c in (*wrong, *right)) for mutant in mistake.mutants):
            return mistake
    return None


def roughly_right(comparison: Comparison) -> bool:
    """Right in float64 but for the digits that float32 has not."""
    got, expected = comparison.got, comparison.expected
    if not isinstance(got, torch.Tensor) or not isinstance(expected, torch.Tensor):
        return False
    return got.dtype == expected.dtype == torch.float64 and agree(got.float(), expected.float())


def judge(
    name: str,
    compared: Sequence[Comparison],
    mistakes: Iterable[Misconception],
    parted: Contrast | None = None,
) -> None:
    """Raise `Wrong` where a case failed, by the mistake that explains all comparisons, if there is one; else by what
    parts them."""
    wrong = [c for c in compared if c.fault]
    if not wrong:
        return
    first = wrong[0]
    if isinstance(first.got, Banned):
        raise banned(name, first.got, first.evidence)
    right = [c for c in compared if not c.fault]
    mistake = named(wrong, right, mistakes)
    if mistake is not None:
        raise Wrong(mistake.id, first.evidence)
    if parted is None:
        parted = Contrast(frozenset(), first.case.about, words.some_right(len(right), len(compared)))
    numbers = kind_of_numbers([(c.got, c.expected) for c in wrong])
    said = words.seen(name, first.got, first.fault or "", parted.when, numbers, parted.beside)
    raise Unnamed(said, first.evidence, parted.features)


def must_refuse(name: str, case: str, got: Any, mistake: str) -> None:
    """A call was refused with ValueError or RuntimeError; an answer is the mistake with this id, another error is said
    as it is."""
    if not isinstance(got, Raised):
        raise Wrong(mistake, Evidence(case, "a refusal", f"an answer: {type(got).__name__}"))
    if not got.refusal:
        raise Unnamed(words.not_refused(name, "", got), Evidence(case, "a refusal", str(got)), {"refusal"})
