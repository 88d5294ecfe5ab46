"""The exam of `VGGUNet`."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch

from autograder.exam import counting, networks
from autograder.exam.compare import shown
from autograder.exam.core import Criterion, Evidence, Exam, Unnamed, Wrong
from autograder.exam.draw import Draw
from autograder.exam.gate import entries, equal, tensor
from autograder.exam.networks import CLASSES, State, answer_with, close, uniform_state
from autograder.exam.relus import check_relus
from autograder.exam.segmentation import mistakes_networks as wrong
from autograder.exam.segmentation.closed_form import (
    MODES,
    VGG_WIDTHS,
    Levels,
    UniformVGGUNet,
    conv,
    uniform_vgg,
    vgg_parameters,
)
from autograder.exam.segmentation.sentences import NETWORK_IDS, SENTENCES
from autograder.exam.subject import Subject
from autograder.objects.recipes import Recipe

T = torch.Tensor


def made(subject: Subject, classes: int, blocks: int, *, whole: bool = False, **more: Any) -> Subject:
    """An instance in eval mode, of a size that can be run. Who always makes all four blocks keeps what that leaves
    right. `whole`: of most of the parameters that are asked for."""
    right = vgg_parameters(classes, blocks)
    most = max(4 * right, 2 * vgg_parameters(classes, 4))
    network = subject.make(classes, num_blocks=blocks, **more)
    counting.require_runnable(network, right, most, lambda: ignored_blocks(subject, classes, blocks, entries(network)))
    network.eval()
    if whole:
        counting.require_most_parameters(network, right)
    return network


def ignored_blocks(subject: Subject, classes: int, blocks: int, size: int) -> tuple[str | None, str]:
    """The mistake, where the network's size does not depend on `num_blocks`."""
    same = entries(subject.make(classes, num_blocks=blocks % 4 + 1)) == size
    return "vgg-blocks" if same else None, ""


def wrong_counts(classes: int, blocks: int) -> dict[str, set[int]]:
    """Mistake -> the numbers of parameters it leads to."""
    n, widths = vgg_parameters(classes, blocks), VGG_WIDTHS[:blocks]
    up = widths[:-1]
    encoder, decoder = sum(2 * c for c in widths), sum(3 * c for c in up)
    return {
        "vgg-blocks": {vgg_parameters(classes, b) for b in (1, 2, 3, 4) if b != blocks},
        "vgg-classes": {vgg_parameters(k, blocks) for k in (1, 2, 3, 21) if k != classes},
        "vgg-biases": {n - encoder, n - decoder, n - encoder - decoder, n - classes, n - encoder - decoder - classes},
        "vgg-normalised": {
            n + 2 * encoder, n + 2 * decoder, n + 2 * (encoder + decoder),
            n + encoder, n + decoder, n + encoder + decoder, n + 2 * encoder + 4 * sum(up),
        } - {n},
        "vgg-transposed": {
            n + sum(conv(2 * c, c, side) - conv(2 * c, c) for c in up) for side in (2, 4)
        } | {n + sum(conv(2 * c, c, 2) for c in up), n + sum(conv(2 * c, 2 * c, 2) for c in up)},
        "vgg-decoder-convolutions": {
            n - sum(conv(c, c) for c in up), n + sum(conv(c, c) for c in up), n - sum(conv(2 * c, c) for c in up),
            n + sum(conv(3 * c, c) - conv(2 * c, c) - conv(2 * c, c) for c in up),
        },
        "vgg-skip-missing": {
            n - sum(conv(2 * c, c) - conv(c, c) for c in up),
            *(n - conv(2 * c, c) + conv(c, c) for c in up),
        },
        "unet-shared": {n - conv(c, c) for c in widths} | {n - sum(conv(c, c) for c in up)},
    }  # fmt: skip


# (classes, blocks); at the first of these no mistake's number is another's.
COUNTED = [(7, 2), (1, 3), (1, 1), (5, 2), (2, 4)]


def parameters(subject: Subject, draw: Draw) -> None:
    """Numbers of parameters by the formula."""
    for classes, blocks in COUNTED:
        network = made(subject, classes, blocks)
        check_count(network, classes, blocks)
        networks.check_nothing_shared(network)
    check_count(subject.make(), 1, 4)


