"""What can be found out about a network by asking it, whatever its layers are called.

Used by the exams of `UNet` and `VGGUNet`. A network is a `Subject` made by the student's class; all that is known of
its parameters is their shapes, which share a tensor, and what the network answers when they change.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Sequence
from dataclasses import replace

import torch

from autograder.exam.compare import shown
from autograder.exam.core import Evidence, Finding, Wrong
from autograder.exam.draw import Draw
from autograder.exam.gate import equal, gap, maps
from autograder.exam.segmentation.common import mistake
from autograder.exam.segmentation.counting import parameters
from autograder.exam.subject import Raised, Subject

State = dict[str, torch.Tensor]
CLASSES = 5  # no map of the networks examined has as many channels, so the last bias is known by its size


def uniform(network: Subject, constant: Callable[[int], float]) -> State:
    """A state in which every parameter has one value that depends on its number of entries alone."""
    outline = network.outline()
    state = {}
    if any(not entry.parameter and entry.shape is not None for entry in outline.values()):
        state = {name: e.tensor for name, e in network.state().items() if not e.parameter and e.tensor is not None}
    for name, entry in outline.items():
        if entry.parameter and entry.shape is not None:
            state[name] = torch.full(entry.shape, constant(math.prod(entry.shape)))
    return state


def constants(draw: Draw, widths: list[int]) -> Callable[[int], float]:
    """Positive values under which maps keep their order of magnitude: small biases, weights by their number."""
    spread: dict[int, float] = {}

    def constant(entries: int) -> float:
        if entries not in spread:
            spread[entries] = 0.5 + float(draw.uniform(1))
        return spread[entries] * (0.3 if entries in (*widths, CLASSES) else 1 / (3 * math.sqrt(entries)))

    return constant


def answer(network: Subject, state: State, x: torch.Tensor) -> torch.Tensor:
    """The network's answer with these parameters."""
    network.load(state)
    return maps(network.name, network(x))


def close(a: torch.Tensor, b: torch.Tensor, tolerance: float = 1e-3) -> bool:
    """Equal in shape and, in relation to the largest value, in every value; NaN is close to nothing."""
    return (
        a.shape == b.shape
        and a.numel() > 0
        and bool(((a - b).abs() <= tolerance * b.abs().max().clamp(min=1e-6)).all())
    )


def random_state(network: Subject, draw: Draw) -> State:
    """Weights of either sign under which signals keep their size, and small positive biases."""
    state = uniform(network, lambda entries: 0.0)
    for name, shape in parameters(network).items():
        fan = math.prod(shape[1:]) if len(shape) > 1 else 0
        state[name] = draw.normal(*shape) * math.sqrt(2 / fan) if fan else 0.2 * draw.uniform(*shape)
    return state


Probe = Callable[[Subject, Draw], None]


def rooted(check: Probe, roots: Sequence[Probe], exact: Container[str]) -> Probe:
    """One cause, one name: a fault whose name is not exact is named by the first root that is at fault.

    Many probes see one mistake: where a softmax comes last, pushing a bias looks like another activation too. `exact`
    names are found by an equal number or an equal answer, and stand for themselves.
    """

    def root(subject: Subject, draw: Draw) -> Finding | None:
        for probe in roots:
            try:
                probe(subject, draw)
            except Wrong as wrong:
                if wrong.finding.mistake is not None:
                    return wrong.finding
            except Raised:
                continue
        return None

    def rooting(subject: Subject, draw: Draw) -> None:
        try:
            check(subject, draw)
        except Wrong as wrong:
            found = wrong.finding
            if found.mistake in exact:
                raise
            if "root" not in draw.notes:
                draw.notes["root"] = root(subject, draw)
            cause = draw.notes["root"]
            raise Wrong(replace(cause, evidence=found.evidence) if cause else found) from None

    return rooting


def apart(network: Subject) -> None:
    """Every name has its own tensor."""
    entries = [entry for entry in network.outline().values() if entry.parameter and entry.shape is not None]
    if len({entry.id for entry in entries}) < len(entries):
        raise mistake("unet-shared", got="names that share a tensor")


