"""The mistakes of every function of a model: it is asked in another mode, or not left as it was."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import nn

from autograder.exam.interpretability.models import T, built
from autograder.exam.mistakes import Function, Misconception, misconception, with_all_arguments
from autograder.objects.recipes import Recipe


def mode_mistakes(*references: Function) -> Misconception:
    """The model is asked in the mode that it comes in, or in train mode. references: in whatever way it is asked."""

    def with_eval(put: Callable[[nn.Module], Any]) -> Callable[..., Any]:
        def rule(function: Function, model: Recipe | nn.Module, **given: Any) -> Any:
            model = built(model)
            model.eval = partial(put, model)  # type: ignore[method-assign]
            try:
                return function(model=model, **given)
            finally:
                del model.eval

        return rule

    rules = with_eval(lambda model: model), with_eval(lambda model: model.train())
    mutants = [with_all_arguments(reference, rule) for reference in references for rule in rules]
    return misconception("eval-missing", *mutants)


def left_mistake(id: str, reference: Function, *changes: Callable[[nn.Module, T], Any]) -> Misconception:
    """The model, or the image, is not left as it was."""

    def after(change: Callable[[nn.Module, T], Any]) -> Function:
        def rule(function: Function, model: Recipe | nn.Module, **given: Any) -> Any:
            try:
                return function(model=model, **given)
            finally:
                if isinstance(model, nn.Module):  # of a recipe nothing is left
                    change(model, next(value for name, value in given.items() if name.startswith("image")))

        return with_all_arguments(reference, rule)

    return misconception(id, *map(after, changes))


def left_mistakes(reference: Function) -> tuple[Misconception, ...]:
    """All ways in which model and image are not left as they were."""
    return tuple(left_mistake(id, reference, *changes) for id, changes in LEFT.items())


def add_gradients(model: nn.Module, image: T) -> None:
    """Each parameter that learns has a gradient."""
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.grad = torch.ones_like(parameter)


def _clear_hooks(model: nn.Module, image: T) -> None:
    for module in model.modules():
        module._forward_hooks.clear()


LEFT: dict[str, tuple[Callable[[nn.Module, T], Any], ...]] = {
    "mode-left": (lambda model, image: model.train(False), lambda model, image: model.train()),
    "gradients-left": (add_gradients,),
    "gradients-cleared": (lambda model, image: model.zero_grad(),),
    "flags-left": (
        lambda model, image: model.requires_grad_(False),
        lambda model, image: model.requires_grad_(True),
    ),
    "hook-left": (lambda model, image: model.register_forward_hook(lambda *given: None),),
    "hooks-removed": (_clear_hooks,),
    "image-left": (lambda model, image: image.requires_grad_(),),
}