def check_count(network: Subject, classes: int, blocks: int) -> None:
    """The number of parameters."""
    case = f"VGGUNet(num_classes={classes}, num_blocks={blocks})"
    counting.check_parameter_count(network, vgg_parameters(classes, blocks), wrong_counts(classes, blocks), case)


def sizes(subject: Subject, draw: Draw) -> None:
    """One logit a class and pixel, on any size that the poolings divide."""
    for classes, blocks, height, width in ((2, 1, 5, 7), (1, 2, 6, 10), (3, 3, 12, 8), (1, 4, 16, 8)):
        shape = tuple(tensor(subject.name, made(subject, classes, blocks)(draw.uniform(2, 3, height, width))).shape)
        expected = (2, classes, height, width)
        if shape == expected:
            continue
        evidence = Evidence(f"{blocks} blocks on {height}×{width}", str(expected), str(shape))
        if len(shape) == 4 and shape[1] != classes:
            raise Wrong("vgg-classes", evidence)
        if len(shape) == 4 and shape[2] != height:
            raise Wrong("vgg-pool-last" if shape[2] < height else "vgg-pool-missing", evidence)
        raise Unnamed(f"`{subject.name}` does not give back the input's size.", evidence)


def pooled_bottleneck(self, levels: list[Levels]) -> T:
    """The last block pooled as well, and enlarged to the size before it."""
    x = levels[-1].second
    return torch.nn.functional.interpolate(self.pool(x), x.shape[2:])


# Mistakes of a U-Net that can be made here too, by their names here.
IDS = {id: id.replace("unet", "vgg") for id in ("unet-skip-pooled", "unet-skip-missing", "unet-skip-level")}
IDS |= {id: id for id in ("unet-skip-first-convolution", "unet-mean-pooling", "unet-same-border")}
KINDS = [
    *((IDS[id], kind) for id, kind in wrong.MUTANTS if id in IDS and kind is not wrong.PaddedFirst),
    ("vgg-pool-last", wrong.exchanged(bottleneck=pooled_bottleneck)),
    ("vgg-pool-missing", wrong.exchanged(pool=lambda self, x: x, resized=lambda self, x: x)),
]
MUTANTS = tuple((id, type("Exchanged", (kind, UniformVGGUNet), {})) for id, kind in KINDS)


def values(subject: Subject, draw: Draw) -> None:
    """With uniform parameters the answer is that of the network, whichever way it enlarges."""
    for blocks, height, width in ((1, 6, 5), (2, 12, 8), (3, 16, 24)):
        network = made(subject, CLASSES, blocks)
        x = draw.uniform(2, 3, height, width) * 3
        constant = networks.positive_constants(draw, list(VGG_WIDTHS))
        right = [uniform_vgg(CLASSES, blocks, constant, mode) for mode in MODES]
        compare(network, uniform_state(network, constant), right, x)


def compare(network: Subject, state: State, right: list[UniformVGGUNet], x: T) -> None:
    """The answer with this state is one of these networks'."""
    got = answer_with(network, state, x)
    if any(close(got, one(x)) for one in right):
        return
    case = f"{right[0].depth + 1} blocks, {tuple(x.shape)}, parameters uniform"
    evidence = Evidence(case, shown(right[0](x)), shown(got))
    for one in right:
        mistake = wrong.explained(got, one, x, MUTANTS)
        if mistake is not None:
            raise Wrong(mistake, evidence)
    networks.check_not_normalised(network, state, x)
    raise Unnamed(f"`{network.name}` computes something else than the network of the text.", evidence)


class WithEncoder(UniformVGGUNet):
    """The encoder's maps from a given VGG13; of its channels only the mean counts for what follows."""

    features: torch.nn.Sequential

    def encoder(self, x: T) -> list[Levels]:
        """The mean (N, 1, h, w) of each block's last map."""
        levels = []
        for level in range(self.depth + 1):
            for layer in list(self.features)[5 * level : 5 * level + 4]:
                x = layer(x)
            mean = x.mean(1, keepdim=True)
            levels.append(Levels(mean, mean, mean))
            x = self.pool(x)
        return levels