def relus(network: Subject, width: int, x: torch.Tensor, id: str) -> None:
    """Every 3×3 convolution of a network with one pooling is followed by a ReLU.

    With small weights and biases of 1 all pre-activations are near 1. One layer's bias pushed far down must silence it:
    a second push then changes nothing, while what comes after it stays open. Pushed up, it must answer in proportion.
    The layer that enlarges is free to have a ReLU or none. It is the one whose effect does not depend on the deeper
    level, and which is silent where the weights behind it are.
    """
    shapes = parameters(network)
    sizes = {name: math.prod(shape) for name, shape in shapes.items()}
    biases = {name: n for name, n in sizes.items() if n in (width, 2 * width)}
    base = uniform(network, lambda n: 1.0 if n in (width, 2 * width, CLASSES) else 0.1 / math.sqrt(n))
    for name, n in sizes.items():
        if n == 8 * width**2:  # two channels for each tap, not nine
            base[name] = base[name] * 3

    def effect(name: str, *pushes: float, without: int | None = None) -> list[torch.Tensor]:
        state = {key: torch.zeros_like(v) if sizes.get(key) == without else v for key, v in base.items()}
        return [answer(network, state | {name: state[name] + push}, x) for push in (0.0, *pushes)]

    for name, width_of in biases.items():
        rest, low, lower, high, higher = pushed = effect(name, -2.0, -2.5, 40.0, 80.0)
        if len({one.shape for one in pushed}) > 1:
            raise Wrong(Finding(f"`{network.name}` gives back another shape where only its parameters are others."))
        reach = gap(rest, low)
        silent = gap(low, lower) <= 1e-3 * reach and reach > 0
        proportional = close(higher - high, high - rest)
        if silent and proportional:
            continue
        if proportional and width_of == width:
            alone = effect(name, 40.0, without=36 * width**2)
            cut = effect(name, 40.0, without=18 * width**2)
            if close(alone[1] - alone[0], high - rest) and not close(cut[1] - cut[0], high - rest):
                continue
        told = "unet-relu-leaky" if id == "unet-relu-missing" and (not proportional or leaks(low, lower, rest)) else id
        raise mistake(told, f"bias {name} pushed down", "no further effect", str(gap(low, lower)))


def leaks(low: torch.Tensor, lower: torch.Tensor, rest: torch.Tensor) -> bool:
    """Below zero the effect goes on, but weaker than above."""
    return gap(low, lower) / 0.5 < 0.5 * gap(rest, low) / 2


def scale(network: Subject, state: State, x: torch.Tensor) -> None:
    """Without biases the answer to a picture twice as bright is not the answer to the picture."""
    flat = {key: value if len(value.shape) > 1 else 0 * value for key, value in state.items()}
    for bright in (0.1, 50.0):
        one, two = answer(network, flat, bright * x), answer(network, flat, 2 * bright * x)
        if gap(two, one) > 0.2 * float(one.abs().max()):
            return
    raise mistake("unet-normalised", "a picture and one twice as bright", "an answer twice as large", "the same")


def logits(network: Subject, state: State, x: torch.Tensor, prefix: str) -> None:
    """The last bias moves each class's answers by exactly as much as it moves, far down as well."""
    last = [name for name, shape in parameters(network).items() if math.prod(shape) == CLASSES]
    before = answer(network, state, x)
    if not last:
        raise Wrong(Finding(f"`{network.name}` has no last bias with an entry for each class."))
    for size in (40.0, -40.0):
        push = size * torch.linspace(0.5, 1, CLASSES)
        name = last[-1]
        after = answer(network, state | {name: state[name] + push.reshape(state[name].shape)}, x)
        alike = after.shape == before.shape and after.shape[1] == CLASSES
        if alike and close(after - before, push.reshape(1, -1, 1, 1).expand_as(after)):
            continue
        id = last_activation(after)
        evidence = "the last bias is pushed", "logits move as much", shown(after - before if alike else after)
        if id is None:
            sentence = f"`{network.name}` does more after its last layer than adding a bias."
            raise Wrong(Finding(sentence, None, Evidence(*evidence)))
        raise mistake("vgg-last" if prefix == "vgg" else id, *evidence)


def last_activation(after: torch.Tensor) -> str | None:
    """Which activation comes last, by the range it keeps to."""
    shares = after if bool((after >= 0).all()) else after.exp()
    if bool((after == 0).all()):
        return "unet-relu-last"
    return "unet-softmax-last" if 0 < float(shares.max()) <= 1 else None


