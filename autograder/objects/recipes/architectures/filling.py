"""How a network is filled: its tensors from names, shapes and a seed, alike on both sides."""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher

import torch
from torch import nn

T = torch.Tensor
Shape = tuple[int, ...]
Shapes = Mapping[str, Sequence[int]]
Rules = Sequence[Sequence[str]]  # pairs (pattern of keys, rule); the first that fits counts, else numbers are random
DRAWN = 65_537  # numbers that are drawn for a tensor; larger ones repeat them (a prime, so that no two rows are equal)
# Layers of so many units are filled as if they had fewer: what a layer computes follows from the weights that it holds.
NARROWED = {4096: 64}


def narrowed(shape: Sequence[int]) -> Shape:
    """The shape in which a tensor is filled."""
    return tuple(NARROWED.get(side, side) for side in shape)


def normal(fan: int, shape: Shape, draw: torch.Generator) -> T:
    """Of either sign; under weights of this size signals keep theirs."""
    return repeated(torch.randn(min(math.prod(shape), DRAWN), generator=draw), shape) * math.sqrt(2 / fan)


def repeated(drawn: T, shape: Shape) -> T:
    """A tensor of this shape that holds these numbers over and over."""
    count = math.prod(shape)
    if count <= len(drawn):
        return drawn[:count].reshape(shape)
    full, rest = divmod(count, len(drawn))
    made = torch.empty(count)
    made[: count - rest].view(full, -1).copy_(drawn)
    made[count - rest :] = drawn[:rest]
    return made.view(shape)


def passing(shape: Shape) -> T:
    """Weights (out, in, …) that pass on: output channel o is input channel o mod `in`, at the same position."""
    made = torch.zeros(shape)
    outputs = torch.arange(shape[0])
    made.view(*shape[:2], -1)[outputs, outputs % shape[1], math.prod(shape[2:]) // 2] = 1  # sides are odd
    return made


def value(key: str, shape: Shape, rule: str, seed: int, like: T) -> T:
    """The tensor of this key, by a rule: "zero", "small", "one", "high" (so large that no ReLU after it counts),
    "pass", "neutral" (it changes nothing, as far as that can be), or else random numbers, which are above 0 for what
    scales and for variances."""
    draw = torch.Generator().manual_seed(zlib.crc32(f"{seed} {key}".encode()))
    if not like.is_floating_point():
        return torch.zeros(shape, dtype=like.dtype)
    if rule == "neutral":
        scales = key.endswith(("weight", "running_var"))
        rule = "pass" if len(shape) > 1 else "one" if scales else "zero"
    if rule == "pass":
        return passing(shape)
    if rule in CONSTANTS:
        return torch.full(shape, CONSTANTS[rule])
    if len(shape) > 1:
        return normal(math.prod(shape[1:]), shape, draw)
    if key.endswith("weight") or not (isinstance(like, nn.Parameter) or key.endswith("mean")):
        return 0.5 + torch.rand(shape, generator=draw)
    return 0.3 * torch.randn(shape, generator=draw)


CONSTANTS = {"zero": 0.0, "small": 1e-4, "one": 1.0, "high": 40.0}


def within(corner: T, shape: Sequence[int]) -> T:
    """A tensor of this shape that holds the given one in its corner, as far as that reaches, and zeros elsewhere."""
    if corner.shape == tuple(shape):
        return corner
    found = torch.zeros(*shape, dtype=corner.dtype)
    both = tuple(slice(min(a, b)) for a, b in zip(corner.shape, shape, strict=True))
    found[both] = corner[both]
    return found


def shapes_of(network: nn.Module) -> dict[str, Shape]:
    """What is saved of a network: shapes by name; of a layer that learns its shape from its first input, ()."""
    state = nn.Module.state_dict(network, keep_vars=True)
    return {name: () if nn.parameter.is_lazy(t) else tuple(t.shape) for name, t in state.items()}


def keys_of(own: Shapes, expected: Shapes) -> dict[str, str]:
    """By which of the expected keys each name of a network is filled; a name that has none is a key of its own.

    Where all shapes stand in the expected order, that counts. Else a name counts, with the expected shape or, in the
    end, without; between these, equal shapes in the same order."""
    if set(own) != set(expected) and list(map(tuple, own.values())) == list(map(tuple, expected.values())):
        return dict(zip(own, expected, strict=True))
    found = {name: name for name, shape in own.items() if name in expected and tuple(expected[name]) == tuple(shape)}
    if set(own) != set(expected):
        mine, theirs = [name for name in own if name not in found], [key for key in expected if key not in found]
        kinds = [(name.rpartition(".")[2], tuple(own[name])) for name in mine]
        wanted = [(key.rpartition(".")[2], tuple(expected[key])) for key in theirs]
        for i, j, size in SequenceMatcher(None, kinds, wanted, autojunk=False).get_matching_blocks():
            found |= dict(zip(mine[i : i + size], theirs[j : j + size], strict=True))
    used = set(found.values())
    return {name: found.get(name, name if name not in used else f"{name} of its own") for name in own}


def keys_by_shape(shapes: Shapes) -> dict[str, str]:
    """The same where names are free: the key is the shape, without sides of one pixel. Norms, which have no weights of
    more axes than one, are told apart."""
    layers = {name.rpartition(".")[0] for name, shape in shapes.items() if len(shape) > 1}
    keys = {n: "×".join(str(side) for side in (*s[:2], *(t for t in s[2:] if t > 1))) for n, s in shapes.items()}
    return {name: key if name.rpartition(".")[0] in layers else f"{key} {name}" for name, key in keys.items()}


def reshape(network: nn.Module, name: str, shape: Shape) -> None:
    """The tensor of this name is one of this shape, without memory, if that is not its own."""
    path, _, leaf = name.rpartition(".")
    try:
        held = network.get_submodule(path)
    except AttributeError:  # saved under another name
        return
    old = held._parameters.get(leaf, held._buffers.get(leaf))
    if old is not None and old.shape != shape:
        new = torch.empty(shape, dtype=old.dtype, device="meta")
        if leaf in held._buffers:
            held._buffers[leaf] = new
        else:
            held._parameters[leaf] = nn.Parameter(new, old.requires_grad)


def adopt(network: nn.Module) -> None:
    """Modules in plain lists, tuples or dicts of a network, which do not belong to it, do so under names of ours."""
    known = set(network.modules())
    for holder in list(known):
        for name, kept in list(vars(holder).items()):
            if name != "_modules" and isinstance(kept, list | tuple | dict):
                inside = kept.values() if isinstance(kept, dict) else kept
                lost = [one for one in inside if isinstance(one, nn.Module) and one not in known]
                if lost:
                    holder.add_module(f"{name}, a plain {type(kept).__name__}", nn.ModuleList(lost))
