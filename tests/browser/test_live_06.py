"""Chapter 6's live figures of metrics, losses and sizes compute what PyTorch and the chapter's own code compute."""

import random
import re

import pytest
import torch
import torch.nn.functional as F
from _code import segmenting
from drawings import set_sliders
from live_figures import said, shared

pytestmark = pytest.mark.browser


def masks_and_probabilities(state: dict) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Truth and prediction (40, 40), and the log-probabilities (1, 2, 40, 40) of background and object."""
    y, x = torch.meshgrid(torch.arange(40.0) - 19.5, torch.arange(40.0) - 19.5, indexing="ij")
    truth = torch.hypot(y, x) < state["radius"]
    found = torch.hypot(y - state["drop"], x - state["shift"]) < state["radius"] + state["growth"]
    sure = torch.where(truth == found, state["right"], state["wrong"])
    p = torch.where(found, sure, 1 - sure)
    return truth, found, torch.stack([1 - p, p]).log()[None]


def expected(state: dict) -> dict[str, float]:
    """The seven numbers, by PyTorch's losses and the chapter's own."""
    truth, found, logits = masks_and_probabilities(state)
    table = segmenting.confusion(found.long(), truth.long(), classes=2).double()
    iou = segmenting.overlaps(table)[1]
    target = truth.long()[None]
    return {
        "pixel accuracy": table.diag().sum() / table.sum(),
        "IoU of the object": iou,
        "Dice of the object": 2 * iou / (1 + iou),
        "cross-entropy": F.cross_entropy(logits, target),
        "weighted, object × 10": F.cross_entropy(logits, target, weight=torch.tensor([1.0, 10])),
        "focal, γ = 2": segmenting.focal(2)(logits, target),
        "Dice loss": segmenting.dice(logits, target),
    }


def test_metrics_and_losses(importing):
    draw = random.Random(0)
    states = [
        {
            **{"radius": draw.randint(2, 16), "growth": draw.randint(-8, 8)},
            **{"shift": draw.randint(-24, 24), "drop": draw.randint(-24, 24)},
            **{"right": draw.uniform(0.55, 0.99), "wrong": draw.uniform(0.55, 0.99)},
        }
        for _ in range(25)
    ]
    found = importing.evaluate(
        """async states => {
            const {discs, losses, metrics} = await import('/_static/metrics.mjs');
            return states.map(state => {
                const pixels = discs(40, state);
                return [...metrics(pixels), ...losses(pixels, state.right, state.wrong)];
            });
        }""",
        states,
    )
    for state, rows in zip(states, found, strict=True):
        wanted = expected(state)
        assert [name for name, _ in rows] == list(wanted)
        for name, value in rows:
            assert value == pytest.approx(wanted[name].item(), abs=1e-5), (name, state)


def shown_bars(figure) -> list[tuple[str, float, float, float]]:
    """Name, number, and the widths of the bar and of its frame, of each row of the figure of metrics and losses."""
    bars = figure.locator("svg").last
    words = bars.locator("text").all_text_contents()
    rows = [(name, float(words[i + 1])) for i, name in enumerate(words) if re.match("[A-Za-z]", name)]
    widths = [float(width) for width in bars.locator("rect").evaluate_all(WIDTHS_OF)]
    return [(*row, bar, frame) for row, frame, bar in zip(rows, widths[::2], widths[1::2], strict=True)]


WIDTHS_OF = "rects => rects.map(rect => rect.getAttribute('width'))"
START = {"radius": 6, "growth": -1, "shift": 0, "drop": 0, "right": 0.9, "wrong": 0.9}


def check_numbers(figure, **changes) -> None:
    wanted = expected({**START, **changes})
    for name, value, *_ in shown_bars(figure):
        assert value == pytest.approx(wanted[name].item(), abs=6e-4), name


def test_the_prediction_follows_the_hand(opened):
    figure = opened("scores")
    check_numbers(figure)
    image = figure.locator("svg").first
    image.scroll_into_view_if_needed()
    box, mouse = image.bounding_box(), figure.page.mouse
    place = lambda right, down: (box["x"] + 121 + 6 * right, box["y"] + 121 + 6 * down)

    def drag(start, end) -> None:
        mouse.move(*place(*start))
        mouse.down()
        mouse.move(*place(*end), steps=5)
        mouse.up()

    drag((1, 1), (5, -2))
    check_numbers(figure, shift=4, drop=-3)
    drag((4 + 5, -3), (4 + 9, -3))  # its edge
    check_numbers(figure, shift=4, drop=-3, growth=3)
    image.focus()
    figure.page.keyboard.press("ArrowLeft")
    figure.page.keyboard.press("Shift+ArrowDown")
    check_numbers(figure, shift=3, drop=7, growth=3)
    again = opened("scores", shared(figure), width=390)
    check_numbers(again, shift=3, drop=7, growth=3)
    assert said(again) == said(figure)


def test_the_predictions_of_the_still_picture(opened):
    figure = opened("scores")
    for name, changes in {
        "empty": {"growth": -6},
        "narrow": {},
        "shifted": {"growth": 0, "shift": 2},
    }.items():
        figure.get_by_role("button", name=name).click()
        check_numbers(figure, **changes)


def test_more_confidence_in_wrong_pixels_is_a_larger_loss_and_a_longer_bar(opened):
    """For a small object too, whose background is right nearly everywhere; and no bar ends at its frame unless it is
    as long as its number says."""
    figure = opened("scores")
    entropies, ends = [], set()
    for radius, shift in ((6, 24), (16, 24)):
        set_sliders(figure, {"object": radius, "shifted by": shift, "confidence of right pixels": 0.9})
        for wrong in (0.55, 0.75, 0.9, 0.99):
            set_sliders(figure, {"confidence of wrong pixels": wrong})
            bars = shown_bars(figure)
            assert len(bars) == 7
            entropies.append(dict((name, value) for name, value, *_ in bars)["cross-entropy"])
            for group in (bars[:3], bars[3:]):
                (end,) = {round(value * frame / bar) for _, value, bar, frame in group if bar > 5}
                ends.add(end)
                assert all(bar == pytest.approx(frame * value / end, abs=0.1) for _, value, bar, frame in group)
                assert all(value <= end for _, value, *_ in group)
    assert entropies[:4] == sorted(set(entropies[:4])) and entropies[4:] == sorted(set(entropies[4:]))
    assert ends == {1, 2, 5}
