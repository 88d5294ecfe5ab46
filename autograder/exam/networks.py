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
from autograder.exam.gate import batch, equal, maps
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


def ramped(network: Subject, state: State, classes: int) -> T | None:
    """The last layer's weights get factors that rise with the class; which ones (classes,), None where no parameter
    can be told to be that layer's weights."""
    shapes = parameter_shapes(network)
    heads = [n for n, s in shapes.items() if len(s) > 1 and s.count(classes) == 1 and math.prod(s) > classes > 1]
    if len(heads) != 1:
        return None
    shape = [classes if side == classes else 1 for side in shapes[heads[0]]]
    ramp = torch.linspace(0.5, 1.5, classes)
    state[heads[0]] = state[heads[0]] * ramp.reshape(shape)
    return ramp


def positive_constants(
    draw: Draw, widths: list[int], classes: int = CLASSES, biases: float = 0.3
) -> Callable[[int], float]:
    """For `uniform_state`: positive values under which maps keep their order of magnitude, about `biases` for biases,
    which are known by the `widths` of the maps and the number of classes, and for weights by their number."""
    spread: dict[int, float] = {}

    def constant(entries: int) -> float:
        if entries not in spread:
            spread[entries] = 0.5 + float(draw.uniform(1))
        return spread[entries] * (biases if entries in (*widths, classes) else 1 / (3 * math.sqrt(entries)))

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


def check_stacked(network: Subject, x: T, layers: int) -> None:
    """An answer passes through at least so many layers, one upon the other: without biases and with positive weights
    it grows by that power of the weights, or more. So answers nothing that is no network in the main."""
    weights = {n: math.prod(s[1:]) if len(s) > 1 else 0 for n, s in parameter_shapes(network).items()}
    state = uniform_state(network, lambda n: 0.0)
    for name, fan in weights.items():
        state[name] = state[name] + (1 / fan if fan > 1 else 0.0)
    one = answer_with(network, state, x)
    two = answer_with(network, {n: v * 1.5 if n in weights else v for n, v in state.items()}, x)
    if one.shape != two.shape or not float(two.abs().max()) > 1.5 ** (layers - 0.1) * float(one.abs().max()) > 0:
        evidence = Evidence("all weights half as large again", f"an answer that grows {layers} times so", shown(two))
        raise Wrong("network-dead" if close(one, two) else None, evidence, "")


def check_logits(network: Subject, state: State, x: T, classes: int) -> None:
    """The last layer moves each class's answers by exactly as much as it moves itself, far down as well: by its bias
    or, where it has none, by its weights."""
    shapes = parameter_shapes(network)
    biases = [name for name, shape in shapes.items() if math.prod(shape) == classes]
    weights = [name for name, shape in shapes.items() if classes in shape and math.prod(shape) > classes]
    before = answer_with(network, state, x)
    if not (biases or weights):
        raise Unnamed(f"`{network.name}` has no last layer with an entry for each class.", tells=("last layer",))
    name = (biases or weights)[-1]
    for size in (40.0, -40.0):
        push = size * torch.linspace(0.5, 1, classes)
        moved = state[name] + push.reshape(state[name].shape) if biases else size * state[name]
        after = answer_with(network, state | {name: moved}, x)
        alike = after.shape == before.shape and after.shape[1] == classes
        wanted = before + push.reshape(1, -1, *[1] * (after.dim() - 2)) if biases and alike else size * before
        if alike and close(after - before, wanted - before):
            continue
        evidence = Evidence(
            "the last layer is pushed", "logits move as much", shown(after - before if alike else after)
        )
        mistake = last_activation(after)
        if mistake is None:
            sentence = f"The output of `{network.name}` is not that of its last layer, so something follows it."
            raise Unnamed(sentence, evidence, ("last layer",))
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
        raise Unnamed(f"The result of `{network.name}` has NaN or infinity.", tells=("result",))
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


def check_layout(network: Subject, x: T) -> None:
    """Where the images lie otherwise in memory, channels last, the answer is the same."""
    expected = batch(network.name, network(x))
    try:
        got = batch(network.name, network(x.contiguous(memory_format=torch.channels_last)))
    except Raised as error:
        raise Wrong("contiguous-only", Evidence("channels-last images", "an answer", str(error))) from None
    if not close(got, expected, 1e-5):
        raise Wrong("contiguous-only", Evidence("channels-last images", shown(expected), shown(got)))


def check_train_is_pure(network: Subject, state: State, x: T) -> None:
    """In train mode no image reaches another's answer, and a forward pass leaves the state as it was."""
    network.load(state)
    before = network.state()
    network.train()
    given = x.clone().requires_grad_()
    output = batch(network.name, network(given))
    cotangent = torch.zeros_like(output)
    cotangent[0] = 1
    (gradient,) = torch.autograd.grad(output, given, cotangent, allow_unused=True)
    after = network.state()
    network.eval()
    changed = [n for n, v in before.items() if n not in after or not equal(after[n].tensor, v.tensor)]
    if changed or (gradient is not None and bool((gradient[1:] != 0).any())):
        evidence = Evidence("one pass in train mode", "no other image, no change", f"changed: {changed}")
        raise Wrong("network-train", evidence)


def check_state_exchange(make: Make, x: T) -> None:
    """A new network that loads another's state answers as the other does, and is another one before.

    On an input ten times as large, so that biases weigh little: with the usual one, one seed in 25 has a last level
    whose ReLUs let nothing through, and what is not loaded before them is never seen.
    """
    one, two, x = make(), make(), 10 * x
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
