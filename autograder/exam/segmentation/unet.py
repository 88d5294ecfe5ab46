"""The exam of `UNet`: by behaviour alone."""

from __future__ import annotations

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


def sizes(subject: Subject, draw: Draw) -> None:
    """572 → 388 and other sizes without padding; with padding "same" the size stays."""
    for depth, height, width in VALID:
        plan = Plan(1, 2, 2, depth)
        case = f"UNet(1, 2, base_channels=2, depth={depth}) on {height}×{width}"
        expected = (1, 2, valid_size(height, depth), valid_size(width, depth))
        got = shape_of(made(subject, plan, "valid"), draw.uniform(1, 1, height, width))
        if got != expected:
            raise size_mistake(subject.name, case, expected, got, height, depth)
    for depth, height, width in SAME:
        case = f'UNet(3, 4, base_channels=2, depth={depth}, padding="same") on {height}×{width}'
        expected = (2, 4, height, width)
        got = shape_of(made(subject, Plan(3, 4, 2, depth), "same"), draw.uniform(2, 3, height, width))
        if got != expected:
            raise size_mistake(subject.name, case, expected, got, height, depth, same=True)


def size_mistake(
    name: str, case: str, expected: tuple[int, ...], got: tuple[int, ...], side: int, depth: int, same: bool = False
) -> Wrong:
    told = str(expected), str(got)
    if len(got) == 4 and got[1] != expected[1]:
        return mistake("unet-classes", case, *told)
    if same:
        return mistake("unet-padding-ignored", case, *told)
    for id, sides in wrong_sizes(side, depth).items():
        if len(got) == 4 and got[2] in sides:
            return mistake(id, case, *told)
    if len(got) == 4 and got[2] in {valid_size(side, d) for d in (depth - 1, depth + 1)}:
        return mistake("unet-depth", case, *told)
    return Wrong(Finding(f"`{name}` gives back another size than the text's formula.", None, Evidence(case, *told)))


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
    if got in wrong["unet-skip-missing"] and adds_skips(network, plan):
        raise mistake("unet-skip-added", case, f"{plan.right:,}", f"{got:,}")
    if got < plan.right and keeps_secrets(network, plan):
        raise mistake("unet-unregistered", case, f"{plan.right:,}", f"{got:,}")
    probes.honours(network, plan.right, wrong, case)


def adds_skips(network: Subject, plan: Plan) -> bool:
    """With the last up-convolution silent, does the input still reach the output?"""
    state = probes.uniform(network, lambda n: 0.0 if n == 8 * plan.base**2 else 0.1)
    side = 4 * 2**plan.depth
    x = torch.ones(1, plan.in_channels, side, side)
    return not probes.close(probes.answer(network, state, x), probes.answer(network, state, 2 * x))


def keeps_secrets(network: Subject, plan: Plan) -> bool:
    """With every parameter 0, does it still answer something else than 0?"""
    side = 4 * 2**plan.depth
    state = probes.uniform(network, lambda n: 1.0 if n == plan.base * plan.classes else 0.0)
    try:
        got = probes.answer(network, state, torch.ones(1, plan.in_channels, side, side))
    except Raised:
        return False
    return bool((got != 0).any())


def apart(subject: Subject, draw: Draw) -> None:
    """Nothing is shared that the paper has apart, within a network and between two."""
    plan = Plan(3, CLASSES, 3, 3)
    network = made(subject, plan, "same")
    probes.apart(network)
    counted(subject, plan, str(plan))
    x = draw.uniform(1, 3, 16, 16)
    other, state = made(subject, plan, "same"), probes.random_state(network, draw)
    before = other(x)
    network.load(state)
    if not torch.equal(other(x), before):
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
            if got.shape != expected.shape:
                raise size_mistake(
                    subject.name, case, tuple(expected.shape), tuple(got.shape), height, plan.depth, padding == "same"
                )
            counted(subject, plan, case)
            raise mistake(*unexplained(network, plan, constant, x, padding), *told)

    return check


def unexplained(network: Subject, plan: Plan, constant, x: torch.Tensor, padding: str) -> tuple[str]:
    """The mistake that fits best where no network of ours answers alike."""
    state = probes.uniform(network, constant)
    flat = {key: value if len(value.shape) > 1 else 0 * value for key, value in state.items()}
    if not probes.close(probes.answer(network, flat, 2 * x), 2 * probes.answer(network, flat, x)):
        return ("unet-normalised",)
    silent = {key: 0 * v if v.numel() == 8 * plan.base**2 else v for key, v in state.items()}
    if probes.close(probes.answer(network, silent, 2 * x), probes.answer(network, silent, x)):
        return ("unet-skip-missing",)
    return ("unet-same-border" if padding == "same" else "unet-skip-level",)


