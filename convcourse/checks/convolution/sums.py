"""Visible checks of `conv2d_naive`, `conv2d` and `conv2d_backward`."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
import torch.nn.functional as F

from convcourse.checks.core import Check, in_haste, numbers


def first_steps(check: Check, function: Any) -> None:
    """What holds for `conv2d_naive` and `conv2d` alike."""
    with check("a 1×1 kernel multiplies"):
        x, two = numbers(1, 1, 1, 4, 5), torch.full((1, 1, 1, 1), 2.0)
        rule = "for a 1×1 kernel the result must be the input times that number"
        check.same(check.ask(function, x, two), 2 * x, rule)
    with check("the kernel is not turned"):
        dot = torch.zeros(1, 1, 5, 5)
        dot[0, 0, 2, 2] = 1.0
        kernel = torch.arange(1.0, 10).reshape(1, 1, 3, 3)
        check.same(
            check.ask(function, dot, kernel),
            kernel.flip(2, 3),
            "a single bright pixel must show the kernel turned by 180°",
            [
                (lambda: kernel, "Yours shows it as it is: you turn the kernel, which cross-correlation does not."),
                (lambda: kernel.mT.flip(2, 3), "Yours exchanges the kernel's rows and columns."),
            ],
        )
    with check("height and width are told apart"):
        x, weight = numbers(2, 1, 1, 5, 7), numbers(3, 1, 1, 3, 2)
        check.same(check.ask(function, x, weight), F.conv2d(x, weight), "an image of 5×7 and a kernel of 3×2")
    with check("input channels are summed, output channels and images stay apart"):
        x, weight = numbers(4, 2, 3, 5, 6), numbers(5, 4, 3, 3, 3)
        check.same(
            check.ask(function, x, weight),
            F.conv2d(x, weight),
            "2 images of 3 channels and 4 output channels",
            [
                (lambda: F.conv2d(x, weight) / 3, "Yours is the mean over the input channels; the formula has a sum."),
                (lambda: F.conv2d(x[:, :1], weight[:, :1]), "In yours only the first input channel counts."),
                (lambda: F.conv2d(x[:, -1:], weight[:, -1:]), "In yours only the last input channel counts: `+=`?"),
            ],
        )
    with check("the bias is added once"):
        x, weight, bias = numbers(6, 2, 2, 5, 3), numbers(7, 3, 2, 3, 1), numbers(8, 3)
        check.same(
            check.ask(function, x, weight, bias),
            F.conv2d(x, weight, bias),
            "each output channel adds its own number of `bias`, once",
            [
                (lambda: F.conv2d(x, weight), "Yours adds none."),
                (lambda: F.conv2d(x, weight, 2 * bias), "Yours adds it once for each input channel."),
                (lambda: F.conv2d(x, weight) + bias, "Yours runs along the last axis, the width; channels are axis 1."),
            ],
        )


def care(check: Check, function: Any) -> None:
    """Dtypes, gradients, arguments left alone."""
    with check("float64 stays float64"):
        given = numbers(9, 1, 2, 5, 5, dtype=torch.float64), numbers(10, 2, 2, 3, 3, dtype=torch.float64)
        check.same(check.ask(function, *given), F.conv2d(*given), "a float64 input")
    with check("gradients reach input, weight and bias"):
        shapes = (1, 2, 4, 4), (2, 2, 3, 3), (2,)
        leaves = x, weight, bias = [numbers(11 + i, *shape).requires_grad_() for i, shape in enumerate(shapes)]
        got = check.ask(function, x, weight, bias)
        check.same(got, F.conv2d(x, weight, bias), "tensors that require a gradient")
        if not got.requires_grad:
            check.fail("the result is cut off from autograd; compute with tensors, not with `.data` or `.item()`.")
        weights = torch.linspace(1, 2, got.numel()).reshape(got.shape)
        theirs = check.ask(torch.autograd.grad, (got * weights).sum(), leaves, allow_unused=True)
        ours = torch.autograd.grad((F.conv2d(x, weight, bias) * weights).sum(), leaves)
        for name, their, our in zip(("the input", "the weight", "the bias"), theirs, ours):
            if their is None:
                check.fail(f"no gradient reaches {name}: somewhere it is detached, or turned into plain numbers.")
            check.same(their, our, f"the gradient to {name}")


@in_haste
def conv2d_naive(function: Any) -> None:
    check = Check("conv2d_naive")
    first_steps(check, function)
    care(check, function)


@in_haste
def conv2d(function: Any) -> None:
    check = Check("conv2d")
    first_steps(check, function)
    x, weight, bias = numbers(30, 2, 4, 8, 9), numbers(31, 6, 4, 3, 3), numbers(32, 6)
    settings: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
        ("a stride", {"stride": 2}, {"stride": 1}),
        ("a stride for each axis", {"stride": (2, 1)}, {"stride": (1, 2)}),
        ("padding", {"padding": 1}, {"padding": 0}),
        ("padding for each axis", {"padding": (2, 1)}, {"padding": (1, 2)}),
        ("dilation", {"dilation": (2, 3)}, {"dilation": (3, 2)}),
        ('padding="same"', {"padding": "same"}, {"padding": "valid"}),
        ('padding="valid"', {"padding": "valid"}, {"padding": "same"}),
    ]
    for title, arguments, other in settings:
        with check(title):
            said = ", ".join(f"{key}={value!r}" for key, value in arguments.items())
            slip = ", ".join(f"{key}={value!r}" for key, value in other.items())
            check.same(
                check.ask(function, x, weight, bias, **arguments),
                F.conv2d(x, weight, bias, **arguments),
                said,
                [(partial(F.conv2d, x, weight, bias, **other), f"Yours answers as if it were {slip}.")],
            )
    with check("groups"):
        weight = numbers(33, 6, 2, 3, 2)
        dealt = x[:, [0, 2, 1, 3]]
        check.same(
            check.ask(function, x, weight, groups=2),
            F.conv2d(x, weight, groups=2),
            "2 groups",
            [(lambda: F.conv2d(dealt, weight, groups=2), "Yours deals channels out in turn; a group is a block.")],
        )
        weight = numbers(34, 4, 1, 3, 3)
        check.same(
            check.ask(function, x, weight, groups=4), F.conv2d(x, weight, groups=4), "as many groups as channels"
        )
    care(check, function)
    with check("what cannot be right is refused"):
        check.refuses(function, x, numbers(35, 6, 3, 3, 3), why="a weight for 3 channels on an image of 4")
        check.refuses(function, x, numbers(36, 6, 4, 9, 3), why="a kernel of 9×3 on an image of 8×9")


@in_haste
def conv2d_backward(function: Any) -> None:
    check = Check("conv2d_backward")
    settings: list[tuple[str, tuple[int, ...], dict[str, Any]]] = [
        ("one channel, one image", (1, 1, 4, 5, 1), {}),
        ("channels and images", (2, 3, 5, 6, 2), {}),
        ("padding", (2, 2, 4, 5, 3), {"padding": (1, 2)}),
        ("a stride that leaves pixels over", (1, 2, 6, 8, 2), {"stride": (2, 3)}),
    ]
    for title, shape, arguments in settings:
        with check(title):
            n, c_in, height, width, c_out = shape
            x, weight, bias = numbers(40, n, c_in, height, width), numbers(41, c_out, c_in, 3, 2), torch.zeros(c_out)
            leaves = [t.clone().requires_grad_() for t in (x, weight, bias)]
            out = F.conv2d(leaves[0], leaves[1], leaves[2], **arguments)
            grad_out = numbers(42, *out.shape)
            expected = torch.autograd.grad(out, leaves, grad_out)
            got = check.ask(function, grad_out, x, weight, **arguments)
            if not isinstance(got, tuple | list) or len(got) != 3:
                check.fail(f"it must return (grad_x, grad_weight, grad_bias); yours returned a {type(got).__name__}.")
            for name, theirs, ours in zip(("grad_x", "grad_weight", "grad_bias"), got, expected):
                check.same(theirs, ours, f"`{name}`", _backward_slips(name, ours, n))


def _backward_slips(name: str, expected: torch.Tensor, batch: int) -> list[Any]:
    if name == "grad_weight":
        return [(lambda: expected.flip(2, 3), "Yours is turned by 180°."), _averaged(expected, batch)]
    return [_averaged(expected, batch)] if name == "grad_bias" else []


def _averaged(expected: torch.Tensor, batch: int) -> tuple[Any, str]:
    return (lambda: expected / batch), "Yours is averaged over the batch; gradients of shared weights are sums."
