"""How a function of a model is asked, what is left of the model and the image, and the mistakes of all such functions.

The exam's own functions take the image first, and the model as its recipe or built: `salient(image, model, target)`.
The student's are called as the text says, `saliency(model, image, target)`, each time with another model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any, ClassVar

import torch
from torch import nn

from autograder.exam.calls import Call, Value
from autograder.exam.cases import Case, Cases
from autograder.exam.core import Criterion, Wrong
from autograder.exam.draw import Draw
from autograder.exam.functions import Ask, FunctionExam
from autograder.exam.interpretability.models import T, built
from autograder.exam.interpretability.sentences import SENTENCES
from autograder.exam.mistakes import Function, Misconception, misconception, with_all_arguments
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
    statistics. only: of what is not as it was, the part that is asked for; then there are no outputs.
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
        what = " and ".join(WORDS[one] for one in changed if one in WORDS) or "what it answers"
        return f"`{name}` does not leave the model as it found it. Afterwards it differs in {what}."

    def mistake(self, reference):
        changed = [] if isinstance(self.answer, Raised) else self.got[0]
        return next((id for one, id in MISTAKES.items() if one in changed), None)

    def _ask(self, function):
        model, image = self.case.kwargs["model"].build(), self.case.args[0].clone()
        before = footprint(model), footprint(image)
        try:
            function(image, **(self.case.kwargs | {"model": model}))
        except Exception as error:
            if not self.only:
                return Raised(type(error).__name__, "")
        changed = changes(before, (footprint(model), footprint(image)))
        with torch.no_grad():
            return self.told(changed, lambda: model(self.probe), lambda: model.train(False)(self.probe))

    def told(self, changed: set[str], *outputs: Callable[[], Any]) -> list[Any]:
        """What is compared."""
        return [sorted(changed & self.only)] if self.only else [sorted(changed), *(output() for output in outputs)]


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
    """A part whose door no constant answers open, mistaken or not: who looks at nothing gives these.

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

    def opens(self, reading: Reading) -> bool:
        return self._varied and super().opens(reading)

    @cached_property
    def _varied(self) -> bool:
        """Does one of the plainest answers hold more than one number?"""
        answers = [call.got for call in self.door]
        real = [got.double().flatten() for got in answers if isinstance(got, T) and got.is_floating_point()]
        return len(real) < len(answers) or any(bool((got != got[:1]).any()) for got in real)

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


@dataclass(frozen=True)
class ModelExam(FunctionExam):
    """The criteria of a function of a model."""

    part: ClassVar[type[Part]] = ModelPart

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
        before = model.footprint(), image.footprint()
        try:
            on.subject.run(*on.arguments(image, **(case.kwargs | {"model": model})))
        except Raised as error:
            if not only:
                return replace(call, answer=error)
        changed = changes(before, (model.footprint(), image.footprint()))

        def evaluated() -> Any:
            model.eval()
            return model(call.probe)

        try:
            told = call.told(changed, lambda: model(call.probe), evaluated)
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


# ---------------------------------------------------------------- mistakes of every function of a model
def mode_mistakes(*references: Function) -> Misconception:
    """The model is asked in the mode that it comes in, or in train mode. references: in whatever way it is asked."""

    def with_eval(put: Callable[[nn.Module], Any]) -> Callable[..., Any]:
        def rule(function: Function, model: Recipe | nn.Module, **given: Any) -> Any:
            model = built(model)
            model.eval = partial(put, model)  # type: ignore[method-assign]
            try:
                return function(model=model, **given)
            finally:
                del model.eval

        return rule

    rules = with_eval(lambda model: model), with_eval(lambda model: model.train())
    mutants = [with_all_arguments(reference, rule) for reference in references for rule in rules]
    return misconception("eval-missing", *mutants)


def left_mistake(id: str, reference: Function, *changes: Callable[[nn.Module, T], Any]) -> Misconception:
    """The model, or the image, is not left as it was."""

    def after(change: Callable[[nn.Module, T], Any]) -> Function:
        def rule(function: Function, model: Recipe | nn.Module, **given: Any) -> Any:
            try:
                return function(model=model, **given)
            finally:
                if isinstance(model, nn.Module):  # of a recipe nothing is left
                    change(model, next(value for name, value in given.items() if name.startswith("image")))

        return with_all_arguments(reference, rule)

    return misconception(id, *map(after, changes))


def left_mistakes(reference: Function) -> tuple[Misconception, ...]:
    """All ways in which model and image are not left as they were."""
    return tuple(left_mistake(id, reference, *changes) for id, changes in LEFT.items())


def _add_gradients(model: nn.Module, image: T) -> None:
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.grad = torch.ones_like(parameter)


def _clear_hooks(model: nn.Module, image: T) -> None:
    for module in model.modules():
        module._forward_hooks.clear()


LEFT: dict[str, tuple[Callable[[nn.Module, T], Any], ...]] = {
    "mode-left": (lambda model, image: model.train(False), lambda model, image: model.train()),
    "gradients-left": (_add_gradients,),
    "gradients-cleared": (lambda model, image: model.zero_grad(),),
    "flags-left": (
        lambda model, image: model.requires_grad_(False),
        lambda model, image: model.requires_grad_(True),
    ),
    "hook-left": (lambda model, image: model.register_forward_hook(lambda *given: None),),
    "hooks-removed": (_clear_hooks,),
    "image-left": (lambda model, image: image.requires_grad_(),),
}
