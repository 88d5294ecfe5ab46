"""The exams of `Compose` and `RandomApply`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch

from autograder.exam.augmentation.images import T
from autograder.exam.augmentation.sentences import SENTENCES
from autograder.exam.calls import Again, Call, Value
from autograder.exam.cases import Case
from autograder.exam.core import Criterion, Evidence, Exam, Unnamed, Wrong, charge, once
from autograder.exam.draw import Draw
from autograder.exam.features import Features, holding
from autograder.exam.functions import asked, beside
from autograder.exam.instances import InstanceExam, of_class
from autograder.exam.mistakes import misconception, unfit, with_all_arguments, with_arguments
from autograder.exam.setting import current
from autograder.exam.statistics import FAR
from autograder.exam.subject import Script, Subject
from autograder.objects.recipes import Recipe


# ---------------------------------------------------------------- Compose, which is made of `transforms`
def composed(image, transforms):
    """Each on the result of the one before it."""
    for transform in transforms:
        image = transform.build()(image)
    return image


def each_on_the_image(function, image, transforms):
    """Each on the image itself; the last one's result."""
    return function(image=image, transforms=transforms[-1:])


COMPOSE_MISTAKES = (
    misconception("compose-backwards", with_arguments(composed, transforms=lambda some: some[::-1])),
    misconception("compose-last-only", with_all_arguments(composed, each_on_the_image)),
    misconception("compose-first-only", with_arguments(composed, transforms=lambda some: some[:1])),
    misconception("compose-empty", unfit(composed, lambda image, transforms: not transforms), raises=True),
)


def pipelines(*lengths: int) -> Callable[[Draw], Iterator[Case]]:
    """Pipelines of so many changes, in whose order every one shows."""

    def cases(draw: Draw) -> Iterator[Case]:
        for length in lengths:
            kinds = draw.shuffled(["added", "times", "added", "times", "flipped"])
            first = kinds.index("added")
            kinds[0], kinds[first] = kinds[first], kinds[0]
            made = [Recipe(kind, -1 if kind == "flipped" else 0.5 + draw.uniform(1).item()) for kind in kinds[:length]]
            if length == 2:
                made[1] = Recipe("times", 2.5)
            yield Case((draw.uniform(3, 4, 5),), {"transforms": made}, f"with {length} transforms")

    return cases


def length_features(reference: Callable[..., T], case: Case) -> Features:
    """How many changes there are."""
    count = len(case.kwargs["transforms"])
    return holding({"no transforms": count == 0, "several transforms": count > 1})


COMPOSE = InstanceExam("Compose", composed, COMPOSE_MISTAKES, SENTENCES, pipelines(2, 2, 3), features=length_features)


def again(subject: Subject, draw: Draw) -> list[Call]:
    """A second call of the same pipeline, on another image."""
    given = [*pipelines(1, 2, 3, 5)(draw)]
    scripts: list[Script] = [
        [
            (0, "make", (case.kwargs["transforms"],), {}),
            *[(1, "vjp", args, {}, None) for args in ((draw.uniform(3, 2, 2),), case.args)],
        ]
        for case in given
    ]
    found = of_class(subject).scripts(scripts)
    seconds = [Again(case, replies[-1]) for case, replies in zip(given, found, strict=True)]
    return beside(seconds, asked(subject, given, Value))


Compose = COMPOSE.exam(
    COMPOSE.criterion(
        "order",
        "one after the other, however often it is called",
        0.5,
        COMPOSE.ask_values(pipelines(1, 2, 2, 3, 3, 5)),
        again,
    ),
    COMPOSE.values("empty", "no transforms: the image", 0.5, pipelines(0, 0)),
)


# ---------------------------------------------------------------- RandomApply
CALLS = 600
SHARES = (0.25, 0.6, 0.9)


def decisions(subject: Subject, p: float, seed: int, calls: int, *, named: bool = False) -> list[bool]:
    """Whether each call of one instance changed the image, from this seed of torch's global generator on."""
    change = Recipe("added", 1.0)
    return of_one(subject, subject.make(transform=change, p=p) if named else subject.make(change, p), seed, calls)


def of_one(subject: Subject, made: Subject, seed: int, calls: int) -> list[bool]:
    """The same of this instance."""
    image = scene(seed)
    return read(subject, image, current.get().build(Recipe("caller"))(made, [image], seed, calls), calls)


def of_each(subject: Subject, p: float, seed: int, count: int) -> list[bool]:
    """The first decision of each of so many instances."""
    image, settings = scene(seed), [Recipe("added", 1.0), p]
    return read(subject, image, current.get().build(Recipe("maker"))(subject, settings, image, seed, count), count)


def scene(seed: int) -> T:
    """An image, in which it shows that 1 is added."""
    return torch.rand(1, 2, 3, generator=torch.Generator().manual_seed(seed))


def read(subject: Subject, image: T, told: Any, calls: int) -> list[bool]:
    """Which of so many results are the image and 1; all others are the image."""
    if not isinstance(told, list) or len(told) != calls:
        raise Unnamed(f"`{subject.name}` gave back something that cannot be read.", tells={"result"})
    found = []
    for got in told:
        if not isinstance(got, T) or got.shape != image.shape:
            said = f"A call of `{subject.name}` must give back an image of the same shape."
            raise Unnamed(said, Evidence("a call", "a tensor", type(got).__name__), {"result"})
        changed, same = torch.allclose(got, image + 1), torch.allclose(got, image)
        if not changed and not same:
            said = f"A call of `{subject.name}` gives back neither the image nor what the transform makes of it."
            raise Unnamed(said, tells={"result"})
        found.append(changed)
    return found


