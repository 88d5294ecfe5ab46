"""Visible check of `fit`."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from convcourse.checks.core import Check, Slips, article, numbers

Batch = tuple[torch.Tensor, torch.Tensor]


def small_network() -> nn.Sequential:
    """A batch norm and a linear layer, for images (N, 2, 3, 4) of 5 classes."""
    layers = nn.Sequential(nn.Flatten(), nn.BatchNorm1d(24), nn.Linear(24, 5))
    layers[2].load_state_dict({"weight": numbers(70, 5, 24) / 5, "bias": numbers(71, 5) / 5})
    return layers


def batches(count: int) -> list[Batch]:
    """So many (images (6, 2, 3, 4), labels (6,))."""
    labels = [(numbers(50 + i, 6).abs() * 10).long() % 5 for i in range(count)]
    return [(numbers(40 + i, 6, 2, 3, 4), label) for i, label in enumerate(labels)]


def fit(function: Any) -> None:
    """Check `fit(model, loader, epochs)` → a loss for each epoch."""
    check = Check("fit")
    with check("a number for each epoch"):
        got = check.ask(function, small_network(), batches(2), 4)
        row = (isinstance(got, torch.Tensor | np.ndarray) and got.ndim == 1) or isinstance(got, list | tuple)
        if not row or len(got) != 4:
            said = f"{len(got)} of them" if row else article(type(got).__name__)
            check.fail(f"Four epochs must give a list of four losses, and yours gave {said}.")
    with check("cross-entropy, in train mode, and every parameter is trained"):
        model, ((images, labels), *_) = small_network().eval(), batches(1)
        before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        with torch.no_grad():
            logits = model.train()(images)
        model.load_state_dict(before)
        model.eval()
        got = torch.as_tensor(check.ask(function, model, [(images, labels)], 1)).reshape(-1)
        slips: Slips = [
            (
                lambda: F.cross_entropy(logits.softmax(1), labels),
                "Yours takes a softmax first, but cross_entropy does that itself.",
            )
        ]
        if torch.equal(model.state_dict()["1.running_mean"], before["1.running_mean"]):
            check.fail("The model was not in train mode, so its batch norm saw no batch. Call `model.train()`.")
        still = [name for name, _ in model.named_parameters() if torch.equal(model.state_dict()[name], before[name])]
        if still:
            check.fail(f"{', '.join(still)} of the model did not change. Is there a `backward`, and a `step` on all?")
        check.same(
            got[0].float(), F.cross_entropy(logits, labels), "the first batch's loss is the cross-entropy", slips
        )
    with check("every batch is read once in each epoch, and an epoch's number is a mean"):
        counted = Counted(batches(8))
        many = check.ask(function, small_network(), counted, 3)[0]
        if counted.served != 24:
            check.fail(f"Three epochs of 8 batches are 24 batches, and yours has read {counted.served}.")
        one = check.ask(function, small_network(), batches(1), 1)[0]
        if float(many) > 3 * float(one):
            check.fail(f"One batch gives {float(one):.3g}, and eight give {float(many):.3g}. Is yours the sum?")


class Counted(list):
    """A list of batches, which counts those that are read."""

    served = 0

    def __iter__(self) -> Any:
        for batch in super().__iter__():
            self.served += 1
            yield batch
