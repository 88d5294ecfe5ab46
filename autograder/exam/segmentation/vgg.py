"""The exam of `VGGUNet`."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
import torch.nn.functional as F

from autograder.exam import counting, networks
from autograder.exam.compare import shown
from autograder.exam.core import Evidence, Exam, Unnamed, Wrong
from autograder.exam.draw import Draw
from autograder.exam.encoder_decoders import mistaken_pieces as pieces
from autograder.exam.encoder_decoders.closed_form import (
    MODES,
    VGG_WIDTHS,
    Levels,
    Plan,
    UniformVGGUNet,
    vgg_parameters,
    vgg_plan,
)
from autograder.exam.encoder_decoders.criteria import NetworkExam
from autograder.exam.encoder_decoders.explaining import count_of, trial
from autograder.exam.encoder_decoders.known import Known
from autograder.exam.gate import equal, maps
from autograder.exam.networks import CLASSES, answer_with, close, uniform_state
from autograder.exam.relus import check_bottom
from autograder.exam.segmentation import mistakes_networks as mistakes
from autograder.exam.segmentation.sentences import NETWORK_IDS, SENTENCES
from autograder.exam.subject import Subject
from autograder.objects.recipes import Recipe

T = torch.Tensor
DEFAULT = vgg_plan(1, 4)
ONE_BLOCK, TWO_BLOCKS = vgg_plan(CLASSES, 1), vgg_plan(CLASSES, 2)
# Classes, blocks, height, width.
SIZES = [(2, 1, 5, 7), (1, 2, 6, 10), (3, 3, 12, 8), (1, 4, 16, 8)]
VALUES = [(1, 6, 5), (2, 8, 8), (3, 16, 24), (4, 32, 16)]


def built(subject: Subject, plan: Plan, padding: str, **more: Any) -> Subject:
    """An instance, of whatever size; always padded. One class and four blocks are the defaults."""
    if plan == DEFAULT and not more:
        return subject.make()
    return subject.make(plan.classes, num_blocks=plan.depth + 1, **more)


INQUIRY = NetworkExam(
    built,
    tuple(type("Enlarging", (UniformVGGUNet,), {"mode": mode}) for mode in MODES),
    mistakes.VGG,
    # At the first no mistake's number is another's.
    counted=[vgg_plan(7, 2), vgg_plan(1, 3), vgg_plan(1, 1), vgg_plan(5, 2), vgg_plan(2, 4), DEFAULT],
    setups={"same": [(vgg_plan(CLASSES, blocks), height, width) for blocks, height, width in VALUES]},
    # Who always makes all four blocks keeps what that leaves right.
    most=lambda plan: max(4 * vgg_parameters(plan.classes, plan.depth + 1), 2 * vgg_parameters(plan.classes, 4)),
    right=lambda plan: vgg_parameters(plan.classes, plan.depth + 1),
    arguments={"classes": "num_classes", "depth": "num_blocks"},
)
prepared = partial(INQUIRY.prepared, "same")


def parameters(known: Known, subject: Subject, draw: Draw) -> None:
    """Numbers of parameters by the formula, each layer with its own."""
    known.check_counts(subject.name)
    INQUIRY.apart(ONE_BLOCK, "same", 6)(known, subject, draw)


def sizes(known: Known, subject: Subject, draw: Draw) -> None:
    """One logit a class and pixel, on any size that the poolings divide."""
    for classes, blocks, height, width in SIZES:
        plan, actual = known.plan(vgg_plan(classes, blocks), "same")
        height, width = (known.side(plan, "same", least) for least in (height, width))
        network = INQUIRY.made(subject, plan, "same")
        got = maps(subject.name, network(draw.uniform(2, 3, height, width)))
        shape = tuple(got.shape)
        found = trial(known.explanation("same").kind, plan, "same", height, width)
        if found is not None and shape == (2, actual.classes, found.height, found.width):
            continue
        evidence = Evidence(f"{plan} on {height}×{width}", str((2, actual.classes, height, width)), str(shape))
        if shape[1] != actual.classes:
            raise Wrong("vgg-classes", evidence)
        if shape[2] != height:
            raise Wrong("vgg-pool-last" if shape[2] < height else "vgg-pool-missing", evidence)
        known.require_counted(subject.name)
        raise INQUIRY.resized(subject.name, "same", got, (2, actual.classes, height, width), evidence)
    check_part(known, subject, draw)


def check_part(known: Known, subject: Subject, draw: Draw) -> None:
    """One block alone: the answer on a square part of a picture is the part of the answer, but for two pixels at the
    border. (With more blocks a bilinear enlargement may depend on the size.)"""
    make, actual, _ = prepared(known, subject, ONE_BLOCK, 8)
    if actual.depth or known.costing("values") is not None:
        return
    network = make()
    wide = draw.normal(1, 3, 10, 13)
    part = networks.responsive_answer(network, wide[..., 1:9, 3:11], draw)
    whole = maps(network.name, network(wide))
    if not close(part[..., 2:-2, 2:-2], whole[..., 3:7, 5:9]):
        evidence = Evidence("a part of a picture", shown(whole[..., 3:7, 5:9]), shown(part[..., 2:-2, 2:-2]))
        sentence = (
            f"`{subject.name}` gives another output for the same pixels in an image of another shape, so the output "
            "depends on the position in the image or on its size."
        )
        raise Unnamed(sentence, evidence, ("place", "sizes"))


def values(known: Known, subject: Subject, draw: Draw) -> None:
    """With uniform parameters the answer is that of the network, whichever way it enlarges; skips have a share."""
    known.check_answers(subject.name, "same", "skip", skip=pieces.without_skip)


def encoded(self, x: T) -> list[Levels]:
    """The encoder's maps (N, C, h, w) from a given VGG13, `features`."""
    levels: list[Levels] = []
    for level in range(self.plan.depth + 1):
        given, maps = self.pool(x) if level else x, []
        x = given
        for layer in (self.features[5 * level], self.features[5 * level + 2]):
            x = F.conv2d(x, layer.weight, layer.bias if self.bias(1, "down") else None, padding=1)
            x = self.activation(self.normalised(x, x.shape[1], "down"))
            maps.append(x)
        levels.append(Levels(given, *maps))
    return levels


