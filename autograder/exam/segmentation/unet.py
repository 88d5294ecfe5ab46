"""The exam of `UNet`: by behaviour alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import torch

from autograder.exam import counting, networks
from autograder.exam.compare import shown
from autograder.exam.core import Check, Criterion, Evidence, Exam, Unnamed, Wrong
from autograder.exam.draw import Draw
from autograder.exam.functions import in_turn
from autograder.exam.gate import entries, maps, tensor
from autograder.exam.networks import CLASSES, answer_with, close, uniform_state
from autograder.exam.relus import check_relus
from autograder.exam.segmentation.closed_form import UniformUNet, valid_size
from autograder.exam.segmentation.mistakes_counts import Plan, wrong_counts, wrong_sizes
from autograder.exam.segmentation.mistakes_networks import explained
from autograder.exam.segmentation.sentences import NETWORK_IDS, SENTENCES
from autograder.exam.subject import Raised, Subject

Shape = tuple[int, ...]
PAPER = Plan(1, 2, 64, 4)
# depth, height, width; the paper's size comes last.
VALID = [(1, 20, 24), (2, 44, 60), (3, 92, 108), (4, 188, 204), (4, 572, 572)]
SAME = [(1, 4, 6), (2, 16, 12), (3, 24, 40), (4, 48, 32)]
# At the first of these no mistake's number is another's.
COUNTED = [Plan(2, 7, 5, 3), Plan(1, 2, 3, 1), Plan(3, 5, 3, 2), Plan(4, 1, 2, 4)]
SKIPS = [(Plan(2, CLASSES, 3, 1), 24, 20), (Plan(3, CLASSES, 3, 2), 44, 60), (Plan(1, CLASSES, 2, 3), 100, 92)]
PADDED = [(Plan(2, CLASSES, 3, 1), 8, 12), (Plan(1, CLASSES, 3, 2), 16, 24), (Plan(3, CLASSES, 2, 3), 32, 16)]
SMALL, MIDDLE = Plan(3, CLASSES, 3, 1), Plan(3, CLASSES, 4, 2)


def built(subject: Subject, plan: Plan, padding: str = "valid") -> Subject:
    """An instance, of whatever size."""
    return subject.make(plan.in_channels, plan.classes, base_channels=plan.base, depth=plan.depth, padding=padding)


def made(subject: Subject, plan: Plan, padding: str = "valid", *, whole: bool = False) -> Subject:
    """An instance in eval mode, of a size that can be run; `whole`: with most of the parameters that are asked for."""
    ignored = partial(ignored_argument, subject, plan)
    network = counting.require_runnable(built(subject, plan, padding), plan.right, plan.most, ignored)
    network.eval()
    if whole:
        counting.require_most_parameters(network, plan.right)
    return network


def ignored_argument(subject: Subject, plan: Plan) -> tuple[str | None, str]:
    """Which of `base_channels` and `depth` does the network's size not depend on? The mistake, and a sentence where
    that of the mistake does not say it."""
    size = entries(built(subject, plan))
    base = entries(built(subject, replace(plan, base=plan.base + 1))) == size
    depth = entries(built(subject, replace(plan, depth=plan.depth + 1))) == size
    if base and depth:
        said = "`base_channels` and `depth` are not honoured: the network is the same whatever is asked for."
        return "unet-base-channels", f"{said} One so large was not run."
    return "unet-base-channels" if base else "unet-depth" if depth else None, ""


def shape_of(network: Subject, x: torch.Tensor) -> Shape:
    """The shape of the answer."""
    return tuple(tensor(network.name, network(x)).shape)


def sizes(subject: Subject, draw: Draw) -> None:
    """572 → 388 and other sizes without padding."""
    wrong: list[tuple[str, Shape, Shape, int, int]] = []
    for depth, height, width in VALID:
        case = f"UNet(1, 2, base_channels=2, depth={depth}) on {height}×{width}"
        expected = (1, 2, valid_size(height, depth), valid_size(width, depth))
        got = shape_of(made(subject, Plan(1, 2, 2, depth)), draw.uniform(1, 1, height, width))
        if got != expected:
            wrong.append((case, expected, got, height, depth))
    if wrong:
        raise size_mistake(subject.name, wrong)


def size_mistake(name: str, wrong: Sequence[tuple[str, Shape, Shape, int, int]]) -> Wrong:
    """The mistake that explains every wrong size: (case, expected, got, height, depth)."""
    case, expected, got, _, _ = wrong[0]
    evidence = Evidence(case, str(expected), str(got))
    if any(len(got) != 4 for _, _, got, _, _ in wrong):
        return Unnamed(f"`{name}` gives back a tensor that is not (N, C, H, W).", evidence)
    if all(got[1] != expected[1] for _, expected, got, _, _ in wrong):
        return Wrong("unet-classes", evidence)
    for mistake in wrong_sizes(20, 1):
        if all(got[2] in wrong_sizes(height, depth)[mistake] for _, _, got, height, depth in wrong):
            return Wrong(mistake, evidence)
    return Unnamed(f"`{name}` gives back another size than the text's formula.", evidence)


def same_sizes(subject: Subject, draw: Draw) -> None:
    """The input's size with padding."""
    for depth, height, width in SAME:
        case = f'UNet(3, 4, base_channels=2, depth={depth}, padding="same") on {height}×{width}'
        expected = (2, 4, height, width)
        network = made(subject, Plan(3, 4, 2, depth), "same")
        try:
            got = shape_of(network, draw.uniform(2, 3, height, width))
        except Raised as error:  # an unpadded network runs out of pixels, and has enough of them here
            side = 12 * 2**depth - 4
            if shape_of(network, draw.uniform(2, 3, side, side))[2:] == (valid_size(side, depth),) * 2:
                raise Wrong("unet-padding-ignored", Evidence(case, str(expected), str(error))) from None
            raise
        if got != expected:
            small = got[2:] == (valid_size(height, depth), valid_size(width, depth))
            same = "unet-padding-ignored" if small else "unet-same-border"
            raise Wrong("unet-classes" if got[1:2] != (4,) else same, Evidence(case, str(expected), str(got)))


