"""A network is asked once, at the start of its exam; what it has shown then decides what each criterion expects.

Every criterion departs from there in its own subject. What is explained by a mistake that costs another criterion is
right here. Where nothing explains a network and it is none in the main, the part earns nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from autograder.exam import counting, networks
from autograder.exam.compare import shown
from autograder.exam.core import Criterion, Evidence, Unnamed, Wrong, once
from autograder.exam.draw import Draw
from autograder.exam.gate import gap, maps, module
from autograder.exam.networks import close
from autograder.exam.segmentation.closed_form import Plan
from autograder.exam.segmentation.explaining import (
    Explanation,
    Kind,
    Mistake,
    Question,
    composed,
    count_of,
    explained,
    explanations,
    fitting,
    trial,
)
from autograder.exam.subject import Raised, Subject

T = torch.Tensor
Setup = tuple[Plan, int, int]  # a plan, and the least height and width of the picture


@dataclass(frozen=True)
class Inquiry:
    """What a network is asked at the start.

    build: `(class, plan, padding)` -> an instance. bases: networks in closed form, each of them right. counted: plans
    whose parameters are counted; at the first no mistake's number is another's. setups: by padding, what is answered
    with uniform parameters. otherwise: the mistake under which setups are asked again where all were errors. most:
    entries that a network of this plan may have to be run.
    """

    build: Callable[..., Subject]
    bases: Sequence[Kind]
    mistakes: tuple[Mistake, ...]
    counted: Sequence[Plan]
    setups: Mapping[str, Sequence[Setup]]
    most: Callable[[Plan], int]
    otherwise: Mistake | None = None

    def of(self, subject: Subject, draw: Draw) -> Known:
        """What this exam's network has shown, found out at the first call; raises what stands against all criteria."""
        return once(draw, lambda: self._found(subject, draw))

    def made(self, subject: Subject, plan: Plan, padding: str, **more: Any) -> Subject:
        """An instance in eval mode, of a size that can be run. One whose layers wait for a first call gets it."""
        network = self.ready(self.build(subject, plan, padding, **more), plan, padding)
        counting.require_runnable(network, count_of(self.bases[0], plan) or 0, self.most(plan))
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
            raise errors[0]
        # What its plans come to is known by counting; answers then tell all else.
        by_count = next(explanations(self.bases, self.mistakes, counts))
        shared = named != counts and not by_count.explains(counts)
        if shared:
            counts = named
            by_count = next(explanations(self.bases, self.mistakes, counts))
        asked = {}
        for padding, setups in self.setups.items():
            asked[padding] = [self._ask(subject, by_count, padding, setup, draw) for setup in setups]
            if self.otherwise is not None and all(question.got is None for question in asked[padding]):
                kind = composed(self.bases[0], (self.otherwise,))
                again = Explanation(kind or self.bases[0], (self.otherwise,))
                asked[padding] = [self._ask(subject, again, padding, setup, draw) for setup in setups]
        questions = [one for group in asked.values() for one in group]
        whole = explained(explanations(self.bases, self.mistakes, counts), questions)
        groups = {
            padding: whole or explained(explanations(self.bases, self.mistakes, counts), group)
            for padding, group in asked.items()
        }
        known = Known(self, counts, shared, by_count, asked, groups, whole)
        if not by_count.explains(counts) and sum(counts.values()) < sum(
            count_of(self.bases[0], p) or 0 for p in counts
        ):
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
                f"`{network.name}` gives an output of another size than the network in the text, or one value "
                "everywhere."
            )

    def _require_network(self, subject: Subject, known: Known) -> None:
        """The door for what nothing explains: made, run, and in the main a network of this kind."""
        padding, group = next(iter(known.asked.items()))
        question = group[1]
        if question.error is not None:
            raise question.error
        try:
            network = self.made(subject, question.plan, padding)
            right, got = count_of(self.bases[0], question.plan) or 0, counting.parameter_count(network)
            if not 0.4 * right < got:
                sentence = f"`{network.name}` has less than half of the parameters of the network in the text."
                raise Unnamed(sentence, Evidence(network.name, f"{right:,} parameters", f"{got:,}"))
            networks.check_stacked(network, question.x, 4)
        except Wrong:
            if known.unregistered:
                known.check_counts(subject.name)
            raise


