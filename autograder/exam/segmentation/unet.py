"""The exam of `UNet`: by behaviour alone."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import torch

from autograder.exam.compare import shown
from autograder.exam.core import Criterion, Evidence, Exam, Finding, Wrong
from autograder.exam.draw import Draw
from autograder.exam.gate import entries, equal, maps, tensor
from autograder.exam.segmentation import counting, probes
from autograder.exam.segmentation.common import mistake
from autograder.exam.segmentation.mistakes_counts import Plan, wrong_counts, wrong_sizes
from autograder.exam.segmentation.mistakes_networks import explained
from autograder.exam.segmentation.networks import UNet, valid_size
from autograder.exam.segmentation.probes import CLASSES
from autograder.exam.segmentation.sentences import SENTENCES
from autograder.exam.subject import Raised, Subject

PAPER = (Plan(1, 2, 64, 4), "UNet(1, 2)")


def made(subject: Subject, plan: Plan, padding: str) -> Subject:
    """An instance in eval mode, of a size that can be run."""
    network = counting.bounded(built(subject, plan, padding), plan.right, plan.most, partial(ignored, subject, plan))
    network.eval()
    return network


def built(subject: Subject, plan: Plan, padding: str = "valid") -> Subject:
    return subject.make(plan.in_channels, plan.classes, base_channels=plan.base, depth=plan.depth, padding=padding)


def ignored(subject: Subject, plan: Plan) -> tuple[str | None, str]:
    """Which of `base_channels` and `depth` does the network's size not depend on?"""
    size = entries(built(subject, plan))
    base = entries(built(subject, replace(plan, base=plan.base + 1))) == size
    depth = entries(built(subject, replace(plan, depth=plan.depth + 1))) == size
    if base and depth:
        said = "`base_channels` and `depth` are not honoured: the network is the same whatever is asked for."
        return "unet-base-channels", f"{said} One so large was not run."
    id = "unet-base-channels" if base else "unet-depth" if depth else None
    return id, SENTENCES[id] if id else counting.too_large(subject.name)


def shape_of(network: Subject, x: torch.Tensor) -> tuple[int, ...]:
    return tuple(tensor(network.name, network(x)).shape)


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
        except Raised as error:  # an unpadded network runs out of pixels, and has enough of them here
            side = 12 * 2**depth - 4
            if shape_of(network, draw.uniform(2, 3, side, side))[2:] == (valid_size(side, depth),) * 2:
                raise mistake("unet-padding-ignored", case, str(expected), str(error)) from None
            raise
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
    counting.honours(network, plan.right, wrong_counts(plan), case)


def counted(subject: Subject, plan: Plan, case: str) -> None:
    network = made(subject, plan, "valid")
    wrong = wrong_counts(plan)
    got = counting.count(network)
    if got < plan.right:
        probes.apart(network)
    if got in wrong["unet-skip-missing"] and adds_skips(network, plan):
        raise mistake("unet-skip-added", case, f"{plan.right:,}", f"{got:,}")
    if got < plan.right and keeps_secrets(network, made(subject, plan, "valid"), plan):
        raise mistake("unet-unregistered", case, f"{plan.right:,}", f"{got:,}")
    counting.honours(network, plan.right, wrong, case)


def adds_skips(network: Subject, plan: Plan) -> bool:
    """With the last up-convolution silent, does the input still reach the output?"""
    state = probes.uniform(network, lambda n: 0.0 if n == 8 * plan.base**2 else 0.1)
    x = torch.ones(1, plan.in_channels, *(12 * 2**plan.depth - 4,) * 2)
    return not probes.close(probes.answer(network, state, x), probes.answer(network, state, 2 * x))


def keeps_secrets(network: Subject, other: Subject, plan: Plan) -> bool:
    """With all registered parameters equal, do two networks answer differently?"""
    x = torch.ones(1, plan.in_channels, *(12 * 2**plan.depth - 4,) * 2)
    state = probes.uniform(network, lambda n: 0.1)
    try:
        return not probes.close(probes.answer(network, state, x), probes.answer(other, state, x))
    except Raised:
        return False


def apart(subject: Subject, draw: Draw) -> None:
    """Nothing is shared that the paper has apart, within a network and between two."""
    plan = Plan(3, CLASSES, 3, 3)
    network = made(subject, plan, "valid")
    probes.apart(network)
    counted(subject, plan, str(plan))
    x = draw.uniform(1, 3, 92, 92)
    other, state = made(subject, plan, "valid"), probes.random_state(network, draw)
    before, again = (maps(other.name, other(x)) for _ in range(2))
    network.load(state)
    if equal(before, again) and not equal(maps(other.name, other(x)), again):
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
                raise Wrong(Finding(f"`{subject.name}` gives back another size than expected.", None, Evidence(*told)))
            sentence = f"`{subject.name}` with padding={padding!r} computes something else than the text's U-Net."
            raise Wrong(Finding(sentence, None, Evidence(*told)))

    return check


def same(subject: Subject, draw: Draw) -> None:
    same_sizes(subject, draw)
    levels("same", PADDED)(subject, draw)


SKIPS = [(Plan(2, CLASSES, 3, 1), 24, 20), (Plan(3, CLASSES, 3, 2), 44, 60), (Plan(1, CLASSES, 2, 3), 100, 92)]
PADDED = [(Plan(2, CLASSES, 3, 1), 8, 12), (Plan(1, CLASSES, 3, 2), 16, 24), (Plan(3, CLASSES, 2, 3), 32, 16)]
SMALL = Plan(3, CLASSES, 3, 1)


