"""The exam of `UNet`: by behaviour alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch

from autograder.exam.compare import shown
from autograder.exam.core import Criterion, Evidence, Exam, Finding, Wrong
from autograder.exam.draw import Draw
from autograder.exam.segmentation import probes
from autograder.exam.segmentation.common import mistake
from autograder.exam.segmentation.mistakes_counts import Plan, wrong_counts, wrong_sizes
from autograder.exam.segmentation.mistakes_networks import explained
from autograder.exam.segmentation.networks import UNet, valid_size
from autograder.exam.segmentation.probes import CLASSES
from autograder.exam.subject import Raised, Subject

PAPER = (Plan(1, 2, 64, 4), "UNet(1, 2)")


def made(subject: Subject, plan: Plan, padding: str) -> Subject:
    """An instance in eval mode."""
    network = subject.make(plan.in_channels, plan.classes, base_channels=plan.base, depth=plan.depth, padding=padding)
    network.eval()
    return network


def shape_of(network: Subject, x: torch.Tensor) -> tuple[int, ...]:
    got = network(x)
    if not isinstance(got, torch.Tensor):
        raise Wrong(Finding(f"`{network.name}` gave back {type(got).__name__} where a tensor is expected."))
    return tuple(got.shape)


# depth, height, width; the paper's size comes last.
VALID = [(1, 20, 24), (2, 44, 60), (3, 92, 108), (4, 188, 204), (4, 572, 572)]
SAME = [(1, 4, 6), (2, 16, 12), (3, 24, 40), (4, 48, 32)]

Shape = tuple[int, ...]


def sizes(subject: Subject, draw: Draw) -> None:
    """572 → 388 and other sizes without padding."""
    wrong: list[tuple[str, Shape, Shape, int, int]] = []
    for depth, height, width in VALID:
        case = f"UNet(1, 2, base_channels=2, depth={depth}) on {height}×{width}"
        expected = (1, 2, valid_size(height, depth), valid_size(width, depth))
        got = shape_of(made(subject, Plan(1, 2, 2, depth), "valid"), draw.uniform(1, 1, height, width))
        if got != expected:
            wrong.append((case, expected, got, height, depth))
    if wrong:
        raise size_mistake(subject.name, wrong)


def same_sizes(subject: Subject, draw: Draw) -> None:
    for depth, height, width in SAME:
        case = f'UNet(3, 4, base_channels=2, depth={depth}, padding="same") on {height}×{width}'
        expected = (2, 4, height, width)
        network = made(subject, Plan(3, 4, 2, depth), "same")
        try:
            got = shape_of(network, draw.uniform(2, 3, height, width))
        except Raised as error:  # an unpadded network runs out of pixels
            if error.kind == "NotImplementedError":
                raise
            raise mistake("unet-padding-ignored", case, str(expected), str(error)) from None
        if got != expected:
            small = got[2:] == (valid_size(height, depth), valid_size(width, depth))
            id = "unet-classes" if got[1:2] != (4,) else "unet-padding-ignored" if small else "unet-same-border"
            raise mistake(id, case, str(expected), str(got))


def size_mistake(name: str, wrong: list[tuple[str, Shape, Shape, int, int]]) -> Wrong:
    """The mistake that explains every wrong size."""
    case, expected, got, _, _ = wrong[0]
    told = case, str(expected), str(got)
    if any(len(got) != 4 for _, _, got, _, _ in wrong):
        return Wrong(Finding(f"`{name}` gives back a tensor that is not (N, C, H, W).", None, Evidence(*told)))
    if all(got[1] != expected[1] for _, expected, got, _, _ in wrong):
        return mistake("unet-classes", *told)
    for id in wrong_sizes(20, 1):
        if all(got[2] in wrong_sizes(height, depth)[id] for _, _, got, height, depth in wrong):
            return mistake(id, *told)
    return Wrong(Finding(f"`{name}` gives back another size than the text's formula.", None, Evidence(*told)))


def parameters(subject: Subject, draw: Draw) -> None:
    """Numbers of parameters by the formula, at small widths and at the paper's."""
    for plan in draw.shuffled([Plan(1, 2, 3, 1), Plan(3, 5, 3, 2), Plan(2, 7, 5, 3), Plan(4, 1, 2, 4)]):
        counted(subject, plan, str(plan))
    plan, case = PAPER
    network = subject.make(plan.in_channels, plan.classes)
    probes.honours(network, plan.right, wrong_counts(plan), case)


