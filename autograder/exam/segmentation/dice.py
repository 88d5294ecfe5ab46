"""The exam of `DiceLoss` and `dice_loss`, and the mistakes people make in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import torch

from autograder.exam.calls import Call, Refusal, Value
from autograder.exam.cases import Case
from autograder.exam.core import Unnamed
from autograder.exam.draw import Draw
from autograder.exam.features import Features, features_of, holding
from autograder.exam.functions import asked, beside, leaving_out
from autograder.exam.instances import InstanceExam, of_class
from autograder.exam.mistakes import always, care_mistakes, misconception, unfit, with_arguments, with_changes
from autograder.exam.segmentation.sentences import SENTENCES
from autograder.exam.setting import current
from autograder.exam.subject import Missing, Subject

T = torch.Tensor
Loss = Callable[..., T]


def loss_of(rule: Callable[..., T]) -> Loss:
    """A loss of x and target (N, …) by a rule from predictions and targets (N, pixels) and ε, for each image."""

    def loss(x, target, eps=1e-7, reduction="mean", with_logits=True):
        each = rule((x.sigmoid() if with_logits else x).flatten(1), target.flatten(1), eps)
        return {"mean": each.mean(), "sum": each.sum(), "none": each}[reduction]

    return loss


def loss_by(rule: Callable[..., T]) -> Loss:
    """A loss by a rule from the sums a·b, a, b, a², b² (N,) and ε."""
    return loss_of(lambda a, b, eps: rule((a * b).sum(1), a.sum(1), b.sum(1), (a * a).sum(1), (b * b).sum(1), eps))


# 1 − 2·Σab / (Σa + Σb + ε), for each image.
dice = loss_by(lambda ab, a, b, aa, bb, eps: 1 - 2 * ab / (a + b + eps))


def as_one(x: T, target: T, **rest) -> dict[str, T]:
    """A batch as one image."""
    return {"x": x.reshape(1, -1), "target": target.reshape(1, -1)}


def smoothed(eps: float) -> Loss:
    """A number of its own above and below, whatever `eps` is."""
    return loss_by(lambda ab, a, b, aa, bb, _: 1 - (2 * ab + eps) / (a + b + eps))


def of_each_pixel(above: bool, mean: bool) -> Loss:
    """ε for each pixel, below or above too; of fractions the mean, of numerators and denominators the sums."""

    def rule(a: T, b: T, eps: float) -> T:
        over, under = 2 * a * b + eps * above, a + b + eps
        return 1 - ((over / under).mean(1) if mean else over.sum(1) / under.sum(1))

    return loss_of(rule)


def thresholded(x: T, with_logits: bool, **rest) -> dict:
    """Probabilities of 0 and 1."""
    return {"x": ((x > 0) if with_logits else (x > 0.5)).to(x.dtype), "with_logits": False}


MISTAKES = (
    misconception("dice-factor", loss_by(lambda ab, a, b, aa, bb, eps: 1 - ab / (a + b + eps))),
    misconception("dice-is-score", loss_by(lambda ab, a, b, aa, bb, eps: 2 * ab / (a + b + eps))),
    misconception(
        "dice-is-iou",
        loss_by(lambda ab, a, b, aa, bb, eps: 1 - ab / (a + b - ab + eps)),
        loss_by(lambda ab, a, b, aa, bb, eps: 1 - (ab + eps) / (a + b - ab + eps)),
    ),
    misconception(
        "dice-over-batch",
        with_changes(dice, as_one),
        with_changes(dice, lambda **given: as_one(**given) | {"reduction": "mean"}),  # always one number
    ),
    misconception(
        "dice-smoothed",
        loss_by(lambda ab, a, b, aa, bb, eps: 1 - (2 * ab + eps) / (a + b + eps)),
        loss_by(lambda ab, a, b, aa, bb, eps: 1 - 2 * (ab + eps) / (a + b + eps)),
        *map(smoothed, (1.0, 1e-5, 1e-6, 1e-7, 1e-8)),
    ),
    misconception("dice-eps-per-pixel", of_each_pixel(True, mean=False), of_each_pixel(False, mean=False)),
    misconception("dice-per-pixel", of_each_pixel(True, mean=True), of_each_pixel(False, mean=True)),
    misconception("dice-squares", loss_by(lambda ab, a, b, aa, bb, eps: 1 - 2 * ab / (aa + bb + eps))),
    misconception("dice-no-sigmoid", with_arguments(dice, with_logits=always(False))),
    misconception("dice-sigmoid-always", with_arguments(dice, with_logits=always(True))),
    misconception("dice-thresholded", with_changes(dice, thresholded)),
    misconception("dice-planes", unfit(dice, lambda x, **rest: x.dim() == 3), raises=True),
    misconception(
        "dice-reduction",
        with_arguments(dice, reduction=always("mean")),
        with_arguments(dice, reduction=lambda word: word if word == "none" else "mean"),
        with_arguments(dice, reduction=lambda word: word if word == "sum" else "mean"),
        with_arguments(dice, reduction=lambda word: "mean" if word == "none" else word),
    ),
    misconception(
        "dice-eps-ignored",
        *(with_arguments(dice, eps=always(eps)) for eps in (0.0, 1e-8, 1e-7, 1e-6, 1e-5, 1.0)),
        loss_by(lambda ab, a, b, aa, bb, eps: 1 - 2 * ab / (a + b) + eps),
        with_arguments(dice, eps=lambda eps: 2 * eps),
    ),
    *care_mistakes(dice),
)  # fmt: skip

IMAGES = [(1, 1, 4, 5), (1, 1, 6, 6), (1, 1, 3, 7), (1, 1, 5, 5), (1, 1, 2, 9), (1, 1, 8, 4)]
BATCHES = [(2, 1, 4, 5), (3, 1, 6, 6), (1, 5, 4), (3, 4, 5), (2, 6, 6)]


def case(draw: Draw, shape: tuple[int, ...], dtype: torch.dtype = torch.float32, about: str = "", **options) -> Case:
    """A loss made with these options and called with a prediction and a binary target of this shape.

    Where logits are taken for probabilities, a sum of about 0 below the fraction would leave no digit of it; no image
    has one.
    """
    sums = torch.zeros(1)
    while not bool((sums.abs() > 1).all()):
        x, target = draw.normal(*shape, dtype=dtype), (draw.normal(*shape) > 0).to(dtype)
        sums = (2 * x + target).flatten(1).sum(1)
    args = (x.sigmoid() if options.get("with_logits") is False else 2 * x), target
    said = " and ".join(f"{name}={value!r}" for name, value in options.items())
    return Case(args, options, about or (f"with {said}" if said else ""))


BY_POSITION = "with its options by position"


def features(reference: Loss, given: Case) -> Features:
    """The plain features of a call of the loss."""
    x, target = given.args
    facts = {
        "batch": len(x) > 1,
        "plane": x.dim() == 3,
        "empty masks": len(target.unique()) == 1,
        "large logits": (x.abs() > 100).any(),
        "by position": given.about == BY_POSITION,
    }
    return features_of(reference, given) - {"channels", "batch", "image not square"} | holding(facts)


def images(draw: Draw) -> Iterator[Case]:
    """One image, by a loss that is made without options."""
    return (case(draw, shape) for shape in IMAGES)


def batches(draw: Draw) -> Iterator[Case]:
    """Several images, with a channel axis and without."""
    return (case(draw, shape, about="on maps (N, H, W)" if len(shape) == 3 else "") for shape in BATCHES)


def first_image(given: Case) -> Case:
    """The first image of a batch, with a channel axis."""
    return replace(given, args=tuple(t[:1].reshape(1, 1, *t.shape[-2:]) for t in given.args), about="")


def probabilities(draw: Draw) -> Iterator[Case]:
    """Probabilities in place of logits."""
    return (case(draw, shape, with_logits=False) for shape in IMAGES)


def words(draw: Draw) -> Iterator[Case]:
    """Each reduction, of one image and of several."""
    return (case(draw, s, reduction=word) for s in (IMAGES[0], *BATCHES[:2]) for word in ("mean", "sum", "none"))


def other_words(subject: Subject, draw: Draw) -> list[Call]:
    """Other words are refused, when the loss is made or when it is called."""
    given = [case(draw, IMAGES[0], reduction=word) for word in ("average", "batchmean", "")]
    twins = asked(subject, [replace(one, kwargs={"reduction": "mean"}) for one in given], Value)
    return beside(asked(subject, given, partial(Refusal, answering="dice-reduction-word")), twins)


def extremes(draw: Draw) -> Iterator[Case]:
    """Other ε, empty masks, full masks, and logits so large that every sigmoid is 0 or 1."""
    for eps in (1.0, 5.0, 0.25, 1e-7):
        yield case(draw, (1, 1, 3, 4), torch.float64, eps=eps)
    empty, full, one = torch.zeros(1, 1, 4, 4), torch.ones(1, 1, 4, 4), torch.zeros(1, 1, 4, 4, dtype=torch.float64)
    one[..., 2, 1] = 1  # one pixel: here the default ε can be seen
    for args in (empty, empty), (full, empty), (empty, full), (full, full), (one, one):
        yield Case(args, {"with_logits": False}, "on empty and full masks")
    far = 1000 * torch.sign(draw.away_from_zero(1, 1, 4, 4))
    for target in (far > 0, far < 0):
        yield Case((far, target.float()), {}, "on very large logits")
    yield Case((0 * empty - 1000, empty), {}, "on an empty mask")


def as_function(subject: Subject, draw: Draw) -> list[Call]:
    """`dice_loss(logits, target)` is the default loss; it keeps the dtype, and learns."""
    function = current.get().beside(of_class(subject), "dice_loss")
    if isinstance(function, Missing):
        raise Unnamed("`dice_loss` is not defined beside `DiceLoss`.")
    function.name = "dice_loss"
    given = list(images(draw))
    calls: list[Call] = [*asked(function, given, Value)]
    for ask in (DICE.ask_dtypes(lambda draw: given), DICE.ask_first_gradient(lambda draw: given)):
        calls += beside(ask(function, draw), ask(subject, draw))  # what the class lacks costs it already
    return calls


DICE = InstanceExam("DiceLoss", dice, MISTAKES, SENTENCES, images, title="DiceLoss and dice_loss", features=features)
FULL = Case(
    (torch.linspace(0.1, 0.9, 12).reshape(2, 1, 2, 3), torch.tensor([0.0, 1, 1, 0, 1, 0] * 2).reshape(2, 1, 2, 3)),
    {"eps": 1.0, "reduction": "sum", "with_logits": False},
    BY_POSITION,
)
DiceLoss = DICE.exam(
    DICE.criterion("values", "the formula on one image, from logits", 0.5, DICE.ask_values(images), DICE.again(images)),
    DICE.values(
        "batch", "each image of a batch by itself, with a channel axis or without", 0.5, batches, plain=first_image,
    ),
    DICE.criterion(
        "probabilities", "probabilities with with_logits=False, options also by position", 0.5,
        DICE.ask_values(probabilities), DICE.by_position(FULL, order=("eps", "reduction", "with_logits")),
        about={"with_logits"},
    ),
    DICE.criterion(
        "reduction", "mean, sum or none; other words are refused", 0.5,
        DICE.ask_values(words, plain=leaving_out("reduction")), other_words, about={"reduction"},
    ),
    DICE.values("extremes", "ε in the denominator, empty and full masks, very large logits", 0.5, extremes),
    DICE.criterion("gradients", "gradients to the prediction", 0.5, DICE.ask_first_gradient(images)),
    DICE.criterion(
        "dtypes", "float32 and float64, in any memory layout, none of them changed", 0.5,
        DICE.ask_dtypes(images), DICE.ask_layouts(images), intact=True,
    ),
    DICE.criterion("function", "dice_loss is the default loss", 0.5, as_function, called="dice_loss"),
)  # fmt: skip
