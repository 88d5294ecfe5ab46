"""How a function of a model is asked, and what is left of the model and the image.

The exam's own functions take the image first, and the model as its recipe or built: `salient(image, model, target)`.
The student's are called as the text says, `saliency(model, image, target)`, each time with another model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any, ClassVar

import torch

from autograder.exam.calls import Again, Call, Exact, Value
from autograder.exam.cases import Case, Cases
from autograder.exam.core import Criterion, Wrong
from autograder.exam.draw import Draw
from autograder.exam.functions import Ask, FunctionExam, asked
from autograder.exam.interpretability.models import T
from autograder.exam.interpretability.sentences import SENTENCES
from autograder.exam.mistakes import Function, Misconception
from autograder.exam.reading import Part, Reading, asks_value
from autograder.exam.setting import current
from autograder.exam.subject import Answer, Raised, Subject
from autograder.objects.footprint import Footprint, footprint
from autograder.objects.recipes import Recipe


@dataclass(frozen=True)
class OnModel:
    """A student's function of a model as one of the image. names: of its own arguments, in their order."""

    subject: Subject
    names: Sequence[str]

    def vjps(self, calls: Sequence[tuple]) -> list[Answer | Raised]:
        """As `Subject.vjps`. What follows the image is handed in by position and by name in turn."""
        written = [
            (*self.arguments(*args, **kwargs, by_name=bool(place % 2)), back)
            for place, (args, kwargs, back) in enumerate(calls)
        ]
        return self.subject.vjps(written)

    def again(self, args: tuple, others: tuple, kwargs: dict[str, Any]) -> tuple[Any, Any]:
        """As `Subject.again`, with one model."""
        kwargs = kwargs | {"model": current.get().build(kwargs["model"])}
        first, second = (self.arguments(*some, **kwargs) for some in (args, others))
        return self.subject.again(first[0], second[0], first[1])

    def arguments(self, image: Any, *, by_name: bool = False, **given: Any) -> tuple[tuple, dict[str, Any]]:
        """What the student's function is called with: the layer is the model's own, found by its path."""
        if "layer" in given:
            model = given["model"] if isinstance(given["model"], Subject) else current.get().build(given["model"])
            given |= {"model": model, "layer": model.part(given["layer"])}
        first = next(name for name in self.names if name.startswith("image"))
        given[first] = image
        count = self.names.index(first) + 1 if by_name else len(self.names)
        positions = [name for name in self.names[:count] if name in given]
        return tuple(given.pop(name) for name in positions), {name: given[name] for name in self.names if name in given}


@dataclass(eq=False)
class Left(Value):
    """What a call leaves of the model and the image: [what is not as it was, the model's outputs for a probe in the
    mode that it is in, those in eval mode].

    The first is what the candidate says of itself. The outputs show by themselves the mode, the weights and the
    statistics. only: of what is not as it was, the part that is asked for. Then the model may raise, and "error" is
    part of it where no error goes on to the caller.
    """

    parted = False
    tells = frozenset({"model"})

    probe: T = field(default_factory=lambda: torch.zeros(()))
    only: frozenset[str] = frozenset()

    def sentence(self, name, reference, when, numbers, beside):
        if isinstance(self.answer, Raised):
            said = super().sentence(name, reference, when, numbers, beside)
            return f"{said} Without an answer, nothing is known of what it leaves of the model."
        changed = self.got[0] if isinstance(self.got[0], list) else []
        if changed == ["error"]:
            return f"An error that the model raises must go on to the caller of `{name}`."
        what = " and ".join(WORDS[one] for one in changed if one in WORDS) or "what it answers"
        return f"`{name}` does not leave the model as it found it. Afterwards it differs in {what}."

    def mistake(self, reference):
        changed = [] if isinstance(self.answer, Raised) else self.got[0]
        return next((id for one, id in MISTAKES.items() if one in changed), None)

    def _ask(self, function):
        model, image = self.case.kwargs["model"].build(), self.case.args[0].clone()
        before, raised = (footprint(model), footprint(image)), ""
        try:
            function(image, **(self.case.kwargs | {"model": model}))
        except Exception as error:
            raised = type(error).__name__
            if not self.only:
                return Raised(raised, "")
        changed = changes(before, (footprint(model), footprint(image)))
        with torch.no_grad():
            return self.told(changed, raised, lambda: model(self.probe), lambda: model.train(False)(self.probe))

    def told(self, changed: set[str], raised: str, *outputs: Callable[[], Any]) -> list[Any]:
        """What is compared."""
        if self.only:
            return [sorted((changed | (set() if raised else {"error"})) & self.only)]
        return [sorted(changed), *(one() for one in outputs)]


