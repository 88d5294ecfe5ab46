"""The criteria that every function has: values, memory layouts, types, gradients, refusals.

An exam of a function is data: a reference, the mistakes people make in it, and cases. Its calls are made criterion by
criterion, and read together at the end (`exam.reading`).

    POOL = FunctionExam(
        "max_pool2d", pooled, mistakes=MISTAKES, sentences=SENTENCES, door=drawn(tensors, PLAINEST), ban="pooling"
    )
    max_pool2d = POOL.exam(
        POOL.values("windows", "windows of any size", 1.0, drawn(tensors, PLAIN)),
        POOL.values("stride", "with a stride", 0.5, drawn(tensors, STRIDE), about={"stride"}),
        POOL.dtypes(0.5, drawn(tensors, PLAIN[:3])),
        POOL.layouts(0.5, drawn(tensors, PLAIN[:2])),
        POOL.gradients(0.5, drawn(tensors, PLAIN)),
        POOL.refuses(0.5, refused),
    )
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from typing import Any, ClassVar, TypeVar

import torch

from autograder.exam.calls import Again, Call, Exact, Gradient, LaidOut, Refusal, Value
from autograder.exam.cases import Case, Cases
from autograder.exam.core import Criterion, Exam, Wrong
from autograder.exam.draw import LAYOUTS, Draw, in_layout
from autograder.exam.features import FeaturesOf, features_of
from autograder.exam.gradients import leaves, names_of, small_kernels, with_tensors
from autograder.exam.mistakes import Function, Misconception, known
from autograder.exam.notes import Notes
from autograder.exam.reading import Asked, Part
from autograder.exam.subject import Answer, Raised, Subject

T = torch.Tensor
C = TypeVar("C", bound=Call)
Ask = Callable[[Subject, Draw], list[Call]]
# A call that cannot be right, the mistake of answering it, and a lawful call of the same kind.
Refused = Callable[[Draw], Iterable[tuple[Case, str, Case]]]


@dataclass(frozen=True)
class FunctionExam:
    """A function's reference and mistakes, over which its criteria are made.

    reference: what is right, as a `def` of ours, so that its arguments have names. mistakes: most telling first. door:
    the plainest calls, six or more; the part earns nothing where they are neither right nor a listed mistake's.
    through: what is called, where that is not the subject as a function; all that is asked of it is `vjps`. features:
    what is special about a call, in plain words. The rest is as in `Exam`.
    """

    name: str
    reference: Function
    mistakes: Sequence[Misconception]
    sentences: Mapping[str, str]
    door: Cases
    ban: str | None = None
    title: str = ""
    defines: str = ""
    bonus: bool = False
    through: Callable[[Subject], Any] = lambda subject: subject
    features: FeaturesOf = features_of

    part: ClassVar[type[Part]] = Part

    def exam(self, *criteria: Criterion) -> Exam:
        """The exam with these criteria."""
        about = self.title, self.sentences, self.ban
        return Exam(self.name, criteria, *about, defines=self.defines, bonus=self.bonus, read=self.read)

    def read(self, exam: Exam, notes: Notes) -> dict[str, Wrong | None]:
        """What is wrong in each criterion whose calls were made."""
        asked = [notes.asked[one.id] for one in exam.criteria if one.id in notes.asked]
        with small_kernels():
            about = exam.graded_name, self.reference, known(self.mistakes)
            return self.part(*about, notes.door, asked, self.features).verdicts()

    def criterion(
        self,
        id: str,
        title: str,
        points: float,
        *asks: Ask,
        about: Collection[str] = (),
        tells: str | None = None,
        intact: bool = False,
        called: str = "",
    ) -> Criterion:
        """A criterion that makes these calls; the rest is as in `Asked`."""

        def check(subject: Subject, draw: Draw) -> None:
            function = self.through(subject)
            if not draw.notes.door:
                draw.notes.door = self.ask_values(self.door)(function, draw)
            calls = list(chain.from_iterable(ask(function, draw) for ask in asks))
            draw.notes.asked[id] = Asked(id, points, calls, about, tells, intact, called)

        return Criterion(id, title, points, check)

    def values(
        self,
        id: str,
        title: str,
        points: float,
        *cases: Cases,
        about: Collection[str] = (),
        plain: Callable[[Case], Case] | None = None,
        intact: bool = False,
        tells: str | None = None,
    ) -> Criterion:
        """Right values in these cases, whatever their type.

        plain: makes of each case the twin beside which it counts. The rest is as in `Asked`.
        """
        asks = [self.ask_values(some, plain=plain) for some in cases]
        return self.criterion(id, title, points, *asks, about=about, tells=tells, intact=intact)

    def argument(self, name: str, title: str, points: float, *cases: Cases) -> Criterion:
        """Right values with one argument, each case beside the same without it."""
        return self.values(name, title, points, *cases, about={name}, plain=leaving_out(name))

    def dtypes(self, points: float, *cases: Cases, title: str = "float32 and float64 keep their type") -> Criterion:
        """Each case in float64, with float64's digits, and in float32, in that type."""
        return self.criterion("dtypes", title, points, *map(self.ask_dtypes, cases))

    def layouts(
        self, points: float, *cases: Cases, title: str = "inputs in any memory layout, none of them changed"
    ) -> Criterion:
        """Right values for arguments that lie in memory in any order; none is changed in any call of the part, and
        nothing is kept from one call to the next."""
        asks = [ask for some in cases for ask in (self.ask_layouts(some), self.ask_again(some))]
        return self.criterion("layouts", title, points, *asks, intact=True)

    def kept(self, points: float, dtyped: Cases, laid_out: Cases, again: Cases) -> Criterion:
        """Types and layouts in one. again: the cases whose results are looked at once more after other calls."""
        title = "the input's type is kept; any memory layout, nothing changed"
        asks = self.ask_dtypes(dtyped), self.ask_layouts(laid_out), self.ask_again(again)
        return self.criterion("kept", title, points, *asks, intact=True)

    def gradients(self, points: float, *cases: Cases, title: str = "gradients to the input") -> Criterion:
        """Right gradients, to each floating-point tensor among the arguments."""
        return self.criterion("gradients", title, points, *map(self.ask_gradients, cases))

    def refuses(
        self, points: float, refused: Refused, title: str = "arguments that cannot be right are refused"
    ) -> Criterion:
        """What cannot be right is refused with ValueError or RuntimeError, where its lawful twin is answered."""

        def ask(subject: Subject, draw: Draw) -> list[Call]:
            given = list(refused(draw))
            twins = asked(subject, [lawful for _, _, lawful in given], Value)
            answers = asked(subject, [case for case, _, _ in given], Refusal)
            return [
                Refusal(call.case, call.answer, twin, answering=mistake)
                for call, twin, (_, mistake, _) in zip(answers, twins, given, strict=True)
            ]

        return self.criterion("refusals", title, points, ask)

    def ask_values(self, cases: Cases, *, plain: Callable[[Case], Case] | None = None) -> Ask:
        """Each case, in the seed's order, beside its plain twin where there is one."""

        def ask(subject: Subject, draw: Draw) -> list[Call]:
            given = draw.shuffled(list(cases(draw)))
            calls: list[Call] = [*asked(subject, given, Value)]
            return beside(calls, asked(subject, map(plain, given), Value)) if plain else calls

        return ask

    def ask_dtypes(self, cases: Cases) -> Ask:
        """Each case in float64 and in float32, beside the same in float32 in whatever type it comes back."""

        def ask(subject: Subject, draw: Draw) -> list[Call]:
            given = [with_tensors(case, torch.Tensor.float) for case in cases(draw)]
            twins = asked(subject, given, Value)
            double = [with_tensors(replace(case, about="on float64"), torch.Tensor.double) for case in given]
            calls = asked(subject, double + [replace(case, about="on float32") for case in given], Exact)
            return beside(calls, twins + twins)

        return ask

    def ask_layouts(self, cases: Cases) -> Ask:
        """Each case with its first tensor in each unusual layout, then with its others so, beside the same that is
        dense."""

        def ask(subject: Subject, draw: Draw) -> list[Call]:
            laid = []
            for case in cases(draw):
                x, *rest = case.args
                for layout in LAYOUTS:
                    laid.append(replace(case, args=(in_layout(layout, x), *rest), about=f"on a {layout} input"))
                others = [in_layout("non-contiguous", t) if isinstance(t, T) and t.dim() > 1 else t for t in rest]
                if any(one is not other for one, other in zip(others, rest, strict=True)):
                    laid.append(replace(case, args=(x, *others), about="with other tensors that are not contiguous"))
            dense = [
                replace(case, args=tuple(t.contiguous() if isinstance(t, T) else t for t in case.args)) for case in laid
            ]
            return beside(asked(subject, laid, LaidOut), asked(subject, dense, Value))

        return ask

    def others(self, draw: Draw, values: T) -> T:
        """Other values than these, for a second call."""
        return draw.normal(*values.shape)

    def ask_again(self, cases: Cases) -> Ask:
        """Each case, looked at after a call with other values, and again once its own tensors hold these."""

        def ask(subject: Subject, draw: Draw) -> list[Call]:
            pairs = [(case, with_tensors(case, lambda t: self.others(draw, t))) for case in cases(draw)]
            given = [case for both in pairs for case in both]
            answers: list[Answer | Raised] = []
            for one, other in pairs:
                try:
                    answers += map(Answer, subject.again(one.args, other.args, one.kwargs))
                except Raised as error:
                    answers += [error, error]
            return beside(list(map(Again, given, answers)), asked(subject, given, Value))

        return ask

    def ask_gradients(self, cases: Cases) -> Ask:
        """Each case with gradients asked for, of all its tensors and of the first case's one by one, beside the same
        without; what is sent back has the answer's shape."""

        def ask(subject: Subject, draw: Draw) -> list[Call]:
            twins = asked(subject, cases(draw), Value)
            asking = [(twin, with_tensors(twin.case, lambda t: t.detach().requires_grad_())) for twin in twins]
            asking += [(twins[0], case) for case in one_by_one(asking[0][1])]
            return self.differentiated(subject, draw, asking)

        return ask

    def differentiated(self, subject: Subject, draw: Draw, asking: Sequence[tuple[Value, Case]]) -> list[Call]:
        """Each case, in which some tensors require a gradient, beside its twin, whose answer's shape is sent back."""
        calls = []
        for twin, case in asking:
            real = isinstance(twin.got, T) and twin.got.is_floating_point()
            back = draw.normal(*twin.got.shape, dtype=twin.got.dtype) if real else torch.ones(())
            calls.append((case.args, case.kwargs, back))
        return [
            Gradient(case, answer, twin, cotangent=call[-1], names=names_of(self.reference, case))
            for (twin, case), call, answer in zip(asking, calls, subject.vjps(calls), strict=True)
        ]