@dataclass
class Known:
    """What a network has shown.

    counts: numbers of parameters; where `shared`, one with several names counts once for each. by_count: what explains
    these numbers. groups: by padding, what explains the answers. whole: what explains all of it. unregistered:
    parameters that the module does not know have their share. large: too large to be run more than once.
    """

    inquiry: Inquiry
    counts: Mapping[Plan, int]
    shared: bool
    by_count: Explanation
    asked: Mapping[str, Sequence[Question]]
    groups: Mapping[str, Explanation | None]
    whole: Explanation | None
    unregistered: bool = False
    large: bool = False

    def costing(self, criterion: str) -> Mistake | None:
        """The mistake that costs this criterion."""
        found = [self.whole] if self.whole else [*self.groups.values(), self.by_count]
        costing = (one.costing(criterion) for one in found if one is not None)
        return next((mistake for mistake in costing if mistake is not None), None)

    def has(self, id: str) -> bool:
        """Is a mistake with this id in it?"""
        return any(one is not None and one.has(id) for one in (*self.groups.values(), self.by_count))

    def explanation(self, padding: str) -> Explanation:
        """What it is, as far as is known."""
        return self.whole or self.groups[padding] or self.by_count

    @property
    def is_right(self) -> bool:
        """Is nothing known against it?"""
        return self.whole is not None and not self.whole.mistakes

    def plan(self, wanted: Plan, padding: str) -> tuple[Plan, Plan]:
        """What to ask for to get this plan, or one near it, and what that is made of."""
        explanation = self.explanation(padding)
        plan = explanation.to_ask(wanted)
        return plan, explanation.kind.made_of(plan)

    def side(self, plan: Plan, padding: str, least: int) -> int:
        """The smallest side, not below `least`, of a picture that it can be asked with."""
        return fitting(self.explanation(padding).kind, plan, padding, least)

    def merging(self, plan: Plan, padding: str) -> Callable[[int], int]:
        """How many entries the weights behind a concatenation have, at the level of a width."""
        network = self.explanation(padding).kind(plan, padding, lambda entries: 1.0)
        some = torch.zeros(1, 1, 4, 4)
        return lambda width: 9 * network.join(some, some, width)[1] * width

    def check_nothing_shared(self, name: str) -> None:
        """No parameter stands for several of the text's; a second name for one and the same is free."""
        if self.shared:
            raise Wrong("unet-shared", Evidence(name, "a tensor for each layer", "names that share a tensor"))

    def check_counts(self, name: str) -> None:
        """The numbers of parameters are explained."""
        for plan, got in self.counts.items():
            if got != (expected := count_of(self.by_count.kind, plan)):
                evidence = Evidence(str(plan), f"{expected:,} parameters", f"{got:,}")
                if self.unregistered:
                    raise Wrong("unet-unregistered", evidence)
                raise Unnamed(
                    f"`{name}` has another number of parameters than the network in the text; count those of each "
                    "layer, weight plus bias, and compare.",
                    evidence,
                )

    def _shows_nothing(self, question: Question, explanation: Explanation, left_out: Mapping[str, Any]) -> bool:
        """Does this network answer the same without a piece, where the right one does not?"""
        right = Explanation(self.inquiry.bases[0])
        expected, without = question.answer(right.kind), question.answer(right.with_piece(**left_out))
        shows = expected is None or without is None or not close(expected, without)
        return bool(explanation.mistakes) and shows and question.fits(explanation.with_piece(**left_out))

    def check_answers(self, name: str, padding: str, **left_out: Any) -> None:
        """The answers are explained, and not by a network that answers the same with a piece `left_out`."""
        explanation, questions = self.groups[padding], self.asked[padding]
        for question in questions:
            if question.got is None:
                raise question.error or Unnamed(f"`{name}` gives no answer.")
            if explanation is not None and self._shows_nothing(question, explanation, left_out):
                sentence = f"`{name}` answers the same without what is asked here."
                raise Unnamed(sentence, Evidence(str(question.plan), "another answer", shown(question.got)))
            if explanation is not None or question.fits(self.by_count.kind):
                continue
            simplest = (
                one
                for one in explanations(self.inquiry.bases, self.inquiry.mistakes, self.counts)
                if len(one.mistakes) < 2
            )
            expected = question.answer(self.by_count.kind)
            evidence = Evidence(f"{question.plan}, uniform parameters", shown(expected), shown(question.got))
            alone = explained(simplest, [question])
            if alone is not None and alone.mistakes and alone.mistakes[0].id is not None:
                raise Wrong(alone.mistakes[0].id, evidence)
            if expected is not None and expected.shape != question.got.shape:
                raise Unnamed(f"`{name}` gives back another size than expected.", evidence)
            sentence = f"`{name}` with padding={padding!r} computes something else than the text's network."
            raise Unnamed(sentence, evidence)


Asked = Callable[[Known, Subject, Draw], None]


def criterion(inquiry: Inquiry, id: str, title: str, points: float, check: Asked) -> Criterion:
    """A criterion that is lost by the mistake that costs it; what else is asked is `check(known, subject, draw)`."""

    def held(subject: Subject, draw: Draw) -> None:
        known = inquiry.of(subject, draw)
        mistake = known.costing(id)
        if mistake is not None and mistake.id is not None:
            raise Wrong(mistake.id, Evidence(f"{id}, uniform parameters and counts", "the text's network", mistake.id))
        if mistake is not None:
            raise Unnamed(
                f"`{subject.name}` has a layer of another size than the network in the text. "
                "(Is the last convolution 1×1?)"
            )
        check(known, subject, draw)

    return Criterion(id, title, points, held)