@dataclass(eq=False)
class Typed(Exact):
    """A value in its type. Beside it no other call tells anything, because there the type is not asked."""

    comparable = False
    parted = False


@dataclass(eq=False)
class Second(Again):
    """A second answer for one image, which holds other numbers by now, and whatever the first call has left on it."""

    first: Case = field(default_factory=lambda: Case(()))

    @classmethod
    def of(cls, call: Call, first: Case) -> Second:
        return cls(call.case, call.answer, call.twin, first=first)

    def _ask(self, function):
        model, image = self.case.kwargs["model"].build(), self.first.args[0].clone()
        try:
            function(image, **(self.case.kwargs | {"model": model}))
            with torch.no_grad():
                image.copy_(self.case.args[0])
            return function(image, **(self.case.kwargs | {"model": model}))
        except Exception as error:
            return Raised(type(error).__name__, "")


# What is not as it was, in words.
WORDS = {
    "mode": "its mode",
    "hooks": "its hooks",
    "lost hooks": "the hooks that it had",
    "flags": "the flags `requires_grad`",
    "modules": "its layers",
    "gradients": "the gradients of its parameters",
    "values": "its parameters or statistics",
    "image": "what the image asks for",
}
# Of what is not as it was, the mistake that it shows where several mistakes do, most telling first.
MISTAKES = {
    "gradients": "gradients-left",
    "hooks": "hook-left",
    "lost hooks": "hooks-removed",
    "image": "image-left",
    "mode": "mode-left",
}


def changes(before: Sequence[Footprint], after: Sequence[Footprint]) -> set[str]:
    """What of a model and of an image is not as it was, by their footprints. The image's values are asked elsewhere."""
    (model, image), (model_now, image_now) = before, after
    return model_now.since(model) | ({"image"} if image_now.since(image) - {"values"} else set())


# ---------------------------------------------------------------- criteria
class ModelPart(Part):
    """A part whose door no constant answers open, mistaken or not: who looks at nothing gives these. So where a known
    mistake leads to constants in the plainest calls, others are added to them.

    A second mistake is looked for where the first leaves something to be explained; behind a shut door only one that
    shows there, as most do not.
    """

    def verdicts(self) -> dict[str, Wrong | None]:
        """Where the door is shut, what all calls show is named, or else what those of the door show."""
        found = super().verdicts()
        if self.answered and not self.opens(self.best):
            for calls in ([*self.door, *filter(asks_value, self.calls)], self.door):
                for mistake in self.mistakes:
                    if any(all(self.alike(call, mutant) for call in calls) for mutant in mistake.mutants):
                        return {id: Wrong(mistake.id, self.door[0].evidence(self.reference)) for id in found}
        return found

    def plainest(self, reading: Reading) -> Sequence[Call]:
        """As in every part. Where one mistake leaves of the door constants alone, all calls beside it of which it
        leaves more."""
        door, function = super().plainest(reading), reading.function
        if len(reading.mistakes) != 1 or not all(constant(call.given(function)) for call in door):
            return door
        others = [call for call in self.calls if asks_value(call) and isinstance(call.given(function), T)]
        return [*door, *(call for call in others if not constant(call.given(function)))]

    def opens(self, reading: Reading) -> bool:
        return not all(constant(call.got) for call in self.plainest(reading)) and super().opens(reading)

    def _with_one_more(self, first: Reading) -> Iterator[Reading]:
        open = self.opens(first)
        if open and all(self.explained(one, first) for one in self.asked):
            return
        for two in super()._with_one_more(first):
            if open or all(self._at_the_door[function] for function in two.without):
                yield two

    @cached_property
    def _at_the_door(self) -> dict[Function, bool]:
        """Of each wrong function whether it shows at the door."""
        mutants = [mutant for mistake in self.mistakes for mutant in mistake.mutants]
        return {one: any(call.differ(self.reference, one) for call in self.door) for one in mutants}


