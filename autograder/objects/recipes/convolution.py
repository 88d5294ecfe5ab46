"""What assignment 01's exams have built: PyTorch's `conv2d`, in the place of a student's that is missing or wrong."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from autograder.objects.ban import BAN


class Allowed(torch.autograd.Function):
    """PyTorch's `conv2d`, forward and backward with the ban on it lifted."""

    @staticmethod
    def forward(ctx, function, *tensors):
        with BAN.lifting(), torch.enable_grad():
            ctx.leaves = [t if t is None else t.detach().requires_grad_(t.requires_grad) for t in tensors]
            ctx.output = function(*ctx.leaves)
        return ctx.output.detach()

    @staticmethod
    def backward(ctx, cotangent):
        wanted = [t for t in ctx.leaves if t is not None and t.requires_grad]
        with BAN.lifting():
            found = iter(torch.autograd.grad(ctx.output, wanted, cotangent, allow_unused=True))
        return None, *(next(found) if t is not None and t.requires_grad else None for t in ctx.leaves)


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """`torch.nn.functional.conv2d`, allowed where the operator is banned: it stands in for the student's own."""
    return Allowed.apply(
        lambda x, weight, bias: F.conv2d(x, weight, bias, stride, padding, dilation, groups), x, weight, bias
    )


RECIPES = {"conv2d": conv2d}
