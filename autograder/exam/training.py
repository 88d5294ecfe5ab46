"""What is asked of `fit(model, loader, epochs)`, whatever the networks and pictures are, and whether there is a class
for each pixel or one for each image.

What it minimises is read off a network whose logits are fixed, which writes down the gradient that comes back to them;
steps off one that writes down what reaches it; learning off one of ours that it trains. Most of this is asked with a
number of classes that this `fit` can do, so that a loss which it lacks costs that loss's criterion. A batch is (images,
targets); `Batches` makes so many of so many classes, and targets hold 0 and 1 where there is one class.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import cycle
from typing import Any

import torch

from autograder.exam.compare import shown
from autograder.exam.core import Check, Evidence, Unnamed, Wrong, once
from autograder.exam.draw import Draw
from autograder.exam.gate import equal, number
from autograder.exam.mistakes import FORGOTTEN
from autograder.exam.network_errors import told
from autograder.exam.setting import current
from autograder.exam.subject import Raised, Subject
from autograder.objects.recipes import Loader, Recipe
from autograder.objects.recipes.witnesses import mark

T = torch.Tensor
Batch = tuple[T, T]
Batches = Callable[[Draw, int, int, int], list[Batch]]  # of a draw, how many, of how many classes and images
Loss = Callable[[T, T], T]  # of logits (N, K, H, W) and masks (N, H, W), or of logits (N, K) and labels (N,)
IMAGES = 6  # that a loss is told by
BRINGS = {  # mistakes, and what else each of them brings
    "fit-no-step": ("fit-no-learning",),
    "fit-gradients-kept": ("fit-no-learning",),
    "fit-one-batch": ("fit-loss-mean", "fit-no-learning"),
    "fit-passes": ("fit-losses", "fit-no-learning"),
}


@dataclass(frozen=True)
class Goal:
    """What `fit` is to minimise with so many classes: the first of these losses, or a sum of it with others, with any
    positive weights. mistakes: what people minimise in its place, each as an id and losses as above; otherwise: the id
    of anything else."""

    classes: int
    losses: tuple[Loss, ...]
    mistakes: tuple[tuple[str, tuple[Loss, ...]], ...]
    otherwise: str

    @property
    def channels(self) -> str:
        """The network's output, in words."""
        return "one output channel" if self.classes == 1 else "several output channels"


@dataclass(frozen=True)
class Shown:
    """What `fit` has minimised with so many classes. wrong: why it is not right. known: it is right, or a mistake with
    an id of its own. reported: the loss that it gave back for each batch, where it did."""

    goal: Goal
    wrong: Exception | None
    known: bool
    reported: T | None


def numbers(got: Any, epochs: int) -> list[float] | None:
    """The losses that `fit` gives back, where they are one number for each epoch: in a list, a vector or an array of
    NumPy's."""
    if isinstance(got, torch.Tensor) and got.dim() == 1:
        got = got.tolist()
    elif isinstance(got, Subject):
        with suppress(Raised):  # it is no array
            to_list = got.attribute("tolist")
            got = to_list() if isinstance(to_list, Subject) else got
    if isinstance(got, list | tuple) and len(got) == epochs:
        losses = [loss for value in got if (loss := number(value)) is not None]
        return losses if len(losses) == epochs else None
    return None


def losses_of(subject: Subject, network: Subject | Recipe, loader: Loader, epochs: int) -> list[float]:
    """The same; anything else is a mistake."""
    got = subject(network, loader, epochs)
    losses = numbers(got, epochs)
    if losses is None:
        raise Wrong("fit-losses", Evidence(f"{epochs} epochs", f"a list of {epochs} numbers", shown(got)))
    return losses


def near(a: float, b: float) -> bool:
    """Two losses are equal, within the interface's tolerance."""
    return abs(a - b) <= 1e-4 + 1e-4 * abs(b)


