"""The live figures of transposed convolution draw what PyTorch computes, and do what the hand wants."""

import random
import re

import pytest
import torch
import torch.nn.functional as F
from drawings import cell_middle, set_sliders, table
from live_figures import said, shared

pytestmark = pytest.mark.browser


def test_stamps_and_windows_are_the_transposed_convolution(importing):
    draw = random.Random(0)
    torch.manual_seed(0)
    cases, wanted = [], []
    while len(cases) < 40:
        (n, m), (k, j), stride = (
            [draw.randint(1, 4) for _ in "nm"],
            [draw.randint(1, 4) for _ in "kj"],
            draw.randint(1, 3),
        )
        padding, extra = draw.randint(0, 2), draw.randint(0, stride - 1)
        if min((n - 1) * stride + k, (m - 1) * stride + j) + extra <= 2 * padding:
            continue
        image, kernel = torch.randn(n, m, dtype=torch.float64), torch.randn(k, j, dtype=torch.float64)
        cases.append([image.tolist(), kernel.tolist(), {"stride": stride, "padding": padding, "extra": extra}])
        options = {"stride": stride, "padding": padding, "output_padding": extra}
        wanted.append(F.conv_transpose2d(image[None, None], kernel[None, None], **options)[0, 0])
    found = importing.evaluate(
        """async cases => {
            const {kept, rotated, spread, stamped} = await import('/_static/stamps.mjs');
            const {correlate, fromRows} = await import('/_static/conv.mjs');
            const rows = ({width, height, data}) => Array.from({length: height},
                (_, i) => [...data].slice(i * width, (i + 1) * width));
            return cases.map(([image, kernel, options]) => {
                const pixels = fromRows(spread(image, kernel, options).map(row => row.map(pixel => pixel ?? 0)));
                return [stamped(image, kernel, options), rows(correlate(pixels, fromRows(rotated(kernel))))]
                    .map(all => kept(all, image, kernel, options));
            });
        }""",
        cases,
    )
    for results, result in zip(found, wanted, strict=True):
        for values in results:
            assert torch.allclose(torch.tensor(values, dtype=torch.float64), result, atol=1e-12)


@pytest.mark.parametrize(("stride", "padding", "extra"), [(1, 0, 0), (1, 1, 0), (2, 0, 1), (2, 1, 1), (3, 1, 2)])
def test_the_drawn_output_is_the_transposed_convolution(opened, stride, padding, extra):
    figure = opened("transposed")
    figure.get_by_role("button", name="all steps").click()
    image, kernel = table(figure.locator("svg").nth(0)), torch.tensor([[1.0, 0, 2], [0, 3, 0], [4, 0, 5]])
    set_sliders(figure, {"stride": stride, "padding": padding, "output_padding": extra})
    options = {"stride": stride, "padding": padding, "output_padding": extra}
    wanted = F.conv_transpose2d(image[None, None], kernel[None, None], **options)[0, 0]
    assert said(figure).endswith(f"= {len(wanted)}.")
    summed = table(figure.locator("svg").nth(2))
    assert torch.equal(summed[padding:, padding:][: len(wanted), : len(wanted)], wanted)
    figure.get_by_role("button", name="windows").click()
    output = figure.locator("svg").nth(2)
    assert torch.equal(table(output), wanted)
    last = len(wanted) - 1
    figure.page.mouse.click(*cell_middle(output, last, last, 24))
    assert said(figure).startswith(f"Output ({last}, {last}) = ")
    terms, total = re.match(r"[^=]*= (.*?)(?: = (\d+))?\. Side", said(figure)).groups()
    products = [int(a) * int(b) for a, b in re.findall(r"(\d+)·(\d+)", terms)]
    assert sum(products) == int(total or 0) == wanted[-1, -1]


def test_a_touched_pixel_puts_down_its_stamp(opened):
    figure = opened("transposed", width=390, has_touch=True)
    figure.get_by_role("button", name="remove all").tap()
    assert said(figure).startswith("No stamp is down.")
    image, total = figure.locator("svg").nth(0), figure.locator("svg").nth(2)
    figure.page.touchscreen.tap(*cell_middle(image, 1, 0, 30))
    kernel = torch.tensor([[1.0, 0, 2], [0, 3, 0], [4, 0, 5]])
    assert torch.equal(table(total)[2:, :3], 3 * kernel) and table(total).sum() == 3 * kernel.sum()
    image.focus()
    figure.page.keyboard.press("ArrowRight")
    assert said(figure).startswith("Pixel (1, 1) puts down 4 times the kernel, with its corner at (2, 2).")
    assert table(total).sum() == 7 * kernel.sum()
    again = opened("transposed", shared(figure))
    assert said(again) == said(figure)
    assert torch.equal(table(again.locator("svg").nth(2)), table(total))


