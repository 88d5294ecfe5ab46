"""The visible checks of assignment 06 name the slips that they know, and let nothing through that is plainly wrong."""

import pytest
import torch
import torch.nn.functional as F
from notebooks import reference, source
from torch import nn

from convcourse import checks
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
    ("conv_transpose2d", lambda x, w, *a, **k: F.conv_transpose2d(x, w.flip(2, 3), *a, **k), "turned by 180"),
    ("conv_transpose2d", transposed(stride=1), "one pixel apart"),
    ("conv_transpose2d", transposed(bias=None), "adds no bias"),
    ("conv_transpose2d", transposed(padding=0), "0 pixel|shape|padding"),
    ("conv_transpose2d", transposed(output_padding=0), "output_padding"),
    ("iou", lambda p, t, n: (c := confusion(p, t, n)).diag() / c.sum(1), "the target's pixels alone"),
    ("iou", lambda p, t, n: (c := confusion(p, t, n)).diag() / c.sum(0), "the predicted pixels alone"),
    ("iou", lambda p, t, n: 2 * (c := confusion(p, t, n)).diag() / (c.sum(0) + c.sum(1)), "Dice coefficients"),
    ("boundary_weights", lambda mask, width=1, boost=4.0: mask.float() + 1, "must be"),
]


@pytest.mark.parametrize(("name", "function", "said"), SLIPS)
def test_a_slip_is_named(name, function, said):
    with pytest.raises(CheckFailed, match=said):
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
        ("smoothed", "above the fraction bar"),
        ("eps", "eps=2"),
        ("no sigmoid", "logits"),
        ("rounded", "do not round"),
        ("word", "must be refused"),
        ("sum", "reduction='sum'"),
    ],
)
def test_a_slip_in_the_dice_loss_is_named(wrong, said):
    with pytest.raises(CheckFailed, match=said):
        checks.segmentation.DiceLoss(lambda **how: Dice(wrong, **how), lambda a, b: Dice("", with_logits=True)(a, b))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("padding=padding", "padding=1", "388"),
        ("nn.Conv2d(width, width, kernel_size=3, padding=padding)", "nn.Identity()", "572|388|parameters"),
        ("2**level", "2 * (level + 1)", "parameters|must give|raised"),
        ("return self.classify(x)", "return self.classify(x).relu()", "no logit is ever negative"),
        ("return self.classify(x)", "return self.classify(x).softmax(1)", "no logit is ever negative"),
        ("return self.classify(x)", "return self.classify(x).log_softmax(0)", "other images of its batch"),
        ("return self.classify(x)", "return F.dropout(self.classify(x))", "two calls in eval mode differ"),
        ("x = level(torch.cat([skip, x], dim=1))", "x = level(torch.cat([x, x], dim=1))", None),
    ],
)
def test_a_wrong_unet_is_told(given, old, new, said):
    code = reference(NAME)["UNet"]
    assert old in code
    scope = dict(given)
    exec(code.replace(old, new), scope)
    if said is None:  # what the visible checks leave to the hidden tests
        checks.segmentation.UNet(scope["UNet"])
        return
    with pytest.raises(CheckFailed, match=said):
        checks.segmentation.UNet(scope["UNet"])


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("if encoder is not None", "if False", "encoder"),
        ("x = self.blocks[-1](x)", "x = F.max_pool2d(self.blocks[-1](x), 2)", "must give|raised"),
        ("return self.classify(x)", "return self.classify(x).sigmoid()", "no logit is ever negative"),
        (
            "two_convolutions(2 * c, c) for c",
            "two_convolutions(2 * c, c).append(nn.Conv2d(c, c, 1)) for c",
            "parameters",
        ),
    ],
)
def test_a_wrong_vggunet_is_told(given, old, new, said):
    code = reference(NAME)["VGGUNet"]
    assert old in code
    scope = dict(given)
    exec(code.replace(old, new), scope)
    with pytest.raises(CheckFailed, match=said):
        checks.segmentation.VGGUNet(scope["VGGUNet"], scope["vgg13_features"])


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("optimizer.step()", "", "weights are as before"),
        ("model.train()", "model.eval()", "train mode"),
        ("return history", "return history[0]", "list of four losses"),
        ("F.cross_entropy(logits, masks)", "F.cross_entropy(logits.softmax(1), masks)", "takes a softmax first"),
        ("sum(losses) / len(losses)", "sum(losses)", "the sum"),
        ("logits.shape[1] == 1", "False", "your loss is 0|raised"),
    ],
)
def test_a_wrong_fit_is_told(given, old, new, said):
    code = reference(NAME)["fit"]
    assert old in code
    scope = dict(given)
    exec(code.replace(old, new), scope)
    with pytest.raises(CheckFailed, match=said):
        checks.segmentation.fit(scope["fit"], scope["small_network"])


def test_a_check_leaves_the_random_numbers_of_the_notebook_alone(given, capsys):
    torch.manual_seed(3)
    before = torch.get_rng_state()
    for name in ("upsample_nearest", "upsample_bilinear", "conv_transpose2d", "iou", "boundary_weights"):
        getattr(checks.segmentation, name)(given[name])
    assert torch.equal(before, torch.get_rng_state())
    assert capsys.readouterr().out.count("✓") > 15
