"""Do a network's gradients reach all that learns, along every path?"""

from __future__ import annotations

import math

import torch

from autograder.exam.core import Evidence, Unnamed, Wrong
from autograder.exam.counting import parameter_shapes
from autograder.exam.draw import Draw
from autograder.exam.gate import batch
from autograder.exam.networks import Make, answer_with, uniform_state
from autograder.exam.subject import Subject

T = torch.Tensor


def check_gradients_reach_all(make: Make, x: T, classes: int, draw: Draw) -> None:
    """From its own first values, a gradient reaches every parameter in at least one of several networks."""
    waiting: set[str] | None = None
    for _ in range(8):
        network = make()
        shape = batch(network.name, network(x)).shape
        if shape[1] != classes:
            raise Unnamed(
                f"The output of `{network.name}` does not have as many channels as the argument says.",
                tells=("arguments",),
            )
        found = network.gradients((x,), {}, draw.normal(*shape)).parameters
        still = {name for name, g in found.items() if g is None or not bool((g != 0).any())}
        waiting = still if waiting is None else waiting & still
        if not waiting:
            return
    evidence = Evidence("8 new networks", "a gradient for each parameter", f"none for {sorted(waiting or ())}")
    raise Wrong("network-gradient", evidence)


def check_every_entry_learns(network: Subject, x: T, draw: Draw) -> None:
    """With positive weights, which open all ReLUs, every single weight has a gradient, and channels differ in it.

    Two channels may be alike by chance, once; not with three draws of weights.
    """
    alike: set[tuple[str, int, int, int]] | None = None
    for _ in range(3):
        state = uniform_state(network, lambda n: 0.6 / (3 * math.sqrt(n)))
        network.load({name: value * draw.normal(*value.shape).exp() for name, value in state.items()})
        cotangent = 1 + draw.uniform(*batch(network.name, network(x)).shape)
        found = set()
        for name, gradient in network.gradients((x,), {}, cotangent).parameters.items():
            if gradient is None or not gradient.is_floating_point() or bool((gradient == 0).any()):
                evidence = Evidence(f"{name}, all ReLUs open", "a gradient for each entry", "0 for some")
                raise Wrong("network-gradient", evidence)
            for axis in (0, 1) if gradient.dim() == 4 else ():
                slices = gradient.float().movedim(axis, 0).flatten(1)
                twins = torch.cdist(slices, slices, p=math.inf) <= 1e-6 * slices.abs().max()
                found |= {(name, axis, i, j) for i, j in twins.triu(1).nonzero().tolist()}
        alike = found if alike is None else alike & found
        if not alike:
            return
    evidence = Evidence("random weights", "channels that differ", str(sorted(alike or ())[:3]))
    raise Wrong("network-channels-alike", evidence)


def check_every_path(network: Subject, x: T, draw: Draw) -> None:
    """The gradient along a direction is what the answer changes by, for the parameters and for the input (float64): a
    path that is cut off from autograd is missing in the one and not in the other.

    With positive weights all ReLUs are open, and a direction in proportion to the values keeps the order of what is
    pooled: along it the answer is a polynomial, whose central difference is exact to a part in ten thousand.
    """
    network.to(torch.float64)
    state = uniform_state(network, lambda n: 0.6 / (3 * math.sqrt(n)))
    names = parameter_shapes(network)
    for name in names:
        state[name] = state[name].double() * draw.normal(*state[name].shape, dtype=torch.float64).exp()
    network.load(state)
    x = x.double()
    answer = batch(network.name, network(x))
    if answer.dtype != torch.float64:
        raise Unnamed(
            f"The output of `{network.name}` is float32 where the network and its images are float64.", tells=("type",)
        )
    cotangent = 1 + draw.uniform(*answer.shape, dtype=torch.float64)
    found = network.gradients((x.clone().requires_grad_(),), {}, cotangent)
    reached = {n: g for n in names if (g := found.parameters.get(n)) is not None}
    slopes = {
        "parameters": sum(float((g * state[n]).sum()) for n, g in reached.items()),
        "the input": sum(float((g * x).sum()) for g in found.gradients if g is not None),
    }
    for along, slope in slopes.items():
        moved = names if along == "parameters" else ()
        ends = []
        for step in (1.001, 0.999):
            at = {n: v * step if n in moved else v for n, v in state.items()}
            got = answer_with(network, at, x * (1 if moved else step))
            if got.shape != cotangent.shape:
                raise Unnamed(
                    f"The output of `{network.name}` has another size for an image of the same size.", tells=("sizes",)
                )
            ends.append(float((got * cotangent).sum()))
        difference = (ends[0] - ends[1]) / 0.002
        if not abs(slope - difference) <= 1e-3 * abs(difference) + 1e-9 * abs(ends[0]):
            evidence = Evidence(
                f"all of {along} grow alike", f"the answer by {difference:.6g}", f"gradient {slope:.6g}"
            )
            raise Wrong("network-gradient", evidence)
