"""The criteria that every function has: values, memory layouts, gradients, refusals.

An exam of a function is data: a reference, the mistakes people make in it, and cases.

    POOL = FunctionExam("max_pool2d", reference=pooled, mistakes=MISTAKES, sentences=SENTENCES, ban="pooling")
    max_pool2d = POOL.exam(
        POOL.values("windows", "windows of any size", 1.0, drawn(tensors, PLAIN)),
        POOL.layouts(0.5, drawn(tensors, PLAIN[:2])),
        POOL.gradients(0.5, drawn(tensors, TOGETHER), tiny=drawn(tensors, TINY)),
        POOL.refuses(0.5, refused, beside=drawn(tensors, PLAIN[:3])),
    )
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from autograder.exam.cases import Case, Cases
from autograder.exam.compare import (
    Comparison,
    Reference,
    check_refused,
    check_unchanged,
    compare_values,
    describe,
    named,
)
from autograder.exam.core import Check, Criterion, Evidence, Exam, Wrong
from autograder.exam.draw import LAYOUTS, Draw
from autograder.exam.gradients import (
    ask_with_gradients,
    compare_with_gradients,
    judge_gradients,
    note_gradients,
    small_differences,
    with_wanted_gradients,
)
from autograder.exam.mistakes import IN_PLACE, Misconception
from autograder.exam.subject import Subject

Refused = Callable[[Draw], Iterable[tuple[Case, str]]]  # calls that cannot be right, each with the mistake of taking it


@dataclass(frozen=True)
class FunctionExam:
    """A function's reference and mistakes, over which its criteria are made.

    reference: what is right, as a `def` of ours, so that its arguments have names. mistakes: most telling first.
    with_gradients: are gradients asked for beside every value, so that the gradients' criterion sees all cases?
    unchanged: do values count only where no argument is changed? (Elsewhere the layouts' criterion asks for it.)
    The rest is as in `Exam`.
    """

    name: str
    reference: Reference
    mistakes: Sequence[Misconception]
    sentences: Mapping[str, str]
    ban: str | None = None
    title: str = ""
    defines: str = ""
    bonus: bool = False
    with_gradients: bool = True
    unchanged: bool = False

    def exam(self, *criteria: Criterion) -> Exam:
        """The exam with these criteria."""
        about = self.title, self.sentences, self.ban
        return Exam(self.name, criteria, *about, defines=self.defines, bonus=self.bonus)

    def values(self, id: str, title: str, points: float, *cases: Cases) -> Criterion:
        """Right values in these cases, in the seed's order."""
        return Criterion(id, title, points, self.check_values(*cases))

    def check_values(self, *cases: Cases) -> Check:
        """Right values; gradients of the same calls are noted for their criterion."""

        def check(subject: Subject, draw: Draw) -> None:
            given = draw.shuffled(list(chain.from_iterable(some(draw) for some in cases)))
            if self.with_gradients:
                found = compare_with_gradients(subject, self.reference, given, self.mistakes, draw)
            else:
                found = compare_values(subject, self.reference, given, self.mistakes)
            for comparison in found if self.unchanged else ():
                check_unchanged(comparison)

        return check

    def layouts(
        self, points: float, *cases: Cases, title: str = "inputs in any memory layout, none of them changed"
    ) -> Criterion:
        """Right values for a first argument that lies in memory in any order."""
        return Criterion("layouts", title, points, self.check_layouts(*cases))

    def check_layouts(self, *cases: Cases) -> Check:
        """Each case with its first tensor dense and in each unusual layout; no argument is changed."""

        def check(subject: Subject, draw: Draw) -> None:
            dense, laid = [], []
            for layout in LAYOUTS:
                for case in chain.from_iterable(some(draw) for some in cases):
                    x, *rest = case.args
                    x = draw.laid_out(layout, x.shape)
                    laid.append(replace(case, args=(x, *rest), about=f"on a {layout} input"))
                    dense.append(replace(case, args=(x.contiguous(), *rest)))
            compare_values(subject, self.reference, dense, self.mistakes)
            asked = with_wanted_gradients(self.reference, laid, draw)
            for comparison, one in zip(ask_with_gradients(subject, asked), asked, strict=True):
                check_laid_out(comparison)
                if comparison.answer is not None:
                    note_gradients(draw, comparison, comparison.answer.gradients, one)

        return check

    def gradients(
        self, points: float, *cases: Cases, tiny: Cases | None = None, title: str = "gradients to the input"
    ) -> Criterion:
        """Right gradients, to each floating-point tensor among the arguments."""
        return Criterion("gradients", title, points, self.check_gradients(*cases, tiny=tiny))

    def check_gradients(self, *cases: Cases, tiny: Cases | None = None) -> Check:
        """Right gradients in every case so far and in these, and by gradcheck in full in the tiny ones (float64)."""

        def check(subject: Subject, draw: Draw) -> None:
            given = list(chain.from_iterable(some(draw) for some in cases))
            compare_with_gradients(subject, self.reference, given, self.mistakes, draw)
            judge_gradients(subject, draw)
            for case in tiny(draw) if tiny else ():
                small_differences(subject, self.reference, case)

        return check

    def refuses(
        self,
        points: float,
        refused: Refused,
        beside: Cases,
        title: str = "arguments that cannot be right are refused",
    ) -> Criterion:
        """What cannot be right is refused with ValueError or RuntimeError; counts beside right values only."""

        def check(subject: Subject, draw: Draw) -> None:
            compare_values(subject, self.reference, beside(draw), self.mistakes)
            check_refused(subject, list(refused(draw)))

        return Criterion("refusals", title, points, check)


def check_laid_out(comparison: Comparison) -> None:
    """Is the answer right where the input lies in memory in an unusual order, and the input as it was? The same call
    with a dense input is right."""
    if comparison.fault:
        in_place = named([comparison], [], [IN_PLACE])
        evidence = Evidence(describe(comparison.case), "as for a contiguous input", str(comparison.fault))
        raise Wrong(in_place.id if in_place else "contiguous-only", evidence)
    check_unchanged(comparison)


def in_turn(*checks: Check) -> Check:
    """One criterion of several checks."""

    def check(subject: Subject, draw: Draw) -> None:
        for one in checks:
            one(subject, draw)

    return check
