"""The exams of `KERNELS` and `apply_kernel`, and the mistakes people make when they apply a kernel to a picture."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F

from autograder.exam.calls import Call, Exact
from autograder.exam.cases import Case, Cases
from autograder.exam.compare import agree, shown
from autograder.exam.convolution.sentences import SENTENCES
from autograder.exam.core import Check, Criterion, Evidence, Exam, Unnamed, Wrong
from autograder.exam.draw import Draw
from autograder.exam.functions import FunctionExam, asked, beside
from autograder.exam.mistakes import (
    IN_PLACE,
    care_mistakes,
    misconception,
    unfit,
    with_arguments,
    with_changes,
    with_result,
)
from autograder.exam.subject import Subject

T = torch.Tensor
Pads = tuple[int, int, int, int]  # left, right, top, bottom

TABLE = {
    "identity": torch.tensor([[0.0, 0, 0], [0, 1, 0], [0, 0, 0]]),
    "edge1": torch.tensor([[1.0, 0, -1], [0, 0, 0], [-1, 0, 1]]),
    "edge2": torch.tensor([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]]),
    "edge3": torch.tensor([[-1.0, -1, -1], [-1, 8, -1], [-1, -1, -1]]),
    "sharpen": torch.tensor([[0.0, -1, 0], [-1, 5, -1], [0, -1, 0]]),
    "box_blur": torch.full((3, 3), 1 / 9),
    "gaussian_blur": torch.tensor([[1.0, 2, 1], [2, 4, 2], [1, 2, 1]]) / 16,
    "sobel_x": torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]]),
    "sobel_y": torch.tensor([[1.0, 2, 1], [0, 0, 0], [-1, -2, -1]]),
}

EDGES = "edge1", "edge2", "edge3"
BLURS = "identity", "sharpen", "box_blur", "gaussian_blur"
SOBEL = "sobel_x", "sobel_y"

# (kernel, what is written in its place, the mistake)
WRITTEN_WRONGLY = [
    ("identity", torch.eye(3), "identity-ones"),
    ("identity", torch.ones(3, 3), "identity-ones"),
    *((name, -TABLE[name], "edge-sign") for name in EDGES),
    ("sharpen", -TABLE["edge2"], "sharpen-without-image"),
    ("sharpen", TABLE["edge3"], "sharpen-without-image"),
    ("box_blur", torch.ones(3, 3), "blur-not-divided"),
    ("gaussian_blur", 16 * TABLE["gaussian_blur"], "blur-not-divided"),
    ("sobel_x", TABLE["sobel_y"], "sobel-swapped"),
    ("sobel_y", TABLE["sobel_x"], "sobel-swapped"),
    ("sobel_x", -TABLE["sobel_x"], "sobel-sign"),
    ("sobel_y", -TABLE["sobel_y"], "sobel-sign"),
]


def written(subject: Subject) -> dict[Any, Any]:
    """What the student wrote, where it is a dict."""
    value = subject.value
    if not isinstance(value, dict):
        raise Unnamed(f"`{subject.name}` should be a dict of tensors.", tells={"result"})
    return value


def holds(value: Any, table: T) -> bool:
    """Does an entry hold these nine values, whatever its dtype and axes? (These have a criterion of their own.)"""
    if not isinstance(value, T) or value.numel() != 9 or value.is_complex():
        return False
    return agree(value.reshape(3, 3).to(torch.float32), table)


def entries(*names: str) -> Check:
    """The named kernels hold the table's values."""

    def check(subject: Subject, draw: Draw) -> None:
        given = written(subject)
        for name in names:
            if name not in given:
                raise Unnamed(f"`{subject.name}` has no entry {name!r}.", tells={"result"})
            if holds(given[name], TABLE[name]):
                continue
            evidence = Evidence(name, shown(TABLE[name]), shown(given[name]))
            for kernel, wrong, mistake in WRITTEN_WRONGLY:
                if kernel == name and holds(given[name], wrong):
                    raise Wrong(mistake, evidence)
            raise Unnamed(f"`{subject.name}[{name!r}]` does not hold the table's values.", evidence, {"result"})

    return check