def constant(value: Any) -> bool:
    """Is it a tensor that holds one number alone, or none?"""
    if not isinstance(value, T) or not value.is_floating_point():
        return False
    return not value.numel() or not bool((value != value.flatten()[0]).any())


@dataclass(frozen=True)
class ModelExam(FunctionExam):
    """The criteria of a function of a model."""

    part: ClassVar[type[Part]] = ModelPart

    def ask_dtypes(self, cases: Cases) -> Ask:
        """Each case in the type of images, which is float32 alone, beside the same in whatever type it comes back."""

        def ask(subject: Any, draw: Draw) -> list[Call]:
            return [Typed(one.case, one.answer, one) for one in asked(subject, cases(draw), Value)]

        return ask

    def others(self, draw: Draw, values: T) -> T:
        """Smaller ones: of a detector that is sure, larger ones have logits beyond what `exp` can hold."""
        return values * draw.uniform(*values.shape)

    def ask_again(self, cases: Cases) -> Ask:
        """As for every function, with what is left on the image."""
        every = super().ask_again(cases)

        def ask(subject: Any, draw: Draw) -> list[Call]:
            calls = every(subject, draw)
            pairs = zip(calls[::2], calls[1::2], strict=True)
            return [one for first, second in pairs for one in (first, Second.of(second, first.case))]

        return ask

    def left(
        self, points: float, *cases: Cases, title: str = "model and image are left as they were", intact: bool = False
    ) -> Criterion:
        """Mode, gradients, flags, statistics and hooks of the model, and the image, are afterwards what they were."""
        return self.criterion("left", title, points, *(self.ask_left(some) for some in cases), intact=intact)

    def ask_left(self, cases: Cases, only: frozenset[str] = frozenset()) -> Ask:
        """What each case leaves, whether it is answered or, of what is asked for `only`, not."""

        def ask(subject: Any, draw: Draw) -> list[Call]:
            return [self._left(subject, draw, case, only) for case in cases(draw)]

        return ask

    def _left(self, on: OnModel, draw: Draw, case: Case, only: frozenset[str]) -> Call:
        build = current.get().build
        model, image = build(case.kwargs["model"]), build(Recipe("tensor", case.args[0]))
        call = Left(case, Answer(None), probe=draw.uniform(3, *case.args[0].shape[-3:]), only=only)
        before, raised = (model.footprint(), image.footprint()), ""
        try:
            on.subject.run(*on.arguments(image, **(case.kwargs | {"model": model})))
        except Raised as error:
            raised = error.kind
            if not only:
                return replace(call, answer=error)
        changed = changes(before, (model.footprint(), image.footprint()))

        def evaluated() -> Any:
            model.eval()
            return model(call.probe)

        try:
            told = call.told(changed, raised, lambda: model(call.probe), evaluated)
        except Raised as error:
            if not changed:
                return replace(call, answer=error)
            told = [sorted(changed)]  # the model fails by what was left on it, such as a hook, and not the function
        return replace(call, answer=Answer(told, changed=False))


def model_exam(
    name: str, arguments: str, reference: Function, mistakes: Sequence[Misconception], door: Cases, **more: Any
) -> ModelExam:
    """The exam of a function of a model with these arguments ("model image target")."""
    through = partial(OnModel, names=arguments.split())
    return ModelExam(name, reference, mistakes, SENTENCES, door, through=through, **more)