@dataclass(frozen=True)
class FitExam:
    """`fit`, over which its checks are made. batches: makes the pictures and targets that it is given. goals: what it
    minimises, for each number of classes that is asked. pooled: a network gives one answer (N, K) for each image."""

    batches: Batches
    goals: tuple[Goal, ...]
    pooled: bool = False

    def logits_of(self, mixture: T, x: T) -> T:
        """What the fixed network answers: images (N, 3, H, W), mixture (K, 3) → logits (N, K, H, W) or (N, K)."""
        logits = torch.einsum("nchw,kc->nkhw", x, mixture)
        return logits.mean((2, 3)) if self.pooled else logits

    def fixed(self, mixture: T) -> Recipe:
        """A network that answers with these logits whatever it is taught."""
        return Recipe("fixed_logits", mixture, self.pooled)

    def look(self, subject: Subject, draw: Draw) -> list[Shown]:
        """What it minimises for each goal; where none of it is right or a known mistake, the part earns nothing."""
        found: list[Shown] = once(draw, lambda: self.shown(subject, draw))
        if not any(one.known for one in found) and found[0].wrong:
            raise found[0].wrong
        return found

    def shown(self, subject: Subject, draw: Draw) -> list[Shown]:
        """What it minimises for each goal. An error is told with the number of channels only where not all bring it."""
        found = [self.minimised(subject, draw, goal) for goal in self.goals]
        every = all(isinstance(one.wrong, Raised) for one in found)
        return [
            replace(one, wrong=told(subject.name, one.wrong, when="" if every else f"with {one.goal.channels}"))
            if isinstance(one.wrong, Raised)
            else one
            for one in found
        ]

    def minimised(self, subject: Subject, draw: Draw, goal: Goal) -> Shown:
        """What it minimises with this goal's number of classes, image by image: by the gradient that it sends back, or
        where none comes, by the loss that it gives back."""
        mixture = 2 * draw.normal(goal.classes, 3)
        given = self.batches(draw, IMAGES, goal.classes, 1)
        for i, (_, mask) in enumerate(given):  # losses differ in how they see large masks
            mask[draw.uniform(*mask.shape) < 0.15 * i] = 1
        given[-1][1].clamp_(max=1)  # not every image has every class
        sent, reported, outputs = [], [], []
        for batch in given:
            network = current.get().build(self.fixed(mixture))
            try:
                got = subject(network, Loader([batch]), 1)
            except Raised as error:
                return Shown(goal, error.with_traceback(None), False, None)
            state = network.state()
            sent.append(state["sent"].tensor)
            logits = state["logits"].tensor
            answered = self.logits_of(mixture, batch[0]) if logits is None else logits
            outputs.append((answered.requires_grad_(), batch[1]))
            reported += numbers(got, 1) or []
        values = torch.tensor(reported, dtype=torch.float64) if len(reported) == len(given) else None

        def parts(losses: Sequence[Loss]) -> list[T]:
            each = [[loss(x, y) for x, y in outputs] for loss in losses]
            if None in sent:
                return [torch.stack(some).detach() for some in each]
            logits = [x for x, _ in outputs]
            return [torch.cat([g.flatten() for g in torch.autograd.grad(some, logits)]) for some in each]

        got = values if None in sent else torch.cat([t.flatten() for t in sent if t is not None])
        evidence = Evidence(f"{goal.classes} classes, {IMAGES} images", "the loss", shown(got))
        listed = [one for one in goal.mistakes if one[0] not in FORGOTTEN.get()]
        known = next((id for id, some in listed if got is not None and is_mixture(got, *parts(some))), None)
        if got is not None and is_mixture(got, *parts(goal.losses)):
            return Shown(goal, None, True, values)
        if known is None and goal.otherwise in FORGOTTEN.get():
            sentence = f"With {goal.channels} the loss of `{subject.name}` is not that of the text."
            return Shown(goal, Unnamed(sentence, evidence, ("loss",)), False, values)
        return Shown(goal, Wrong(known or goal.otherwise, evidence), known is not None, values)

    def able(self, subject: Subject, draw: Draw) -> list[Shown]:
        """What is asked with any number of classes is asked with those: the right ones, or the known ones."""
        found = self.look(subject, draw)
        return [one for one in found if not one.wrong] or [one for one in found if one.known]

    def minimises(self, *goals: Goal) -> Check:
        """These goals are met."""

        def check(subject: Subject, draw: Draw) -> None:
            for one in self.look(subject, draw):
                if one.goal in goals and one.wrong is not None:
                    raise one.wrong

        return check

    def check_passes(self, subject: Subject, draw: Draw) -> None:
        """Exactly `epochs` passes over the loader."""
        able = self.able(subject, draw)
        for (epochs, count), one in zip(((3, 4), (1, 2), (2, 1)), cycle(able)):
            loader = Loader(self.batches(draw, count, one.goal.classes, 2))
            subject(self.fixed(draw.normal(one.goal.classes, 3)), loader, epochs)
            evidence = Evidence(f"{epochs} epochs, {count} batches", f"{epochs} passes", f"{loader.passes} passes")
            if loader.passes != epochs:
                raise Wrong("fit-passes" if loader.passes else "fit-one-batch", evidence)

    def check_losses(self, subject: Subject, draw: Draw) -> None:
        """A number for each epoch: the mean of its batches' losses."""
        for one in self.able(subject, draw):
            classes = one.goal.classes
            mixture = 2 * draw.normal(classes, 3)
            given = [(x * scale, y) for scale, (x, y) in zip((0.3, 1.0, 2.0), self.batches(draw, 3, classes, 2))]
            each, right = [], []
            for batch in given:
                network = current.get().build(self.fixed(mixture))
                each += losses_of(subject, network, Loader([batch]), 1)
                logits = network.state()["logits"].tensor
                right.append(each[-1] if logits is None else float(one.goal.losses[0](logits, batch[1])))
            got = losses_of(subject, self.fixed(mixture), Loader(given), 2)
            mean = sum(each) / len(each)
            # Which sum of several losses it is, is free; a loss alone has one value.
            exact = one.wrong or len(one.goal.losses) > 1 or all(map(near, each, right))
            if not exact or not all(near(loss, mean) for loss in got):
                raise Wrong("fit-loss-mean", Evidence("three batches, two epochs", str(mean), str(got)))

    def check_in_place(self, subject: Subject, draw: Draw) -> None:
        """The network itself is trained, in train mode, each batch by its own gradient."""
        for one in self.able(subject, draw):
            classes = one.goal.classes
            network = current.get().build(Recipe("training_probe", classes, self.pooled))
            network.eval()
            before = {name: entry.tensor for name, entry in network.state().items()}
            given = self.batches(draw, 3, classes, 2)
            loader = Loader(given)
            subject(network, loader, 2)
            after = {name: entry.tensor for name, entry in network.state().items()}
            moved = {name for name in before if not equal(after.get(name), before[name])}
            # A bias before a batch norm has no gradient, so it may stay.
            if not moved >= {f"{part}.{name}" for part in ("last", "norm") for name in ("weight", "bias")}:
                evidence = Evidence("two epochs", "other parameters", f"{sorted(moved)} moved")
                some = any(name.endswith(("weight", "bias")) for name in moved)
                sentence = "Some parameters of the network never change. Give all of them to the optimiser."
                raise Wrong("fit-no-step", evidence, sentence if some else "")
            calls = network.attribute("calls")
            trained = [weights for training, weights, _, _ in calls if training]
            batches = min(loader.served, 2 * len(given))
            if len(trained) < batches:
                evidence = Evidence("two epochs", f"{batches} calls in train mode", f"{len(trained)}")
                sentence = "The network leaves train mode during the training. Set train mode in each epoch."
                raise Wrong("fit-eval-mode", evidence, sentence if trained else "")
            if network.attribute("gradients") < batches:
                evidence = Evidence("two epochs", f"{batches} gradients", "fewer")
                raise Wrong(
                    "fit-no-step", evidence, "Not every batch gives a gradient. Call `backward` for each batch."
                )
            if len(set(trained)) < batches:
                evidence = Evidence("two epochs", "a step for each batch", f"{len(set(trained))}")
                raise Wrong("fit-no-step", evidence, "The optimiser takes fewer steps than one per batch.")
            if any(added_up for _, _, _, added_up in calls):
                evidence = Evidence("two epochs", "each batch's own gradient", "some added up")
                raise Wrong("fit-gradients-kept", evidence)
            if any(all(abs(seen - mark(x)) > 1e-6 for x, _ in given) for _, _, seen, _ in calls):
                raise Wrong("input-changed", Evidence("two epochs", "the loader's images", "others"))


