"""Which of PyTorch's operators a graded function may not call, and how they refuse.

A ban belongs to a *call*: it is set when the examiner calls a graded function and lifted when the call returns,
forward and backward alike. The operators themselves are overridden in PyTorch's dispatcher, so that every name for
them (`F.conv2d`, `nn.Conv2d`, `torch.ops.aten.convolution`, `torch._C._nn…`) meets the same refusal.

This is policy, not confinement: code that destroys the override undoes it. Marks cannot be forged that way (answers are
compared elsewhere), the exercise can be avoided; the examiner reads the source for such attempts and shows them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


class BannedOperator(RuntimeError):
    """A graded function called an operator that its assignment asks to be written by hand."""


# List name -> (operators of `aten`, what to say). An operator that this PyTorch lacks is left out (tested).
CONVOLUTION = (
    "convolution _convolution _convolution_mode convolution_overrideable convolution_backward "
    "convolution_backward_overrideable _slow_conv2d_forward _slow_conv2d_backward slow_conv3d slow_conv3d_forward "
    "slow_conv_dilated2d slow_conv_dilated3d slow_conv_transpose2d slow_conv_transpose3d thnn_conv2d "
    "mkldnn_convolution _conv_depthwise2d conv_depthwise3d _nnpack_spatial_convolution conv_tbc conv_tbc_backward "
    "conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d im2col col2im"
).split()
LISTS: dict[str, tuple[list[str], str]] = {
    "convolution": (
        CONVOLUTION,
        "a library convolution (or `unfold`/`fold`) was called here; write it yourself. "
        "`Tensor.unfold`, `as_strided`, FFT and matrix products are allowed.",
    ),
}

def _refusal(operator: str, sentence: str):
    def refuse(*args, **kwargs):
        raise BannedOperator(f"{operator}: {sentence}")

    return refuse


def overloads(operator: str) -> list[str]:
    """Full names of an operator's overloads in this PyTorch, [] where it has none."""
    packet = getattr(torch.ops.aten, operator, None)
    if packet is None:
        return []
    return [operator if name == "default" else f"{operator}.{name}" for name in packet.overloads()]


class Ban:
    """The ban in force in this process: at most one list at a time.

    Putting the overrides in place costs about a millisecond, so a list stays until another question asks for
    something else: `switch` is called before every question, and the student's own cells run under `switch(None)`.
    """

    def __init__(self) -> None:
        self.name: str | None = None
        self._library: torch.library.Library | None = None

    def switch(self, name: str | None) -> None:
        """Ban the list `name` (a key of `LISTS`), nothing for None."""
        if name == self.name:
            return
        if self._library is not None:
            self._library._destroy()
            self._library = None
        self.name = name
        if name is None:
            return
        operators, sentence = LISTS[name]
        self._library = torch.library.Library("aten", "IMPL")
        for operator in operators:
            for full in overloads(operator):
                for key in ("CPU", "AutogradCPU"):
                    self._library.impl(full, _refusal(operator, sentence), key)

    @contextmanager
    def during(self, name: str | None) -> Iterator[None]:
        """Ban `name` for a block, then what was banned before."""
        before = self.name
        self.switch(name)
        try:
            yield
        finally:
            self.switch(before)


BAN = Ban()
