"""The exams of `KERNELS`, `apply_kernel` and, as a bonus, `separate`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F

from autograder.exam.compare import (
    Case,
    Seen,
    agree,
    compare_values,
    describe,
    fault,
    judge,
    kind,
    must_refuse,
    named,
    shown,
)
from autograder.exam.convolution.functions import mistake
from autograder.exam.convolution.mistakes import IN_PLACE
from autograder.exam.convolution.mistakes_kernels import APPLY
from autograder.exam.core import Criterion, Evidence, Exam, Finding, Wrong
from autograder.exam.draw import LAYOUTS, Draw
from autograder.exam.gradients import ask_with_gradients, questions
from autograder.exam.subject import Raised, Subject

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
SLIPS = [
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
        raise Wrong(Finding(f"`{subject.name}` should be a dict of tensors."))
    return value


def plane(value: Any) -> torch.Tensor | None:
    """Nine entries as a float32 (3, 3), whatever their dtype and axes: these have a criterion of their own."""
    if not isinstance(value, torch.Tensor) or value.numel() != 9 or value.is_complex():
        return None
    return value.reshape(3, 3).to(torch.float32)


def right(value: Any, name: str) -> bool:
    found = plane(value)
    return found is not None and agree(found, TABLE[name])


def entries(*names: str) -> Callable[[Subject, Draw], None]:
    """The named kernels hold the table's values."""

    def check(subject: Subject, draw: Draw) -> None:
        given = written(subject)
        for name in names:
            if name not in given:
                raise Wrong(Finding(f"`{subject.name}` has no entry {name!r}."))
            if right(given[name], name):
                continue
            evidence = Evidence(name, shown(TABLE[name]), shown(given[name]))
            found = plane(given[name])
            for kernel, slip, id in SLIPS:
                if kernel == name and found is not None and agree(found, slip):
                    raise mistake(id, evidence)
            raise Wrong(Finding(f"`{subject.name}[{name!r}]` does not hold the table's values.", None, evidence))

    return check


def form(subject: Subject, draw: Draw) -> None:
    """All nine are float32 of shape (3, 3); counts beside right values only."""
    given = written(subject)
    for name, table in TABLE.items():
        value = given.get(name)
        if not isinstance(value, torch.Tensor):
            raise Wrong(Finding(f"`{subject.name}[{name!r}]` should be a tensor."))
        evidence = Evidence(name, shown(table), shown(value))
        if value.dtype != torch.float32:
            raise mistake("kernels-dtype", evidence)
        if value.shape != (3, 3):
            said = f"`{subject.name}[{name!r}]` has the shape {tuple(value.shape)}; it should be (3, 3)."
            raise Wrong(Finding(said, None, evidence))
    if not any(right(given[name], name) for name in TABLE):
        raise Wrong(Finding(f"None of `{subject.name}` holds the table's values."))


KERNELS = Exam(
    "KERNELS",
    "KERNELS",
    (
        Criterion("edges", "the three edge kernels", 0.5, entries(*EDGES)),
        Criterion("blurs", "identity, sharpen and the two blurs", 0.5, entries(*BLURS)),
        Criterion("sobel", "the two Sobel kernels", 0.5, entries(*SOBEL)),
        Criterion("form", "nine float32 tensors of shape (3, 3)", 0.5, form),
    ),
)