def form(subject: Subject, draw: Draw) -> None:
    """All nine are float32 of shape (3, 3); counts beside right values only."""
    given = written(subject)
    for name, table in TABLE.items():
        value = given.get(name)
        if not isinstance(value, T):
            raise Unnamed(f"`{subject.name}[{name!r}]` should be a tensor.", tells={"result"})
        evidence = Evidence(name, shown(table), shown(value))
        if value.dtype != torch.float32:
            raise Wrong("kernels-dtype", evidence)
        if value.shape != (3, 3):
            said = f"`{subject.name}[{name!r}]` has the shape {tuple(value.shape)}; it should be (3, 3)."
            raise Unnamed(said, evidence, {"sizes"})
    if sum(holds(given[name], table) for name, table in TABLE.items()) < 2:  # one that stands for all is always right
        raise Unnamed(f"Fewer than two entries of `{subject.name}` hold the table's values.", tells={"result"})


KERNELS = Exam(
    "KERNELS",
    (
        Criterion("edges", "the three edge kernels", 0.5, entries(*EDGES)),
        Criterion("blurs", "identity, sharpen and the two blurs", 0.5, entries(*BLURS)),
        Criterion("sobel", "the two Sobel kernels", 0.5, entries(*SOBEL)),
        Criterion("form", "nine float32 tensors of shape (3, 3)", 0.5, form),
    ),
    sentences=SENTENCES,
)


def padded(pads: Callable[[int, int], Pads], mode: str = "constant") -> Callable[[T, T], T]:
    """A function of image (C, H, W) or (H, W) and kernel that pads by `pads(kh, kw)`."""

    def function(image, kernel):
        planes = image.reshape(-1, 1, *image.shape[-2:])
        out = F.conv2d(F.pad(planes, pads(*kernel.shape), mode), kernel.to(image.dtype)[None, None])
        return out.reshape(*image.shape[:-2], *out.shape[-2:])

    return function


def halves(kh: int, kw: int) -> Pads:
    """Half a kernel on every side."""
    return kw // 2, kw // 2, kh // 2, kh // 2


# What is right: every channel correlated with the kernel, zeros beyond the border.
filtered = padded(halves)


