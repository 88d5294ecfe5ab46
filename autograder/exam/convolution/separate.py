"""The exam of `separate`, a bonus: a kernel as the product of a column and a row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from autograder.exam.cases import Case
from autograder.exam.compare import fault, kind, shown
from autograder.exam.convolution.kernels import TABLE
from autograder.exam.convolution.sentences import SENTENCES
from autograder.exam.core import Criterion, Exam, Wrong
from autograder.exam.draw import Draw
from autograder.exam.judging import Comparison, judge, must_refuse
from autograder.exam.numbers_seen import is_multiple
from autograder.exam.subject import Raised, Subject
from autograder.objects.operations import Answer

T = torch.Tensor


def product(kernel: T, parts: Any) -> Comparison:
    """Column (kH,) and row (kW,) beside the kernel they should give; the kernel's own shape tells how long they are."""
    if isinstance(parts, Raised):
        raise parts
    case = Case((kernel,))
    if not isinstance(parts, tuple | list) or len(parts) != 2 or not all(isinstance(p, T) for p in parts):
        return Comparison(case, kernel, parts, "should give back a column and a row")
    column, row = parts
    if column.shape != kernel.shape[:1] or row.shape != kernel.shape[1:]:
        return Comparison(case, kernel, parts, "gives a column or a row of another length than the kernel's side")
    try:
        made = column[:, None] * row
    except RuntimeError:
        unlike = f"gives {kind(column)} and {kind(row)}, which PyTorch does not multiply"
        return Comparison(case, kernel, parts, unlike)
    wrong = "gives a column and a row whose product is not the kernel"
    return Comparison(case, kernel, made, wrong if fault(made, kernel) else None)


def separable(draw: Draw) -> list[T]:
    """Kernels of rank 1: the table's, and others of any sides; entries are zero or well away from it."""
    made = [TABLE[name] for name in ("edge1", "box_blur", "gaussian_blur", "sobel_x", "sobel_y", "identity")]
    made += [1000 * TABLE["gaussian_blur"], TABLE["gaussian_blur"] / 1000]  # what is rounding is a matter of scale
    for h, w, dtype in ((3, 5, torch.float32), (4, 2, torch.float64), (1, 3, torch.float32), (3, 1, torch.float32)):
        made.append(draw.away_from_zero(h, 1, dtype=dtype) * draw.away_from_zero(1, w, dtype=dtype))
    return draw.shuffled(made)


def separated(subject: Subject, kernels: Sequence[T]) -> list[Answer | Raised]:
    """What came for each kernel, or was raised."""
    return subject.vjps([((kernel,), {}, None) for kernel in kernels])


def splits(subject: Subject, draw: Draw) -> None:
    """The product of column and row is the kernel."""
    kernels = separable(draw)
    answers = list(zip(kernels, separated(subject, kernels), strict=True))
    compared = [product(kernel, one if isinstance(one, Raised) else one.output) for kernel, one in answers]
    for c, (kernel, one) in zip(compared, answers, strict=True):
        if isinstance(one, Answer) and fault(one.after[0], kernel):
            raise Wrong("input-changed", c.evidence)
    wrong = [c for c in compared if c.fault]
    if wrong and all(is_multiple(c.got, c.expected) for c in wrong):
        raise Wrong("separate-scale", wrong[0].evidence)
    judge(subject.name, compared, ())


def refuses(subject: Subject, draw: Draw) -> None:
    """Kernels of a higher rank are refused; counts beside right values only."""
    splits(subject, draw)
    nearly = draw.away_from_zero(4, 1) * draw.away_from_zero(1, 3)
    nearly[0, 0] *= -1
    kernels = TABLE["edge2"], TABLE["edge3"], TABLE["sharpen"], torch.eye(3), nearly, nearly / 1000
    for kernel, answer in zip(kernels, separated(subject, kernels), strict=True):
        must_refuse(subject.name, shown(kernel), answer, "separate-no-refusal")


bonus = Exam(
    "bonus",
    (
        Criterion("product", "a column and a row whose product is the kernel", 1.5, splits),
        Criterion("refusals", "kernels that cannot be separated are refused", 0.5, refuses),
    ),
    title="bonus: separate",
    sentences=SENTENCES,
    defines="separate",
    bonus=True,
)