def calm(network: Subject, state: State, x: torch.Tensor, draw: Draw) -> None:
    """In eval mode: twice the same, the input as before, each image for itself, and not the same for every input."""
    network.load(state)
    network.eval()
    answered = network.vjp((x,), {}, None)
    first = maps(network.name, answered.output)
    if not bool(torch.isfinite(first).all()):
        raise Wrong(Finding(f"`{network.name}` gives back NaN or infinity."))
    if not equal(answered.after[0], x):
        raise mistake("input-changed", "a batch of images", "as it was", "changed")
    if not equal(maps(network.name, network(x)), first):
        raise mistake("unet-random", "the same batch twice", "the same answer", "another")
    other = torch.cat([x[:1], draw.uniform(*x[1:].shape) * 3])
    changed = maps(network.name, network(other))
    if changed.shape != first.shape or close(changed[1:], first[1:]):
        raise mistake("unet-dead", "another input", "another answer", "the same")
    if not close(changed[:1], first[:1]):
        raise mistake("unet-batch-mixed", "another second image", "the first image's answer stays", "it changes")


def trains(network: Subject, state: State, x: torch.Tensor) -> None:
    """In train mode no image reaches another's answer, and a forward pass leaves the state as it was."""
    network.load(state)
    network.train()
    given = x.clone().requires_grad_()
    output = maps(network.name, network(given))
    cotangent = torch.zeros_like(output)
    cotangent[0] = 1
    (gradient,) = torch.autograd.grad(output, given, cotangent, allow_unused=True)
    after = network.state()
    network.eval()
    changed = [n for n, v in state.items() if n not in after or not equal(after[n].tensor, v)]
    if changed or (gradient is not None and bool((gradient[1:] != 0).any())):
        raise mistake("unet-train", "one pass in train mode", "no other image, no change", f"changed: {changed}")


def learns_everywhere(make: Callable[[], Subject], x: torch.Tensor, classes: int, draw: Draw) -> None:
    """From its own first values, a gradient reaches every parameter in at least one of several networks."""
    waiting: set[str] | None = None
    for _ in range(8):
        network = make()
        shape = maps(network.name, network(x)).shape
        if shape[1] != classes:
            raise Wrong(Finding(f"`{network.name}` gave back a tensor of shape {tuple(shape)}."))
        found = network.gradients((x,), {}, draw.normal(*shape)).parameters
        still = {name for name, g in found.items() if g is None or not bool((g != 0).any())}
        waiting = still if waiting is None else waiting & still
        if not waiting:
            return
    without = f"none for {sorted(waiting or ())}"
    raise mistake("unet-gradient", "8 new networks", "a gradient for each parameter", without)


def each_entry(network: Subject, x: torch.Tensor, draw: Draw) -> None:
    """With positive weights, which open all ReLUs, every single weight has a gradient, and channels differ in it.

    Two channels may be alike by chance, once; not with three draws of weights.
    """
    alike: set[tuple[str, int, int, int]] | None = None
    for _ in range(3):
        state = uniform(network, lambda n: 0.6 / (3 * math.sqrt(n)))
        network.load({name: value * draw.normal(*value.shape).exp() for name, value in state.items()})
        cotangent = 1 + draw.uniform(*maps(network.name, network(x)).shape)
        found = set()
        for name, gradient in network.gradients((x,), {}, cotangent).parameters.items():
            if gradient is None or not gradient.is_floating_point() or bool((gradient == 0).any()):
                raise mistake("unet-gradient", f"{name}, all ReLUs open", "a gradient for each entry", "0 for some")
            for axis in (0, 1) if gradient.dim() == 4 else ():
                slices = gradient.float().movedim(axis, 0).flatten(1)
                twins = torch.cdist(slices, slices, p=math.inf) <= 1e-6 * slices.abs().max()
                found |= {(name, axis, i, j) for i, j in twins.triu(1).nonzero().tolist()}
        alike = found if alike is None else alike & found
        if not alike:
            return
    raise mistake("unet-channels-alike", "random weights", "channels that differ", str(sorted(alike or ())[:3]))


def exchanges(make: Callable[[], Subject], x: torch.Tensor) -> None:
    """A new network that loads another's state answers as the other does, and is another one before."""
    one, two = make(), make()
    for network in (one, two):
        network.eval()
    expected, before = maps(one.name, one(x)), maps(two.name, two(x))
    two.load({name: entry.tensor for name, entry in one.state().items() if entry.tensor is not None})
    if not close(maps(two.name, two(x)), expected, 1e-5):
        raise mistake("unet-state", "load_state_dict of another network", "its answers", "other answers")
    if close(before, expected, 1e-5):
        raise mistake("unet-dead", "two new networks", "different answers", "the same")