def rolled(image: T, kernel: T) -> T:
    """Circular, however far the kernel reaches."""
    kh, kw = kernel.shape
    taps = [
        kernel.to(image.dtype)[u, v] * torch.roll(image, (kh // 2 - u, kw // 2 - v), (-2, -1))
        for u in range(kh)
        for v in range(kw)
    ]
    return torch.stack(taps).sum(0)


def normalised(of: Callable[[T], T], converted: bool, image: T, kernel: T) -> dict[str, T]:
    """The kernel divided by its sum, or by that of its sizes, before it is converted to the image's type or after."""
    kernel = kernel.to(image.dtype) if converted else kernel
    return {"kernel": kernel / of(kernel).sum()}


MISTAKES = (
    *IN_PLACE,
    misconception("flipped-kernel", with_arguments(filtered, kernel=lambda k: k.flip(0, 1))),
    misconception("transposed-kernel", with_arguments(filtered, kernel=lambda k: k.T)),
    misconception(
        "clamped",
        with_result(filtered, lambda out: out.clamp(0, 1)),
        with_result(filtered, lambda out: out.clamp(min=0)),
        with_result(filtered, torch.Tensor.abs),
    ),
    misconception("valid-size", padded(lambda kh, kw: (0, 0, 0, 0))),
    misconception(
        "channels-mixed",
        with_result(filtered, lambda out: out.sum(0).expand(out.shape) if out.dim() == 3 else out),
        with_result(filtered, lambda out: out.sum(-3)),
    ),
    misconception(
        "kernel-normalised",
        *(with_changes(filtered, partial(normalised, of, first)) for of in (T.sum, T.abs) for first in (True, False)),
    ),
    misconception("wrap-around", rolled),
    misconception("padding-reflect", padded(halves, "reflect"), padded(halves, "replicate")),
    misconception("padding-ones", lambda image, kernel: filtered(image - 1, kernel) + kernel.to(image.dtype).sum()),
    misconception(
        "padding-one-side",
        padded(lambda kh, kw: (kw - 1, 0, kh - 1, 0)),
        padded(lambda kh, kw: (0, kw - 1, 0, kh - 1)),
    ),
    misconception("padding-swapped", padded(lambda kh, kw: (kh // 2, kh // 2, kw // 2, kw // 2))),
    misconception("square-kernel", padded(lambda kh, kw: (kh // 2,) * 4), padded(lambda kh, kw: (kw // 2,) * 4)),
    misconception(
        "plane-refused",
        unfit(filtered, lambda image, **rest: image.dim() == 2),
        lambda image, kernel: filtered(image, kernel).reshape(-1, *image.shape[-2:]),
        raises=True,
    ),
    misconception("kernel-dtype", unfit(filtered, lambda image, kernel: image.dtype != kernel.dtype), raises=True),
    *care_mistakes(filtered),
)

Shapes = tuple[tuple[int, ...], tuple[int, int]]  # of the image, of the kernel
SINGLE: list[Shapes] = [
    ((1, 6, 6), (3, 3)), ((1, 5, 5), (3, 3)), ((1, 7, 7), (5, 5)), ((1, 4, 4), (3, 3)), ((1, 8, 8), (3, 3)),
    ((1, 6, 7), (3, 3)),
]  # fmt: skip
COLOUR: list[Shapes] = [
    ((3, 6, 7), (3, 3)), ((3, 5, 8), (3, 3)), ((2, 7, 5), (5, 5)), ((4, 4, 5), (1, 1)), ((5, 6, 3), (3, 3)),
    ((3, 20, 17), (3, 3)),
]  # fmt: skip
GREY: list[Shapes] = [
    ((6, 7), (3, 3)), ((5, 5), (3, 3)), ((8, 6), (5, 5)), ((4, 7), (1, 1)), ((1, 7), (1, 3)), ((6, 1), (3, 1)),
]  # fmt: skip
UNEQUAL: list[Shapes] = [
    ((1, 6, 7), (1, 3)), ((3, 6, 7), (1, 3)), ((2, 7, 6), (5, 3)), ((3, 6, 8), (3, 5)), ((1, 7, 6), (3, 1)),
    ((1, 6, 6), (7, 1)), ((2, 2, 3), (7, 5)),
]  # fmt: skip
BORDERS: list[Shapes] = [
    ((1, 7, 5), (5, 5)), ((1, 2, 3), (5, 5)), ((1, 2, 3), (7, 7)), ((1, 4, 6), (1, 1)), ((1, 1, 7), (3, 3)),
    ((1, 6, 1), (3, 3)),
]  # fmt: skip


def pictures(shapes: list[Shapes]) -> Cases:
    """Images in 0…1, kernels of order 1 with either sign: results leave 0…1 on both sides."""
    return lambda draw: [Case((draw.uniform(*image), draw.normal(*kernel))) for image, kernel in shapes]


APPLY = FunctionExam("apply_kernel", filtered, MISTAKES, SENTENCES, pictures(SINGLE), ban="convolution")


def either_type(subject: Subject, draw: Draw) -> list[Call]:
    """The image in either type, and a kernel of the other one, which is taken to the image's."""
    calls = APPLY.ask_dtypes(pictures(COLOUR[:1] + SINGLE[:1]))(subject, draw)
    mixed = []
    for image, kernel in (call.case.args for call in calls):
        other = kernel.to(torch.float32 if kernel.dtype == torch.float64 else torch.float64)
        mixed.append(Case((image, other), about="on a kernel of another type"))
    return [*calls, *beside(asked(subject, mixed, Exact), calls)]


apply_kernel = APPLY.exam(
    APPLY.values("border", "zeros beyond the border, nothing cut off", 1.0, pictures(SINGLE + BORDERS)),
    APPLY.values("colour", "every channel of an image by itself", 0.5, pictures(COLOUR)),
    APPLY.values("unequal", "kernels of unequal sides", 1.0, pictures(UNEQUAL)),
    APPLY.values("grey", "an image without a channel axis", 0.5, pictures(GREY)),
    APPLY.criterion("dtypes", "image and kernel of either floating-point type", 0.5, either_type),
    APPLY.criterion(
        "care", "images in any memory layout, nothing changed, gradients", 0.5,
        APPLY.ask_layouts(pictures([SINGLE[5], COLOUR[0]])),
        APPLY.ask_again(pictures([SINGLE[5]])),
        APPLY.ask_gradients(pictures([SINGLE[0], COLOUR[0], GREY[0]])),
        APPLY.ask_gradients(lambda draw: [Case((draw.uniform(1, 5, 6).double(), draw.normal(3, 3)))]),
        intact=True,
    ),
)  # fmt: skip
