"""What can be done with an object that a student wrote: call it, take its gradients, read and set its state.

Used in the candidate, which answers the examiner's questions with it, and by `exam.subject.LocalSubject`, which
examines an object of the same process (tests; stock nbgrader). Arguments that arrive here are the callee's own copies.
"""

from __future__ import annotations

import ast
import inspect
import linecache
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import nn

from autograder.wire import codec
from autograder.wire.limits import LIMITS, MIB


@dataclass
class Answer:
    """What one call gave.

    output: what was returned. gradients: of sum(output · cotangent), one for each tensor argument that requires a
    gradient, in order of appearance. after: every tensor argument as it stands after the call. parameters: gradients
    of a module's parameters by name (None where none arrived), filled by `gradients` only. changed: one of the
    arguments does not stand as it was given.
    """

    output: Any
    gradients: list[torch.Tensor | None] = field(default_factory=list)
    after: list[torch.Tensor] = field(default_factory=list)
    parameters: dict[str, torch.Tensor | None] = field(default_factory=dict)
    changed: bool = True


@dataclass
class Entry:
    """One name of a module's state. Two names with the same `id` share their tensor; `tensor` None: registered, off."""

    tensor: torch.Tensor | None
    id: int = 0
    parameter: bool = False
    requires_grad: bool = False


@dataclass
class Outline:
    """An `Entry` without its values: a network of 31 million parameters is counted without being carried."""

    shape: tuple[int, ...] | None
    id: int = 0
    parameter: bool = False
    requires_grad: bool = False


KINDS = "function", "class", "module", "value", "array", "other"
DEEPEST = 8  # lists within lists of a plain value
LARGEST = LIMITS.answer_mib * MIB  # bytes of a tensor that may cross


def describe(obj: Any) -> str:
    """Which of `KINDS` it is: `module` an instance of nn.Module, `value` what crosses as it is, `array` NumPy's."""
    if isinstance(obj, nn.Module):
        return "module"
    if isinstance(obj, type):
        return "class"
    if is_plain(in_numbers(obj)):
        return "value"
    if isinstance(obj, np.ndarray):
        return "array"
    return "function" if callable(obj) else "other"


_LEAVES = (bool, int, float, str, torch.dtype)


def crosses(tensor: torch.Tensor) -> bool:
    """Is it dense, in main memory, of a type and with as many axes as a message may have?"""
    with torch._C.DisableTorchFunctionSubclass():
        return not codec.unsendable(tensor)


def size_of(tensor: torch.Tensor) -> int:
    """Bytes of its values, each counted for itself where several share a place of memory."""
    return tensor.numel() * tensor.element_size()


def is_plain(obj: Any, depth: int = DEEPEST) -> bool:
    """Does it cross by value: None, numbers, strings, dense tensors, dtypes, and lists, tuples and dicts of these?"""
    if obj is None or isinstance(obj, _LEAVES):
        return True
    if isinstance(obj, torch.Tensor):
        return crosses(obj)
    if depth == 0:
        return False
    if isinstance(obj, list | tuple):
        return all(is_plain(item, depth - 1) for item in obj)
    if isinstance(obj, dict):
        return all(isinstance(k, str | int) and is_plain(v, depth - 1) for k, v in obj.items())
    return False


def in_numbers(value: Any, depth: int = DEEPEST) -> Any:
    """NumPy's scalars, and its arrays without axes, as the numbers that they are; so too in lists, tuples and dicts."""
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    for theirs, ours in ((np.bool_, bool), (np.integer, int), (np.floating, float)):
        if isinstance(value, theirs):
            return ours(value)
    if depth and isinstance(value, list | tuple):
        return (list if isinstance(value, list) else tuple)(in_numbers(item, depth - 1) for item in value)
    if depth and isinstance(value, dict):
        return {key: in_numbers(item, depth - 1) for key, item in value.items()}
    return value


