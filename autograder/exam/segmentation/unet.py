"""The exam of `UNet`: by behaviour alone."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import torch

from autograder.exam import network_gradients, networks
from autograder.exam.compare import shown
from autograder.exam.core import Evidence, Exam, Unnamed, Wrong
from autograder.exam.counting import TooLarge, parameter_count
from autograder.exam.draw import Draw
from autograder.exam.encoder_decoders import mistaken_pieces as pieces
from autograder.exam.encoder_decoders.closed_form import PAPER, Plan, UniformUNet, valid_size
from autograder.exam.encoder_decoders.criteria import NetworkExam
from autograder.exam.encoder_decoders.explaining import trial
from autograder.exam.encoder_decoders.known import Known
from autograder.exam.gate import maps, tensor
from autograder.exam.networks import CLASSES, close
from autograder.exam.segmentation import mistakes_networks as mistakes
from autograder.exam.segmentation.sentences import NETWORK_IDS, SENTENCES
from autograder.exam.subject import Subject

# depth, height, width; the paper's size comes last.
VALID = [(1, 20, 24), (2, 44, 60), (3, 92, 108), (4, 188, 204), (4, 572, 572)]
SAME = [(1, 4, 6), (2, 16, 12), (3, 24, 40), (4, 48, 32)]
SKIPS = [(Plan(2, CLASSES, 3, 1), 24, 20), (Plan(3, CLASSES, 3, 2), 44, 60), (Plan(1, CLASSES, 2, 3), 92, 92)]
PADDED = [(Plan(2, CLASSES, 3, 1), 8, 12), (Plan(1, CLASSES, 3, 2), 16, 16), (Plan(3, CLASSES, 2, 3), 32, 16)]
LARGE = Plan(2, CLASSES, 2, 4)
DEEP, NARROW = Plan(3, CLASSES, 2, 3), Plan(2, 2, 2, 4)
SMALL, MIDDLE, WIDE = Plan(3, CLASSES, 3, 1), Plan(3, CLASSES, 4, 2), Plan(3, CLASSES, 8, 2)

ARGUMENTS = {
    "in_channels": "unet-in-channels",
    "classes": "unet-classes",
    "base": "unet-base-channels",
    "depth": "unet-depth",
}


def built(subject: Subject, plan: Plan, padding: str) -> Subject:
    """An instance, of whatever size; the paper's width and depth, and "valid", are the defaults."""
    if plan == PAPER:
        return subject.make(plan.in_channels, plan.classes)
    if plan == NARROW:
        return subject.make(plan.in_channels, plan.classes, base_channels=plan.base)
    return subject.make(plan.in_channels, plan.classes, base_channels=plan.base, depth=plan.depth, padding=padding)


INQUIRY = NetworkExam(
    built,
    (UniformUNet,),
    mistakes.UNET,
    counted=[Plan(2, 7, 5, 3), Plan(1, 2, 3, 1), Plan(3, 5, 3, 2), Plan(4, 1, 2, 4), PAPER],
    setups={"valid": SKIPS, "same": PADDED},
    most=lambda plan: plan.most,
    right=lambda plan: plan.right,
    arguments={"in_channels": "in_channels", "classes": "num_classes", "base": "base_channels", "depth": "depth"},
    otherwise=mistakes.ALWAYS_PADDED,
)
prepared = partial(INQUIRY.prepared, "valid")


def shape_of(network: Subject, x: torch.Tensor) -> tuple[int, ...]:
    """The shape of the answer."""
    return tuple(tensor(network.name, network(x)).shape)


