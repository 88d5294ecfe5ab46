"""The visible checks of assignment 06 name the slips that they know, and let nothing through that is plainly wrong."""

from contextlib import nullcontext

import pytest
import torch
import torch.nn.functional as F
from notebooks import reference, source
from torch import nn

from convcourse import checks
from convcourse.checks import core
from convcourse.checks.core import CheckFailed

NAME = "06-segmentation"
resize = F.interpolate


@pytest.fixture(scope="module")
def given():
    """The reference's names, and those of the given cells."""
    scope = {"__name__": "__main__"}
    for cell in source(NAME).cells:
        if cell.cell_type == "code" and not cell.metadata.nbgrader.grade and "needs(" not in cell.source:
            exec(reference(NAME).get(cell.id, cell.source), scope)
    return scope


def bilinear(x, size, align_corners=False, **how):
    return resize(x, size, mode="bilinear", align_corners=align_corners, **how)


def transposed(**changes):
    def conv_transpose2d(x, weight, bias=None, **arguments):
        return F.conv_transpose2d(x, weight, **{"bias": bias, **arguments, **changes})

    return conv_transpose2d


def confusion(pred, target, num_classes):
    table = torch.bincount(num_classes * target.flatten() + pred.flatten(), minlength=num_classes**2)
    return table[: num_classes**2].reshape(num_classes, -1).float()


SLIPS = [
    ("upsample_nearest", lambda x, s: x.repeat(1, 1, *s), "side by side"),
    ("upsample_nearest", lambda x, s: resize(x, scale_factor=s[::-1]), "exchanges the two scales"),
    (
        "upsample_bilinear",
        lambda x, s, align_corners=False: bilinear(x, s, not align_corners),
        "align_corners=True does",
    ),
    ("upsample_bilinear", lambda x, s, align_corners=False: bilinear(x, s), "align_corners=False does"),
    ("upsample_bilinear", lambda x, s, align_corners=False: resize(x, s), "copies one pixel"),
    (
        "upsample_bilinear",
        lambda x, s, align_corners=False: bilinear(x, s, align_corners, antialias=not align_corners),
        "than four",
    ),
    ("conv_transpose2d", lambda x, w, *a, **k: F.conv_transpose2d(x, w.flip(2, 3), *a, **k), "flips the kernel"),
    ("conv_transpose2d", transposed(stride=1), "one pixel apart"),
    ("conv_transpose2d", transposed(bias=None), "adds no bias"),
    ("conv_transpose2d", transposed(padding=0), "0 pixel|shape|padding"),
    ("conv_transpose2d", transposed(output_padding=0), "output_padding"),
    ("iou", lambda p, t, n: (c := confusion(p, t, n)).diag() / c.sum(1), "the target's pixels only"),
    ("iou", lambda p, t, n: (c := confusion(p, t, n)).diag() / c.sum(0), "the predicted pixels only"),
    ("iou", lambda p, t, n: 2 * (c := confusion(p, t, n)).diag() / (c.sum(0) + c.sum(1)), "Dice coefficients"),
    ("boundary_weights", lambda mask, width=1, boost=4.0: mask.float() + 1, "must be"),
]


@pytest.mark.parametrize(("name", "function", "said"), SLIPS)
def test_a_slip_is_named(name, function, said, monkeypatch):
    monkeypatch.setattr(core, "Forbidding", lambda functions: nullcontext())  # the slips above call PyTorch's own
    with pytest.raises(CheckFailed, match=said):
        getattr(checks.segmentation, name)(function)


@pytest.mark.parametrize(
    ("name", "function", "called"),
    [
        ("upsample_nearest", lambda x, s: nn.Upsample(scale_factor=s)(x), "interpolate"),
        ("upsample_bilinear", bilinear, "interpolate"),
        ("conv_transpose2d", F.conv_transpose2d, "conv_transpose2d"),
    ],
)
def test_a_forbidden_call_is_told_before_the_notebook_is_handed_in(name, function, called):
    with pytest.raises(CheckFailed, match=f"It calls PyTorch's `{called}`, which is forbidden"):
        getattr(checks.segmentation, name)(function)


class Dice(nn.Module):
    """A Dice loss with one thing wrong."""

    def __init__(self, wrong, eps=1e-7, reduction="mean", with_logits=True):
        super().__init__()
        self.wrong, self.eps, self.reduction, self.with_logits = wrong, eps, reduction, with_logits

    def forward(self, a, b):
        a = a.sigmoid() if self.with_logits and self.wrong != "no sigmoid" else a
        a = a.round() if self.wrong == "rounded" and self.with_logits and a.requires_grad else a
        a, b = a.flatten(1), b.flatten(1)
        above = 2 * (a * b).sum(1) + (self.eps if self.wrong == "smoothed" else 0)
        score = above / ((a + b).sum(1) + (1e-7 if self.wrong == "eps" else self.eps))
        score = score / 2 if self.wrong == "factor" else score
        losses = score if self.wrong == "score" else 1 - score
        losses = losses.float() if self.wrong == "float32" else losses
        if self.reduction not in ("mean", "sum", "none") and self.wrong != "word":
            raise ValueError
        if self.wrong == "sum" and self.reduction == "sum":
            return losses.mean()
        return losses if self.reduction not in ("mean", "sum") else getattr(losses, self.reduction)()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("score", "1 minus it"),
        ("factor", "factor 2"),
        ("smoothed", "in the numerator"),
        ("eps", "eps=2"),
        ("no sigmoid", "logits"),
        ("rounded", "Do not round"),
        ("word", "must be refused"),
        ("sum", "reduction='sum'"),
        ("float32", "the dtype must be torch.float64"),
    ],
)
def test_a_slip_in_the_dice_loss_is_named(wrong, said):
    with pytest.raises(CheckFailed, match=said):
        checks.segmentation.DiceLoss(lambda **how: Dice(wrong, **how), lambda a, b: Dice("", with_logits=True)(a, b))


def test_a_check_leaves_the_random_numbers_of_the_notebook_alone(given, capsys):
    torch.manual_seed(3)
    before = torch.get_rng_state()
    for name in ("upsample_nearest", "upsample_bilinear", "conv_transpose2d", "iou", "boundary_weights"):
        getattr(checks.segmentation, name)(given[name])
    assert torch.equal(before, torch.get_rng_state())
    assert capsys.readouterr().out.count("✓") > 15
