"""Visible check of `receptive_field`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from convcourse.checks.core import Check, article, on_plain_torch, plain

Layers = Sequence[tuple[int, int, int]]


def reached(layers: Layers) -> list[list[int]]:
    """The pixels of a row on which two neighbouring units of the last layer depend, by their gradients."""
    row = torch.zeros(1, 1, 200, dtype=torch.float64, requires_grad=True)
    out = row
    for kernel_size, stride, dilation in layers:
        out = F.conv1d(out, torch.ones(1, 1, kernel_size, dtype=torch.float64), stride=stride, dilation=dilation)
    found = [torch.autograd.grad(out[0, 0, unit], row, retain_graph=True)[0] for unit in (0, 1)]
    return [gradient[0, 0].nonzero()[:, 0].tolist() for gradient in found]


def slips(layers: Layers, size: int, jump: int) -> dict[tuple[int, int], str]:
    """What people give by a slip, each with the sentence that names it. size, jump: what is right."""
    flat = 1 + sum((k - 1) * d for k, _, d in layers)
    backwards = _added(layers[::-1], lambda k, s, d: (k - 1) * d)
    late = _added(layers, lambda k, s, d: (k - 1) * d * s)
    whole = _added(layers, lambda k, s, d: k * d)
    undilated = _added(layers, lambda k, s, d: k - 1)
    own = 1 + sum((k - 1) * d * s for k, s, d in layers)
    exchanged = [(k, d, s) for k, s, d in layers]
    return {
        _added(layers[:1], lambda k, s, d: (k - 1) * d): "Yours stops after the first layer.",
        _added(exchanged, lambda k, s, d: (k - 1) * d): "Yours exchanges stride and dilation. The stride comes first.",
        (own, jump): "Yours multiplies by a layer's own stride in place of the jump before it.",
        (jump, size): "Yours has the jump first. The size comes first.",
        backwards: "Yours reads the layers from the output to the input. The list begins at the input.",
        late: "Yours multiplies the jump by a layer's stride before it adds that layer's kernel.",
        whole: "Yours adds the whole kernel for each layer. One of its pixels is already counted.",
        undilated: "Yours leaves out the dilation.",
        (flat, jump): "In yours the strides do not change the size.",
    }


def _added(layers: Layers, pixels: Callable[[int, int, int], int]) -> tuple[int, int]:
    """What comes out if each layer adds these pixels, in steps of the jump before it."""
    size = jump = 1
    for layer in layers:
        size, jump = size + pixels(*layer) * jump, jump * layer[1]
    return size, jump


@on_plain_torch
def receptive_field(function: Any) -> None:
    """Check `receptive_field(layers)` → (size, jump)."""
    check = Check("receptive_field")
    for title, layers in (
        ("one layer", [(5, 1, 1)]),
        ("two layers", [(3, 1, 1), (5, 1, 1)]),
        ("a stride, and layers after it", [(3, 2, 1), (5, 1, 1), (2, 3, 1)]),
        ("dilations", [(3, 1, 2), (4, 1, 5)]),
        ("strides and dilations together", [(7, 2, 1), (3, 2, 2), (1, 3, 1), (3, 1, 4)]),
    ):
        with check(f"{title}: the same as the gradient of a pixel shows"):
            first, second = reached(layers)
            wanted = first[-1] - first[0] + 1, second[0] - first[0]
            got = _pair(check, check.ask(function, layers), layers)
            if got != wanted:
                named = slips(layers, *wanted).get(got)
                if not named and got[0] == wanted[0]:
                    named = "The jump is the product of all strides."
                said = f"For {layers} gradients show (size, jump) = {wanted}, and yours is {got}."
                check.fail(f"{said} {named}" if named else said)
    with check("no layer at all: a unit is a pixel"):
        got = _pair(check, check.ask(function, []), [])
        if got != (1, 1):
            check.fail(f"For an empty list the result must be (1, 1), and yours is {got}.")


def _pair(check: Check, got: Any, layers: Layers) -> tuple[int, int]:
    """The answer as two ints."""
    if not isinstance(got, tuple | list) or len(got) != 2:
        said = f"a {type(got).__name__} of {len(got)}" if isinstance(got, tuple | list) else article(type(got).__name__)
        hint = " Does it end with `return`?" if got is None else ""
        check.fail(f"It must return two ints (size, jump), and yours returned {said}.{hint}")
    size, jump = map(plain, got)
    if any(isinstance(one, bool) or not isinstance(one, int | np.integer) for one in (size, jump)):
        check.fail(f"For {layers} it must return two ints, and yours returned {tuple(got)!r:.60}.")
    return size, jump
