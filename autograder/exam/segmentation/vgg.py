"""The exam of `VGGUNet`."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch

from autograder.exam.compare import shown
from autograder.exam.core import Criterion, Evidence, Exam, Finding, Wrong
from autograder.exam.draw import Draw
from autograder.exam.gate import entries, equal, tensor
from autograder.exam.segmentation import counting, probes
from autograder.exam.segmentation import mistakes_networks as wrong
from autograder.exam.segmentation.common import mistake
from autograder.exam.segmentation.networks import (
    MODES,
    VGG_WIDTHS,
    Levels,
    UNet,
    VGGUNet,
    conv,
    vgg,
    vgg_parameters,
)
from autograder.exam.segmentation.probes import CLASSES
from autograder.exam.segmentation.sentences import SENTENCES
from autograder.exam.subject import Subject
from autograder.objects.recipes import Recipe


def made(subject: Subject, classes: int, blocks: int, **more: Any) -> Subject:
    """An instance in eval mode, of a size that can be run. Who always makes all four blocks keeps what that leaves
    right."""
    right = vgg_parameters(classes, blocks)
    most = max(4 * right, 2 * vgg_parameters(classes, 4))
    network = subject.make(classes, num_blocks=blocks, **more)
    counting.bounded(network, right, most, lambda: ignored(subject, classes, blocks, entries(network)))
    network.eval()
    return network


def ignored(subject: Subject, classes: int, blocks: int, size: int) -> tuple[str | None, str]:
    """Does the network's size not depend on `num_blocks`?"""
    if entries(subject.make(classes, num_blocks=blocks % 4 + 1)) == size:
        return "vgg-blocks", SENTENCES["vgg-blocks"]
    return None, counting.too_large(subject.name)


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


def parameters(subject: Subject, draw: Draw) -> None:
    for classes, blocks in ((1, 3), (1, 1), (5, 2), (2, 4)):
        counted(subject, classes, blocks)
    counting.honours(subject.make(), vgg_parameters(1, 4), wrong_counts(1, 4), "VGGUNet()")


def counted(subject: Subject, classes: int, blocks: int) -> None:
    case = f"VGGUNet(num_classes={classes}, num_blocks={blocks})"
    network = made(subject, classes, blocks)
    counting.honours(network, vgg_parameters(classes, blocks), wrong_counts(classes, blocks), case)
    probes.apart(network)


def sizes(subject: Subject, draw: Draw) -> None:
    """One logit a class and pixel, on any size that the poolings divide."""
    for classes, blocks, height, width in ((2, 1, 5, 7), (1, 2, 6, 10), (3, 3, 12, 8), (1, 4, 16, 8)):
        shape = tuple(tensor(subject.name, made(subject, classes, blocks)(draw.uniform(2, 3, height, width))).shape)
        expected = (2, classes, height, width)
        if shape == expected:
            continue
        told = f"{blocks} blocks on {height}×{width}", str(expected), str(shape)
        if len(shape) == 4 and shape[1] != classes:
            raise mistake("vgg-classes", *told)
        if len(shape) == 4 and shape[2] < height:
            raise mistake("vgg-pool-last", *told)
        if len(shape) == 4 and shape[2] > height:
            raise mistake("vgg-pool-missing", *told)
        raise Wrong(Finding(f"`{subject.name}` does not give back the input's size.", None, Evidence(*told)))


class PoolLast(UNet):
    """The last block pooled as well, and enlarged to the size before it."""

    def bottom(self, levels: list[Levels]) -> torch.Tensor:
        x = levels[-1].second
        return torch.nn.functional.interpolate(self.pool(x), x.shape[2:])


class PoolNever(UNet):
    def pool(self, x: torch.Tensor) -> torch.Tensor:
        return x

    def resized(self, x: torch.Tensor) -> torch.Tensor:
        return x


# Mistakes of a U-Net that can be made here too, by their names here.
IDS = {id: id.replace("unet", "vgg") for id in ("unet-skip-pooled", "unet-skip-missing", "unet-skip-level")}
IDS |= {id: id for id in ("unet-skip-first-convolution", "unet-mean-pooling", "unet-same-border")}
SHARED = [(IDS[id], kind) for id, kind in wrong.MUTANTS if id in IDS and kind is not wrong.PaddedFirst]
ALL: list[tuple[str, type[UNet]]] = [*SHARED, ("vgg-pool-last", PoolLast), ("vgg-pool-missing", PoolNever)]
MUTANTS = tuple((id, type(kind.__name__, (kind, VGGUNet), {})) for id, kind in ALL)


def values(subject: Subject, draw: Draw) -> None:
    """With uniform parameters the answer is that of the network, whichever way it enlarges."""
    for blocks, height, width in ((1, 6, 5), (2, 12, 8), (3, 16, 24)):
        network = made(subject, CLASSES, blocks)
        x = draw.uniform(2, 3, height, width) * 3
        constant = probes.constants(draw, list(VGG_WIDTHS))
        compare(network, probes.uniform(network, constant), [vgg(CLASSES, blocks, constant, m) for m in MODES], x)


