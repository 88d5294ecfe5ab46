"""Autograd, refused where a graph is *built*, in every thread, so that it matters little who would walk it and how.

PyTorch's anomaly mode asks Python for the stack whenever a node of a graph is made: there we refuse. It is one switch
for the whole process. In the same mode the engine looks at each gradient for NaN, by an operator that nothing else
uses: refusing that stops whoever walks a graph that was built before.
"""

from __future__ import annotations

import torch
import torch.fx.traceback
from torch.autograd import Variable

from autograder.objects.overrides import ELSEWHERE
from autograder.objects.rule import BannedOperator

SENTENCE = "autograd: it was asked for a gradient here; write the formulas yourself."
FORWARD_MODE, LOOKED_AT, BACKWARD = "_make_dual", "_is_any_true", "_backward"
# Gradients of indexing, which no convolution's graph is without; what walks a graph node by node needs them.
INDEXING = "slice_backward", "select_backward"


def refused(*_args, **_kwargs):
    raise BannedOperator(SENTENCE)


def stack() -> list[str]:
    """Asked for when a node is made. With gradients off, `Function.apply` makes one as well, which joins no graph."""
    if torch.is_grad_enabled():
        refused()
    return []


class NoEngine:
    """In the place of autograd's engine."""

    run_backward = refused


class NoAutograd:
    """Autograd is refused from `refuse` to `restore`."""

    def __init__(self) -> None:
        self._library: torch.library.Library | None = None

    def refuse(self) -> None:
        self._kept = Variable._execution_engine, torch.fx.traceback.format_stack
        self._anomaly = torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()
        Variable._execution_engine = NoEngine()  # type: ignore[assignment]
        torch.fx.traceback.format_stack = stack
        torch.set_anomaly_enabled(True, True)
        self._library = torch.library.Library("aten", "IMPL")
        for operator in (FORWARD_MODE, LOOKED_AT, BACKWARD, *INDEXING):
            for key in ELSEWHERE:
                self._library.impl(operator, refused, key)
        # Of a thread's own hooks the last ones count: no others can be set meanwhile.
        torch._C._autograd._push_saved_tensors_default_hooks(refused, refused)
        torch._C._autograd._saved_tensors_hooks_disable(SENTENCE, False)

    def restore(self) -> None:
        if self._library is None:
            return
        torch._C._autograd._saved_tensors_hooks_enable()
        torch._C._autograd._pop_saved_tensors_default_hooks()
        self._library._destroy()
        self._library = None
        torch.set_anomaly_enabled(*self._anomaly)
        Variable._execution_engine, torch.fx.traceback.format_stack = self._kept
