"""Chapter 6's live figures compute what PyTorch and the chapter's own code compute."""

import re

import pytest
import torch
import torch.nn.functional as F
from visiting import settle

pytestmark = pytest.mark.browser

CHAPTER = "book/06-segmentation.html"
LOSSES = "book/06-segmentation-loss.html"


@pytest.fixture(scope="module")
def tab(browser, address):
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"{address}/{CHAPTER}")
    settle(page)
    yield page
    context.close()


@pytest.mark.parametrize("stride", [1, 2, 3])
def test_stamps_are_the_transposed_convolution(tab, stride):
    image, kernel = torch.tensor([[1.0, 2], [3, 4]]), torch.tensor([[1.0, 0, 2], [0, 3, 0], [4, 0, 5]])
    wanted = F.conv_transpose2d(image[None, None], kernel[None, None], stride=stride)[0, 0]
    found = tab.evaluate(
        """async ([image, kernel, stride, side]) => {
            const {stamped} = await import('/_static/figures/transposed.mjs');
            return stamped(image, kernel, stride, side);
        }""",
        [image.tolist(), kernel.tolist(), stride, len(wanted)],
    )
    assert torch.equal(torch.tensor(found, dtype=torch.float32), wanted)


def result_size(n: int, depth: int, padding: str) -> int | None:
    """What comes out of a U-Net, or None where a pooling would find an odd side or nothing is left."""
    lost = 4 if padding == "valid" else 0
    sides = [n]
    for _ in range(depth):
        after = sides[-1] - lost
        if after < 2 or after % 2:
            return None
        sides.append(after // 2)
    side = sides[-1] - lost
    for _ in range(depth):
        side = 2 * side - lost
    return side if side > 0 else None


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_sizes_inside_a_unet(tab, padding):
    cases = [(n, depth) for depth in (1, 3, 4) for n in (40, 61, 64, 140, 188, 300, 572)]
    found = tab.evaluate(
        """async ([cases, padding]) => {
            const {walk} = await import('/_static/figures/unet.mjs');
            const results = cases.map(([n, depth]) => walk(n, depth, padding));
            return results.map(({fault, out}) => (fault ? null : out));
        }""",
        [cases, padding],
    )
    assert found == [result_size(n, depth, padding) for n, depth in cases]
    assert padding == "same" or found[cases.index((572, 4))] == 388


def test_what_the_bottom_sees(tab):
    """The receptive field, by following gradients through ones."""
    found = tab.evaluate("async () => [1, 2, 3].map((await import('/_static/figures/unet.mjs')).field)")
    for depth, field in zip((1, 2, 3), found):
        x = torch.ones(1, 1, 256, 256, requires_grad=True)
        y = x
        for level in range(depth + 1):
            for _ in range(2):
                y = F.conv2d(y, torch.ones(1, 1, 3, 3), padding=1)
            y = F.avg_pool2d(y, 2) if level < depth else y
        y[0, 0, y.shape[2] // 2, y.shape[3] // 2].backward()
        rows = (x.grad[0, 0] > 0).any(1).nonzero()
        assert int(rows.max() - rows.min()) + 1 == field


def test_metrics_and_losses(tab):
    state = {"radius": 7, "growth": -2, "shift": 3, "right": 0.8, "wrong": 0.7}
    rows = dict(tab.evaluate("async state => (await import('/_static/figures/scores.mjs')).scores(state).rows", state))
    y, x = torch.meshgrid(torch.arange(40.0) - 19.5, torch.arange(40.0) - 19.5, indexing="ij")
    truth, said = torch.hypot(y, x) < 7, torch.hypot(y, x - 3) < 5
    sure = torch.where(truth == said, 0.8, 0.7)
    p = torch.where(said, sure, 1 - sure)
    both, either = (truth & said).sum(), (truth | said).sum()
    right = torch.where(truth, p, 1 - p)
    weight = torch.where(truth, 10.0, 1.0)
    wanted = {
        "pixel accuracy": (truth == said).float().mean(),
        "IoU of the object": both / either,
        "Dice of the object": 2 * both / (truth.sum() + said.sum()),
        "cross-entropy": -right.log().mean(),
        "weighted, object × 10": -(weight * right.log()).sum() / weight.sum(),
        "focal, γ = 2": -((1 - right) ** 2 * right.log()).mean(),
        "Dice loss": 1 - 2 * p[truth].sum() / (p.sum() + truth.sum()),
    }
    assert rows.keys() == wanted.keys()
    for name, value in wanted.items():
        assert rows[name] == pytest.approx(value.item(), abs=1e-5), name


def shown_bars(figure) -> list[tuple[str, float, float, float]]:
    """Name, number, and the widths of the bar and of its frame, of each row of the figure of metrics and losses."""
    words = figure.locator("svg text").all_text_contents()
    rows = [(name, float(words[i + 1])) for i, name in enumerate(words) if re.match("[A-Za-z]", name)]
    widths = [float(width) for width in figure.locator("svg").last.locator("rect").evaluate_all(WIDTHS_OF)]
    return [(*row, bar, frame) for row, frame, bar in zip(rows, widths[::2], widths[1::2], strict=True)]


WIDTHS_OF = "rects => rects.map(rect => rect.getAttribute('width'))"


def test_more_confidence_in_wrong_pixels_is_a_larger_loss_and_a_longer_bar(browser, address):
    """For a small object too, whose background is right nearly everywhere; and no bar ends at its frame unless it is
    as long as its number says."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(f"{address}/{LOSSES}")
    settle(page)
    figure = page.locator("figure.live-scores")
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
    page.close()


def set_sliders(figure, values: dict[str, float]) -> None:
    for name, value in values.items():
        figure.get_by_role("slider", name=name).fill(str(value))