def small(subject: Subject) -> Subject:
    network = made(subject, SMALL, "valid")
    counting.substantial(network, SMALL.right)
    return network


def relu(subject: Subject, draw: Draw) -> None:
    probes.relus(small(subject), SMALL.base, draw.uniform(1, 3, 20, 20), "unet-relu-missing")


def logits(subject: Subject, draw: Draw) -> None:
    network = small(subject)
    state = probes.uniform(network, probes.constants(draw, SMALL.widths))
    probes.logits(network, state, draw.uniform(2, 3, 20, 20), "unet")


def scale(subject: Subject, draw: Draw) -> None:
    network = small(subject)
    state = probes.uniform(network, probes.constants(draw, SMALL.widths))
    probes.scale(network, state, draw.uniform(2, 3, 20, 20))


MIDDLE = Plan(3, CLASSES, 4, 2)


def calm(subject: Subject, draw: Draw) -> None:
    network = made(subject, MIDDLE, "valid")
    counting.substantial(network, MIDDLE.right)
    state = probes.random_state(network, draw)
    probes.calm(network, state, draw.normal(3, 3, 44, 44), draw)
    probes.trains(network, state, draw.normal(3, 3, 44, 44))


def alive(network: Subject, x: torch.Tensor, draw: Draw) -> torch.Tensor:
    """The network's answer with random weights, which it then has, that depends on where in `x` one looks.

    About one draw in a hundred has no ReLU of some level above zero; of a network that is right, not eight in a row.
    """
    for _ in range(8):
        got = probes.answer(network, probes.random_state(network, draw), x)
        if not probes.close(got, got.flip(3)):
            return got
    raise mistake("unet-dead", "random pictures", "an answer that depends on them", "the same everywhere")


def shift(subject: Subject, draw: Draw) -> None:
    """A shift by 2**depth pixels shifts the output: without padding no border is ever in sight."""
    for depth, side, reach in ((1, 32, 10), (2, 68, 24)):
        plan, step = Plan(2, CLASSES, 3, depth), 2**depth
        network = made(subject, plan, "valid")
        counting.substantial(network, plan.right)
        wide = draw.normal(1, 2, side, side)
        whole = alive(network, wide, draw)
        part = maps(network.name, network(wide[..., step:, step:]))
        # A network that pads all the same has borders: what they may have touched is left out.
        edge = max(0, reach - (side - whole.shape[2]) // 2)
        there, here = slice(edge + step, whole.shape[2] - edge), slice(edge, part.shape[2] - edge)
        whole, part = whole[..., there, there], part[..., here, here]
        if not probes.close(part, whole):
            raise mistake("unet-shift", f"{plan}, shifted by {step}", shown(whole), shown(part))


def gradients(subject: Subject, draw: Draw) -> None:
    plan = Plan(3, CLASSES, 8, 2)
    make = partial(made, subject, plan, "valid")
    counting.substantial(make(), plan.right)
    probes.learns_everywhere(make, draw.normal(1, 3, 44, 44), CLASSES, draw)
    probes.each_entry(make(), draw.uniform(1, 3, 52, 52), draw)


def state(subject: Subject, draw: Draw) -> None:
    make = partial(made, subject, MIDDLE, "valid")
    counting.substantial(make(), MIDDLE.right)
    probes.exchanges(make, draw.normal(2, 3, 44, 44))


SKIPPED = levels("valid", SKIPS)
# Counted at a size where no mistake's number is another's.
ROOTS = (
    lambda subject, draw: counted(subject, Plan(2, 7, 5, 3), "the number of parameters"),
    sizes,    calm, logits, scale, relu, SKIPPED, shift, gradients, state,
)  # fmt: skip
EXACT = {
    "unet-biases", "unet-one-convolution", "unet-three-convolutions", "unet-upsampled", "unet-channels-kept",
    "unet-depth", "unet-base-channels", "unet-in-channels", "unet-classes", "unet-shared", "unet-unregistered",
    "unet-skip-missing", "unet-skip-added", "unet-skip-pooled", "unet-skip-first-convolution", "unet-skip-level",
    "unet-skip-resized", "unet-crop", "unet-decoder-padded", "unet-padding-ignored", "unet-same-border",
    "unet-mean-pooling",
}  # fmt: skip


def criterion(id: str, title: str, points: float, check: probes.Probe) -> Criterion:
    return Criterion(id, title, points, probes.rooted(check, ROOTS, EXACT))


UNET = Exam(
    "UNet",
    "UNet",
    (
        criterion("sizes", "572 → 388 and other sizes", 1.0, sizes),
        criterion("parameters", "parameters by the formula, 31,030,658 at the paper's width", 1.0, parameters),
        criterion("apart", "every layer has its own parameters", 0.5, apart),
        criterion("skips", "skips of every level, from before pooling, cut at the centre", 1.5, SKIPPED),
        criterion("same", 'padding "same": zeros around every 3×3 convolution', 1.0, same),
        criterion("relu", "a ReLU after every 3×3 convolution", 0.5, relu),
        criterion("logits", "logits: nothing after the 1×1 convolution", 0.5, logits),
        criterion("calm", "in eval mode deterministic, each image for itself, the input unchanged", 0.5, calm),
        criterion("shift", "a shift by 2^depth pixels shifts the output", 0.5, shift),
        criterion("gradients", "gradients reach every parameter", 0.5, gradients),
        criterion("state", "a network that loads another's state_dict answers as it does", 0.5, state),
    ),
)
