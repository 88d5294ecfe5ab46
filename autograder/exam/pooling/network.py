"""The exam of `SimpleCNN`: whatever its layers are, it is asked what any classifier of images must do."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch

from autograder.exam import network_errors, network_gradients, networks
from autograder.exam.compare import shown
from autograder.exam.core import Criterion, Evidence, Exam, Unnamed, Wrong, once
from autograder.exam.counting import parameter_count, parameter_shapes, require_runnable
from autograder.exam.draw import Draw
from autograder.exam.gate import batch
from autograder.exam.pooling.sentences import SENTENCES
from autograder.exam.subject import Raised, Subject

T = torch.Tensor
MOST = 1_000_000  # parameters
ASKED = (2, 7), (1, 10), (3, 10)  # in_channels, num_classes: all is asked with the first that works
SIZES = (8, 8), (9, 9), (8, 13), (17, 11), (10, 28), (28, 28), (33, 20), (64, 48)


@dataclass(frozen=True)
class Known:
    """What a network is made with, of which an image of 8 × 8 is answered."""

    channels: int
    classes: int

    def made(self, subject: Subject) -> Subject:
        """One of them, in eval mode."""
        return made(subject, self.channels, self.classes)

    def images(self, draw: Draw, count: int = 4, height: int = 8, width: int = 8) -> T:
        """Random images that it takes."""
        return draw.normal(count, self.channels, height, width)


def made(subject: Subject, channels: int, classes: int) -> Subject:
    """A network in eval mode, of whatever size can be run."""
    network = require_runnable(subject.make(channels, classes), MOST, 50 * MOST)
    network.eval()
    return network


def lively(network: Subject, draw: Draw) -> dict[str, T]:
    """Its state with other weights, under which signals keep their size; what has one axis stays, such as a norm's."""
    state = {name: entry.tensor for name, entry in network.state().items() if entry.tensor is not None}
    for name, shape in parameter_shapes(network).items():
        if len(shape) > 1:
            state[name] = draw.normal(*shape) * math.sqrt(2 / math.prod(shape[1:]))
    return state


def look(subject: Subject, draw: Draw) -> Known:
    """The door: it answers images of 8 × 8, the answer depends on where pixels lie, and gradients come back from it."""
    failed: Exception | None = None
    for channels, classes in ASKED:
        known = Known(channels, classes)
        try:
            network = known.made(subject)
            x = known.images(draw)
            network.load(lively(network, draw))
            got = batch(network.name, network(x))
        except Raised as error:
            failed = failed or error
            continue
        if got.shape[1] == classes:
            break
    else:
        if isinstance(failed, Raised):
            raise network_errors.told(subject.name, failed)
        raise Unnamed(f"`{subject.name}` does not give one logit for each class.", tells=("result",))
    shuffled = x.flatten(2)[..., torch.randperm(64, generator=draw.torch)].reshape(x.shape)
    if networks.close(batch(network.name, network(shuffled)), got, 1e-5):
        blind = not networks.close(batch(network.name, network(2 * x)), got, 1e-5)
        raise Wrong("cnn-blind" if blind else "network-dead", Evidence("pixels shuffled", "other logits", shown(got)))
    found = network.gradients((x,), {}, draw.normal(*got.shape)).parameters
    if not any(g is not None and bool((g != 0).any()) for name, g in found.items()):
        raise Wrong("network-dead", Evidence("random images", "gradients of parameters", "none"))
    return known


Asked = Callable[[Known, Subject, Draw], None]


def criterion(id: str, title: str, points: float, check: Asked) -> Criterion:
    """A check that is asked behind the door."""

    def asked(subject: Subject, draw: Draw) -> None:
        known = once(draw, lambda: look(subject, draw))
        with network_errors.telling(subject.name):
            check(known, subject, draw)

    return Criterion(id, title, points, asked)


def shape(known: Known, subject: Subject, draw: Draw) -> None:
    """(N, num_classes), whatever both arguments are."""
    for channels, classes in ((1, 10), (3, 4), (2, 7), (4, 2), (1, 1)):
        x = draw.normal(3, channels, 8, 8)
        try:
            got = batch(subject.name, made(subject, channels, classes)(x))
        except Raised as error:
            if network_errors.of_the_image(error, x):
                raise Wrong("cnn-in-channels", Evidence(f"{channels} channels", "logits", str(error))) from None
            raise
        if tuple(got.shape) != (3, classes):
            flat = got.shape[1] == classes
            evidence = Evidence(f"SimpleCNN({channels}, {classes})", f"(3, {classes})", str(tuple(got.shape)))
            raise Wrong("cnn-not-flat" if flat else "cnn-classes", evidence)