def tensors(value: Any) -> Iterator[torch.Tensor]:
    """The tensors in an argument, in order of appearance."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from tensors(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from tensors(item)


def call(obj: Any, args: tuple, kwargs: dict[str, Any], *, inference: bool = False) -> Any:
    """obj(*args, **kwargs), without gradients where asked. (Not in inference mode: autograd refuses for good what is
    made in it, such as a table of indices that a function keeps.)"""
    with torch.no_grad() if inference else nullcontext():
        return obj(*args, **kwargs)


def vjp(
    obj: Any, args: tuple, kwargs: dict[str, Any], cotangent: torch.Tensor | None, inference: bool = False
) -> Answer:
    """Call it; where the output has the cotangent's shape and a graph, one backward pass too."""
    (answer,) = vjps(obj, [(args, kwargs, cotangent)], inference)
    if isinstance(answer, Exception):
        raise answer
    return answer


def vjps(obj: Any, calls: Sequence[tuple], inference: bool = False) -> list[Answer | Exception]:
    """`vjp` of each (args, kwargs, cotangent), or what it raised. All backward passes are one, unless it fails."""
    answers: list[Answer | Exception] = []
    graphs = []
    before = [prints((args, kwargs)) for args, kwargs, _ in calls]
    for args, kwargs, cotangent in calls:
        given = [*tensors(args), *tensors(kwargs)]
        wanted = [t for t in given if t.requires_grad]  # as they come: the callee may set what it likes
        try:
            output = call(obj, args, kwargs, inference=inference)
            answer = Answer(kept(output), [None] * len(wanted), given)
            if cotangent is not None and wanted and differentiable(output, cotangent):
                graphs.append((len(answers), answer, output, wanted, cotangent.to(output.dtype)))
            answers.append(answer)
        except Exception as error:
            answers.append(error)
    if graphs:
        _, _, outputs, wanted, cotangents = map(list, zip(*graphs, strict=True))
        try:
            found = iter(_grad(outputs, [t for some in wanted for t in some], cotangents, keep=True))
            for _, answer, _, some, _ in graphs:
                answer.gradients = [next(found) for _ in some]
        except Exception:  # whose is it?
            for place, answer, output, some, cotangent in graphs:
                try:
                    answer.gradients = _grad([output], some, [cotangent])
                except Exception as error:
                    answers[place] = error
    return [_compared(answer, as_given) for answer, as_given in zip(answers, before, strict=True)]


def _compared(answer: Answer | Exception, before: list[tuple[Any, ...]]) -> Answer | Exception:
    """Say of an answer whether its arguments were changed: into something that cannot be read, even."""
    try:
        if isinstance(answer, Answer):
            answer.changed = prints(answer.after) != before
        return answer
    except Exception as error:
        return error


def prints(value: Any) -> list[tuple[Any, ...]]:
    """What tells whether the tensors in it are later as they are now."""
    return [(tensor.dtype, tensor.shape, codec.raw(tensor)) for tensor in tensors(value)]


def _grad(
    outputs: list[torch.Tensor], wanted: list[torch.Tensor], cotangents: list[torch.Tensor], keep: bool = False
) -> list[torch.Tensor | None]:
    found = torch.autograd.grad(outputs, wanted, cotangents, retain_graph=keep, allow_unused=True)
    return [None if gradient is None else dense(gradient) for gradient in found]


def dense(tensor: torch.Tensor) -> torch.Tensor:
    """A gradient as it may cross: a sparse one (of an embedding, say) is the dense one of the same values."""
    return tensor if crosses(tensor) else tensor.to_dense()


def kept(value: Any) -> Any:
    """A copy that later calls cannot change: of a student's own tensor they may write over."""
    if isinstance(value, torch.Tensor):
        # Larger than may cross, which an expanded one only pretends to be: said when it is sent.
        return value if size_of(value) > LARGEST else value.detach().clone()
    if type(value) in (list, tuple):
        return type(value)([kept(item) for item in value])
    return {key: kept(item) for key, item in value.items()} if type(value) is dict else value


