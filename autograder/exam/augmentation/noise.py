"""The exam of `gaussian_noise`, by its distribution. Right work fails less than once in 10⁹."""

from __future__ import annotations

import math
from typing import Any

import torch

from autograder.exam.augmentation.images import T
from autograder.exam.augmentation.sentences import SENTENCES
from autograder.exam.compare import kind, shown
from autograder.exam.core import Criterion, Evidence, Exam, Unnamed, Wrong, once
from autograder.exam.draw import Draw, in_layout
from autograder.exam.setting import current
from autograder.exam.statistics import FAR, is_normal
from autograder.exam.subject import Subject
from autograder.objects.recipes import Recipe

SHAPE = (3, 100, 100)
GREY = 0.5  # an image that small noise does not take out of 0…1
FEW = 50  # different numbers in an image: nothing can be said of their distribution
TINY, CALLS = (1, 1, 2), 600  # images, of each of which one number is taken
CUT = 0.12  # of the pixels; with sigma=1 on this image three in ten become 0, and three in ten become 1
SIGMA = 0.08  # 0 and 1 are more than six of these away


def answer(subject: Subject, image: T, sigma: float, generator: Any, *, named: bool = False) -> T:
    """A call's result, where it is a float32 tensor of the image's shape."""
    given = {"sigma": sigma, "generator": generator}
    return checked(subject, subject(image, **given) if named else subject(image, sigma, generator), image)


def checked(subject: Subject, got: Any, image: T) -> T:
    """A result, where it is a float32 tensor of the image's shape."""
    if not isinstance(got, T) or not got.is_floating_point():
        raise Unnamed(
            f"`{subject.name}` gave back {kind(got)} where a tensor of float32 is expected.", tells={"result"}
        )
    if got.shape != image.shape:
        said = f"`{subject.name}` gave back a tensor of shape {tuple(got.shape)}, which is not the image's shape."
        raise Unnamed(said, tells={"result"})
    return got.float()


def noise(subject: Subject, seed: int, sigma: float = SIGMA, shape: tuple[int, ...] = SHAPE, level: float = GREY) -> T:
    """What is added to a grey image, over sigma, from a generator with this seed."""
    grey = torch.full(shape, level)
    return (answer(subject, grey, sigma, Recipe("generator", seed)) - grey) / sigma


def seeds(draw: Draw, count: int) -> list[int]:
    """Different seeds."""
    return draw.shuffled(range(10_000))[:count]


def is_random(subject: Subject, draw: Draw) -> None:
    """The door: something is added, and it does not follow from the image alone."""

    def find() -> bool:
        one, two = (noise(subject, seed) for seed in seeds(draw, 2))
        if not bool(one.isfinite().all()) or float(one.abs().max()) < 1e-3:
            raise Wrong("noise-missing", Evidence(f"sigma={SIGMA}", "noise", "none"))
        if torch.equal(one, two) and not torch.allclose(one, noise(subject, 1, level=0.55), atol=1e-4):
            raise Unnamed(
                f"The noise of `{subject.name}` follows from the image, and not from the generator.", tells={"result"}
            )
        return True

    once(draw, find)


def strength(subject: Subject, draw: Draw) -> None:
    """Normal, with mean 0 and standard deviation sigma."""
    is_random(subject, draw)
    for sigma, level, shape in ((0.04, GREY, SHAPE), (0.02, 0.4, (1, 160, 170))):
        drawn = noise(subject, seeds(draw, 1)[0], sigma, shape, level).double().flatten()
        if len(drawn.unique()) < len(drawn) / 2:  # that numbers repeat costs another criterion
            drawn = drawn.unique() if len(drawn.unique()) >= FEW else one_of_each_call(subject, draw, sigma, level)
        evidence = Evidence(f"sigma={sigma}", "mean 0, standard deviation 1", f"{drawn.mean():.4f}, {drawn.std():.4f}")
        mean, spread, bound = float(drawn.mean()), float(drawn.std()), FAR / math.sqrt(len(drawn))
        if abs(spread - 1) > bound:
            raise Wrong(strength_mistake(spread, bound, sigma, level), evidence)
        if abs(mean) > bound:
            raise Wrong("noise-mean", evidence)
        if not is_normal(drawn):
            raise Wrong("noise-not-normal", evidence)


def one_of_each_call(subject: Subject, draw: Draw, sigma: float, level: float) -> T:
    """The first number of each of many calls, over sigma."""
    grey, told = torch.full(TINY, level), []
    for seed in seeds(draw, 5):
        given = [grey, sigma, Recipe("generator", seed)]
        told += results(subject, current.get().build(Recipe("caller"))(subject, given, seed, CALLS), grey)
    drawn = torch.stack([(got - level)[0, 0, 0] / sigma for got in told]).double()
    if len(drawn.unique()) < FEW:
        raise Wrong("noise-repeated", Evidence(f"sigma={sigma}", "a number for each pixel", "a few in all calls"))
    return drawn


