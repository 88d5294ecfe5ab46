"""What a network has shown at the start of its exam, and what each criterion says of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import torch

from autograder.exam import network_errors
from autograder.exam.compare import shown
from autograder.exam.core import Evidence, Unnamed, Wrong
from autograder.exam.encoder_decoders import layer_counts
from autograder.exam.encoder_decoders.closed_form import Plan
from autograder.exam.encoder_decoders.explaining import (
    Explanation,
    Mistake,
    Question,
    explained,
    explanations,
    fitting,
)
from autograder.exam.encoder_decoders.wrong_pieces import Piece, wrong_piece
from autograder.exam.networks import close
from autograder.exam.subject import Raised

if TYPE_CHECKING:
    from autograder.exam.encoder_decoders.inquiring import Inquiry


# Where calls fail and others do not: what the failing ones have in common.
CONTRASTS: Mapping[str, Callable[[Question], bool]] = {
    'with padding "same"': lambda question: question.padding == "same",
    'with padding "valid"': lambda question: question.padding == "valid",
    "with more than one pooling": lambda question: question.plan.depth > 1,
    "with one pooling": lambda question: question.plan.depth == 1,
    "on an image that is not square": lambda question: question.x.shape[2] != question.x.shape[3],
    "on a square image": lambda question: question.x.shape[2] == question.x.shape[3],
}
# What a network is wrong in whose answers are wrong with this padding alone.
ONLY = {
    "valid": layer_counts.Told(
        'is right with padding "same" and wrong with "valid". There the skips are larger than the maps of the decoder, '
        "so look at the crop, down and across.",
        ("crop",),
    ),
    "same": layer_counts.Told(
        'is right with padding "valid" and wrong with "same". There every 3×3 convolution has a border of zeros, one '
        "pixel wide.",
        ("border",),
    ),
}
DEPENDS = {
    "skip": "what its skips carry",
    "crop": "where the skips are cropped",
    "border": "the border that convolutions are padded with",
}


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

    def has(self, what: str) -> bool:
        """Is a mistake about this in it, whatever network its id begins with?"""
        return any(one is not None and one.has(what) for one in (*self.groups.values(), self.by_count))

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
            raise Wrong("network-shared", Evidence(name, "a tensor for each layer", "names that share a tensor"))

    def confirmed(self, mistake: Mistake) -> bool:
        """Do answers show this mistake? Where nothing was answered, numbers of parameters alone may."""
        answers = [one for one in (self.whole, *self.groups.values()) if one is not None]
        return any(mistake in one.mistakes for one in answers) or all(q.got is None for q in self.questions)

    @property
    def questions(self) -> list[Question]:
        """All that was asked."""
        return [question for group in self.asked.values() for question in group]

    @property
    def counted(self) -> bool:
        """Are the numbers of parameters explained, by nothing that answers contradict?"""
        return self.by_count.explains(self.counts) and all(map(self.confirmed, self.by_count.mistakes))

    def right(self, plan: Plan) -> int:
        """The number of parameters of the text's network."""
        return self.inquiry.right(plan)

    @property
    def differing(self) -> dict[Plan, int]:
        """The numbers of parameters that are not those of the text's network."""
        return {plan: got for plan, got in self.counts.items() if got != self.right(plan)}

    @cached_property
    def other_argument(self) -> str | None:
        """The argument with another value of which the text's network has these numbers of parameters."""
        if len(self.counts) < 3 or not self.differing:  # a number or two may be chance
            return None
        return layer_counts.other_argument(self.counts, self.right, self.inquiry.arguments)

    @property
    def evidence(self) -> Evidence:
        """All that was seen at the start: numbers of parameters, sizes of answers, errors."""
        counts = [f"{plan}: {got:,} parameters, {self.right(plan):,} in the text" for plan, got in self.counts.items()]
        answers = [
            f"{one.plan}, {one.padding}: {one.error if one.got is None else tuple(one.got.shape)}"
            for one in self.questions
        ]
        return Evidence(
            "its parameters are counted, and made uniform", "the text's network", "; ".join(counts + answers)
        )

    def counts_told(self, name: str) -> Unnamed | None:
        """Where numbers of parameters differ from the text's network: in which part; None where they do not."""
        if not self.differing:
            return None
        plan, got = next(iter(self.differing.items()))
        evidence = Evidence(str(plan), f"{self.right(plan):,} parameters", f"{got:,}")
        kinds = {"fewer" if got < self.right(plan) else "more" for plan, got in self.differing.items()}
        kind = kinds.pop() if len(kinds) == 1 else "another number of"
        start = f"`{name}` has {kind} parameters than the text's network. "
        if self.other_argument is not None:
            said = f"The text's network has as many with another value of the argument `{self.other_argument}`."
            return Unnamed(start + said, evidence, ("parameters", "arguments"))
        answered = [question for question in self.questions if question.got is not None]
        if answered and all(map(self.is_right_for, answered)) and kind != "another number of":
            if kind == "more":
                return Unnamed(f"{start}It has layers that its output does not use.", evidence, ("parameters",))
            said = "Its output is right, so several layers have no parameters of their own."
            return Unnamed(start + said, evidence, ("parameters", "shared"))
        told = layer_counts.described(layer_counts.surplus(self.counts, self.right))
        return Unnamed(start + told.words, evidence, ("parameters", *told.tells))

    def check_counts(self, name: str) -> None:
        """The numbers of parameters are explained."""
        told = self.counts_told(name)
        if told is None or self.by_count.explains(self.counts):
            return
        if self.unregistered:
            raise Wrong("network-unregistered", told.evidence)
        raise told

    def require_counted(self, name: str) -> None:
        """What can be told only of a network whose layers are known."""
        if not self.counted:
            raise Unnamed(
                f"`{name}` has another number of parameters than the text's network, so this cannot be examined.",
                tells=("parameters",),
            )

    @contextmanager
    def of_known_layers(self, name: str) -> Iterator[None]:
        """Within the block a mistake is named only where it is known which layers the network has."""
        try:
            yield
        except Wrong as wrong:
            if wrong.mistake is not None:
                self.require_counted(name)
            raise

    def is_right_for(self, question: Question) -> bool:
        """Was it answered as the text's network answers?"""
        return question.got is not None and any(question.fits(kind) for kind in self.inquiry.bases)

    def _shows_nothing(self, questions: Sequence[Question], left_out: Mapping[str, Any], found: Explanation) -> bool:
        """Does the network that was `found` answer the same without a piece, wherever the right one does not?

        One answer shows the piece: in a single picture a mistake about something else may blur it to nothing.
        """
        right, without = Explanation(self.inquiry.bases[0]), found.with_piece(**left_out)
        answers = [(one, one.answer(right.kind), one.answer(right.with_piece(**left_out))) for one in questions]
        telling = [one for one, whole, less in answers if whole is None or less is None or not close(whole, less)]
        return bool(telling) and all(one.fits(without) for one in telling)

    def check_answers(self, name: str, padding: str, tells: str, **left_out: Any) -> None:
        """The answers are explained, and not by a network that answers the same with a piece `left_out`, which is the
        feature that this `tells`."""
        explanation, questions = self.groups[padding], self.asked[padding]
        for question in questions:
            if question.got is None:
                raise self.unanswered(name, question)
        if explanation is not None and explanation.mistakes and self._shows_nothing(questions, left_out, explanation):
            first = questions[0]
            sentence = f"The output of `{name}` does not depend on {DEPENDS[tells]}."
            raise Unnamed(sentence, Evidence(str(first.plan), "another answer", shown(first.got)), (tells,))
        for question in questions:
            if question.got is None or explanation is not None or question.fits(self.by_count.kind):
                continue
            simplest = (
                one
                for one in explanations(self.inquiry.bases, self.inquiry.listed, self.counts)
                if len(one.mistakes) < 2
            )
            expected = question.answer(self.by_count.kind)
            evidence = Evidence(f"{question.plan}, uniform parameters", shown(expected), shown(question.got))
            alone = explained(simplest, [question])
            if alone is not None and alone.mistakes and alone.mistakes[0].id is not None:
                raise Wrong(alone.mistakes[0].id, evidence)
            self.require_counted(name)
            if expected is not None and expected.shape != question.got.shape:
                raise self.inquiry.resized(name, padding, question.got, expected.shape, evidence)
            told = self.difference(padding)
            raise Unnamed(f"`{name}` {told.words}", evidence, told.tells)

    def unanswered(self, name: str, question: Question) -> Exception:
        """Why there is no answer, and for which of all that was asked there is none."""
        error = question.error
        if not isinstance(error, Raised):
            return error or Unnamed(f"`{name}` gives no output.", tells=("result",))
        failed = [one for one in self.questions if isinstance(one.error, Raised)]
        answered = [one for one in self.questions if one.got is not None]
        parting = (
            words
            for words, applies in CONTRASTS.items()
            if answered and all(map(applies, failed)) and not any(map(applies, answered))
        )
        return network_errors.told(name, error, self.meanings(), next(parting, ""))

    def telling(self, name: str, *, float64: bool = False) -> AbstractContextManager[None]:
        """Within the block errors of the network, which may be in `float64`, are told in our words."""
        return network_errors.telling(name, self.meanings, float64=float64)

    def meanings(self) -> list[network_errors.Meaning]:
        """What errors of this network mean that would mean something else in another."""
        found = []
        if any(network_errors.of_the_image(question.error, question.x) for question in self.questions):
            found.append(network_errors.THE_IMAGE)
        if self.other_argument is not None:
            said = f"Its number of parameters belongs to another value of the argument `{self.other_argument}`."
            found.append(network_errors.Meaning(network_errors.SIZES, said, ("arguments", "parameters")))
        if self.unregistered:
            found.append(network_errors.UNREGISTERED)
        return found

    def difference(self, padding: str) -> layer_counts.Told:
        """What is wrong with answers of the right size that nothing explains."""
        elsewhere = [explanation for other, explanation in self.groups.items() if other != padding]
        if elsewhere and elsewhere[0] is not None and not elsewhere[0].mistakes:
            return ONLY[padding]
        if self.found is not None:
            piece, level = self.found
            return layer_counts.Told(f"differs from the text's network in {piece.words.format(level)}.", (piece.tells,))
        return layer_counts.Told(
            "has the sizes and the layers of the text's network, but another output. Compare its maps with the text, "
            "level by level.",
            (),
        )

    @cached_property
    def found(self) -> tuple[Piece, str] | None:
        """The piece of the network that is wrong, where one is, and its level."""
        return wrong_piece(self.questions, self.inquiry.bases)
