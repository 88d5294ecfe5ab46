"""The exam of `receptive_field`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

from autograder.exam.architectures.sentences import SENTENCES
from autograder.exam.cases import Case, Cases
from autograder.exam.draw import Draw
from autograder.exam.features import Features, holding
from autograder.exam.functions import FunctionExam
from autograder.exam.mistakes import misconception, with_arguments, with_result

Layer = tuple[int, int, int]  # kernel_size, stride, dilation
Field = tuple[int, int]
KERNELS, STRIDES, DILATIONS = (1, 2, 3, 5, 7), (1, 2, 3, 4), (1, 2, 3)


def receptive_field(layers: list[Layer]) -> Field:
    """How many pixels one unit sees along an axis, and how many lie between two neighbours."""
    size, jump = 1, 1
    for kernel_size, stride, dilation in layers:
        size, jump = size + (kernel_size - 1) * dilation * jump, jump * stride
    return size, jump


def by(step: Callable[[int, int, Layer], Field], start: int = 1) -> Callable[[list[Layer]], Field]:
    """A wrong one: (size, jump, layer) → (size, jump) for each layer in turn."""

    def field(layers: list[Layer]) -> Field:
        size, jump = start, 1
        for layer in layers:
            size, jump = step(size, jump, layer)
        return size, jump

    return field


def added(size: int, jump: int, layer: Layer) -> Field:
    return size + layer[0] * layer[2] * jump, jump * layer[1]


def own_stride(size: int, jump: int, layer: Layer) -> Field:
    jump *= layer[1]
    return size + (layer[0] - 1) * layer[2] * jump, jump


def dilated_jump(size: int, jump: int, layer: Layer) -> Field:
    return size + (layer[0] - 1) * layer[2] * jump, jump * layer[1] * layer[2]


def multiplied_kernel(size: int, jump: int, layer: Layer) -> Field:
    return size + (layer[0] * layer[2] - 1) * jump, jump * layer[1]


def unstrided(size: int, jump: int, layer: Layer) -> Field:
    return size + (layer[0] - 1) * layer[2], jump * layer[1]


def summed_jump(layers: list[Layer]) -> Field:
    return receptive_field(layers)[0], sum(stride - 1 for _, stride, _ in layers) + 1


def last_stride(layers: list[Layer]) -> Field:
    return receptive_field(layers)[0], layers[-1][1] if layers else 1


def refused_when_empty(layers: list[Layer]) -> Field:
    if not layers:
        raise IndexError("nothing to begin with")
    return receptive_field(layers)


def changed_when_empty(empty: Any) -> Callable[[list[Layer]], Any]:
    return lambda layers: receptive_field(layers) if layers else empty


def with_layers(change: Callable[[list[Layer]], list[Layer]]) -> Callable[[list[Layer]], Field]:
    """The right rule on other layers."""
    return with_arguments(receptive_field, layers=change)


MISTAKES = (
    misconception(
        "field-empty", *map(changed_when_empty, ((0, 1), (0, 0), (1, 0), None)), refused_when_empty, raises=True
    ),
    misconception("field-strides-ignored", by(unstrided), with_layers(lambda all: [(k, 1, d) for k, _, d in all])),
    misconception("field-own-stride", by(own_stride)),
    misconception("field-kernel-added", by(added), by(added, start=0)),
    misconception("field-dilation-ignored", with_layers(lambda all: [(k, s, 1) for k, s, _ in all])),
    misconception("field-dilation-multiplies", by(multiplied_kernel)),
    misconception("field-reversed", with_layers(lambda all: all[::-1])),
    misconception("field-jump", last_stride, by(dilated_jump), summed_jump),
    misconception("field-swapped", with_result(receptive_field, lambda field: field[::-1])),
    misconception("field-not-ints", with_result(receptive_field, lambda field: tuple(map(float, field)))),
)  # fmt: skip


def features(reference: Callable[..., Any], case: Case) -> Features:
    """What is special about a list of layers."""
    layers = case.args[0]
    return holding(
        {
            "stride": any(stride > 1 for _, stride, _ in layers),
            "dilation": any(dilation > 1 for _, _, dilation in layers),
            "even kernel": any(kernel_size % 2 == 0 for kernel_size, _, _ in layers),
        }
    )


def drawn(*skeletons: list[Layer]) -> Cases:
    """These lists of layers, in the seed's order."""

    def cases(draw: Draw) -> Iterator[Case]:
        for layers in draw.shuffled(list(skeletons)):
            yield Case((list(layers),))

    return cases


def repeated(layer: Layer, *counts: int) -> list[list[Layer]]:
    return [[layer] * count for count in counts]


def random_lists(draw: Draw) -> Iterator[Case]:
    """Every combination of kernel, stride and dilation as one layer of a list that the seed fills."""
    every = list(product(KERNELS, STRIDES, DILATIONS))
    mixed = draw.shuffled(every)
    while mixed:
        count = int(draw.integers(2, 6))
        yield Case((mixed[:count],))
        mixed = mixed[count:]


PLAINEST = [[(k, 1, 1)] for k in (3, 5, 2, 7)] + repeated((3, 1, 1), 2, 3)
STRIDED: list[list[Layer]] = [
    [(3, 2, 1), (3, 1, 1)], [(2, 2, 1), (2, 2, 1), (3, 1, 1)], [(7, 2, 1), (3, 2, 1), (3, 1, 1), (3, 1, 1)],
    [(11, 4, 1), (3, 2, 1), (5, 1, 1), (3, 2, 1)], [(1, 3, 1), (3, 1, 1)], [(3, 3, 1)],
]  # fmt: skip
DILATED: list[list[Layer]] = [
    [(3, 1, 2)], [(3, 1, 2), (3, 1, 4)], [(5, 1, 3), (1, 1, 2)], [(2, 1, 5), (3, 1, 1), (3, 1, 2)],
]  # fmt: skip
FIELD = FunctionExam("receptive_field", receptive_field, MISTAKES, SENTENCES, drawn(*PLAINEST), features=features)
receptive_field_exam = FIELD.exam(
    FIELD.values(
        "plain", "layers one after the other, without strides", 1.0,
        drawn(*PLAINEST, [(1, 1, 1)], [(4, 1, 1), (3, 1, 1), (1, 1, 1)]),
    ),
    FIELD.values("strides", "with strides, in the right order", 1.5, drawn(*STRIDED)),
    FIELD.values("dilation", "with dilation", 0.5, drawn(*DILATED)),
    FIELD.values("together", "all combinations of kernel, stride and dilation", 0.5, random_lists),
    FIELD.values("empty", "no layer at all", 0.5, drawn([])),
)  # fmt: skip