SKIPS = [(Plan(2, CLASSES, 3, 1), 24, 20), (Plan(3, CLASSES, 3, 2), 44, 60), (Plan(1, CLASSES, 2, 3), 100, 92)]
PADDED = [(Plan(2, CLASSES, 3, 1), 8, 12), (Plan(1, CLASSES, 3, 2), 16, 24), (Plan(3, CLASSES, 2, 3), 32, 16)]
SMALL = Plan(3, CLASSES, 3, 1)


def relu(subject: Subject, draw: Draw) -> None:
    probes.relus(made(subject, SMALL, "same"), SMALL.base, draw.uniform(1, 3, 8, 8), "unet-relu-missing")


def logits(subject: Subject, draw: Draw) -> None:
    network = made(subject, SMALL, "same")
    state = probes.uniform(network, probes.constants(draw, SMALL.widths))
    probes.logits(network, state, draw.uniform(2, 3, 8, 8), "unet")


def calm(subject: Subject, draw: Draw) -> None:
    plan = Plan(3, CLASSES, 4, 2)
    for padding, side in (("same", 16), ("valid", 44)):
        network = made(subject, plan, padding)
        state = probes.random_state(network, draw)
        probes.calm(network, state, draw.normal(3, 3, side, side), draw)
    network = made(subject, plan, "same")
    probes.trains(network, probes.random_state(network, draw), draw.normal(3, 3, 16, 16))


def shift(subject: Subject, draw: Draw) -> None:
    """A shift by 2**depth pixels shifts the output, where no border is in sight."""
    for depth, side, margin in ((1, 32, 12), (2, 80, 26)):
        plan = Plan(2, CLASSES, 3, depth)
        network = made(subject, plan, "same")
        step = 2**depth
        wide = draw.normal(1, 2, side + step, side + step)
        state = probes.random_state(network, draw)
        here = probes.answer(network, state, wide[..., step:, step:])
        there = network(wide[..., :side, :side])
        if here.shape != there.shape or here.shape[2] != side:
            raise size_mistake(subject.name, "shift", (1, CLASSES, side, side), tuple(here.shape), side, depth, True)
        inside, moved = slice(margin, side - margin - step), slice(margin + step, side - margin)
        if probes.close(here, here.flip(3)):
            raise mistake("unet-dead", "a random picture", "an answer that depends on it", "the same everywhere")
        if not probes.close(there[..., moved, moved], here[..., inside, inside]):
            raise mistake("unet-shift", f"{plan}, shifted by {step}", shown(here[..., inside, inside]), shown(there))


def gradients(subject: Subject, draw: Draw) -> None:
    plan = Plan(3, CLASSES, 8, 2)
    probes.learns_everywhere(partial(made, subject, plan, "same"), draw.normal(2, 3, 16, 16), CLASSES, draw)
    counted(subject, plan, str(plan))


def state(subject: Subject, draw: Draw) -> None:
    plan = Plan(3, CLASSES, 4, 2)
    for padding, side in (("same", 16), ("valid", 44)):
        x = draw.normal(2, 3, side, side)
        probes.exchanges(partial(made, subject, plan, padding), x)
    counted(subject, plan, str(plan))


UNET = Exam(
    "UNet",
    "UNet",
    (
        Criterion("sizes", "572 → 388 and other sizes, with and without padding", 1.0, sizes),
        Criterion("parameters", "parameters by the formula, 31,030,658 at the paper's width", 1.0, parameters),
        Criterion("apart", "every layer has its own parameters", 0.5, apart),
        Criterion("skips", "skips of every level, from before pooling, cut at the centre", 1.5, levels("valid", SKIPS)),
        Criterion("same", 'padding "same": zeros around every 3×3 convolution', 1.0, levels("same", PADDED)),
        Criterion("relu", "a ReLU after every 3×3 convolution", 0.5, relu),
        Criterion("logits", "logits: nothing after the 1×1 convolution", 0.5, logits),
        Criterion("calm", "in eval mode deterministic, each image for itself, the input unchanged", 0.5, calm),
        Criterion("shift", "a shift by 2^depth pixels shifts the output", 0.5, shift),
        Criterion("gradients", "gradients reach every parameter", 0.5, gradients),
        Criterion("state", "a network that loads another's state_dict answers as it does", 0.5, state),
    ),
)