def results(subject: Subject, told: Any, image: T) -> list[T]:
    """What so many calls gave, where each is a float32 tensor of the image's shape."""
    if not isinstance(told, list) or len(told) != CALLS:
        raise Unnamed(f"`{subject.name}` gave back something that cannot be read.", tells={"result"})
    return [checked(subject, got, image) for got in told]


def strength_mistake(spread: float, bound: float, sigma: float, level: float) -> str:
    """What leads to noise of this standard deviation, over sigma, on a grey image of this level."""
    causes = {"noise-variance": (sigma, 1 / math.sqrt(sigma)), "noise-speckle": (level,)}
    fitting = (id for id, some in causes.items() if any(abs(spread / one - 1) < 2 * bound for one in some))
    return next(fitting, "noise-strength")


def each_pixel(subject: Subject, draw: Draw) -> None:
    """Numbers of different pixels and channels have nothing to do with each other."""
    is_random(subject, draw)
    drawn = noise(subject, seeds(draw, 1)[0])
    if len(drawn.unique()) < FEW:
        raise Wrong("noise-repeated", Evidence("one image", "a number for each pixel", "a few numbers"))
    drawn = (drawn - drawn.mean()) / drawn.std()
    for what, a, b in (
        ("channels", drawn[:1], drawn[1:2]),
        ("channels", drawn[:1], drawn[2:]),
        ("rows", drawn[:, 1:], drawn[:, :-1]),
        ("columns", drawn[..., 1:], drawn[..., :-1]),
        ("rows", drawn[:, 10:], drawn[:, :-10]),
    ):
        together = float((a * b).mean())
        if abs(together) > FAR / math.sqrt(a.numel()):
            evidence = Evidence(f"neighbouring {what}", "a correlation of 0", f"{together:.3f}")
            raise Wrong("noise-channels-alike" if what == "channels" else "noise-repeated", evidence)


def from_generator(subject: Subject, draw: Draw) -> None:
    """The generator decides, moves on, and no other one moves."""
    is_random(subject, draw)
    first, second = seeds(draw, 2)
    one, other = noise(subject, first), noise(subject, second)
    if not torch.equal(one, noise(subject, first)):
        raise Wrong("noise-generator-ignored", Evidence("the same seed twice", "the same noise", "other noise"))
    if torch.equal(one, other):
        raise Wrong("noise-seeded", Evidence("two seeds", "other noise", "the same noise"))
    grey, generator = torch.full(SHAPE, GREY), current.get().build(Recipe("generator", first))
    told = [answer(subject, grey, SIGMA, generator, named=True) for _ in range(2)]
    if torch.equal(*told):
        raise Wrong("noise-generator-stands", Evidence("one generator, twice", "other noise", "the same noise"))
    read = current.get().build(Recipe("state_reader"))
    _, moved = read(subject, [grey, SIGMA], generator)
    if moved is not False:
        raise Wrong("noise-global", Evidence("torch's global generator", "stays where it was", "moved on"))


def clamped(subject: Subject, draw: Draw) -> None:
    """Values stay in 0…1: what would leave it is 0 or 1. Without strength nothing changes; nor does the image."""
    is_random(subject, draw)
    grey = torch.full((1, 40, 40), GREY)
    several = torch.stack([answer(subject, grey, 1.0, Recipe("generator", seed)) for seed in seeds(draw, 24)])
    low, high = float(several.min()), float(several.max())
    if low < 0 or high > 1:
        raise Wrong("noise-unclamped", Evidence("sigma=1", "0…1", f"{low:.3g}…{high:.3g}"))
    cut = max(float((several == end).float().mean()) for end in (0.0, 1.0))
    if cut < CUT:
        raise Wrong(
            "noise-not-cut", Evidence("sigma=1, the share of pixels that are 0 or 1", "0.31 each", f"{cut:.3f}")
        )
    for image in (draw.uniform(3, 8, 9), in_layout("channels-last", draw.uniform(3, 7, 6)), draw.uniform(1, 5, 5)):
        still, noisy = (subject.vjp((image, sigma, Recipe("generator", 1)), {}, None) for sigma in (0, 0.1))
        if not torch.equal(noisy.after[0], image):
            raise Wrong("input-changed", Evidence("sigma=0.1", shown(image), shown(noisy.after[0])))
        if isinstance(noisy.output, T) and noisy.output.dtype != torch.float32:
            said = f"The result of `{subject.name}` is {kind(noisy.output)} where a tensor of float32 is expected."
            raise Unnamed(said, tells={"type", "result"})
        if not isinstance(still.output, T) or not torch.allclose(still.output, image, atol=1e-6):
            raise Unnamed(f"With sigma=0 the result of `{subject.name}` is not the image.", tells={"result"})


gaussian_noise = Exam(
    "gaussian_noise",
    (
        Criterion("strength", "normal noise of standard deviation sigma", 1.0, strength),
        Criterion("pixels", "a new number for each pixel and channel", 0.5, each_pixel),
        Criterion("generator", "from the generator alone, which moves on", 1.0, from_generator),
        Criterion("clamped", "clamped to 0…1, and nothing changed", 0.5, clamped),
    ),
    sentences=SENTENCES,
    ban="augmentation",
)