def arguments(known: Known, subject: Subject, draw: Draw) -> None:
    """Each argument changes the number of parameters, and the answer has a channel for each class."""
    for padding, group in known.asked.items():
        for question in group:
            expected = known.explanation(padding).kind.made_of(question.plan).classes
            if question.got is not None and question.got.shape[1] != expected:
                evidence = Evidence(str(question.plan), f"{expected} channels", str(tuple(question.got.shape)))
                raise Wrong("unet-classes", evidence)
    plan, actual = known.plan(SMALL, "same")
    side = known.side(plan, "same", 8)
    network = subject.make(plan.in_channels, plan.classes, plan.base, plan.depth, "same")
    named = {name: getattr(plan, field) for field, name in INQUIRY.arguments.items()}
    by_name = subject.make(**named, padding="same")
    x = draw.uniform(1, actual.in_channels, side, side)
    if parameter_count(network) != parameter_count(by_name) or shape_of(network, x) != shape_of(by_name, x):
        evidence = Evidence(f"{plan} by position, and by name", "networks of one size", "of two")
        raise Wrong("argument-order", evidence)
    if not known.by_count.explains(known.counts):
        for argument, id in ARGUMENTS.items():
            plans = SMALL, replace(SMALL, **{argument: getattr(SMALL, argument) + 1})
            one, two = (parameter_count(built(subject, plan, "valid")) for plan in plans)
            if one == two:
                raise Wrong(id, Evidence(f"{argument} is one larger", "more parameters", "as many"))


def sizes(known: Known, subject: Subject, draw: Draw) -> None:
    """572 → 388 and other sizes without padding."""
    if known.large:  # its one answer has the right size
        return
    for depth, height, width in VALID:
        check_size(known, subject, Plan(1, 2, 2, depth), "valid", height, width, draw)
    try:
        check_size(known, subject, NARROW, "valid", 188, 188, draw)
    except TooLarge:
        raise
    except Unnamed as wrong:
        sentence = (
            f"The output of `{subject.name}` has another size where the arguments `depth` and `padding` are left out. "
            "Compare their default values with the text."
        )
        raise Unnamed(sentence, wrong.evidence, ("arguments", "sizes")) from None


def same(known: Known, subject: Subject, draw: Draw) -> None:
    """The input's size with padding, and zeros around every convolution."""
    for depth, height, width in SAME:
        check_size(known, subject, Plan(3, 4, 2, depth), "same", height, width, draw)
    known.check_answers(subject.name, "same", "border", with_border=pieces.without_border)


def check_size(known: Known, subject: Subject, wanted: Plan, padding: str, height: int, width: int, draw: Draw) -> None:
    """The answer's shape is what this network's is, mistakes about other things with it."""
    plan, actual = known.plan(wanted, padding)
    kind = known.explanation(padding).kind
    found = trial(kind, plan, padding, height, width)
    if found is None or not found.even:  # a picture that this depth, or these convolutions, can take
        height, width = (known.side(plan, padding, least) for least in (height, width))
        found = trial(kind, plan, padding, height, width)
    network = INQUIRY.made(subject, plan, padding)
    got = maps(network.name, network(draw.uniform(2, actual.in_channels, height, width)))
    expected = found and (2, actual.classes, found.height, found.width)
    if tuple(got.shape) != expected:
        known.require_counted(network.name)
        evidence = Evidence(f"{plan}, padding={padding!r}, {height}×{width}", str(expected), str(tuple(got.shape)))
        raise INQUIRY.resized(network.name, padding, got, expected or got.shape, evidence)


def parameters(known: Known, subject: Subject, draw: Draw) -> None:
    """Numbers of parameters by the formula, at small widths and at the paper's."""
    known.check_counts(subject.name)


def skips(known: Known, subject: Subject, draw: Draw) -> None:
    """With uniform parameters the answer is that of the U-Net, and the skips have their share in it."""
    known.check_answers(subject.name, "valid", "skip", skip=pieces.without_skip)


def crop(known: Known, subject: Subject, draw: Draw) -> None:
    """The same, and the crop has its share."""
    known.check_answers(subject.name, "valid", "crop", crop=pieces.without_centre)


def relu(known: Known, subject: Subject, draw: Draw) -> None:
    """A ReLU after every 3×3 convolution, of every level, padded or not."""
    INQUIRY.relus(SMALL, "valid", 20, taps=(9, 18))(known, subject, draw)
    INQUIRY.relus(DEEP, "same", 8, taps=(9, 18), thorough=False)(known, subject, draw)