def counted(subject: Subject, plan: Plan, case: str) -> None:
    network = made(subject, plan, "same")
    wrong = wrong_counts(plan)
    got = probes.count(network)
    if got < plan.right:
        probes.apart(network)
    if got in wrong["unet-skip-missing"] and adds_skips(network, plan):
        raise mistake("unet-skip-added", case, f"{plan.right:,}", f"{got:,}")
    if got < plan.right and keeps_secrets(network, made(subject, plan, "same"), plan):
        raise mistake("unet-unregistered", case, f"{plan.right:,}", f"{got:,}")
    probes.honours(network, plan.right, wrong, case)


def adds_skips(network: Subject, plan: Plan) -> bool:
    """With the last up-convolution silent, does the input still reach the output?"""
    state = probes.uniform(network, lambda n: 0.0 if n == 8 * plan.base**2 else 0.1)
    side = 4 * 2**plan.depth
    x = torch.ones(1, plan.in_channels, side, side)
    return not probes.close(probes.answer(network, state, x), probes.answer(network, state, 2 * x))


def keeps_secrets(network: Subject, other: Subject, plan: Plan) -> bool:
    """With all registered parameters equal, do two networks answer differently?"""
    x = torch.ones(1, plan.in_channels, 4 * 2**plan.depth, 4 * 2**plan.depth)
    state = probes.uniform(network, lambda n: 0.1)
    return not probes.close(probes.answer(network, state, x), probes.answer(other, state, x))


def apart(subject: Subject, draw: Draw) -> None:
    """Nothing is shared that the paper has apart, within a network and between two."""
    plan = Plan(3, CLASSES, 3, 3)
    network = made(subject, plan, "valid")
    probes.apart(network)
    counted(subject, plan, str(plan))
    x = draw.uniform(1, 3, 92, 92)
    other, state = made(subject, plan, "valid"), probes.random_state(network, draw)
    before, again = other(x), other(x)
    network.load(state)
    if torch.equal(before, again) and not torch.equal(other(x), again):
        raise mistake("unet-shared", "two networks", "parameters of their own", "one changes the other")


def levels(padding: str, setups: list[tuple[Plan, int, int]]):
    """With uniform parameters the answer is that of the U-Net, on random pictures."""

    def check(subject: Subject, draw: Draw) -> None:
        for plan, height, width in setups:
            network = made(subject, plan, padding)
            constant = probes.constants(draw, plan.widths)
            x = draw.uniform(2, plan.in_channels, height, width) * 3
            right = UNet(plan.in_channels, plan.classes, plan.base, plan.depth, padding, constant)
            expected = right(x)
            got = probes.answer(network, probes.uniform(network, constant), x)
            if probes.close(got, expected):
                continue
            case = f"{plan}, padding={padding!r}, {height}×{width}, all parameters uniform"
            told = case, shown(expected), shown(got)
            id = explained(got, right, x, probes.close)
            if id is not None:
                raise mistake(id, *told)
            counted(subject, plan, case)
            if got.shape != expected.shape:
                raise size_mistake(subject.name, [(case, tuple(expected.shape), tuple(got.shape), height, plan.depth)])
            raise unexplained(network, constant, x, told, padding)

    return check


def same(subject: Subject, draw: Draw) -> None:
    same_sizes(subject, draw)
    levels("same", PADDED)(subject, draw)


def unexplained(
    network: Subject, constant: Callable[[int], float], x: torch.Tensor, told: tuple[str, str, str], padding: str
) -> Wrong:
    """Where no network of ours answers alike: what else may be in the way, most specific first."""
    state = probes.uniform(network, constant)
    together = probes.answer(network, state, x)
    if not probes.close(network(x[:1]), together[:1]):
        return mistake("unet-batch-mixed", *told)
    try:
        probes.logits(network, state, x, "unet")
    except Wrong as wrong:
        return wrong
    flat = {key: value if len(value.shape) > 1 else 0 * value for key, value in state.items()}
    if not probes.close(probes.answer(network, flat, 2 * x), 2 * probes.answer(network, flat, x)):
        return mistake("unet-normalised", *told)
    sentence = f"`{network.name}` with padding={padding!r} computes something else than the text's U-Net."
    return Wrong(Finding(sentence, None, Evidence(*told)))