def encoder(known: Known, subject: Subject, draw: Draw) -> None:
    """The weights of a given VGG13 are taken over: found in the state, and used each in its place."""
    recipe = Recipe("vgg13_features", int(draw.integers(0, 2**31, 1)))
    features = recipe.build().eval().requires_grad_(False)
    kind = known.explanation("same").kind
    for blocks in (1, 3):
        plan, actual = known.plan(vgg_plan(CLASSES, blocks), "same")
        network = INQUIRY.made(subject, plan, "same", encoder=recipe)
        if counting.parameter_count(network) != (expected := count_of(kind, plan)):
            known.require_counted(subject.name)
            evidence = Evidence(f"{plan} with an encoder", f"{expected:,} parameters", "another number")
            sentence = f"`{network.name}` has another number of parameters with an encoder than without."
            raise Unnamed(sentence, evidence, ("encoder", "parameters"))
        constant = networks.positive_constants(draw, list(VGG_WIDTHS), actual.classes)
        biased = kind(plan, "same", lambda entries: 1.0).bias(1, "down") != 0
        convolutions = [m for m in features if isinstance(m, torch.nn.Conv2d)][: 2 * (actual.depth + 1)]
        waiting = [t for m in convolutions for t in (m.weight, m.bias if biased else None) if t is not None]
        state = uniform_state(network, constant)
        ramp = networks.ramped(network, state, actual.classes)
        for name, entry in network.state().items():
            if (found := entry.tensor) is None:
                continue
            for i, theirs in enumerate(waiting):
                if equal(found.flatten(), theirs.flatten()):
                    state[name] = found
                    del waiting[i]
                    break
        if waiting:
            evidence = Evidence(f"{plan}", "each of the encoder's tensors", f"{len(waiting)} missing")
            raise Wrong("vgg-encoder", evidence)
        if known.groups["same"] is None:  # what it answers costs another criterion: this one, that it answers by them
            check_used(network, state, convolutions, draw)
            continue
        height, width = (known.side(plan, "same", least) for least in (8, 12))
        x = draw.uniform(2, 3, height, width) * 100  # an encoder fresh from its maker answers faintly
        given = type("WithThisEncoder", (kind,), {"encoder": encoded, "features": features})
        got = answer_with(network, state, x)
        right = [type("Given", (given,), {"mode": mode})(plan, "same", constant, ramp)(x) for mode in MODES]
        if not any(close(got, one) for one in right):
            raise Wrong("vgg-encoder", Evidence(f"{plan}", shown(right[0]), shown(got)))


