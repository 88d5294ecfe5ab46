"""Which network is it? The right one, or one with at most two mistakes, that explains all that was seen.

What was seen are numbers of parameters, and answers with uniform parameters. The explanation decides what each
criterion expects: the plan a network is really made of, its sizes and its answers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import combinations
from typing import Any, ClassVar, TypeVar, cast

import torch

from autograder.exam.encoder_decoders.closed_form import Plan, UniformUNet
from autograder.exam.networks import close
from autograder.exam.subject import Raised

T = torch.Tensor
Kind = type[UniformUNet]
F = TypeVar("F", bound=Callable[..., Any])
PLACED = {"skip", "crop", "join"}  # pieces that every level has, so one level alone may have another


def remembered(function: F) -> F:
    """Called once for each arguments."""
    return cast(F, cache(function))


@dataclass(frozen=True, eq=False)
class Mistake:
    """A mistake's id (None: it has no sentence), the criterion it costs, and the pieces of the network it exchanges."""

    id: str | None
    costs: str
    pieces: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Explanation:
    """A network in closed form, and the mistakes in it."""

    kind: Kind
    mistakes: tuple[Mistake, ...] = ()
    NEXT: ClassVar[Mapping[str, str]] = {"arguments": "parameters", "parameters": "sizes"}

    def costing(self, criterion: str) -> Mistake | None:
        """The mistake that costs this criterion. Of two that would cost the same, the second costs the next one."""
        taken: dict[str, Mistake] = {}
        for mistake in self.mistakes:
            taken[mistake.costs if mistake.costs not in taken else self.NEXT.get(mistake.costs, mistake.costs)] = (
                mistake
            )
        return taken.get(criterion)

    def explains(self, counts: Mapping[Plan, int]) -> bool:
        """Are these its numbers of parameters?"""
        return all(got == count_of(self.kind, plan) for plan, got in counts.items())

    def has(self, what: str) -> bool:
        """Is one of the mistakes about this, whatever network its id begins with?"""
        return any((mistake.id or "").endswith(f"-{what}") for mistake in self.mistakes)

    def with_piece(self, **pieces: Any) -> Kind:
        """The network with a piece exchanged."""
        return type("Exchanged", (self.kind,), pieces)

    def to_ask(self, wanted: Plan) -> Plan:
        """What to ask for to get this plan, or what comes nearest to it."""
        plan = wanted
        for name in ("classes", "depth"):
            near = [wanted.__class__(**{**vars(plan), name: getattr(plan, name) + by}) for by in (0, -1, 1)]
            hits = (one for one in near if getattr(self.kind.made_of(one), name) == getattr(wanted, name))
            plan = next(hits, plan)
        return plan


@dataclass
class Question:
    """A network that was asked: its plan as asked for, its parameters, and what came back (None: an `error`)."""

    plan: Plan
    padding: str
    constant: Callable[[int], float]
    ramp: T | None
    x: T
    got: T | None = None
    error: Exception | None = None

    def answer(self, kind: Kind) -> T | None:
        """This network's answer; None where it has none at these sizes."""
        try:
            return kind(self.plan, self.padding, self.constant, self.ramp)(self.x)
        except RuntimeError:
            return None

    def fits(self, kind: Kind) -> bool:
        """Is it this network's answer, or does it have none at these sizes either? (PyTorch refuses sizes by a
        RuntimeError; any other error has another cause.)"""
        one = self.answer(kind)
        if self.got is not None:
            return one is not None and close(self.got, one)
        return one is None and not (isinstance(self.error, Raised) and self.error.kind != "RuntimeError")


@dataclass(frozen=True)
class Trial:
    """What a network would come to: its parameters, and the sides of its answer, where the poolings leave no rest."""

    count: int
    height: int
    width: int
    even: bool


@remembered
def trial(kind: Kind, plan: Plan, padding: str, height: int, width: int) -> Trial | None:
    """A call without values; None where the picture is too small."""
    network = kind(plan, padding, lambda entries: 1.0)
    try:
        found = network(torch.zeros(1, network.plan.in_channels, height, width))
    except RuntimeError:
        return None
    height, width = found.shape[2:]
    return Trial(network.count, height, width, network.even) if found.numel() else None