def filtered(image: torch.Tensor, kernel: torch.Tensor) -> torch.Tensor:
    kh, kw = kernel.shape
    planes = image.reshape(-1, 1, *image.shape[-2:])
    return F.conv2d(planes, kernel.to(image.dtype)[None, None], padding=(kh // 2, kw // 2)).reshape(image.shape)


Shapes = tuple[tuple[int, ...], tuple[int, int]]
COLOUR: list[Shapes] = [
    ((3, 6, 7), (3, 3)),
    ((3, 5, 8), (3, 3)),
    ((1, 6, 6), (3, 3)),
    ((2, 7, 5), (5, 5)),
    ((4, 4, 5), (1, 1)),
]
GREY: list[Shapes] = [((6, 7), (3, 3)), ((5, 5), (3, 3)), ((8, 6), (5, 5)), ((4, 7), (1, 1))]
UNEQUAL: list[Shapes] = [
    ((3, 6, 7), (1, 3)),
    ((2, 7, 6), (5, 3)),
    ((3, 6, 8), (3, 5)),
    ((7, 6), (3, 1)),
    ((2, 6, 6), (7, 1)),
]
DTYPES = [(torch.float64, torch.float32), (torch.float32, torch.float64), (torch.float64, torch.float64)]


def pictures(shapes: list[Shapes], draw: Draw) -> list[Case]:
    """Images in 0…1, kernels of order 1 with either sign: results leave 0…1 on both sides."""
    return [Case((draw.uniform(*image), draw.normal(*kernel))) for image, kernel in draw.shuffled(shapes)]


def applies(shapes: list[Shapes]) -> Callable[[Subject, Draw], None]:
    def check(subject: Subject, draw: Draw) -> None:
        compare_values(subject, filtered, pictures(shapes, draw), APPLY)

    return check


def dtypes(subject: Subject, draw: Draw) -> None:
    """The image's dtype counts, whatever the kernel's."""
    chosen = [
        Case(
            (draw.uniform(*image).to(mine), draw.normal(*kernel).to(its)), {}, f"on a {mine} image with a {its} kernel"
        )
        for (mine, its) in DTYPES
        for image, kernel in (COLOUR[0], GREY[0])
    ]
    compare_values(subject, filtered, chosen, APPLY)


def care(subject: Subject, draw: Draw) -> None:
    """Any memory layout, arguments unchanged, and a gradient to image and kernel."""
    dense = pictures(COLOUR[:2], draw)
    compare_values(subject, filtered, dense, APPLY)
    laid = [
        Case((draw.laid_out(layout, (1, 3, 6, 7))[0], draw.normal(3, 3)), {}, f"on a {layout} image")
        for layout in LAYOUTS
    ]
    asked = questions(filtered, laid, draw)
    for seen, question in zip(ask_with_gradients(subject, asked), asked, strict=True):
        evidence = Evidence(describe(seen.case), "as for a contiguous image", str(seen.fault))
        if seen.fault and (found := named([seen], [], [IN_PLACE])):
            raise mistake(found.id, evidence)
        if seen.answer is None or seen.fault:
            raise mistake("contiguous-only", evidence)
        if any(fault(a, b) for a, b in zip(seen.answer.after, seen.case.args, strict=True)):
            raise mistake("input-changed", evidence)
        if any(fault(got, right) for got, right in zip(seen.answer.gradients, question.wanted, strict=True)):
            raise mistake("detached", evidence)


apply_kernel = Exam(
    "apply_kernel",
    "apply_kernel",
    (
        Criterion(
            "colour", "every channel of an image, zeros beyond its border, nothing cut off", 1.5, applies(COLOUR)
        ),
        Criterion("grey", "an image without a channel axis", 0.5, applies(GREY)),
        Criterion("unequal", "kernels of unequal sides", 1.0, applies(UNEQUAL)),
        Criterion("dtypes", "image and kernel of either floating-point type", 0.5, dtypes),
        Criterion("care", "images in any memory layout, nothing changed, gradients", 0.5, care),
    ),
    ban="convolution",
)


def product(kernel: torch.Tensor, parts: Any) -> Seen:
    """Column and row beside the kernel they should give; the kernel's own shape tells how long they must be."""
    if isinstance(parts, Raised):
        raise parts
    case = Case((kernel,))
    if not isinstance(parts, tuple | list) or len(parts) != 2 or not all(isinstance(p, torch.Tensor) for p in parts):
        return Seen(case, kernel, parts, "should give back a column and a row")
    column, row = parts
    if column.shape != kernel.shape[:1] or row.shape != kernel.shape[1:]:
        return Seen(case, kernel, parts, "gives a column or a row of another length than the kernel's side")
    try:
        made = column[:, None] * row
    except RuntimeError:
        return Seen(case, kernel, parts, f"gives {kind(column)} and {kind(row)}, which PyTorch does not multiply")
    return Seen(case, kernel, made, fault(made, kernel) and "gives a column and a row whose product is not the kernel")


def separable(draw: Draw) -> list[torch.Tensor]:
    """Kernels of rank 1: the table's, and others of any sides; entries are zero or well away from it."""
    made = [TABLE[name] for name in ("edge1", "box_blur", "gaussian_blur", "sobel_x", "sobel_y", "identity")]
    made += [1000 * TABLE["gaussian_blur"], TABLE["gaussian_blur"] / 1000]  # what is rounding is a matter of scale
    for h, w, dtype in ((3, 5, torch.float32), (4, 2, torch.float64), (1, 3, torch.float32), (3, 1, torch.float32)):
        made.append(draw.away_from_zero(h, 1, dtype=dtype) * draw.away_from_zero(1, w, dtype=dtype))
    return draw.shuffled(made)


def separated(subject: Subject, kernels: Sequence[torch.Tensor]) -> list[Any]:
    """What came for each kernel, or was raised."""
    answers = subject.vjps([((kernel,), {}, None) for kernel in kernels])
    return [answer if isinstance(answer, Raised) else answer.output for answer in answers]


def products(subject: Subject, kernels: list[torch.Tensor]) -> None:
    seen = [product(kernel, parts) for kernel, parts in zip(kernels, separated(subject, kernels), strict=True)]
    wrong = [s for s in seen if s.fault]
    if wrong and all(multiple(s) for s in wrong):
        raise mistake("separate-scale", Evidence(describe(wrong[0].case), "the kernel", shown(wrong[0].got)))
    judge(subject.name, seen, ())


def multiple(seen: Seen) -> bool:
    """Is the product the kernel times a number other than 1?"""
    if not isinstance(seen.got, torch.Tensor) or seen.got.shape != seen.expected.shape:
        return False
    got, right = seen.got.flatten().double(), seen.expected.flatten().double()
    factor = (got @ right) / (right @ right)
    return bool(factor.abs() > 1e-3) and agree(got.float(), (factor * right).float())


def splits(subject: Subject, draw: Draw) -> None:
    products(subject, separable(draw))


def refuses(subject: Subject, draw: Draw) -> None:
    """Kernels of a higher rank are refused; counts beside right values only."""
    products(subject, separable(draw))
    nearly = draw.away_from_zero(4, 1) * draw.away_from_zero(1, 3)
    nearly[0, 0] *= -1
    kernels = TABLE["edge2"], TABLE["edge3"], TABLE["sharpen"], torch.eye(3), nearly, nearly / 1000
    for kernel, answer in zip(kernels, separated(subject, kernels), strict=True):
        must_refuse(subject.name, shown(kernel), answer, partial(mistake, "separate-no-refusal"))


bonus = Exam(
    "bonus",
    "bonus: separate",
    (
        Criterion("product", "a column and a row whose product is the kernel", 1.5, splits),
        Criterion("refusals", "kernels that cannot be separated are refused", 0.5, refuses),
    ),
    defines="separate",
    bonus=True,
)