def check_learns(
    subject: Subject,
    make: Callable[[int], Subject],
    batches: Callable[[int], list[Batch]],
    score: Callable[[Subject, int], float],
    epochs: int,
    bar: float,
    rule: str,
) -> None:
    """A network that `fit` has trained reaches the bar in the better of two attempts, numbered 1 and 2.

    make: the network of an attempt. batches: what it is trained on, the same for everyone. score: how good it is in the
    end. rule: the bar in words, for the instructor.
    """
    best = 0.0
    for attempt in (1, 2):
        network = make(attempt)
        subject(network, Loader(batches(attempt)), epochs)
        network.eval()
        best = max(best, score(network, attempt))
        if best >= bar:
            return
    raise Wrong("fit-no-learning", Evidence(rule, f"{bar}", f"{best:.3f}"))


def is_mixture(got: T, *parts: T) -> bool:
    """Is it the first of these (n,), times a positive number, or a sum of all of them with positive weights?"""
    if not bool(torch.isfinite(got).all()) or not bool(got.any()):
        return False
    pieces = torch.stack(parts, 1).double()
    for some in (pieces[:, :1], pieces):
        weights = torch.linalg.lstsq(some, got.double()[:, None]).solution
        slight = 1e-3 * got.abs().max()
        shares = weights[:, 0] * some.abs().amax(0)
        if bool((shares > slight).all()) and bool(((some @ weights)[:, 0] - got).abs().max() <= slight):
            return True
    return False
