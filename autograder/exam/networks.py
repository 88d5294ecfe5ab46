"""What can be found out about a network by asking it, whatever its layers are called.

A network is a `Subject` made by the student's class. All that is known of its parameters is their shapes, which of them
share a tensor, and what the network answers when they change. Inputs x are (N, C, H, W), answers (N, K, …). The checks
raise mistakes called "network-…", which an exam may call by names of its own (`Exam.ids`).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch

from autograder.exam.compare import shown
from autograder.exam.core import Evidence, Unnamed, Wrong
from autograder.exam.counting import parameter_shapes
from autograder.exam.draw import Draw
from autograder.exam.gate import batch, equal, gap, maps
from autograder.exam.subject import Raised, Subject

T = torch.Tensor
State = dict[str, T]
Make = Callable[[], Subject]
CLASSES = 5  # no map of the networks examined has as many channels, so the last bias is known by its size


def uniform_state(network: Subject, constant: Callable[[int], float]) -> State:
    """A state in which every parameter has one value that depends on its number of entries alone."""
    outline = network.outline()
    state = {}
    if any(not entry.parameter and entry.shape is not None for entry in outline.values()):
        state = {name: e.tensor for name, e in network.state().items() if not e.parameter and e.tensor is not None}
    for name, entry in outline.items():
        if entry.parameter and entry.shape is not None:
            state[name] = torch.full(entry.shape, constant(math.prod(entry.shape)))
    return state


def positive_constants(draw: Draw, widths: list[int]) -> Callable[[int], float]:
    """For `uniform_state`: positive values under which maps keep their order of magnitude, small for biases, which are
    known by the `widths` of the maps, and for weights by their number."""
    spread: dict[int, float] = {}

    def constant(entries: int) -> float:
        if entries not in spread:
            spread[entries] = 0.5 + float(draw.uniform(1))
        return spread[entries] * (0.3 if entries in (*widths, CLASSES) else 1 / (3 * math.sqrt(entries)))

    return constant


def random_state(network: Subject, draw: Draw) -> State:
    """Weights of either sign under which signals keep their size, and small positive biases."""
    state = uniform_state(network, lambda entries: 0.0)
    for name, shape in parameter_shapes(network).items():
        fan = math.prod(shape[1:]) if len(shape) > 1 else 0
        state[name] = draw.normal(*shape) * math.sqrt(2 / fan) if fan else 0.2 * draw.uniform(*shape)
    return state


def answer_with(network: Subject, state: State, x: T) -> T:
    """The network's answer with these parameters."""
    network.load(state)
    return batch(network.name, network(x))


def responsive_answer(network: Subject, x: T, draw: Draw) -> T:
    """The network's answer (N, K, H, W) with random weights, which it then has, that depends on where in x one looks.

    About one draw in a hundred has no ReLU of some level above zero; of a network that is right, not eight in a row.
    """
    for _ in range(8):
        network.load(random_state(network, draw))
        got = maps(network.name, network(x))
        if not close(got, got.flip(3)):
            return got
    evidence = Evidence("random pictures", "an answer that depends on them", "the same everywhere")
    raise Wrong("network-dead", evidence)


def close(a: T, b: T, tolerance: float = 1e-3) -> bool:
    """Equal in shape and, in relation to the largest value, in every value; NaN is close to nothing."""
    return (
        a.shape == b.shape
        and a.numel() > 0
        and bool(((a - b).abs() <= tolerance * b.abs().max().clamp(min=1e-6)).all())
    )


def check_nothing_shared(network: Subject) -> None:
    """Every name has its own tensor."""
    found = [entry for entry in network.outline().values() if entry.parameter and entry.shape is not None]
    if len({entry.id for entry in found}) < len(found):
        raise Wrong("network-shared", Evidence(network.name, "a tensor for each name", "names that share a tensor"))


def check_not_normalised(network: Subject, state: State, x: T) -> None:
    """Without biases the answer to a picture twice as bright is not the answer to the picture."""
    flat = {key: value if len(value.shape) > 1 else 0 * value for key, value in state.items()}
    for bright in (0.1, 50.0):
        one, two = answer_with(network, flat, bright * x), answer_with(network, flat, 2 * bright * x)
        if gap(two, one) > 0.2 * float(one.abs().max()):
            return
    evidence = Evidence("a picture and one twice as bright", "an answer twice as large", "the same")
    raise Wrong("network-normalised", evidence)