def test_stamps_go_down_under_a_dragged_mouse(opened):
    figure = opened("transposed")
    figure.get_by_role("button", name="remove all").click()
    box = figure.locator("svg").nth(0).bounding_box()
    mouse, middle = figure.page.mouse, lambda i, j: (box["x"] + 15 + 30 * j, box["y"] + 15 + 30 * i)
    mouse.move(*middle(0, 0))
    mouse.down()
    mouse.move(*middle(0, 1), steps=4)
    mouse.move(*middle(1, 1), steps=4)
    mouse.up()
    assert said(figure).startswith("Pixel (1, 1)")
    assert table(figure.locator("svg").nth(2)).sum() == (1 + 2 + 4) * 15


def test_overlaps_are_a_transposed_convolution_of_ones(opened):
    figure = opened("overlaps")
    line, square = figure.locator("svg").nth(0), figure.locator("svg").nth(1)
    for stride in range(1, 5):
        for k in range(1, 7):
            set_sliders(figure, {"kernel size": k, "stride": stride})
            shown = table(square)
            side, ones = len(shown), torch.ones(1, 1, 30, 30)
            wanted = F.conv_transpose2d(ones, torch.ones(1, 1, k, k), stride=stride)[0, 0, :side, :side]
            assert torch.equal(shown, wanted), (k, stride)
            row = F.conv_transpose1d(ones[:, :, 0], torch.ones(1, 1, k), stride=stride)[0, 0, :side]
            assert torch.equal(table(line)[0], row)
            inside = wanted[6:, 6:]
            rule = "a multiple" if len(inside.unique()) == 1 else "no multiple"
            assert said(figure).startswith(f"Kernel size {k} is {rule} of stride {stride}.")
            named = set(
                map(
                    int,
                    re.findall(r"\d+", re.search(r"dimension and (.*?) in two", said(figure).replace("once", "1"))[1]),
                )
            )
            assert named == set(inside.unique().int().tolist())
            far = F.conv_transpose1d(ones[:, :, 0], torch.ones(1, 1, k), stride=stride)[
                0, 0, 12 : 12 + side
            ]  # 12: a period
            fewer = int((row < far).sum())
            words = re.search(r"first (?:(\d+) positions are|position is)", said(figure))
            assert (int(words[1] or 1) if words else 0) == fewer


def test_a_position_tells_who_writes_to_it(opened):
    figure = opened("overlaps")
    set_sliders(figure, {"kernel size": 5, "stride": 2})
    draw = random.Random(1)
    square = figure.locator("svg").nth(1)
    for _ in range(6):
        row, column = draw.randrange(14), draw.randrange(14)
        figure.page.mouse.click(*cell_middle(square, row, column, 24))
        x = torch.zeros(1, 1, 10, 10, requires_grad=True)
        F.conv_transpose2d(x, torch.ones(1, 1, 5, 5), stride=2)[0, 0, row, column].backward()
        rows, columns = (x.grad[0, 0].sum(axis).nonzero().flatten().tolist() for axis in (1, 0))
        words = re.search(
            r"Position \((\d+), (\d+)\) is written .*rows? (\d+)(?: to (\d+))? and columns? (\d+)(?: to (\d+))?\.",
            said(figure),
        )
        assert words, said(figure)
        r, c, top, bottom, left, right = words.groups()
        assert (int(r), int(c)) == (row, column)
        assert list(range(int(top), int(bottom or top) + 1)) == rows
        assert list(range(int(left), int(right or left) + 1)) == columns
    figure.locator("svg").nth(0).focus()
    figure.page.keyboard.press("ArrowLeft")
    assert f"Position ({row}, {max(column - 1, 0)}) is written" in said(figure)
    assert said(opened("overlaps", shared(figure), width=390)) == said(figure)
