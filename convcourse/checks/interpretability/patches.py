"""Visible checks of `top_patches`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from convcourse.checks.core import capital, numbers, plain
from convcourse.checks.interpretability.models import ModelCheck, filled, on_models, with_gradients

T = torch.Tensor
Window = tuple[int, int, int, int]


@on_models
def top_patches(function: Any) -> None:
    """Check `top_patches(model, layer, channel, images, k)` on small flat models."""
    check = ModelCheck("top_patches")
    images = numbers(1, 5, 1, 20, 23)
    one = nn.Sequential(nn.Conv2d(1, 2, 3))
    pooled = nn.Sequential(
        nn.Conv2d(1, 3, 3, padding=1), nn.ReLU(), nn.MaxPool2d(3, 2, 1), nn.Conv2d(3, 2, 3, padding=1)
    )
    strided = nn.Sequential(
        nn.Conv2d(1, 3, 3, stride=2, padding=1), nn.ReLU(), nn.Conv2d(3, 2, 3, padding=2, dilation=2), nn.MaxPool2d(2)
    )
    pairs = nn.Sequential(nn.Conv2d(1, 2, (3, 5), (2, 1), (1, 0)), nn.ReLU(), nn.MaxPool2d((2, 3)))
    for title, model, place in (
        ("with one 3×3 convolution", one, 0),
        ("with padding, a pooling of stride 2, and a convolution behind it", pooled, 3),
        ("with a stride, and a dilation of 2", strided, 2),
        ("with sizes that differ between the axes", pairs, 2),
    ):
        with check(title):
            filled(model, 3)
            _as_expected(check, check.ask(function, model, model[place], 1, images, 3), model, place, images, title)
    with check("another channel, and k=1"):
        got = check.ask(function, one, one[0], 0, images, 1)
        _as_expected(check, got, one, 0, images, "with channel 0 and k=1", channel=0, k=1)
    conv = filled(nn.Conv2d(1, 2, 3), 3)
    dark = nn.Sequential(conv, nn.RReLU(), nn.ReLU(inplace=True)).eval()
    with torch.no_grad():
        for biases in list(conv.parameters())[1:]:
            biases.fill_(-30)
    with check("before an in-place module"):
        title = "with negative values and an in-place ReLU behind the layer"
        _as_expected(check, check.ask(function, dark, dark[1], 1, images, 3), dark, 1, images, title)
    with check("in eval mode, and left as it was"):
        got = check.ask(function, with_gradients(dark), dark[1], 1, images, 3)
        title = "with a model that comes in train mode and must run in eval mode"
        _as_expected(check, got, dark.eval(), 1, images, title)


def _as_expected(
    check: ModelCheck, got: Any, model: nn.Sequential, place: int, images: T, said: str, channel: int = 1, k: int = 3
) -> None:
    """The list names the right images, with their values, and the windows of the units that have these values."""
    with torch.no_grad():
        out = images
        for module in model[: place + 1]:
            out = module(out)
    values, units = out[:, channel].flatten(1).max(1)
    wanted = values.argsort(descending=True).tolist()
    if not isinstance(got, list | tuple) or len(got) != k:
        check.fail(f"{capital(said)}, it must return a list of k={k} entries.")
    if any(not isinstance(entry, list | tuple) or len(entry) != 3 for entry in got):
        check.fail("An entry must be (image_index, (top, left, bottom, right), value).")
    found = [plain(entry[0]) for entry in got]
    if values.max() < 0 and all(plain(entry[2]) == 0 for entry in got):
        check.fail(f"{capital(said)}, all values of yours are 0, and the layer's own output is below 0 everywhere.")
    if found == wanted[-k:][::-1] and k > 1:
        check.fail(f"{capital(said)}, yours are the images with the smallest values. The largest are asked for.")
    if found != wanted[:k]:
        hint = (
            "The order is wrong, and the best comes first."
            if sorted(found) == sorted(wanted[:k])
            else "Compare the largest value of the channel in each image."
        )
        check.fail(f"{capital(said)}, the images are not those with the largest values, best first. {hint}")
    for index, window, value in got:
        value = plain(value)
        if not isinstance(value, int | float) or abs(value - values[index].item()) > 1e-4:
            check.fail(
                f"{capital(said)}, the value of image {index} must be {values[index].item():.5g}, and yours is "
                f"{value!r:.20}. It is the largest number in the channel's map, in the layer's own output."
            )
        _window(check, window, _seen(model, place, int(units[index]), images, out.shape[3]), images, said)


def _window(check: ModelCheck, got: Any, wanted: Window, images: T, said: str) -> None:
    """A window is what the unit sees."""
    if not isinstance(got, list | tuple) or len(got) != 4 or any(not isinstance(plain(side), int) for side in got):
        check.fail("A window must be four ints, (top, left, bottom, right).")
    window = tuple(plain(side) for side in got)
    if window == wanted:
        return
    top, left, bottom, right = wanted
    for slip, sentence in (
        ((left, top, right, bottom), "Yours is (left, top, right, bottom). Rows come first."),
        ((top, left, bottom - top, right - left), "Yours is (top, left, height, width). Return where it ends."),
        (
            (top, left, bottom - 1, right - 1),
            "Yours ends one pixel too early. `bottom` and `right` are no longer part.",
        ),
    ):
        if window == slip:
            check.fail(f"{capital(said)}, the window is wrong. {sentence}")
    if min(window) < 0 or window[2] > images.shape[2] or window[3] > images.shape[3]:
        check.fail(f"{capital(said)}, the window reaches over the image. Clip it to the image.")
    if window[0] >= window[2] or window[1] >= window[3]:
        check.fail(f"{capital(said)}, the window ends before it begins. It is (top, left, bottom, right).")
    yours, theirs = (f"{w[2] - w[0]} × {w[3] - w[1]}" for w in (window, wanted))
    if yours != theirs:
        check.fail(
            f"{capital(said)}, a window must have {theirs} pixels, and yours has {yours}. Follow the table, layer by "
            "layer."
        )
    check.fail(
        f"{capital(said)}, a window must begin at row {top} and column {left}, "
        f"and yours begins at row {window[0]} and column {window[1]}."
    )


def _seen(model: nn.Sequential, place: int, unit: int, images: T, width: int) -> Window:
    """The pixels that one unit depends on where all weights are 1 and a pooling takes the mean."""
    x = torch.zeros_like(images[:1], dtype=torch.float64).requires_grad_()
    out = x
    for module in model[: place + 1]:
        if isinstance(module, nn.Conv2d):
            ones = torch.ones_like(module.weight, dtype=torch.float64)
            geometry: Sequence[Any] = (module.stride, module.padding, module.dilation)
            out = torch.nn.functional.conv2d(out, ones, None, *geometry)
        elif isinstance(module, nn.MaxPool2d):
            out = torch.nn.functional.avg_pool2d(out, module.kernel_size, module.stride, module.padding)
    (pixels,) = torch.autograd.grad(out[0, 1].flatten()[unit], x)
    rows, columns = (pixels[0, 0].sum(axis).nonzero().flatten() for axis in (1, 0))
    return int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1
