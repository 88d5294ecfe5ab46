"""Which of PyTorch's operators a graded function may not call, and how they refuse.

A ban belongs to a *call*: it is set when the examiner calls a graded function and lifted when the call returns,
forward and backward alike. The operators themselves are overridden in PyTorch's dispatcher, so that every name for
them (`F.conv2d`, `nn.Conv2d`, `torch.ops.aten.convolution`, `torch._C._nn…`) meets the same refusal.

This is policy, not confinement: code that destroys the override undoes it. Marks cannot be forged that way (answers are
compared elsewhere), the exercise can be avoided; the examiner reads the source for such attempts and shows them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch.autograd import Variable


class BannedOperator(RuntimeError):
    """A graded function called an operator that its assignment asks to be written by hand."""


@dataclass(frozen=True)
class Rule:
    """Operators that are refused (of `aten`, where no other library is named), and what to say; calls that
    `free(operator, arguments)` knows still pass.

    An operator that this PyTorch lacks is left out (tested). `autograd`: its engine is refused as well, under every
    name (`backward`, `torch.autograd.grad`, `torch.func`), and forward mode with it.
    """

    operators: list[str]
    sentence: str
    free: Callable[[str, tuple], bool] | None = None
    autograd: bool = False


CONVOLUTION = [
    "convolution", "_convolution", "_convolution_mode", "convolution_overrideable", "convolution_backward",
    "convolution_backward_overrideable", "_slow_conv2d_forward", "_slow_conv2d_backward", "slow_conv3d",
    "slow_conv3d_forward", "slow_conv_dilated2d", "slow_conv_dilated3d", "slow_conv_transpose2d",
    "slow_conv_transpose3d", "thnn_conv2d", "mkldnn_convolution", "_conv_depthwise2d", "conv_depthwise3d",
    "_nnpack_spatial_convolution", "conv_tbc", "conv_tbc_backward", "conv1d", "conv2d", "conv3d",
    "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "im2col", "col2im", "to_mkldnn",
    "mkldnn::_convolution_pointwise", "mkldnn::_convolution_pointwise_", "mkldnn::_convolution_transpose_pointwise",
]  # fmt: skip
# Of these, PyTorch's `conv2d` on a CPU and its gradient are made.
STANDING_IN = {
    "conv2d", "convolution", "_convolution", "_convolution_mode", "mkldnn_convolution", "thnn_conv2d",
    "_slow_conv2d_forward", "slow_conv_dilated2d", "convolution_backward", "_slow_conv2d_backward",
}  # fmt: skip
# Operator -> the position of its argument `transposed`.
FLAGGED = {"convolution": 6, "_convolution": 6, "convolution_overrideable": 6, "convolution_backward": 7}
TRANSPOSED = [
    *FLAGGED,
    *[
        "conv_transpose1d",
        "conv_transpose2d",
        "conv_transpose3d",
        "slow_conv_transpose2d",
        "slow_conv_transpose3d",
        "col2im",
        "to_mkldnn",
        "mkldnn::_convolution_transpose_pointwise",
    ],
]
KINDS = ["nearest1d", "nearest2d", "nearest3d", "linear1d", "bilinear2d", "bicubic2d", "trilinear3d"]
EXACT = ["_upsample_nearest_exact1d", "_upsample_nearest_exact2d", "_upsample_nearest_exact3d"]
SMOOTHED = ["_upsample_bilinear2d_aa", "_upsample_bicubic2d_aa", "_upsample_lanczos2d_aa"]
UPSAMPLING = [*(f"upsample_{kind}" for kind in KINDS), *EXACT, *SMOOTHED]


def untransposed(operator: str, arguments: tuple) -> bool:
    """A plain convolution, or autograd at work on one or on `unfold`: its gradients are these operators as well."""
    node = torch._C._current_autograd_node()
    if node is not None and node.name() in ("ConvolutionBackward0", "ConvolutionBackwardBackward0", "Im2ColBackward0"):
        return True
    return operator in FLAGGED and not arguments[FLAGGED[operator]]


BY_HAND = (
    "a library convolution (or `unfold`/`fold`) was called here; write it yourself. "
    "`Tensor.unfold`, `as_strided`, FFT and matrix products are allowed."
)
LISTS = {
    "convolution": Rule(CONVOLUTION, BY_HAND),
    "convolution and autograd": Rule(CONVOLUTION, BY_HAND, autograd=True),
    "transposed": Rule(
        TRANSPOSED,
        "a library transposed convolution (or `fold`) was called here; write it yourself. "
        "`F.conv2d` and its gradient, `F.unfold`, FFT and matrix products are allowed.",
        untransposed,
    ),
    "upsampling": Rule(
        [*UPSAMPLING, *(f"{operator}_backward" for operator in UPSAMPLING)],
        "a library function that resizes (`F.interpolate`, `nn.Upsample`) was called here; write it yourself.",
    ),
}

Key = torch._C.DispatchKey
# An override takes PyTorch's own kernel out of its slot. Kernels that do for every backend stand in the others' too.
ELSEWHERE = {
    "CPU": torch._C.DispatchKeySet(Key.XLA),
    "AutogradCPU": torch._C.DispatchKeySet(Key.AutogradXLA) | torch._C.DispatchKeySet(Key.XLA),
}


def _guard(operator: torch._ops.OpOverload, key: str, rule: Rule) -> Callable:
    name = operator._schema.name.removeprefix("aten::")

    def guarded(*args, **kwargs):
        if rule.free is None or not rule.free(name, args):
            raise BannedOperator(f"{name}: {rule.sentence}")
        if name == "col2im":  # it has a kernel for each backend, so what is needed is written with other operators
            from torch._decomp import decomposition_table

            return decomposition_table[operator](*args, **kwargs)
        return operator.redispatch(ELSEWHERE[key], *args, **kwargs)

    return guarded


def overloads(operator: str) -> list[torch._ops.OpOverload]:
    """An operator's overloads in this PyTorch, [] where it has none."""
    library, _, name = operator.rpartition("::")
    packet = getattr(getattr(torch.ops, library or "aten"), name, None)
    return [] if packet is None else [getattr(packet, overload) for overload in packet.overloads()]