@remembered
def fitting(kind: Kind, plan: Plan, padding: str, least: int) -> int:
    """The smallest side of a picture, not below `least`, that the network can be asked with."""
    for side in range(least, least + 400):
        if (found := trial(kind, plan, padding, side, side)) is not None and found.even:
            return side
    return least


def count_of(kind: Kind, plan: Plan) -> int | None:
    """Its number of parameters, which no picture changes; None for a plan that it cannot be made of."""
    depth = kind.made_of(plan).depth
    if depth < 0:
        return None
    side = max(2, 2**depth)  # which suits nearly all; to look for the smallest takes many trials of each network
    found = trial(kind, plan, "same", side, side)
    if found is None or not found.even:
        side = fitting(kind, plan, "same", 2)
        found = trial(kind, plan, "same", side, side)
    return None if found is None else found.count


def in_turn(first: staticmethod, then: staticmethod) -> staticmethod:
    """Made of what the one plan's mistake makes of the other's."""
    return staticmethod(lambda plan: then(first(plan)))


@remembered
def composed(base: Kind, mistakes: tuple[Mistake, ...]) -> Kind | None:
    """The network with all these mistakes; None where two exchange the same piece."""
    pieces: dict[str, Any] = {}
    for mistake in mistakes:
        both = pieces.keys() & mistake.pieces.keys()
        if both - {"made_of"}:
            return None
        pieces |= dict(mistake.pieces) | (
            {"made_of": in_turn(pieces["made_of"], mistake.pieces["made_of"])} if both else {}
        )
    return type("Mistaken", (base,), pieces)


def at_level(mistake: Mistake, only: Callable[[UniformUNet], int]) -> Mistake:
    """The mistake in one level alone."""

    def placed(name: str, piece: Callable[..., Any]) -> Callable[..., Any]:
        return lambda self, *args: (piece if self.level == only(self) else getattr(UniformUNet, name))(self, *args)

    return Mistake(mistake.id, mistake.costs, {name: placed(name, piece) for name, piece in mistake.pieces.items()})


# The finest, the next, and the one above the bottom.
LEVELS = (lambda network: 0, lambda network: 1, lambda network: network.plan.depth - 1)


@remembered
def placed(mistakes: tuple[Mistake, ...]) -> tuple[Mistake, ...]:
    """Those mistakes that one level alone may have, in each of `LEVELS`."""
    return tuple(at_level(m, level) for m in mistakes if m.pieces.keys() <= PLACED for level in LEVELS)


def explanations(
    bases: Sequence[Kind], mistakes: tuple[Mistake, ...], counts: Mapping[Plan, int]
) -> Iterator[Explanation]:
    """The networks of at most two mistakes with these numbers of parameters, the simplest first.

    Where none has them, what is learned from them is nothing: the networks of the right numbers.
    """

    def counted(chosen: tuple[Mistake, ...]) -> bool:
        kind = composed(bases[0], chosen)
        return kind is not None and all(count_of(kind, plan) == count for plan, count in counts.items())

    def made(chosen: Iterable[tuple[Mistake, ...]]) -> Iterator[Explanation]:
        for one in chosen:
            for base in bases:
                if (kind := composed(base, one)) is not None:
                    yield Explanation(kind, one)

    if right := counted(()):
        yield from made([()])
    neutral = [m for m in mistakes if changes_nothing(bases[0], m, tuple(counts))]
    changing = [m for m in mistakes if m not in neutral]
    first = [(m,) for m in (*changing, *placed(tuple(changing))) if counted((m,))]
    pairs = [] if right or first else [pair for pair in combinations(changing, 2) if counted(pair)]
    alone = (*neutral, *placed(tuple(neutral)))
    if right or not (first or pairs):
        yield from made([(), *((m,) for m in alone), *combinations(neutral, 2)])
    yield from made(first)
    yield from made((*one, m) for one in first for m in alone)
    yield from made(pairs)


@remembered
def changes_nothing(base: Kind, mistake: Mistake, plans: tuple[Plan, ...]) -> bool:
    """Has a network with this mistake the right numbers of parameters?"""
    kind = composed(base, (mistake,)) or base
    return all(count_of(kind, plan) == count_of(base, plan) for plan in plans)


def explained(candidates: Iterable[Explanation], asked: Sequence[Question]) -> Explanation | None:
    """The first that gives all these answers."""
    return next((one for one in candidates if all(question.fits(one.kind) for question in asked)), None)