def one_by_one(case: Case) -> list[Case]:
    """Of a case with several leaves: for each of them the case in which it alone requires a gradient."""
    every = leaves(case)
    if len(every) < 2:
        return []
    return [with_tensors(case, partial(_learning, only)) for only in every]


def _learning(only: T, t: T) -> T:
    return t if t is only else t.detach()


def asked(subject: Subject, cases: Iterable[Case], make: Callable[[Case, Answer | Raised], C]) -> list[C]:
    """The calls of these cases, made in one round trip."""
    given = list(cases)
    answers = subject.vjps([(case.args, case.kwargs, None) for case in given])
    return [make(case, answer) for case, answer in zip(given, answers, strict=True)]


def beside(calls: Sequence[C], twins: Sequence[Call]) -> list[Call]:
    """Each call beside its twin."""
    return [replace(call, twin=twin) for call, twin in zip(calls, twins, strict=True)]


def leaving_out(*names: str) -> Callable[[Case], Case]:
    """Of a case the same without these arguments."""
    return lambda case: replace(
        case, kwargs={key: value for key, value in case.kwargs.items() if key not in names}, about=""
    )


def in_whole_numbers(case: Case) -> Case:
    """The same with the larger number of each pair among its arguments."""
    args = tuple(max(value) if isinstance(value, tuple) else value for value in case.args)
    kwargs = {key: max(value) if isinstance(value, tuple) else value for key, value in case.kwargs.items()}
    return replace(case, args=args, kwargs=kwargs, about="")