def _overriding(rule: Rule, standing_in: bool) -> list[torch.library.Library]:
    """The overrides of those of a rule's operators that are in `STANDING_IN`, or are not; in force until destroyed."""
    libraries: dict[str, torch.library.Library] = {}
    # Where all calls are refused, the innermost key does: with a gradient wanted or without, they arrive there.
    keys = ELSEWHERE if rule.free else ("CPU",)
    for operator in (one for one in rule.operators if (one in STANDING_IN) == standing_in):
        for overload in overloads(operator):
            if overload.namespace not in libraries:
                libraries[overload.namespace] = torch.library.Library(overload.namespace, "IMPL")
            for key in keys:
                libraries[overload.namespace].impl(overload, _guard(overload, key, rule), key)
    return list(libraries.values())


def _destroy(libraries: list[torch.library.Library]) -> None:
    for library in libraries:
        library._destroy()


class NoEngine:
    """In the place of autograd's engine."""

    def run_backward(self, *args, **kwargs):
        raise BannedOperator(AUTOGRAD)


AUTOGRAD = "autograd: it was asked for a gradient here; write the formulas yourself."
FORWARD_MODE = "_make_dual"


class Ban:
    """The ban in force in this process: at most one list at a time.

    Putting the overrides in place costs about a millisecond, so a list stays until another question asks for
    something else: `switch` is called before every question, and the student's own cells run under `switch(None)`.
    """

    def __init__(self) -> None:
        self.name: str | None = None
        self._others: list[torch.library.Library] = []
        self._lifted: list[torch.library.Library] = []  # what `lifting` takes away
        self._engine = Variable._execution_engine

    def switch(self, name: str | None) -> None:
        """Ban the list `name` (a key of `LISTS`), nothing for None."""
        if name == self.name:
            return
        _destroy(self._others + self._lifted)
        self._others, self._lifted = [], []
        Variable._execution_engine = self._engine
        self.name = name
        if name is None:
            return
        rule = LISTS[name]
        self._others, self._lifted = _overriding(rule, standing_in=False), _overriding(rule, standing_in=True)
        if rule.autograd:
            Variable._execution_engine = NoEngine()  # type: ignore[assignment]
            forward_mode = torch.library.Library("aten", "IMPL")
            for key in ELSEWHERE:
                forward_mode.impl(FORWARD_MODE, NoEngine().run_backward, key)
            self._others.append(forward_mode)

    @contextmanager
    def lifting(self) -> Iterator[None]:
        """Within the block, the few operators that PyTorch's `conv2d` is made of are free. (Lifting the whole list
        takes five times as long, and a layer that is examined with a stand-in does it a hundred times.)"""
        if not self._lifted or self.name is None:
            yield
            return
        _destroy(self._lifted)
        try:
            yield
        finally:
            self._lifted = _overriding(LISTS[self.name], standing_in=True)

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