SKIPS = [(Plan(2, CLASSES, 3, 1), 24, 20), (Plan(3, CLASSES, 3, 2), 44, 60), (Plan(1, CLASSES, 2, 3), 100, 92)]
PADDED = [(Plan(2, CLASSES, 3, 1), 8, 12), (Plan(1, CLASSES, 3, 2), 16, 24), (Plan(3, CLASSES, 2, 3), 32, 16)]
SMALL = Plan(3, CLASSES, 3, 1)


def relu(subject: Subject, draw: Draw) -> None:
    try:
        probes.relus(made(subject, SMALL, "valid"), SMALL.base, draw.uniform(1, 3, 20, 20), "unet-relu-missing")
    except Wrong:
        counted(subject, SMALL, str(SMALL))  # another number of layers tells more
        raise


def logits(subject: Subject, draw: Draw) -> None:
    network = made(subject, SMALL, "valid")
    state = probes.uniform(network, probes.constants(draw, SMALL.widths))
    probes.logits(network, state, draw.uniform(2, 3, 20, 20), "unet")


MIDDLE = Plan(3, CLASSES, 4, 2)


def calm(subject: Subject, draw: Draw) -> None:
    network = made(subject, MIDDLE, "valid")
    state = probes.random_state(network, draw)
    probes.calm(network, state, draw.normal(3, 3, 44, 44), draw)
    probes.trains(network, state, draw.normal(3, 3, 44, 44))


def shift(subject: Subject, draw: Draw) -> None:
    """A shift by 2**depth pixels shifts the output: without padding no border is ever in sight."""
    for depth, side, reach in ((1, 32, 10), (2, 68, 24)):
        plan, step = Plan(2, CLASSES, 3, depth), 2**depth
        network = made(subject, plan, "valid")
        wide = draw.normal(1, 2, side, side)
        state = probes.random_state(network, draw)
        whole, part = probes.answer(network, state, wide), network(wide[..., step:, step:])
        if len(whole.shape) != 4 or probes.close(whole, whole.flip(3)):
            raise mistake("unet-dead", "a random picture", "an answer that depends on it", "the same everywhere")
        # A network that pads all the same has borders: what they may have touched is left out.
        edge = max(0, reach - (side - whole.shape[2]) // 2)
        there, here = slice(edge + step, whole.shape[2] - edge), slice(edge, part.shape[2] - edge)
        whole, part = whole[..., there, there], part[..., here, here]
        if not probes.close(part, whole):
            raise mistake("unet-shift", f"{plan}, shifted by {step}", shown(whole), shown(part))


def gradients(subject: Subject, draw: Draw) -> None:
    plan = Plan(3, CLASSES, 8, 2)
    make = partial(made, subject, plan, "valid")
    try:
        probes.learns_everywhere(make, draw.normal(1, 3, 44, 44), CLASSES, draw)
        probes.each_entry(make(), draw.uniform(1, 3, 52, 52), draw)
    finally:
        counted(subject, plan, str(plan))


def state(subject: Subject, draw: Draw) -> None:
    probes.exchanges(partial(made, subject, MIDDLE, "valid"), draw.normal(2, 3, 44, 44))
    counted(subject, MIDDLE, str(MIDDLE))


UNET = Exam(
    "UNet",
    "UNet",
    (
        Criterion("sizes", "572 → 388 and other sizes", 1.0, sizes),
        Criterion("parameters", "parameters by the formula, 31,030,658 at the paper's width", 1.0, parameters),
        Criterion("apart", "every layer has its own parameters", 0.5, apart),
        Criterion("skips", "skips of every level, from before pooling, cut at the centre", 1.5, levels("valid", SKIPS)),
        Criterion("same", 'padding "same": zeros around every 3×3 convolution', 1.0, same),
        Criterion("relu", "a ReLU after every 3×3 convolution", 0.5, relu),
        Criterion("logits", "logits: nothing after the 1×1 convolution", 0.5, logits),
        Criterion("calm", "in eval mode deterministic, each image for itself, the input unchanged", 0.5, calm),
        Criterion("shift", "a shift by 2^depth pixels shifts the output", 0.5, shift),
        Criterion("gradients", "gradients reach every parameter", 0.5, gradients),
        Criterion("state", "a network that loads another's state_dict answers as it does", 0.5, state),
    ),
)