def parameters(subject: Subject, draw: Draw) -> None:
    """Numbers of parameters by the formula, at small widths and at the paper's."""
    for plan in COUNTED:
        check_count(subject, plan)
    network = subject.make(PAPER.in_channels, PAPER.classes)
    counting.check_parameter_count(network, PAPER.right, wrong_counts(PAPER), "UNet(1, 2)")


def check_count(subject: Subject, plan: Plan) -> None:
    """The number of parameters; too few are looked into."""
    network = made(subject, plan)
    wrong = wrong_counts(plan)
    got = counting.parameter_count(network)
    evidence = Evidence(str(plan), f"{plan.right:,} parameters", f"{got:,}")
    if got < plan.right:
        networks.check_nothing_shared(network)
    if got in wrong["unet-skip-missing"] and adds_skips(network, plan):
        raise Wrong("unet-skip-added", evidence)
    if got < plan.right and networks.has_unregistered_parameters(network, made(subject, plan), ones(plan)):
        raise Wrong("unet-unregistered", evidence)
    counting.check_parameter_count(network, plan.right, wrong, str(plan))


def adds_skips(network: Subject, plan: Plan) -> bool:
    """With the last up-convolution silent, does the input still reach the output?"""
    state = uniform_state(network, lambda n: 0.0 if n == 8 * plan.base**2 else 0.1)
    return not close(answer_with(network, state, ones(plan)), answer_with(network, state, 2 * ones(plan)))


def ones(plan: Plan) -> torch.Tensor:
    """A white picture (1, C, H, W), large enough for the plan's network."""
    return torch.ones(1, plan.in_channels, *(12 * 2**plan.depth - 4,) * 2)


def apart(subject: Subject, draw: Draw) -> None:
    """Nothing is shared that the paper has apart, within a network and between two."""
    plan = Plan(3, CLASSES, 3, 3)
    network = made(subject, plan)
    networks.check_nothing_shared(network)
    check_count(subject, plan)
    networks.check_apart(network, made(subject, plan), draw.uniform(1, 3, 92, 92), draw)


def levels(padding: str, setups: list[tuple[Plan, int, int]]) -> Check:
    """With uniform parameters the answer is that of the U-Net, on random pictures."""

    def check(subject: Subject, draw: Draw) -> None:
        for plan, height, width in setups:
            network = made(subject, plan, padding)
            constant = networks.positive_constants(draw, plan.widths)
            x = draw.uniform(2, plan.in_channels, height, width) * 3
            right = UniformUNet(plan.in_channels, plan.classes, plan.base, plan.depth, padding, constant)
            expected = right(x)
            state = uniform_state(network, constant)
            got = answer_with(network, state, x)
            if close(got, expected):
                continue
            case = f"{plan}, padding={padding!r}, {height}×{width}, all parameters uniform"
            evidence = Evidence(case, shown(expected), shown(got))
            mistake = explained(got, right, x)
            if mistake is not None:
                raise Wrong(mistake, evidence)
            networks.check_not_normalised(network, state, x)
            if got.shape != expected.shape:
                raise Unnamed(f"`{subject.name}` gives back another size than expected.", evidence)
            sentence = f"`{subject.name}` with padding={padding!r} computes something else than the text's U-Net."
            raise Unnamed(sentence, evidence)

    return check


