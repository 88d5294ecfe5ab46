"""What assignment 03's exams have built: what makes, fills and asks a network, and the pieces that networks are given.

A network of torchvision's shapes has up to 120 million parameters. So its weights are never sent: both sides make them
from names, shapes and a seed, the candidate for the student's network, the examiner for torchvision's.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

import torch
from torch import nn

from autograder.objects import modes

T = torch.Tensor
Shape = tuple[int, ...]
Rules = Sequence[Sequence[str]]  # pairs (pattern of keys, rule); the first that fits counts, else numbers are random
DRAWN = 65_537  # numbers that are drawn for a tensor; larger ones repeat them (a prime, so that no two rows are equal)
LARGE = 1 << 22  # entries of a tensor that is kept for the next network


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
    """The tensor of this key, by a rule: "zero", "one", "high" (so large that no ReLU after it counts), "pass", or
    random numbers, which are above 0 for what scales and for variances."""
    draw = torch.Generator().manual_seed(zlib.crc32(f"{seed} {key}".encode()))
    if not like.is_floating_point():
        return torch.zeros(shape, dtype=like.dtype)
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


def shapes_of(network: nn.Module) -> dict[str, Shape]:
    """What is saved of a network: shapes by name; of a layer that learns its shape from its first input, ()."""
    state = nn.Module.state_dict(network, keep_vars=True)
    return {name: () if nn.parameter.is_lazy(t) else tuple(t.shape) for name, t in state.items()}


def keys_of(own: Mapping[str, Shape], expected: Mapping[str, Shape] | None) -> dict[str, str]:
    """By which key each name of a network is filled: its own name or, where all shapes stand in the expected order
    under other names, the expected one. Where names are free (None) it is the shape."""
    if expected is None:
        return {
            name: "×".join(str(side) for side in (*shape[:2], *(s for s in shape[2:] if s > 1)))
            for name, shape in own.items()
        }
    if set(own) != set(expected) and list(own.values()) == list(map(tuple, expected.values())):
        return dict(zip(own, expected, strict=True))
    return {name: name for name in own}


class Probe:
    """Makes networks, fills them and asks them, one at a time."""

    def __init__(self) -> None:
        self.cls: Any = None
        self.token = ""
        self.network = nn.Module()
        self.keys: dict[str, str] = {}
        self.large: dict[tuple[str, Shape, str, int], T] = {}

    def __call__(
        self,
        cls: Callable[..., nn.Module],
        args: Sequence[Any],
        options: Mapping[str, Any],
        expected: Mapping[str, Shape] | None,
        rules: Rules,
        seed: int,
        how: str,
        token: str,
        x: T,
    ) -> Any:
        """What `cls(*args, **options)` answers to x, filled by these rules from this seed.

        expected: names and shapes of the right network. token: calls of one token are asked of one network. how:
        "shapes" gives shapes by name and "expansion" that attribute of the class, "eval" the answer in that mode,
        "dropout" in train mode, "train" a list of that and of all buffers in the order of their keys, "gradients" a
        list of the answer in eval mode and of the gradients to x and, flat, to all parameters that are not large, in
        the order of their keys.
        """
        if how == "expansion":
            return cls.expansion  # type: ignore[attr-defined]
        if how == "shapes":
            return {name: list(shape) for name, shape in shapes_of(made(cls, args, options)).items()}
        if self.cls is not cls:
            self.cls, self.token, self.network = cls, "", nn.Module()
            if isinstance(cls, type):  # a student's, whose networks may have written into what they were filled with
                self.large = {}
        if self.token != token or how == "train":
            self.network, self.token = nn.Module(), ""  # the last one's memory is free
            self.network = self.filled(made(cls, args, options), expected, rules, seed)
            self.token = token if how != "train" else ""
        try:
            return self.answer(how, x, seed)
        except (RuntimeError, NotImplementedError) as error:
            if "meta" not in str(error):
                raise
        self.network = self.filled(cls(*args, **options), expected, rules, seed)  # it keeps tensors of its own
        return self.answer(how, x, seed)

    def filled(self, network: nn.Module, expected: Mapping[str, Shape] | None, rules: Rules, seed: int) -> nn.Module:
        """The network with values by its keys, loaded strictly."""
        shapes = shapes_of(network)
        self.keys = keys_of(shapes, expected)
        values = {}
        for name, tensor in nn.Module.state_dict(network, keep_vars=True).items():
            key = self.keys[name]
            shape = shapes[name] or tuple((expected or {}).get(key, ()))
            rule = next((rule for pattern, rule in rules if fnmatchcase(key, pattern)), "")
            values[name] = self.value(key, shape, rule, seed, tensor)
        used = set(self.keys.values())
        self.large = {what: kept for what, kept in self.large.items() if what[0] in used and what[-1] == seed}
        network.load_state_dict(values, strict=True, assign=True)
        return network

    def value(self, key: str, shape: Shape, rule: str, seed: int, like: T) -> T:
        """See `value`; the large ones are kept."""
        if math.prod(shape) < LARGE:
            return value(key, shape, rule, seed, like)
        what = key, shape, rule, seed
        if what not in self.large:
            self.large[what] = value(key, shape, rule, seed, like)
        return self.large[what]

    def answer(self, how: str, x: T, seed: int) -> Any:
        """See `__call__`."""
        self.network.train(how in ("train", "dropout"))
        modes.seed(seed)
        if how != "gradients":
            with torch.no_grad():
                output = self.network(x)
            buffers = {self.keys.get(name, name): b for name, b in self.network.named_buffers()}
            return [output, *(buffers[key] for key in sorted(buffers))] if how == "train" else output
        with torch.enable_grad():
            given = x.detach().requires_grad_()
            output = self.network(given)
        named = {self.keys.get(name, name): p for name, p in self.network.named_parameters() if p.numel() < LARGE}
        wanted = [given, *(named[key] for key in sorted(named))]
        back = torch.randn(output.shape, generator=torch.Generator().manual_seed(seed))
        found = torch.autograd.grad(output, wanted, back, allow_unused=True)
        gradients = [torch.zeros_like(t) if g is None else g for t, g in zip(wanted, found, strict=True)]
        return [output.detach(), gradients[0], *(gradient.flatten() for gradient in gradients[1:])]


def made(cls: Callable[..., nn.Module], args: Sequence[Any], options: Mapping[str, Any]) -> nn.Module:
    """A network without memory where its class bears that, else with first weights, which take seconds."""
    try:
        with torch.device("meta"):
            network = cls(*args, **options)
        saved = set(nn.Module.state_dict(network))
        if all(name in saved or not t.is_meta for name, t in network.named_buffers()):
            return network
    except Exception:  # what is wrong in any case is raised again
        pass
    return cls(*args, **options)


def shortcut(inplanes: int, planes: int, stride: int) -> nn.Sequential:
    """What a caller makes for a block's shortcut: a 1×1 convolution with a batch norm."""
    return nn.Sequential(nn.Conv2d(inplanes, planes, 1, stride, bias=False), nn.BatchNorm2d(planes))


def plain_shortcut(inplanes: int, planes: int, stride: int) -> nn.Conv2d:
    """Another one: a convolution with a bias alone."""
    return nn.Conv2d(inplanes, planes, stride, stride)


def block(expansion: int) -> type[nn.Module]:
    """A residual block of one thin convolution, to be given to a ResNet."""

    class Block(nn.Module):
        expansion: int

        def __init__(self, inplanes, planes, stride=1, downsample=None):
            super().__init__()
            planes = planes * expansion
            self.thin = nn.Conv2d(inplanes, planes, 3, stride, 1, groups=math.gcd(inplanes, planes) // 4, bias=False)
            self.norm = nn.BatchNorm2d(planes)
            self.downsample = downsample

        def forward(self, x):
            shortcut = x if self.downsample is None else self.downsample(x)
            return torch.relu(self.norm(self.thin(x)) + shortcut)

    Block.expansion = expansion
    return Block


PROBE = Probe()
RECIPES: dict[str, Callable[..., Any]] = {
    "network_probe": lambda: PROBE,
    "shortcut": shortcut,
    "plain_shortcut": plain_shortcut,
    "block": block,
}
