"""Visible checks of `activations`."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from convcourse.checks.core import Slips, numbers
from convcourse.checks.interpretability.models import ModelCheck, filled, found, on_models, with_gradients

T = torch.Tensor


@on_models
def activations(function: Any) -> None:
    """Check `activations(model, layer, images)` on a small convolutional network."""
    check = ModelCheck("activations")
    images = numbers(1, 2, 3, 6, 5)
    conv, norm = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)
    inner = nn.Sequential(conv, nn.ReLU(inplace=True))
    model = filled(nn.Sequential(inner, norm, nn.Dropout(0.5), nn.Flatten(), nn.Linear(48, 3)), 2)
    plain = F.conv2d(images, conv.weight, conv.bias).detach()
    normed = F.batch_norm(plain.relu(), norm.running_mean, norm.running_var, norm.weight, norm.bias).detach()
    with check("the layer's own output"):
        got = check.ask(function, model, norm, images)
        if isinstance(got, list | tuple):
            check.fail("Yours returned a list or a tuple. Return the tensor of the layer's output.")
        logits = model(images).detach()
        slips: Slips = [
            (logits.clone, "Yours is the output of the model."),
            (plain.relu, "Yours is the input of the layer."),
        ]
        check.same(got, normed, "the result is the layer's output", slips)
        if got.grad_fn is not None:
            check.fail("The result must be detached. Use `output.detach()`.")
    with check("before an in-place module"):
        slips = [(plain.relu, "Yours holds what the in-place ReLU behind the layer has made of it. Keep a copy.")]
        got = check.ask(function, model, conv, images)
        check.same(got, plain, "the result is what the layer itself returns", slips)
        check.same(check.ask(function, model, inner, images), plain.relu(), "with a layer that holds others")
    with check("in eval mode, and left as it was"):
        got = check.ask(function, with_gradients(model), norm, images)
        check.same(got, normed, "the model must run in eval mode, also if it comes in train mode")
    with check("a model that raises an error"):
        raising = nn.Linear(5, 2)
        broken = nn.Sequential(conv, nn.ReLU(), nn.Flatten(), raising)
        for layer in (conv, raising):
            try:
                function(broken, layer, images)
            except RuntimeError:
                pass
            except Exception as error:
                check.fail("An error that the model raises must go on to the caller. Yours raised another one.", error)
            else:
                if layer is raising:  # before it, the pass may have been stopped behind the layer
                    check.fail("An error that the model raises must go on to the caller. Yours raised nothing.")
            if any(found(broken)["hooks"]):
                check.fail(
                    "The hook must go where the model raises an error, too. Call `handle.remove()` in a `finally`."
                )