def sizes(known: Known, subject: Subject, draw: Draw) -> None:
    """Images of any size from 8 × 8 up."""
    network = known.made(subject)
    for height, width in SIZES:
        try:
            got = batch(network.name, network(known.images(draw, 2, height, width)))
        except Raised as error:
            if "mat1 and mat2 shapes" in error.message or "size mismatch" in error.message:
                raise Wrong("cnn-fixed-size", Evidence(f"{height}×{width}", "logits", str(error))) from None
            raise
        if got.shape[:2] != (2, known.classes) or got.numel() != 2 * known.classes:
            evidence = Evidence(f"{height}×{width}", f"(2, {known.classes})", str(tuple(got.shape)))
            raise Unnamed(f"The result of `{network.name}` has another shape for larger images.", evidence, ("sizes",))


def small(known: Known, subject: Subject, draw: Draw) -> None:
    """Fewer than a million parameters."""
    for channels in {1, known.channels}:
        got = parameter_count(made(subject, channels, known.classes))
        if got >= MOST:
            raise Wrong("cnn-too-large", Evidence(f"SimpleCNN({channels}, {known.classes})", f"< {MOST:,}", f"{got:,}"))


def convolution(known: Known, subject: Subject, draw: Draw) -> None:
    """At least one parameter is the weight of a convolution."""
    shapes = parameter_shapes(known.made(subject))
    if not any(len(one) == 4 for one in shapes.values()):
        raise Wrong("cnn-no-convolution", Evidence("parameters", "a weight of four axes", str(shapes)[:200]))


def require_steady(network: Subject, x: T) -> None:
    """Two calls give the same, without which nothing is known of one."""
    if not networks.close(batch(network.name, network(x)), batch(network.name, network(x)), 1e-5):
        raise Wrong("network-random", Evidence("the same batch twice", "the same answer", "another"))


def logits(known: Known, subject: Subject, draw: Draw) -> None:
    """Nothing after the last layer, whose biases are so large that all logits are above 0."""
    network, x = known.made(subject), known.images(draw)
    require_steady(network, x)
    state = lively(network, draw)
    biases = [name for name, shape in parameter_shapes(network).items() if shape == (known.classes,)]
    networks.check_logits(network, state | {name: state[name] + 8 for name in biases[-1:]}, x, known.classes)


def calm(known: Known, subject: Subject, draw: Draw) -> None:
    """In eval mode nothing but input and parameters decides, for each image alone."""
    network = known.made(subject)
    networks.check_eval_is_pure(network, lively(network, draw), known.images(draw), draw)
    networks.check_layout(network, known.images(draw, 2))


def gradients(known: Known, subject: Subject, draw: Draw) -> None:
    """A gradient reaches every parameter, and train mode takes batches too."""
    network_gradients.check_gradients_reach_all(lambda: known.made(subject), known.images(draw, 6), known.classes, draw)
    network = known.made(subject)
    network.train()
    got = batch(network.name, network(known.images(draw, 5)))
    if got.shape[:2] != (5, known.classes):
        raise Unnamed(f"In train mode `{network.name}` gives another shape.", tells=("train",))


def state(known: Known, subject: Subject, draw: Draw) -> None:
    """A network that loads another's state answers as it does, and is its own."""
    one, two, x = known.made(subject), known.made(subject), known.images(draw)
    require_steady(one, x)
    networks.check_apart(one, two, x, draw)
    networks.check_state_exchange(lambda: known.made(subject), x)


SimpleCNN = Exam(
    "SimpleCNN",
    (
        criterion("shape", "a logit for each class, whatever in_channels and num_classes are", 1.0, shape),
        criterion("sizes", "images of any size from 8 × 8 up, square or not", 1.0, sizes),
        criterion("small", "fewer than a million parameters", 0.5, small),
        criterion("convolution", "at least one convolution", 0.5, convolution),
        criterion("logits", "logits: nothing after the last layer", 0.5, logits),
        criterion("calm", "in eval mode deterministic, each image for itself, the input unchanged", 1.0, calm),
        criterion("gradients", "gradients reach every parameter", 1.0, gradients),
        criterion("state", "a network that loads another's state_dict answers as it does", 0.5, state),
    ),
    sentences=SENTENCES,
    brings={"network-state": ("cnn-no-convolution",)},
)
