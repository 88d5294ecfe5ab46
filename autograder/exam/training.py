"""What is asked of `fit(model, loader, epochs)`, whatever the networks and pictures are.

Losses are asked with a network whose logits are fixed, steps with one that writes down what reaches it, learning with
real ones. A batch is (images, targets); `Batches` makes so many of so many classes, and targets hold 0 and 1 where
there is one class.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F

from autograder.exam.compare import shown
from autograder.exam.core import Evidence, Wrong
from autograder.exam.draw import Draw
from autograder.exam.gate import equal, number
from autograder.exam.setting import current
from autograder.exam.subject import Raised, Subject
from autograder.objects.recipes import Loader, Recipe

T = torch.Tensor
Batch = tuple[T, T]
Batches = Callable[[Draw, int, int], list[Batch]]  # of a draw, how many, of how many classes
Loss = Callable[[T, T], T]  # of logits (N, K, H, W) and masks (N, H, W)


def losses_of(subject: Subject, network: Subject | Recipe, loader: Loader, epochs: int) -> list[float]:
    """The losses that `fit` gives back: one number for each epoch, in a list, a vector or an array of NumPy's."""
    got = subject(network, loader, epochs)
    if isinstance(got, torch.Tensor) and got.dim() == 1:
        got = got.tolist()
    elif isinstance(got, Subject):
        with suppress(Raised):  # it is no array
            to_list = got.attribute("tolist")
            got = to_list() if isinstance(to_list, Subject) else got
    if isinstance(got, list | tuple) and len(got) == epochs:
        losses = [loss for value in got if (loss := number(value)) is not None]
        if len(losses) == epochs:
            return losses
    raise Wrong("fit-losses", Evidence(f"{epochs} epochs", f"a list of {epochs} numbers", shown(got)))


def near(a: float, b: float) -> bool:
    """Two losses are equal, within the interface's tolerance."""
    return abs(a - b) <= 1e-4 + 1e-4 * abs(b)


def logits_of(mixture: T, x: T) -> T:
    """What the fixed network answers: images (N, 3, H, W), mixture (K, 3) → logits (N, K, H, W)."""
    return torch.einsum("nchw,kc->nkhw", x, mixture)


def fixed(mixture: T) -> Recipe:
    """A network that answers with these logits whatever it is taught."""
    return Recipe("silent", mixture)


@dataclass(frozen=True)
class FitExam:
    """`fit`, over which its checks are made. batches: makes the pictures and targets that it is given."""

    batches: Batches

    def check_passes(self, subject: Subject, draw: Draw) -> None:
        """Exactly `epochs` passes over the loader, a number for each."""
        for epochs, count, classes in ((3, 4, 4), (1, 2, 1), (2, 1, 3)):
            loader = Loader(self.batches(draw, count, classes))
            network = fixed(draw.normal(classes, 3))
            subject(network, loader, epochs)
            evidence = Evidence(f"{epochs} epochs, {count} batches", f"{epochs} passes", f"{loader.passes} passes")
            if loader.passes != epochs:
                raise Wrong("fit-passes" if loader.passes else "fit-one-batch", evidence)
            losses_of(subject, network, loader, epochs)

    def check_cross_entropy(self, subject: Subject, draw: Draw) -> None:
        """With several classes: cross-entropy with int64 targets, and its mean over the batches of an epoch."""
        mixture = 2 * draw.normal(4, 3)
        given = [(x * scale, y) for scale, (x, y) in zip((0.3, 1.0, 2.0), self.batches(draw, 3, 4), strict=True)]
        outputs = [(logits_of(mixture, x), y) for x, y in given]
        each = [float(F.cross_entropy(x, y)) for x, y in outputs]
        single = losses_of(subject, fixed(mixture), Loader(given[:1]), 1)[0]
        if not near(single, each[0]):
            soft = F.cross_entropy(outputs[0][0].softmax(1), outputs[0][1])
            mistake = "fit-sigmoid-twice" if near(single, float(soft)) else "fit-multiclass"
            raise Wrong(mistake, Evidence("one batch, four classes", str(each[0]), str(single)))
        got = losses_of(subject, fixed(mixture), Loader(given), 2)
        mean = sum(each) / len(each)
        if not all(near(loss, mean) for loss in got):
            raise Wrong("fit-loss-mean", Evidence("three batches, two epochs", str(mean), str(got)))

    def losses_of_one_class(self, subject: Subject, mixture: T, given: Sequence[Batch]) -> T:
        """The losses (batches,) of batches of one class, each on its own."""
        return torch.tensor([losses_of(subject, fixed(mixture), Loader([batch]), 1)[0] for batch in given])

    def check_in_place(self, subject: Subject, draw: Draw) -> None:
        """The network itself is trained, in train mode, each batch by its own gradient."""
        for classes in (4, 1):
            network = current.get().build(Recipe("witnessed", classes))
            network.eval()
            before = {name: entry.tensor for name, entry in network.state().items()}
            losses_of(subject, network, Loader(self.batches(draw, 3, classes)), 2)
            after = {name: entry.tensor for name, entry in network.state().items()}
            moved = {name for name in before if not equal(after.get(name), before[name])}

            def any_of(part: str, moved: set[str] = moved) -> bool:
                return any(part in name for name in moved)

            if not (any_of("first.weight") and any_of("last.weight")):
                raise Wrong("fit-no-step", Evidence("two epochs", "other parameters", "the same"))
            if not any_of("running_mean"):
                evidence = Evidence("two epochs", "statistics of a batch norm that follow", "the same")
                raise Wrong("fit-eval-mode", evidence)
            if any_of("witness"):
                evidence = Evidence("two epochs", "no gradient left before each backward", "some left")
                raise Wrong("fit-gradients-kept", evidence)


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
    """Is it a sum of these (n,) with weights that are not negative, one of them at least not 0?"""
    if not bool(torch.isfinite(got).all()):
        return False
    pieces = torch.stack(parts, 1).double()
    subsets: list[Any] = [[i] for i in range(len(parts))] + [list(range(len(parts)))]
    for use in subsets:
        some = pieces[:, use]
        weights = torch.linalg.lstsq(some, got.double()[:, None]).solution
        left = (some @ weights)[:, 0] - got
        if bool((weights > 0).all()) and float(left.abs().max()) <= 1e-3 * float(got.abs().max()):
            return True
    return False