def encoder(subject: Subject, draw: Draw) -> None:
    """The weights of a given VGG13 are taken over: found in the state, and used each in its place."""
    recipe = Recipe("vgg13_features", int(draw.integers(0, 2**31, 1)))
    features = recipe.build().eval().requires_grad_(False)
    for blocks in (1, 2):
        network = made(subject, CLASSES, blocks, encoder=recipe)
        check_count(network, CLASSES, blocks)
        convolutions = [m for m in features if isinstance(m, torch.nn.Conv2d)][: 2 * blocks]
        waiting = [t for m in convolutions for t in (m.weight, m.bias) if t is not None]
        constant = networks.positive_constants(draw, list(VGG_WIDTHS))
        state = uniform_state(network, constant)
        for name, entry in network.state().items():
            if (found := entry.tensor) is None:
                continue
            for i, theirs in enumerate(waiting):
                if equal(found.flatten(), theirs.flatten()):
                    state[name] = found
                    del waiting[i]
                    break
        if waiting:
            evidence = Evidence(f"{blocks} blocks", "each of the encoder's tensors", f"{len(waiting)} missing")
            raise Wrong("vgg-encoder", evidence)
        x = draw.uniform(2, 3, 8, 12) * 100  # an encoder fresh from its maker answers faintly
        given = type("WithThisEncoder", (WithEncoder,), {"features": features})
        right = [uniform_vgg(CLASSES, blocks, constant, mode, given) for mode in MODES]
        got = answer_with(network, state, x)
        if not any(close(got, one(x)) for one in right):
            usual = [uniform_vgg(CLASSES, blocks, constant, mode) for mode in MODES]
            compare(network, uniform_state(network, constant), usual, x)
            raise Wrong("vgg-encoder", Evidence(f"{blocks} blocks", shown(right[0](x)), shown(got)))


def relu(subject: Subject, draw: Draw) -> None:
    """A ReLU after every 3×3 convolution."""
    check_relus(made(subject, CLASSES, 2, whole=True), VGG_WIDTHS[0], draw.uniform(1, 3, 6, 6))


def logits(subject: Subject, draw: Draw) -> None:
    """Nothing after the last convolution."""
    network = made(subject, CLASSES, 1)
    state = uniform_state(network, networks.positive_constants(draw, list(VGG_WIDTHS)))
    networks.check_logits(network, state, draw.uniform(2, 3, 6, 6))


def pure(subject: Subject, draw: Draw) -> None:
    """Nothing but input and parameters decides, in either mode."""
    network = made(subject, CLASSES, 2, whole=True)
    state = networks.random_state(network, draw)
    networks.check_eval_is_pure(network, state, draw.normal(3, 3, 8, 8), draw)
    networks.check_train_is_pure(network, state, draw.normal(3, 3, 8, 8))


def gradients(subject: Subject, draw: Draw) -> None:
    """Gradients reach every parameter."""
    make = partial(made, subject, CLASSES, 2, whole=True)
    networks.check_gradients_reach_all(make, draw.normal(2, 3, 8, 8), CLASSES, draw)


VGGUNet = Exam(
    "VGGUNet",
    (
        Criterion("parameters", "numbers of parameters for 1, 2, 3 and 4 blocks", 1.0, parameters),
        Criterion("sizes", "one logit for each class and pixel", 0.5, sizes),
        Criterion("values", "pooling between blocks, skips from before it", 1.5, values),
        Criterion("encoder", "a given encoder's weights are taken over", 1.0, encoder),
        Criterion("relu", "a ReLU after every 3×3 convolution but the first of a level, where it is free", 0.5, relu),
        Criterion("logits", "logits: nothing after the 1×1 convolution", 0.5, logits),
        Criterion("calm", "deterministic, each image for itself, the input unchanged", 0.5, pure),
        Criterion("gradients", "gradients reach every parameter", 0.5, gradients),
    ),
    sentences=SENTENCES,
    ids=NETWORK_IDS
    | dict.fromkeys(("network-relu-missing", "network-relu-leaky"), "vgg-relu-missing")
    | dict.fromkeys(("network-relu-last", "network-softmax-last"), "vgg-last"),
    diagnosis=("parameters", "sizes", "calm", "logits", "values", "relu", "encoder", "gradients"),
    exact={
        *("vgg-blocks", "vgg-classes", "vgg-biases", "vgg-transposed", "vgg-decoder-convolutions", "vgg-skip-missing"),
        *("vgg-skip-pooled", "vgg-skip-level", "vgg-pool-last", "vgg-pool-missing", "unet-shared"),
        *("unet-mean-pooling", "unet-same-border", "unet-skip-first-convolution"),
    },
)