@dataclass(frozen=True)
class Ends:
    """The decisions with p = 0 and with p = 1; which of the mistakes that show in them it is, if it is one."""

    never: list[bool]
    always: list[bool]
    mistake: str | None = None


def ends_of(subject: Subject, draw: Draw) -> Ends:
    """The door: with p = 1 and with p = 0 calls differ."""

    def find() -> Ends:
        never, always = decisions(subject, 0.0, 1, 150), decisions(subject, 1.0, 1, 150)
        if not any(never) and not any(always):
            raise Wrong("random-never", Evidence("p=0 and p=1", "never and always", "never"))
        if all(never) and all(always):
            raise Wrong("random-always", Evidence("p=0 and p=1", "never and always", "always"))
        if all(never) and not any(always):
            return Ends(never, always, "random-inverted")
        mixed = len({*never}) == len({*always}) == 2
        half = mixed and all(near(sum(decisions(subject, p, 2, CALLS)) / CALLS, 0.5) for p in SHARES)
        return Ends(never, always, "random-half" if half else None)

    found: Ends = once(draw, find)
    return found


def ends(subject: Subject, draw: Draw) -> None:
    """Never with 0, also where the transform would fail; always with 1."""
    found = ends_of(subject, draw)
    if found.mistake == "random-inverted":
        raise Wrong("random-inverted", Evidence("p=0 and p=1", "never and always", "always and never"))
    if found.mistake == "random-half":
        return  # that `p` has no effect costs another criterion
    more = ((p, decisions(subject, p, int(draw.integers(0, 9999)), 150)) for p in (0, 1))
    for p, some in ((0.0, found.never), (1.0, found.always), *more):
        if set(some) != {bool(p)}:
            wanted = "always" if p else "never"
            raise Wrong("random-ends", Evidence(f"p={p}", wanted, f"{sum(some)} of {len(some)} calls"))
    of_one(subject, subject.make(Recipe("failing"), 0), 3, 20)


def rate(subject: Subject, draw: Draw) -> None:
    """The transform is called with probability p."""
    inverted = ends_of(subject, draw).mistake == "random-inverted"
    some = [decisions(subject, p, int(draw.integers(0, 9999)), CALLS, named=True) for p in SHARES]
    if all(len({*one}) == 1 for one in some):  # one decision an instance, which costs another criterion
        some = [of_each(subject, p, int(draw.integers(0, 9999)), CALLS) for p in SHARES]
    shares = [sum(one) / CALLS for one in some]
    evidence = Evidence(f"p in {SHARES}", "as often", ", ".join(f"{share:.3f}" for share in shares))
    if all(share in (0.0, 1.0) for share in shares):
        raise Wrong("random-seeded", evidence)
    if all(near(share, 0.5) for share in shares):
        raise Wrong("random-half", evidence)
    if not all(near(share, 1 - p if inverted else p) for p, share in zip(SHARES, shares, strict=True)):
        raise Wrong("random-rate", evidence)


def near(share: float, p: float) -> bool:
    """Is a share of `CALLS` calls what a probability gives, but once in 10⁹?"""
    return abs(share - p) <= FAR * math.sqrt(p * (1 - p) / CALLS)


def bound_together(subject: Subject, draw: Draw, found: list[bool]) -> str | None:
    """How decisions of one instance depend on each other, with p = 0.5: the mistake, which costs one criterion, or
    None."""
    if len({*found}) == 1:
        mistake, seen = "random-decided-once", "all alike"
        if len({decisions(subject, 0.5, seed, 3)[-1] for seed in range(40)}) == 1:
            raise Wrong("random-seeded", Evidence("p=0.5, many calls", "decisions that differ", seen))
    else:
        alike = sum(a == b for a, b in pairwise(found)) / (len(found) - 1)
        share = sum(found) / len(found)  # which may be a wrong one, and costs another criterion then
        if abs(alike - share**2 - (1 - share) ** 2) <= FAR * 0.5 / math.sqrt(len(found) - 1):
            return None
        mistake, seen = "random-in-turn", f"{alike:.3f} of them as the one before"
    charge(draw, mistake, Evidence("p=0.5, many calls", "decisions that differ, independently", seen))
    return mistake


def anew(subject: Subject, draw: Draw) -> None:
    """Each call decides anew, and independently of the one before."""
    ends_of(subject, draw)
    bound_together(subject, draw, decisions(subject, 0.5, int(draw.integers(0, 9999)), CALLS))


def repeatable(subject: Subject, draw: Draw) -> None:
    """The same decisions after the same `torch.manual_seed`, others after another."""
    ends_of(subject, draw)
    first, second = (int(seed) for seed in draw.integers(0, 99_999, 2))
    seeds, made = (first, first, second + 100_000), subject.make(Recipe("added", 1.0), 0.5)
    one, same, other = (of_one(subject, made, seed, 200) for seed in seeds)
    mistake = bound_together(subject, draw, one)
    if mistake:  # what each instance decides first can follow from the seed all the same
        one, same, other = (of_each(subject, 0.5, seed, 200) for seed in seeds)
    if one != same:
        raise Wrong("random-other-generator", Evidence("one seed, twice", "the same decisions", "others"))
    if one == other:
        raise Wrong(mistake or "random-seeded", Evidence("two seeds", "other decisions", "the same"))


RandomApply = Exam(
    "RandomApply",
    (
        Criterion("ends", "never with p=0, always with p=1", 0.5, ends),
        Criterion("rate", "with probability p", 1.0, rate),
        Criterion("anew", "each call decides anew", 0.5, anew),
        Criterion("seed", "torch.manual_seed repeats the decisions", 1.0, repeatable),
    ),
    sentences=SENTENCES,
)