def check_used(network: Subject, state: networks.State, convolutions: list[torch.nn.Conv2d], draw: Draw) -> None:
    """Without one of the encoder's weights the answer is another."""
    x = draw.uniform(1, 3, 8, 8)
    before = answer_with(network, state, x)
    for convolution in convolutions:
        taken = {n for n, v in state.items() if equal(v.flatten(), convolution.weight.flatten())}
        if close(answer_with(network, {n: 0 * v if n in taken else v for n, v in state.items()}, x), before, 1e-6):
            raise Wrong("vgg-encoder", Evidence("a weight of the encoder is 0", "another answer", "the same"))


def relu(known: Known, subject: Subject, draw: Draw) -> None:
    """A ReLU after every 3×3 convolution."""
    INQUIRY.relus(TWO_BLOCKS, "same", 6)(known, subject, draw)
    for blocks in (3, 4):
        make, actual, side = prepared(known, subject, vgg_plan(CLASSES, blocks), 4)
        if actual.depth + 1 == blocks and not (known.has("biases") or known.has("normalised")):
            with known.of_known_layers(subject.name):
                check_bottom(make(), actual.widths, actual.classes, draw.uniform(1, 3, side, side))


logits = INQUIRY.logits(ONE_BLOCK, "same", 6)
pure = INQUIRY.pure(TWO_BLOCKS, "same", 8)
gradients = INQUIRY.gradients(TWO_BLOCKS, "same", 8, images=2)
criterion = INQUIRY.criterion
FREE = "a ReLU after every 3×3 convolution (optional only after the first of the three on the way up)"
VGGUNet = Exam(
    "VGGUNet",
    (
        criterion("parameters", "the text's layers: numbers of parameters for 1, 2, 3 and 4 blocks", 1.0, parameters),
        criterion("sizes", "one logit for each class and pixel", 0.5, sizes),
        criterion("values", "max pooling between blocks, skips from before it", 1.5, values),
        criterion("encoder", "a given encoder's weights are taken over", 1.0, encoder),
        criterion("relu", FREE, 0.5, relu),
        criterion("logits", "logits: nothing after the 1×1 convolution", 0.5, logits),
        criterion("calm", "deterministic, each image for itself, the input unchanged", 0.5, pure),
        criterion("gradients", "gradients reach every parameter, along every path", 0.5, gradients),
    ),
    sentences=SENTENCES,
    ids=NETWORK_IDS
    | dict.fromkeys(("network-relu-missing", "network-relu-leaky"), "vgg-relu-missing")
    | dict.fromkeys(("network-relu-last", "network-softmax-last"), "vgg-last"),
    diagnosis=("parameters", "sizes", "calm", "logits", "values", "relu", "encoder", "gradients"),
    exact={m.id for m in mistakes.VGG if m.id is not None} | {"contiguous-only"},
)