def gradients(module: nn.Module, args: tuple, kwargs: dict[str, Any], cotangent: torch.Tensor) -> Answer:
    """One forward and backward pass through a module: gradients of the arguments and of every parameter."""
    given = [*tensors(args), *tensors(kwargs)]
    before = prints(given)
    named = dict(module.named_parameters(remove_duplicate=False))
    asking = [t for t in given if t.requires_grad]
    output = module(*args, **kwargs)
    wanted = asking + [p for p in named.values() if p.requires_grad]
    found: list[torch.Tensor | None] = [None] * len(wanted)
    if wanted and differentiable(output, cotangent):
        found = _grad([output], wanted, [cotangent.to(output.dtype)])
    first = len(asking)
    learning = [name for name, p in named.items() if p.requires_grad]
    parameters = dict.fromkeys(named) | dict(zip(learning, found[first:], strict=True))
    return Answer(output, found[:first], given, parameters, prints(given) != before)


def differentiable(output: Any, cotangent: torch.Tensor) -> bool:
    return isinstance(output, torch.Tensor) and output.requires_grad and output.shape == cotangent.shape


def state(module: nn.Module) -> dict[str, Entry]:
    """Every parameter and buffer by name, shared ones under each of their names, switched-off ones as None."""
    found: dict[str, Entry] = {}
    for prefix, part in module.named_modules(remove_duplicate=False):
        for parameter, group in ((True, part._parameters), (False, part._buffers)):
            for name, tensor in group.items():
                full = f"{prefix}.{name}" if prefix else name
                if tensor is None:
                    found[full] = Entry(None, parameter=parameter)
                elif not crosses(tensor):
                    raise TypeError(f"`{full}` is {about(tensor)}; a layer's state is dense tensors in main memory")
                else:
                    found[full] = Entry(tensor.detach(), id(tensor), parameter, tensor.requires_grad)
    return found


def about(tensor: torch.Tensor) -> str:
    """What sort of tensor does not cross."""
    where = "" if tensor.is_cpu else f" on {tensor.device}"
    return f"a {str(tensor.layout).removeprefix('torch.')} {str(tensor.dtype).removeprefix('torch.')} tensor{where}"


def outline(module: nn.Module) -> dict[str, Outline]:
    """`state` without the values."""
    return {
        name: Outline(None if e.tensor is None else tuple(e.tensor.shape), e.id, e.parameter, e.requires_grad)
        for name, e in state(module).items()
    }


def load(module: nn.Module, mapping: dict[str, torch.Tensor]) -> None:
    module.load_state_dict(mapping, strict=True)


def train(module: nn.Module, mode: bool) -> None:
    module.train(mode)


def to(module: nn.Module, dtype: torch.dtype) -> None:
    module.to(dtype)


def again(obj: Any, args: tuple, others: tuple, kwargs: dict[str, Any]) -> tuple[Any, Any]:
    """What a call gave, looked at after a call with other tensors of the same shapes; and what the same call gives
    once its own tensors hold the others' values: who keeps something from call to call is wrong in one of the two."""
    first = obj(*args, **kwargs)
    obj(*others, **kwargs)
    first = kept(first)
    with torch.no_grad():  # they may ask for a gradient by now
        for tensor, other in zip(tensors(args), tensors(others), strict=True):
            tensor.copy_(other)
    return first, obj(*args, **kwargs)


def run(obj: Any, args: tuple, kwargs: dict[str, Any]) -> None:
    """Call it for what the call leaves; what it gives back is dropped."""
    obj(*args, **kwargs)


def attribute(obj: Any, name: str) -> Any:
    return getattr(obj, name)


def source(obj: Any) -> str | None:
    """The text that a function or class was written as, None where Python has lost it."""
    try:
        return inspect.getsource(obj)
    except (OSError, TypeError):
        return _source_of_class(obj) if isinstance(obj, type) else None


def _source_of_class(cls: type) -> str | None:
    """A class that a notebook's cell defined: its module has no file, but its methods know their cell."""
    for method in vars(cls).values():
        code = getattr(method, "__code__", None)
        if code is None:
            continue
        text = "".join(linecache.getlines(code.co_filename))
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ClassDef) and node.lineno <= code.co_firstlineno <= (node.end_lineno or 0):
                return ast.get_source_segment(text, node)
    return None
