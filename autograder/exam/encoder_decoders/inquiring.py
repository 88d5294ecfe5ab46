"""A network is asked once, at the start of its exam; what it has shown then decides what each criterion expects.

Every criterion departs from there in its own subject. What is explained by a mistake that costs another criterion is
right here. Where nothing explains a network and it is none in the main, the part earns nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from autograder.exam import counting, network_errors, networks
from autograder.exam.core import Evidence, Unnamed, Wrong, once
from autograder.exam.draw import Draw
from autograder.exam.encoder_decoders.closed_form import Plan
from autograder.exam.encoder_decoders.explaining import (
    Explanation,
    Kind,
    Mistake,
    Question,
    composed,
    explained,
    explanations,
    fitting,
    trial,
)
from autograder.exam.encoder_decoders.known import Known
from autograder.exam.gate import gap, maps, module
from autograder.exam.mistakes import FORGOTTEN
from autograder.exam.networks import close
from autograder.exam.subject import Raised, Subject

T = torch.Tensor
Setup = tuple[Plan, int, int]  # a plan, and the least height and width of the picture


@dataclass(frozen=True)
class Inquiry:
    """What a network is asked at the start.

    build: `(class, plan, padding)` -> an instance. bases: networks in closed form, each of them right. counted: plans
    whose parameters are counted; at the first no mistake's number is another's. setups: by padding, what is answered
    with uniform parameters. otherwise: the mistake under which setups are asked again where all were errors. most:
    entries that a network of this plan may have to be run. right: its number of parameters. arguments: the signature's
    names of a plan's fields.
    """

    build: Callable[..., Subject]
    bases: Sequence[Kind]
    mistakes: tuple[Mistake, ...]
    counted: Sequence[Plan]
    setups: Mapping[str, Sequence[Setup]]
    most: Callable[[Plan], int]
    right: Callable[[Plan], int]
    arguments: Mapping[str, str]
    otherwise: Mistake | None = None

    @property
    def listed(self) -> tuple[Mistake, ...]:
        """The mistakes that are not forgotten."""
        return tuple(mistake for mistake in self.mistakes if mistake.id not in FORGOTTEN.get())

    def of(self, subject: Subject, draw: Draw) -> Known:
        """What this exam's network has shown, found out at the first call; raises what stands against all criteria."""
        return once(draw, lambda: self._found(subject, draw))

    def made(self, subject: Subject, plan: Plan, padding: str, **more: Any) -> Subject:
        """An instance in eval mode, of a size that can be run. One whose layers wait for a first call gets it."""
        network = self.ready(self.build(subject, plan, padding, **more), plan, padding)
        counting.require_runnable(network, self.right(plan), self.most(plan))
        return network

    def ready(self, network: Subject, plan: Plan, padding: str) -> Subject:
        """It, in eval mode; whose layers wait for a first call gets it."""
        network.eval()
        outline = module(network).outline().values()
        if not outline or any(entry.parameter and entry.shape is None for entry in outline):
            side = fitting(self.bases[0], plan, padding, 2)
            network(torch.zeros(1, plan.in_channels, side, side))
        return network

    def _found(self, subject: Subject, draw: Draw) -> Known:
        counts: dict[Plan, int] = {}
        named: dict[Plan, int] = {}
        errors: list[Raised] = []
        padding = next(iter(self.setups))
        for plan in self.counted:
            try:
                network = self.ready(self.build(subject, plan, padding), plan, padding)
                counts[plan], named[plan] = counting.parameter_count(network), counting.named_count(network)
            except Raised as error:
                errors.append(error.with_traceback(None))
        if not counts:
            with network_errors.telling(subject.name):
                raise errors[0]
        # What its plans come to is known by counting; answers then tell all else.
        by_count = next(explanations(self.bases, self.listed, counts))
        shared = named != counts and not by_count.explains(counts)
        if shared:
            counts = named
            by_count = next(explanations(self.bases, self.listed, counts))
        asked = {}
        for padding, setups in self.setups.items():
            asked[padding] = [self._ask(subject, by_count, padding, setup, draw) for setup in setups]
            if self.otherwise in self.listed and all(question.got is None for question in asked[padding]):
                kind = composed(self.bases[0], (self.otherwise,))
                again = Explanation(kind or self.bases[0], (self.otherwise,))
                asked[padding] = [self._ask(subject, again, padding, setup, draw) for setup in setups]
        questions = [one for group in asked.values() for one in group]
        whole = explained(explanations(self.bases, self.listed, counts), questions)
        groups = {
            padding: whole or explained(explanations(self.bases, self.listed, counts), group)
            for padding, group in asked.items()
        }
        known = Known(self, counts, shared, by_count, asked, groups, whole)
        if not by_count.explains(counts) and sum(counts.values()) < sum(map(self.right, counts)):
            known.unregistered = self._has_more(subject, asked[padding][0])
        if not any(self._opens(groups[padding], group) for padding, group in asked.items()):
            known.large = (
                bool(by_count.mistakes)
                and by_count.explains(counts)
                and any(isinstance(q.error, counting.TooLarge) for q in questions)
            )
            (self._require_answer if known.large else self._require_network)(subject, known)
        return known

    def _ask(self, subject: Subject, by_count: Explanation, padding: str, setup: Setup, draw: Draw) -> Question:
        """One answer with uniform parameters."""
        wanted, least_height, least_width = setup
        plan = by_count.to_ask(wanted)
        actual = by_count.kind.made_of(plan)
        height, width = (fitting(by_count.kind, plan, padding, least) for least in (least_height, least_width))
        normalised = any("normalised" in (mistake.id or "") for mistake in by_count.mistakes)
        biases = 1.0 if normalised else 0.3  # the factors of a batch norm are as many as biases
        constant = networks.positive_constants(draw, actual.widths, actual.classes, biases)
        x = draw.uniform(1, actual.in_channels, height, width) * 3
        question = Question(plan, padding, constant, None, x, None)
        usual = question.answer(by_count.kind)
        if usual is not None:  # logits of order 1, so that what comes after the last layer is not saturated
            factor, last = 3 / float(usual.abs().max()), actual.base * actual.classes
            question.constant = lambda entries: constant(entries) * (factor if entries == last else 1)
        try:
            network = self.made(subject, plan, padding)
            state = networks.uniform_state(network, question.constant)
            question.ramp = networks.ramped(network, state, actual.classes)
            question.got = maps(network.name, networks.answer_with(network, state, x))
        except (Raised, Unnamed) as error:
            question.error = error.with_traceback(None)  # whose frames hold networks
        return question

    def _opens(self, explanation: Explanation | None, group: Sequence[Question]) -> bool:
        """Is an answer explained, and does it say something?"""
        answers = [question.got for question in group if question.got is not None]
        return explanation is not None and bool(answers) and all(gap(one, one.flip(3)) > 1e-4 for one in answers)

    def _has_more(self, subject: Subject, question: Question) -> bool:
        """With all registered parameters equal, do two networks answer differently?"""
        one, two = (self.made(subject, question.plan, question.padding) for _ in range(2))
        return networks.has_unregistered_parameters(one, two, question.x)

    def _require_answer(self, subject: Subject, known: Known) -> None:
        """The door for what is the text's network, but so large whatever is asked for that it is run only once."""
        plan, padding, kind = self.counted[-1], next(iter(self.setups)), known.by_count.kind
        network = self.ready(self.build(subject, plan, padding), plan, padding)
        side = fitting(kind, plan, padding, 2)
        got = maps(network.name, network(torch.rand(1, kind.made_of(plan).in_channels, side, side)))
        found = trial(kind, plan, padding, side, side)
        if found is None or tuple(got.shape[2:]) != (found.height, found.width) or not gap(got, got.flip(3)) > 0:
            raise Unnamed(
                f"`{network.name}` gives an output of another size than the text's network, or one value everywhere.",
                tells=("sizes",),
            )

    def _require_network(self, subject: Subject, known: Known) -> None:
        """The door for what nothing explains: made, run, and in the main a network of this kind."""
        padding, group = next(iter(known.asked.items()))
        question = group[1]
        if question.error is not None:
            if isinstance(question.error, Raised) and known.other_argument is not None:
                raise known.counts_told(subject.name) or question.error
            raise known.unanswered(subject.name, question)
        flat = question.got is None or any(close(question.got, question.got.flip(axis)) for axis in (2, 3))
        if not 0.4 * known.right(question.plan) < counting.parameter_count(self.made(subject, question.plan, padding)):
            known.check_counts(subject.name)
            sentence = f"`{subject.name}` has less than half of the parameters of the text's network."
            raise Unnamed(sentence, tells=("parameters",))
        # Layers that the module does not know draw their own weights; one draw in twenty lets nothing through.
        for _ in range(5 if known.unregistered else 1):
            try:
                return networks.check_stacked(self.made(subject, question.plan, padding), question.x, 4)
            except Wrong as error:
                wrong = error.with_traceback(None)  # whose frames hold networks
        known.check_counts(subject.name)
        if wrong.mistake is not None and flat:
            raise wrong
        raise known.counts_told(subject.name) or bounded(subject.name, question.got)

    def resized(self, name: str, padding: str, got: T, expected: Sequence[int], evidence: Evidence) -> Unnamed:
        """An output (N, C, H, W) of another shape than this one, which is `expected`."""
        if got.shape[1] != expected[1]:
            said = f"The output of `{name}` does not have one channel for each class of the argument `num_classes`."
            return Unnamed(said, evidence, ("arguments",))
        kind = "another"
        for word, sign in (("larger", 1), ("smaller", -1)):
            if all(sign * (a - b) >= 0 for a, b in zip(got.shape[2:], expected[2:], strict=True)):
                kind = f"a {word}"
        given, rule = "", "The text's output is as large as the image."
        if len(self.setups) > 1:
            given = f' with padding "{padding}"'
        if padding == "valid":
            rule = "There every 3×3 convolution takes two rows and two columns."
        said = f"The output of `{name}`{given} has {kind} size than that of the text's network. {rule}"
        return Unnamed(said, evidence, ("sizes",))


def bounded(name: str, got: T | None) -> Unnamed:
    """An output that does not grow with the weights."""
    if got is not None and networks.last_activation(got) is not None:
        return Unnamed(
            f"The output of `{name}` stays within bounds whatever its weights are, so an activation follows the last "
            "layer.",
            tells=("last layer",),
        )
    return Unnamed(
        f"The output of `{name}` does not grow with its weights as that of convolutions and ReLUs does. Look for a "
        "normalisation.",
        tells=("normalisation",),
    )