def compare(network: Subject, state: probes.State, right: list[VGGUNet], x: torch.Tensor) -> None:
    got = probes.answer(network, state, x)
    if any(probes.close(got, one(x)) for one in right):
        return
    told = f"{right[0].depth + 1} blocks, {tuple(x.shape)}, parameters uniform", shown(right[0](x)), shown(got)
    for one in right:
        id = wrong.explained(got, one, x, probes.close, MUTANTS)
        if id is not None:
            raise mistake(id, *told)
    sentence = f"`{network.name}` computes something else than the network of the text."
    raise Wrong(Finding(sentence, None, Evidence(*told)))


class WithEncoder(VGGUNet):
    """The encoder's maps from a given VGG13; of its channels only the mean counts for what follows."""

    features: torch.nn.Sequential

    def encode(self, x: torch.Tensor) -> list[Levels]:
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
        counting.honours(network, vgg_parameters(CLASSES, blocks), wrong_counts(CLASSES, blocks), f"{blocks} blocks")
        convolutions = [m for m in features if isinstance(m, torch.nn.Conv2d)][: 2 * blocks]
        waiting = [t for m in convolutions for t in (m.weight, m.bias) if t is not None]
        constant = probes.constants(draw, list(VGG_WIDTHS))
        state = probes.uniform(network, constant)
        for name, entry in network.state().items():
            if (found := entry.tensor) is None:
                continue
            for i, theirs in enumerate(waiting):
                if equal(found.flatten(), theirs.flatten()):
                    state[name] = found
                    del waiting[i]
                    break
        if waiting:
            raise mistake("vgg-encoder", f"{blocks} blocks", "each of the encoder's tensors", f"{len(waiting)} missing")
        x = draw.uniform(2, 3, 8, 12) * 100  # an encoder fresh from its maker answers faintly
        right = []
        for mode in MODES:
            one = WithEncoder(3, CLASSES, VGG_WIDTHS[0], blocks - 1, "same", constant, mode)
            one.features = features
            right.append(one)
        got = probes.answer(network, state, x)
        if not any(probes.close(got, one(x)) for one in right):
            compare(network, probes.uniform(network, constant), [vgg(CLASSES, blocks, constant, m) for m in MODES], x)
            raise mistake("vgg-encoder", f"{blocks} blocks", shown(right[0](x)), shown(got))


def relu(subject: Subject, draw: Draw) -> None:
    network = made(subject, CLASSES, 2)
    counting.substantial(network, vgg_parameters(CLASSES, 2))
    probes.relus(network, VGG_WIDTHS[0], draw.uniform(1, 3, 6, 6), "vgg-relu-missing")


def logits(subject: Subject, draw: Draw) -> None:
    network = made(subject, CLASSES, 1)
    state = probes.uniform(network, probes.constants(draw, list(VGG_WIDTHS)))
    probes.logits(network, state, draw.uniform(2, 3, 6, 6), "vgg")


def calm(subject: Subject, draw: Draw) -> None:
    network = made(subject, CLASSES, 2)
    counting.substantial(network, vgg_parameters(CLASSES, 2))
    state = probes.random_state(network, draw)
    probes.calm(network, state, draw.normal(3, 3, 8, 8), draw)
    probes.trains(network, state, draw.normal(3, 3, 8, 8))


def gradients(subject: Subject, draw: Draw) -> None:
    counting.substantial(made(subject, CLASSES, 2), vgg_parameters(CLASSES, 2))
    probes.learns_everywhere(partial(made, subject, CLASSES, 2), draw.normal(2, 3, 8, 8), CLASSES, draw)


def scale(subject: Subject, draw: Draw) -> None:
    network = made(subject, CLASSES, 2)
    state = probes.uniform(network, probes.constants(draw, list(VGG_WIDTHS)))
    probes.scale(network, state, draw.uniform(2, 3, 8, 8))


ROOTS = (
    lambda subject, draw: counted(subject, 7, 2), sizes, calm, logits, scale, relu, values, encoder, gradients,
)  # fmt: skip
EXACT = {
    "vgg-blocks", "vgg-classes", "vgg-biases", "vgg-transposed", "vgg-decoder-convolutions", "vgg-skip-missing",
    "vgg-skip-pooled", "vgg-skip-level", "vgg-pool-last", "vgg-pool-missing", "unet-shared", "unet-mean-pooling",
    "unet-same-border", "unet-skip-first-convolution",
}  # fmt: skip


def criterion(id: str, title: str, points: float, check: probes.Probe) -> Criterion:
    return Criterion(id, title, points, probes.rooted(check, ROOTS, EXACT))


VGG = Exam(
    "VGGUNet",
    "VGGUNet",
    (
        criterion("parameters", "numbers of parameters for 1, 2, 3 and 4 blocks", 1.0, parameters),
        criterion("sizes", "one logit for each class and pixel", 0.5, sizes),
        criterion("values", "pooling between blocks, skips from before it", 1.5, values),
        criterion("encoder", "a given encoder's weights are taken over", 1.0, encoder),
        criterion("relu", "a ReLU after every 3×3 convolution but the first of a level, where it is free", 0.5, relu),
        criterion("logits", "logits: nothing after the 1×1 convolution", 0.5, logits),
        criterion("calm", "deterministic, each image for itself, the input unchanged", 0.5, calm),
        criterion("gradients", "gradients reach every parameter", 0.5, gradients),
    ),
)
