"""The exams of `Compose` and `RandomApply`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import pairwise

import torch

from autograder.exam.augmentation.images import T
from autograder.exam.augmentation.sentences import SENTENCES
from autograder.exam.calls import Again, Call, Value
from autograder.exam.cases import Case
from autograder.exam.core import Criterion, Evidence, Exam, Unnamed, Wrong, once
from autograder.exam.draw import Draw
from autograder.exam.features import Features, holding
from autograder.exam.functions import asked, beside
from autograder.exam.instances import InstanceExam, of_class
from autograder.exam.mistakes import misconception, unfit, with_all_arguments, with_arguments
from autograder.exam.setting import current
from autograder.exam.statistics import FAR
from autograder.exam.subject import Answer, Script, Subject
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
    image, change = torch.rand(1, 2, 3, generator=torch.Generator().manual_seed(seed)), Recipe("added", 1.0)
    made = subject.make(transform=change, p=p) if named else subject.make(change, p)
    return read(subject, made, image, seed, calls)


def read(subject: Subject, made: Subject, image: T, seed: int, calls: int) -> list[bool]:
    """The same of an instance."""
    told = current.get().build(Recipe("caller"))(made, [image], seed, calls)
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


def applies(subject: Subject, draw: Draw) -> bool:
    """The door: with p = 1 and with p = 0 calls differ. Is it as asked, and not the other way round?"""

    def find() -> bool:
        never, always = decisions(subject, 0.0, 1, 30), decisions(subject, 1.0, 1, 30)
        if all(never) and not any(always):
            return False
        if not any(never) and not any(always):
            raise Wrong("random-never", Evidence("p=0 and p=1", "never and always", "never"))
        if all(never) and all(always):
            raise Wrong("random-always", Evidence("p=0 and p=1", "never and always", "always"))
        return True

    return bool(once(draw, find))


def ends(subject: Subject, draw: Draw) -> None:
    """Never with 0, also where the transform would fail; always with 1."""
    if not applies(subject, draw):
        raise Wrong("random-inverted", Evidence("p=0 and p=1", "never and always", "always and never"))
    for p, expected in ((0, False), (0.0, False), (1, True), (1.0, True)):
        found = decisions(subject, p, int(draw.integers(0, 9999)), 150)
        if set(found) != {expected}:
            wanted = "always" if expected else "never"
            raise Wrong("random-ends", Evidence(f"p={p}", wanted, f"{sum(found)} of {len(found)} calls"))
    made = subject.make(Recipe("failing"), 0)
    read(subject, made, draw.uniform(1, 2, 2), 3, 20)


def rate(subject: Subject, draw: Draw) -> None:
    """The transform is called with probability p."""
    right = applies(subject, draw)
    shares = {p: sum(decisions(subject, p, int(draw.integers(0, 9999)), CALLS, named=True)) / CALLS for p in SHARES}
    if all(share in (0.0, 1.0) for share in shares.values()):  # one decision an instance, which costs another criterion
        shares = {p: sum(one_each(subject, p, draw)) / CALLS for p in SHARES}
    evidence = Evidence(f"p in {SHARES}", "as often", ", ".join(f"{share:.3f}" for share in shares.values()))
    if all(share in (0.0, 1.0) for share in shares.values()):
        raise Wrong("random-seeded", evidence)
    if all(near(share, 0.5) for share in shares.values()):
        raise Wrong("random-half", evidence)
    if not all(near(share, p if right else 1 - p) for p, share in shares.items()):
        raise Wrong("random-rate", evidence)


def one_each(subject: Subject, p: float, draw: Draw) -> list[bool]:
    """The first decision of each of so many instances."""
    image = draw.uniform(1, 1, 2)
    script: Script = [(0, "make", (Recipe("added", 1.0), p), {}), (1, "vjp", (image,), {}, None)]
    outputs = [told[-1].output for told in subject.scripts([script] * CALLS) if isinstance(told[-1], Answer)]
    return [isinstance(output, T) and torch.allclose(output, image + 1) for output in outputs]


def near(share: float, p: float) -> bool:
    """Is a share of `CALLS` calls what a probability gives, but once in 10⁹?"""
    return abs(share - p) <= FAR * math.sqrt(p * (1 - p) / CALLS)


def check_differing(subject: Subject, found: list[bool]) -> None:
    """Decisions of one instance differ."""
    if len(set(found)) > 1:
        return
    several = {decisions(subject, 0.5, seed, 3)[-1] for seed in range(40)}
    mistake = "random-decided-once" if len(several) > 1 else "random-seeded"
    raise Wrong(mistake, Evidence("p=0.5, many calls", "decisions that differ", "all alike"))


def anew(subject: Subject, draw: Draw) -> None:
    """Each call decides anew, and independently of the one before."""
    applies(subject, draw)
    found = decisions(subject, 0.5, int(draw.integers(0, 9999)), CALLS)
    check_differing(subject, found)
    check_independent(found)


def check_independent(found: list[bool]) -> None:
    """A decision has nothing to do with the one before it."""
    alike = sum(a == b for a, b in pairwise(found)) / (len(found) - 1)
    if abs(alike - 0.5) > FAR * 0.5 / math.sqrt(len(found) - 1):
        raise Wrong("random-in-turn", Evidence("p=0.5", "half of the calls as the one before", f"{alike:.3f}"))


def repeatable(subject: Subject, draw: Draw) -> None:
    """The same decisions after the same `torch.manual_seed`, others after another."""
    applies(subject, draw)
    first, second = (int(seed) for seed in draw.integers(0, 99_999, 2))
    image, made = draw.uniform(1, 2, 3), subject.make(Recipe("added", 1.0), 0.5)
    one, same, other = (read(subject, made, image, seed, 200) for seed in (first, first, second + 100_000))
    check_differing(subject, one)
    check_independent(one)
    if one != same:
        raise Wrong("random-other-generator", Evidence("one seed, twice", "the same decisions", "others"))
    if one == other:
        raise Wrong("random-seeded", Evidence("two seeds", "other decisions", "the same"))


RandomApply = Exam(
    "RandomApply",
    (
        Criterion("ends", "never with p=0, always with p=1", 0.5, ends),
        Criterion("rate", "with probability p", 1.0, rate),
        Criterion("anew", "each call decides anew", 0.5, anew),
        Criterion("seed", "torch.manual_seed repeats the decisions", 1.0, repeatable),
    ),
    sentences=SENTENCES,
    brings={"random-half": ("random-ends",)},
)
