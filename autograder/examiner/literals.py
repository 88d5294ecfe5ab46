"""Tensors as Python that makes them again, with every number and their layout in memory."""

from __future__ import annotations

import base64
import textwrap
import zlib

import torch

from autograder.wire import codec

LITERAL = 600  # numbers that are written as numbers; of more the bytes are
WIDTH = 112


def tensor_as_text(tensor: torch.Tensor) -> str:
    """A tensor as an expression, with its layout in memory, which needs `torch` and `unpacked` (see `snippets`)."""
    wants = ".requires_grad_()" if tensor.requires_grad else ""
    tensor = tensor.detach()
    if tensor.is_contiguous():
        if (
            tensor.numel() > 1
            and tensor.dtype in (torch.float32, torch.float64)
            and bool((tensor == tensor.flatten()[0]).all())
        ):
            return f"torch.full({tuple(tensor.shape)}, {tensor.flatten()[0].item()!r}, dtype={tensor.dtype}){wants}"
        shape = "" if tensor.dim() == 1 else f".reshape({tuple(tensor.shape)})"
        return f"{_flat(tensor.reshape(-1))}{shape}{wants}"
    reach = 1 + sum((size - 1) * stride for size, stride in zip(tensor.shape, tensor.stride())) if tensor.numel() else 0
    stored = tensor.as_strided((reach,), (1,))
    return f"{_flat(stored)}.as_strided({tuple(tensor.shape)}, {tensor.stride()}){wants}"


def _flat(tensor: torch.Tensor) -> str:
    """A tensor of one axis: its numbers or, where they are many, its bytes."""
    if tensor.numel() > LITERAL or tensor.is_complex():
        packed = base64.b85encode(zlib.compress(codec.raw(tensor), 9)).decode()
        parts = "\n".join(f'    "{packed[at : at + WIDTH - 8]}"' for at in range(0, len(packed), WIDTH - 8))
        return f"unpacked(\n{parts},\n    {tensor.dtype},\n)"
    numbers = tensor.double() if tensor.dtype in (torch.float16, torch.bfloat16) else tensor
    said = ", ".join(str(number) for number in numbers.numpy())
    return f"torch.tensor([{said}], dtype={tensor.dtype})"


def broken(line: str) -> list[str]:
    """A line, broken at the blanks of a long list of numbers; a text stays whole."""
    if len(line) <= WIDTH or "[" not in line or any(mark in line for mark in "\"'#"):
        return [line]
    return textwrap.wrap(line, WIDTH, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)
