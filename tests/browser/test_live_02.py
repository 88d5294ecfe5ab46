"""Chapter 2's live figures compute what PyTorch's poolings compute, and their controls do what they say."""

import random

import pytest
import torch
import torch.nn.functional as F
from bs4 import BeautifulSoup
from drawings import cell_middle, marked, set_sliders, table
from live_figures import drag_by_mouse, said

pytestmark = pytest.mark.browser

POOLED = """async cases => {
    const {largest, mean} = await import('/_static/pool.mjs');
    return cases.map(([image, options]) => {
        const {indices, data} = largest(image, options), means = mean(image, options);
        return {size: [means.height, means.width], largest: [...data], indices, means: [...means.data]};
    });
}"""


def test_the_arithmetic_is_pytorchs(importing):
    """Sizes, values and indices on random settings; small whole numbers, so that there are ties."""
    draw = random.Random(0)
    torch.manual_seed(0)
    cases, wanted = [], []
    while len(cases) < 200:
        size, kernel, stride = [draw.randint(1, 9), draw.randint(1, 9)], draw.randint(1, 4), draw.randint(1, 4)
        padding, dilation, ceil, count = (
            draw.randint(0, kernel // 2),
            draw.randint(1, 2),
            draw.random() < 0.5,
            draw.random() < 0.5,
        )
        if min(size) + 2 * padding < dilation * (kernel - 1) + 1:
            continue
        image = torch.randint(-4, 4, size).double()
        x, windows = image[None, None], (kernel, stride, padding)
        values, indices = F.max_pool2d(x, *windows, dilation, ceil, return_indices=True)
        if not values.isfinite().all():  # a window between two pixels holds none, and PyTorch's index is arbitrary
            continue
        means = F.avg_pool2d(x, *windows, ceil, count)
        options = {
            "kernel": kernel,
            "stride": stride,
            "padding": padding,
            "dilation": dilation,
            "ceil": ceil,
            "count": count,
        }
        cases.append([{"height": size[0], "width": size[1], "data": image.flatten().tolist()}, options])
        wanted.append((values, indices, means))
    for found, (values, indices, means) in zip(importing.evaluate(POOLED, cases), wanted):
        assert found["largest"] == values.flatten().tolist()
        assert found["indices"] == indices.flatten().tolist()
        assert found["size"] == list(means.shape[2:])
        assert torch.allclose(torch.tensor(found["means"], dtype=torch.float64), means.flatten())


def test_the_first_sentence_is_that_of_the_still_picture(opened, html):
    page = BeautifulSoup((html / "book" / "02-pooling.html").read_text(), "html.parser")
    still = BeautifulSoup(
        (html / "book" / page.select_one("figure.live-pooling img")["src"]).read_text(), "html.parser"
    )
    largest, mean = [text.get_text().strip() for text in still.find_all("text")[-2:]]
    figure = opened("pooling")
    assert said(figure) == f"{largest}, index 2·6 + 3 = 15. Mean: {mean}."
    numbers = [text.get_text().strip() for text in still.find_all("text")]
    for drawing in figure.locator("svg").all():
        assert {f"{value:g}" for value in table(drawing).flatten().tolist()} <= set(numbers)


@pytest.mark.parametrize(
    ("kernel", "stride", "padding", "dilation", "ceil"),
    [(2, 2, 0, 1, False), (3, 2, 1, 1, True), (3, 3, 0, 1, True), (2, 1, 1, 3, False), (4, 2, 2, 1, True)],
)
def test_arguments_change_the_outputs_as_in_pytorch(opened, kernel, stride, padding, dilation, ceil):
    figure = opened("pooling")
    x = table(figure.locator("svg").nth(0))[None, None]
    set_sliders(figure, {"kernel": kernel, "stride": stride, "padding": padding, "dilation": dilation})
    if ceil:
        figure.get_by_label("ceil_mode").check()
    figure.get_by_label("count_include_pad").uncheck()
    values, indices = F.max_pool2d(x, kernel, stride, padding, dilation, ceil, return_indices=True)
    assert torch.equal(table(figure.locator("svg").nth(1)), values[0, 0])
    if dilation == 1:
        means = F.avg_pool2d(x, kernel, stride, padding, ceil, count_include_pad=False)[0, 0]
        assert torch.allclose(table(figure.locator("svg").nth(2)), means, atol=0.006)
    figure.locator("svg").nth(1).press("Shift+ArrowDown")
    figure.locator("svg").nth(1).press("Shift+ArrowRight")
    assert f"= {int(indices[0, 0, -1, -1])}." in said(figure)


def test_the_window_follows_the_pointer_and_its_winner_is_marked(opened):
    figure = opened("pooling")
    image = figure.locator("svg").nth(0)
    drag_by_mouse(figure.page, cell_middle(image, 2, 2, 32), cell_middle(image, 0, 5, 32))
    assert said(figure).startswith("max(5, 1, 0, 2) = 5, index 0·6 + 4 = 4.")
    assert marked(image, "b") == [(0, 4)] and marked(image, "a") == [(0, 5), (1, 4), (1, 5)]
