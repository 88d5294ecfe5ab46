"""Visible check of `fit`."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from convcourse.checks.core import Check, article, close, numbers

Batch = tuple[torch.Tensor, torch.Tensor]


def batches(classes: int, count: int) -> list[Batch]:
    """So many (images (2, 3, 4, 5), masks (2, 4, 5))."""
    labels = max(classes, 2)
    masks = [(numbers(40 + i, 2, 4, 5).abs() * 10).long() % labels for i in range(count)]
    return [(numbers(30 + i, 2, 3, 4, 5), mask) for i, mask in enumerate(masks)]


def fit(function: Any, small_network: Any) -> None:
    """Check `fit(model, loader, epochs)` → a loss for each epoch. `small_network(classes)` makes what is trained."""
    check = Check("fit")
    with check("a number for each epoch"):
        got = check.ask(function, check.ask(small_network, 3), batches(3, 2), 4)
        row = (isinstance(got, torch.Tensor | np.ndarray) and got.ndim == 1) or isinstance(got, list | tuple)
        if not row or len(got) != 4:
            said = f"{len(got)} of them" if row else article(type(got).__name__)
            check.fail(f"Four epochs must give a list of four losses, and yours gave {said}.")
    for classes, title in (
        (3, "three classes: cross-entropy"),
        (1, "one class: binary cross-entropy, or its sum with Dice"),
    ):
        with check(title):
            model = check.ask(small_network, classes)
            check.ask(model.eval)
            before = _state(check, model)
            given = batches(classes, 1)
            got = torch.as_tensor(check.ask(function, model, given, 1)).reshape(-1)
            after = _state(check, model)
            moved = {name for name in before if not torch.equal(before[name], after[name])}
            if "0.weight" not in moved:
                check.fail("The model's weights have not changed. Are there a `backward` and a `step` on this model?")
            if "1.running_mean" not in moved:
                check.fail("The model was not in train mode, so its batch norm saw no batch. Call `model.train()`.")
            (images, masks), *_ = given
            logits = _logits(before, images)
            if classes > 1:
                expected = F.cross_entropy(logits, masks)
                slips = [
                    (
                        partial(F.cross_entropy, logits.softmax(1), masks),
                        "Yours takes a softmax first, but cross_entropy does that itself.",
                    )
                ]
                check.same(got[0].float(), expected, "the first batch's loss is the cross-entropy", slips)
                continue
            for loss, slip in _one_class_slips(logits[:, 0], masks.float()):
                if close(got[0].float(), loss):
                    check.fail(slip)
    with check("an epoch's number is the mean over its batches"):
        one = check.ask(function, check.ask(small_network, 3), batches(3, 1), 1)[0]
        many = check.ask(function, check.ask(small_network, 3), batches(3, 8), 1)[0]
        if float(many) > 3 * float(one):
            check.fail(f"One batch gives {float(one):.3g}, and eight give {float(many):.3g}. Is yours the sum?")


def _one_class_slips(logits: torch.Tensor, masks: torch.Tensor) -> list[tuple[torch.Tensor, str]]:
    """First losses that people get by a slip, from logits and masks (N, H, W), each with its sentence."""
    shares = logits.sigmoid()
    overlaps = 2 * (shares * masks).sum((1, 2)) / (shares + masks).sum((1, 2))
    return [
        (torch.tensor(0.0), "With one class your loss is 0, because a softmax over one class is always 1."),
        (
            F.binary_cross_entropy_with_logits(shares, masks),
            "With one class you take a sigmoid first, but binary_cross_entropy_with_logits does that itself.",
        ),
        (1 - overlaps.mean(), "With one class your loss is Dice alone, which often does not learn. Add cross-entropy."),
    ]


def _state(check: Check, model: Any) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in check.ask(model.state_dict).items()}


def _logits(state: dict[str, torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    """What the small network answers in train mode."""
    x = F.conv2d(x, state["0.weight"], state["0.bias"])
    return F.batch_norm(x, None, None, state["1.weight"], state["1.bias"], training=True)
