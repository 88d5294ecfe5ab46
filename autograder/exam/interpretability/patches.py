"""The exam of `top_patches`. Each call is read by one of three answers, so that a wrong window costs no ranking."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from autograder.exam.calls import Call, Value
from autograder.exam.cases import Case, Cases
from autograder.exam.compare import Either, fault, kind
from autograder.exam.draw import Draw
from autograder.exam.features import Features, holding
from autograder.exam.functions import Ask, asked, beside
from autograder.exam.gate import number
from autograder.exam.interpretability import fields
from autograder.exam.interpretability.asking import ModelExam, OnModel
from autograder.exam.interpretability.models import T
from autograder.exam.interpretability.patch_cases import (
    DEEP,
    DILATED,
    FIXED,
    MIXED,
    PADDED,
    PAIRS,
    PEAK,
    PLAIN,
    POOLED,
    RANDOM,
    STRIDES,
    WHOLE,
    below_zero,
    in_mode,
    later,
    several,
    squares,
    together,
)
from autograder.exam.interpretability.patch_mistakes import PATCH_MISTAKES
from autograder.exam.interpretability.sentences import SENTENCES


# ---------------------------------------------------------------- what comes back
def plain(patch: Sequence[Any]) -> tuple[Any, Any, Any]:
    """A patch in plain numbers: tensors of one element are numbers, a window may be one tensor of four, and of several
    right windows it is the first."""
    index, window, value = patch
    window = window.answers[0] if isinstance(window, Either) else window
    told = number(value)
    return index, window.tolist() if isinstance(window, T) else window, value if told is None else told


@dataclass(eq=False)
class Patches(Value):
    """A call of which one of the three answers is asked; `part` of a patch, in whose words it is wrong."""

    part: ClassVar[slice]
    ordered: ClassVar[bool] = False
    wrong: ClassVar[str]
    compared: ClassVar[str] = "order"  # a word for what `tells`

    def _unlike(self, got, right):
        if not isinstance(got, tuple | list):
            return f"gave back {kind(got)} where a list is expected"
        if not all(isinstance(one, tuple | list) and len(one) == 3 for one in got):
            return "gave back a list whose entries are not (image index, window, value)"
        if len(got) != len(right):
            return f"gave back a list of the wrong length, so no {self.compared} was compared"
        return self.wrong if self.differs(list(map(plain, got)), right) else None

    def differs(self, got: Sequence[tuple], right: Sequence[tuple]) -> bool:
        """Is the answer another one? But for the ranking, in the order of the images."""
        if not self.ordered:
            got, right = (sorted(some, key=lambda one: number(one[0]) or 0.0) for some in (got, right))
        return fault([one[self.part] for one in got], [one[self.part] for one in right]) is not None


class Ranking(Patches):
    """Which images, and in which order."""

    part, ordered, wrong = slice(0, 1), True, "gave back the wrong images, or in the wrong order"
    tells = frozenset({"order"})


class Largest(Patches):
    """The value of each image."""

    part, wrong, compared = slice(0, None, 2), "gave back a wrong value", "value"
    tells = frozenset({"activations"})


class Place(Patches):
    """The window of each image."""

    part, wrong, compared = slice(0, 2), "gave back a wrong window", "window"
    tells = frozenset({"windows"})


class Best(Patches):
    """Which images, and in which order, beside right values or right windows: the door."""

    wrong = "gave back the wrong images, or in the wrong order"
    tells = frozenset({"order"})

    def differs(self, got, right):
        ranking, values, windows = (
            kind(self.case, self.answer).differs(got, right) for kind in (Ranking, Largest, Place)
        )
        return ranking or (values and windows)


def features(reference: Callable[..., Any], case: Case) -> Features:
    """What is special about the layers up to the one that is asked of, and about its windows."""
    (images,), number, k = case.args, int(case.kwargs["layer"]), case.kwargs["k"]
    layers, outputs = fields.run(case.kwargs["model"], images)
    moving = fields.moving(layers[: number + 1])
    told = reference(*case.args, **case.kwargs)
    height, width = images.shape[2:]
    clipped = any(0 in w[:2] or w[2] == height or w[3] == width for _, either, _ in told for w in either.answers)
    return holding(
        {
            "stride": any(max(m.stride) > 1 and not m.pools for m in moving),
            "padding": any(max(m.padding) > 0 and not m.pools for m in moving),
            "dilation": any(max(m.dilation) > 1 for m in moving),
            "pooled": any(m.pools for m in moving),
            "kernel not square": any(m.kernel[0] != m.kernel[1] for m in moving),
            "image not square": height != width,
            "several layers": len([m for m in moving if not m.pools]) > 1 or number >= len(moving),
            "outputs": outputs[1].shape[1] > 1,
            "fewer": k < len(images),
            "negative values": float(outputs[number + 1].min()) < -PEAK,
            "at the border": clipped and any(max(m.padding) > 0 for m in moving),
        }
    )


@dataclass(frozen=True)
class PatchesExam(ModelExam):
    """The criteria of `top_patches`."""

    def ask_values(self, cases: Cases, *, plain: Callable[[Case], Case] | None = None) -> Ask:
        """Ranking and values, which open the door."""
        return self.ask(Best, cases)

    def ask(self, make: type[Patches], *cases: Cases) -> Ask:
        """One of the three answers in these cases."""
        return lambda subject, draw: [*asked(subject, draw.shuffled(list(together(*cases)(draw))), make)]

    def ask_beside(self, pairs: Iterable[tuple[Cases, Cases]]) -> Ask:
        """Windows, each case beside another that has to be right."""

        both = list(pairs)

        def ask(subject: Any, draw: Draw) -> list[Call]:
            given = [(*one(draw), *other(draw)) for one, other in both]
            calls, twins = (asked(subject, [two[i] for two in given], Place) for i in (0, 1))
            return beside(calls, twins)

        return ask


PATCHES = PatchesExam(
    "top_patches",
    fields.patches,
    PATCH_MISTAKES,
    SENTENCES,
    squares,
    through=partial(OnModel, names=["model", "layer", "channel", "images", "k"]),
    features=features,
)


_criterion, _place = PATCHES.criterion, partial(PATCHES.ask, Place)
top_patches = PATCHES.exam(
    _criterion(
        "ranking", "the k best images, best first, one window each", 1.5, PATCHES.ask(Ranking, squares, several)
    ),
    _criterion("values", "the largest value of the channel", 1.0, PATCHES.ask(Largest, squares, below_zero, later)),
    _criterion("windows", "the window behind one convolution", 1.0, _place(*PLAIN)),
    _criterion("strides", "with strides", 0.5, _place(*STRIDES)),
    _criterion("padding", "with padding, clipped to the image", 0.5, _place(*PADDED)),
    _criterion("pooling", "behind max pooling", 0.5, _place(*POOLED)),
    _criterion("dilation", "with dilation", 0.5, _place(*DILATED)),
    _criterion(
        "pairs",
        "kernels, steps and images that are not square",
        0.5,
        PATCHES.ask_beside(zip(PAIRS, WHOLE, strict=True)),
    ),
    _criterion("layers", "behind several layers", 0.5, _place(*DEEP), PATCHES.ask_beside(MIXED)),
    _criterion(
        "eval",
        "the model is asked in eval mode",
        0.5,
        PATCHES.ask(Largest, in_mode(True, RANDOM), in_mode(False, RANDOM)),
        tells="eval-missing",
    ),
    PATCHES.left(
        1.0,
        in_mode(True, FIXED, hooked=["0"]),
        in_mode(True, FIXED, gradients=True),
        in_mode(False, FIXED, frozen=["0.weight"], hooked=["1", "2"]),
        title="model and images are left as they were",
    ),
)