def check_logits(network: Subject, state: State, x: T) -> None:
    """The last bias moves each class's answers by exactly as much as it moves, far down as well."""
    last = [name for name, shape in parameter_shapes(network).items() if math.prod(shape) == CLASSES]
    before = answer_with(network, state, x)
    if not last:
        raise Unnamed(f"`{network.name}` has no last bias with an entry for each class.")
    for size in (40.0, -40.0):
        push = size * torch.linspace(0.5, 1, CLASSES)
        name = last[-1]
        after = answer_with(network, state | {name: state[name] + push.reshape(state[name].shape)}, x)
        alike = after.shape == before.shape and after.shape[1] == CLASSES
        if alike and close(after - before, push.reshape(1, -1, *[1] * (after.dim() - 2)).expand_as(after)):
            continue
        moved = shown(after - before if alike else after)
        evidence = Evidence("the last bias is pushed", "logits move as much", moved)
        mistake = last_activation(after)
        if mistake is None:
            raise Unnamed(f"`{network.name}` does more after its last layer than adding a bias.", evidence)
        raise Wrong(mistake, evidence)


def last_activation(after: T) -> str | None:
    """Which activation comes last, by the range it keeps to."""
    shares = after if bool((after >= 0).all()) else after.exp()
    if bool((after == 0).all()):
        return "network-relu-last"
    return "network-softmax-last" if 0 < float(shares.max()) <= 1 else None


def check_eval_is_pure(network: Subject, state: State, x: T, draw: Draw) -> None:
    """In eval mode: twice the same, the input as before, each image for itself, and not the same for every input."""
    network.load(state)
    network.eval()
    answered = network.vjp((x,), {}, None)
    first = batch(network.name, answered.output)
    if not bool(torch.isfinite(first).all()):
        raise Unnamed(f"`{network.name}` gives back NaN or infinity.")
    if not equal(answered.after[0], x):
        raise Wrong("input-changed", Evidence("a batch of images", "as it was", "changed"))
    if not equal(batch(network.name, network(x)), first):
        raise Wrong("network-random", Evidence("the same batch twice", "the same answer", "another"))
    other = torch.cat([x[:1], draw.uniform(*x[1:].shape) * 3])
    changed = batch(network.name, network(other))
    if changed.shape != first.shape or close(changed[1:], first[1:]):
        raise Wrong("network-dead", Evidence("another input", "another answer", "the same"))
    if not close(changed[:1], first[:1]):
        evidence = Evidence("another second image", "the first image's answer stays", "it changes")
        raise Wrong("network-batch-mixed", evidence)


def check_train_is_pure(network: Subject, state: State, x: T) -> None:
    """In train mode no image reaches another's answer, and a forward pass leaves the state as it was."""
    network.load(state)
    network.train()
    given = x.clone().requires_grad_()
    output = batch(network.name, network(given))
    cotangent = torch.zeros_like(output)
    cotangent[0] = 1
    (gradient,) = torch.autograd.grad(output, given, cotangent, allow_unused=True)
    after = network.state()
    network.eval()
    changed = [n for n, v in state.items() if n not in after or not equal(after[n].tensor, v)]
    if changed or (gradient is not None and bool((gradient[1:] != 0).any())):
        evidence = Evidence("one pass in train mode", "no other image, no change", f"changed: {changed}")
        raise Wrong("network-train", evidence)


def check_gradients_reach_all(make: Make, x: T, classes: int, draw: Draw) -> None:
    """From its own first values, a gradient reaches every parameter in at least one of several networks."""
    waiting: set[str] | None = None
    for _ in range(8):
        network = make()
        shape = batch(network.name, network(x)).shape
        if shape[1] != classes:
            raise Unnamed(f"`{network.name}` gave back a tensor of shape {tuple(shape)}.")
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


def check_state_exchange(make: Make, x: T) -> None:
    """A new network that loads another's state answers as the other does, and is another one before."""
    one, two = make(), make()
    for network in (one, two):
        network.eval()
    expected, before = batch(one.name, one(x)), batch(two.name, two(x))
    two.load({name: entry.tensor for name, entry in one.state().items() if entry.tensor is not None})
    if not close(batch(two.name, two(x)), expected, 1e-5):
        evidence = Evidence("load_state_dict of another network", "its answers", "other answers")
        raise Wrong("network-state", evidence)
    if close(before, expected, 1e-5):
        raise Wrong("network-dead", Evidence("two new networks", "different answers", "the same"))


def check_apart(first: Subject, second: Subject, x: T, draw: Draw) -> None:
    """What is loaded into one network does not reach another."""
    state = random_state(first, draw)
    before, again = (batch(second.name, second(x)) for _ in range(2))
    first.load(state)
    if equal(before, again) and not equal(batch(second.name, second(x)), again):
        raise Wrong("network-shared", Evidence("two networks", "parameters of their own", "one changes the other"))


def has_unregistered_parameters(one: Subject, other: Subject, x: T) -> bool:
    """With all registered parameters equal, do two networks answer differently?"""
    state = uniform_state(one, lambda n: 0.1)
    try:
        return not close(answer_with(one, state, x), answer_with(other, state, x))
    except Raised:
        return False
