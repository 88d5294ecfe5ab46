"""Operators that refuse: overridden in PyTorch's dispatcher, so that every name for one of them meets the same refusal
(`F.conv2d`, `nn.Conv2d`, `torch.ops.aten.convolution`, `torch._C._nn…`, TorchScript), in every thread."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Iterable
from functools import cache

import torch
from torch._decomp import decomposition_table

from autograder.objects.bans.families import FAMILIES
from autograder.objects.rule import BannedOperator, Rule

Key = torch._C.DispatchKey
# An override takes PyTorch's own kernel out of its slot. Kernels that do for every backend stand in the others' too.
ELSEWHERE = {
    "CPU": torch._C.DispatchKeySet(Key.XLA),
    "AutogradCPU": torch._C.DispatchKeySet(Key.AutogradXLA) | torch._C.DispatchKeySet(Key.XLA),
}
# Tensors of other kinds have kernels of their own: those are refused as well, where there are some.
OTHERS = "QuantizedCPU", "MkldnnCPU", "SparseCPU", "SparseCsrCPU", "NestedTensorCPU"


def names(families: Iterable[str]) -> list[str]:
    """The operators of these families."""
    return [name for family in families for name in FAMILIES[family]]


def overloads(operator: str) -> list[str]:
    """An operator's overloads that this PyTorch's dispatcher has on a CPU, as "aten::name.overload"."""
    name = operator if "::" in operator else f"aten::{operator}"
    full = [".".join(filter(None, (name, s.overload_name))) for s in torch._C._jit_get_schemas_for_operator(name)]
    return [one for one in full if torch._C._dispatch_has_kernel(one) and keys(one)]


def keys(overload: str) -> list[str]:
    """The dispatch keys of tensors in a CPU's memory for which this overload has a kernel."""
    own = [key for key in OTHERS if torch._C._dispatch_has_kernel_for_dispatch_key(overload, key)]
    return ["CPU", *own] if torch._C._dispatch_has_computed_kernel_for_dispatch_key(overload, "CPU") else own


def overriding(operators: Iterable[str], rule: Rule) -> list[torch.library.Library]:
    """Overrides that refuse these of a rule's operators; in force until destroyed."""
    libraries: dict[str, torch.library.Library] = {}
    operators = tuple(operators)
    for overload, key, guard in _guards(operators, rule.sentence, rule.free, _loaded(operators)):
        namespace = overload.partition("::")[0]
        if namespace not in libraries:
            libraries[namespace] = torch.library.Library(namespace, "IMPL")
        libraries[namespace].impl(overload, guard, key)
    return list(libraries.values())


def destroy(libraries: list[torch.library.Library]) -> None:
    """Put PyTorch's own kernels back."""
    for library in libraries:
        library._destroy()
    libraries.clear()


def _loaded(operators: Iterable[str]) -> tuple[bool, ...]:
    """Which of their libraries are there by now: cells import torchvision when they like."""
    one_of_each = {operator.partition("::")[0]: operator for operator in operators if "::" in operator}
    return tuple(bool(torch._C._jit_get_schemas_for_operator(operator)) for operator in one_of_each.values())


@cache
def _guards(
    operators: tuple[str, ...], sentence: str, free: Callable[[str, tuple], bool] | None, loaded: tuple[bool, ...]
) -> list[tuple[str, str, Callable]]:
    found = []
    for operator in operators:
        for overload in overloads(operator):
            if free is None:
                # With a gradient wanted or without, all calls arrive at the innermost key.
                found += [(overload, key, _refusal(operator, sentence)) for key in keys(overload)]
            else:
                found += [(overload, key, _guard(operator, overload, key, sentence, free)) for key in ELSEWHERE]
                found += [(overload, k, _refusal(operator, sentence)) for k in keys(overload) if k not in ELSEWHERE]
    return found


def _refusal(operator: str, sentence: str) -> Callable:
    def refused(*_args, **_kwargs):
        raise BannedOperator(f"{operator}: {sentence}")

    return refused


def _guard(operator: str, overload: str, key: str, sentence: str, free: Callable[[str, tuple], bool]) -> Callable:
    """A kernel that lets the free calls pass."""
    refused = _refusal(operator, sentence)
    namespace, _, rest = overload.partition("::")
    name, _, of = rest.partition(".")
    own = getattr(getattr(getattr(torch.ops, namespace), name), of or "default")
    # One with a kernel for each backend does what is needed by other operators.
    instead = _alike(inspect.unwrap(decomposition_table[own])) if name == "col2im" else None

    def guarded(*args, **kwargs):
        if not free(operator, args):
            refused()
        return instead(*args, **kwargs) if instead else own.redispatch(ELSEWHERE[key], *args, **kwargs)

    return guarded


def _alike(function: Callable) -> Callable:
    """The same function once more: the one that everybody can reach is refused meanwhile (`library_code`)."""
    assert isinstance(function, types.FunctionType)
    return types.FunctionType(
        function.__code__, function.__globals__, function.__name__, function.__defaults__, function.__closure__
    )