def shift(known: Known, subject: Subject, draw: Draw) -> None:
    """The answer on a part is the part of the answer: without padding no border is ever in sight.

    A shift by 2**depth pixels is a part as well. Parts are square, the wholes are not; one is as large as the paper's.
    """
    unlisted = known.whole is None and known.groups["valid"] is None
    for wanted, least, more in ((Plan(2, CLASSES, 3, 1), 30, 2), (Plan(2, CLASSES, 3, 2), 64, 4), (LARGE, 188, 384)):
        make, actual, side = prepared(known, subject, wanted, least)
        network, unit = make(), 2**actual.depth
        start = -(-more // unit // 2) * unit
        wide = draw.normal(1, actual.in_channels, side + -(-more // unit) * unit, side + start)
        part = networks.responsive_answer(network, wide[..., start : start + side, start:], draw)
        whole = maps(network.name, network(wide))
        # A network that pads all the same has borders: what they may have touched is left out.
        touched = (part.shape[2] - valid_size(side, actual.depth)) // 2
        edge = touched + unit if touched > 0 or unlisted else 0
        height, width = part.shape[2] - 2 * edge, part.shape[3] - 2 * edge
        if unlisted and min(height, width) < 1:
            continue
        there = whole[..., start + edge : start + edge + height, start + edge : start + edge + width]
        here = part[..., edge : edge + height, edge : edge + width]
        if not close(here, there):
            raise Wrong("unet-shift", Evidence(f"{actual}, a part from {start} on", shown(there), shown(here)))


def gradients(known: Known, subject: Subject, draw: Draw) -> None:
    """Gradients reach every parameter along every path, and every entry."""
    INQUIRY.gradients(WIDE, "valid", 44, images=1)(known, subject, draw)
    if known.is_right:  # a mistake that costs another criterion may leave weights without use
        make, actual, side = prepared(known, subject, WIDE, 44)
        larger = known.side(known.plan(WIDE, "valid")[0], "valid", side + 8)
        network_gradients.check_every_entry_learns(make(), draw.uniform(1, actual.in_channels, larger, larger), draw)


def state(known: Known, subject: Subject, draw: Draw) -> None:
    """A state_dict says all."""
    make, actual, side = prepared(known, subject, MIDDLE, 44)
    networks.check_state_exchange(make, draw.normal(2, actual.in_channels, side, side))


apart = INQUIRY.apart(Plan(3, CLASSES, 3, 3), "valid", 92)
logits = INQUIRY.logits(SMALL, "valid", 20)
pure = INQUIRY.pure(MIDDLE, "valid", 44)
criterion = INQUIRY.criterion
UNet = Exam(
    "UNet",
    (
        criterion("arguments", "in_channels, num_classes, base_channels and depth are honoured", 0.5, arguments),
        criterion("parameters", "the paper's layers: 31,030,658 parameters at its width", 1.0, parameters),
        criterion("apart", "every layer has its own parameters", 0.5, apart),
        criterion("sizes", "572 → 388 and other sizes", 0.5, sizes),
        criterion("skips", "max pooling, and a skip of every level from before it", 1.5, skips),
        criterion("crop", "skips are cut at the centre", 0.5, crop),
        criterion("same", 'padding "same": zeros around every 3×3 convolution', 0.5, same),
        criterion("relu", "a ReLU after every 3×3 convolution", 0.5, relu),
        criterion("logits", "logits: nothing after the 1×1 convolution", 0.5, logits),
        criterion("calm", "in eval mode deterministic, each image for itself, the input unchanged", 0.5, pure),
        criterion("shift", "the answer on a part of the image is the part of the answer", 0.5, shift),
        criterion("gradients", "gradients reach every parameter, along every path", 0.5, gradients),
        criterion("state", "a network that loads another's state_dict answers as it does", 0.5, state),
    ),
    sentences=SENTENCES,
    ids=NETWORK_IDS,
    diagnosis=("arguments", "parameters", "sizes", "calm", "logits", "skips", "crop", "relu", "gradients", "state"),
    exact={mistake.id for mistake in mistakes.UNET if mistake.id is not None}
    - {"unet-shift", "unet-relu-leaky", "unet-relu-missing"}
    | {"unet-unregistered", "argument-order", "contiguous-only"},
    brings={"unet-normalised": ("unet-padding-ignored",)},
)
