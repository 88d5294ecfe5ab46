"""A student's exception in the words of feedback: one line, which says nothing of the grader and changes no text."""

import pytest
from torch import nn

from autograder.exam import segmentation
from autograder.exam.errors import first_line
from autograder.exam_tables.examining import Quiet, setting
from autograder.exam_tables.implementations import implementation


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (
            "cannot import name 'x' from 'torch' (/opt/c-1/.venv/lib/python3.11/site-packages/torch/__init__.py)",
            None,
        ),
        ("no `code` here, `or there", "no 'code' here, 'or there"),
        ("first\nsecond", "first"),
        ("1/2 and a/b are no paths", "1/2 and a/b are no paths"),
        ("bound at 0x7f00aa of it.", "bound of it"),
    ],
)
def test_the_first_line_of_an_error(message, said):
    found = first_line(message)
    assert found == said if said else "site-packages" not in found and "__init__.py" in found


def told(part, function):
    with setting(Quiet({})):
        return {o.id: o.finding for o in part.examine(function) if o.finding}


def test_an_error_that_has_nothing_to_do_with_sizes_is_no_mistake_about_them():
    """A network that fails in `__init__` for some depths: none of the text's mistakes explains that."""
    right = implementation("segmentation", "right/by_hand").load().UNet

    class UNet(nn.Module):
        def __init__(self, in_channels, num_classes, base_channels=64, depth=4, padding="valid"):
            super().__init__()
            self.inner = right(in_channels, num_classes, base_channels, depth, {"valid": "valid"}[padding])

        def forward(self, x):
            return self.inner(x)

    found = told(segmentation.UNet, UNet)
    assert "unet-padding-ignored" not in {one.mistake for one in found.values()}
    assert any("KeyError" in one.sentence for one in found.values())


@pytest.mark.parametrize("classes", [(1, 3), (1,)])
def test_an_error_of_a_training_is_told_with_the_channels_that_alone_bring_it(classes):
    right = implementation("segmentation", "right/fit_trainer").load().fit

    def fit(model, loader, epochs):
        pairs = list(loader)
        outputs = model(pairs[0][0]).shape[1]
        if outputs in classes or len(classes) > 1:
            raise LookupError("no such thing")
        return right(model, pairs, epochs)

    sentences = {one.sentence for one in told(segmentation.fit, fit).values() if "no such thing" in one.sentence}
    assert sentences and all(("one output channel" in one) == (len(classes) == 1) for one in sentences)