def relu(subject: Subject, draw: Draw) -> None:
    """A ReLU after every 3×3 convolution."""
    check_relus(made(subject, SMALL, whole=True), SMALL.base, draw.uniform(1, 3, 20, 20))


def logits(subject: Subject, draw: Draw) -> None:
    """Nothing after the last convolution."""
    network = made(subject, SMALL, whole=True)
    state = uniform_state(network, networks.positive_constants(draw, SMALL.widths))
    networks.check_logits(network, state, draw.uniform(2, 3, 20, 20))


def pure(subject: Subject, draw: Draw) -> None:
    """Nothing but input and parameters decides, in either mode."""
    network = made(subject, MIDDLE, whole=True)
    state = networks.random_state(network, draw)
    networks.check_eval_is_pure(network, state, draw.normal(3, 3, 44, 44), draw)
    networks.check_train_is_pure(network, state, draw.normal(3, 3, 44, 44))


def shift(subject: Subject, draw: Draw) -> None:
    """A shift by 2**depth pixels shifts the output: without padding no border is ever in sight."""
    for depth, side, reach in ((1, 32, 10), (2, 68, 24)):
        plan, step = Plan(2, CLASSES, 3, depth), 2**depth
        network = made(subject, plan, whole=True)
        wide = draw.normal(1, 2, side, side)
        whole = networks.responsive_answer(network, wide, draw)
        part = maps(network.name, network(wide[..., step:, step:]))
        # A network that pads all the same has borders: what they may have touched is left out.
        edge = max(0, reach - (side - whole.shape[2]) // 2)
        there, here = slice(edge + step, whole.shape[2] - edge), slice(edge, part.shape[2] - edge)
        whole, part = whole[..., there, there], part[..., here, here]
        if not close(part, whole):
            raise Wrong("unet-shift", Evidence(f"{plan}, shifted by {step}", shown(whole), shown(part)))


def gradients(subject: Subject, draw: Draw) -> None:
    """Gradients reach every parameter, and every entry."""
    make = partial(made, subject, Plan(3, CLASSES, 8, 2), whole=True)
    networks.check_gradients_reach_all(make, draw.normal(1, 3, 44, 44), CLASSES, draw)
    networks.check_every_entry_learns(make(), draw.uniform(1, 3, 52, 52), draw)


def state(subject: Subject, draw: Draw) -> None:
    """A state_dict says all."""
    networks.check_state_exchange(partial(made, subject, MIDDLE, whole=True), draw.normal(2, 3, 44, 44))


same = in_turn(same_sizes, levels("same", PADDED))
UNet = Exam(
    "UNet",
    (
        Criterion("sizes", "572 → 388 and other sizes", 1.0, sizes),
        Criterion("parameters", "parameters by the formula, 31,030,658 at the paper's width", 1.0, parameters),
        Criterion("apart", "every layer has its own parameters", 0.5, apart),
        Criterion("skips", "skips of every level, from before pooling, cut at the centre", 1.5, levels("valid", SKIPS)),
        Criterion("same", 'padding "same": zeros around every 3×3 convolution', 1.0, same),
        Criterion("relu", "a ReLU after every 3×3 convolution", 0.5, relu),
        Criterion("logits", "logits: nothing after the 1×1 convolution", 0.5, logits),
        Criterion("calm", "in eval mode deterministic, each image for itself, the input unchanged", 0.5, pure),
        Criterion("shift", "a shift by 2^depth pixels shifts the output", 0.5, shift),
        Criterion("gradients", "gradients reach every parameter", 0.5, gradients),
        Criterion("state", "a network that loads another's state_dict answers as it does", 0.5, state),
    ),
    sentences=SENTENCES,
    ids=NETWORK_IDS,
    diagnosis=("parameters", "sizes", "calm", "logits", "skips", "relu", "shift", "gradients", "state"),
    exact={
        *("unet-biases", "unet-one-convolution", "unet-three-convolutions", "unet-upsampled", "unet-channels-kept"),
        *("unet-depth", "unet-base-channels", "unet-in-channels", "unet-classes", "unet-shared", "unet-unregistered"),
        *("unet-skip-missing", "unet-skip-added", "unet-skip-pooled", "unet-skip-first-convolution"),
        *("unet-skip-level", "unet-skip-resized", "unet-crop", "unet-decoder-padded", "unet-padding-ignored"),
        *("unet-same-border", "unet-mean-pooling"),
    },
)
