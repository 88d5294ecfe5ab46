"""The exam of `grad_cam`: networks whose map is known.

A wrong division or class costs no other criterion: but where the division is asked, the largest value of each map is 1
and the smallest is 0 before it is divided; but where classes are asked, the target is the first and most probable one
of two, and the other's logit is constant. Logits are near 0, where a softmax still has derivatives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import torch

from autograder.exam.cases import Case, Cases
from autograder.exam.draw import Draw
from autograder.exam.features import Features, holding
from autograder.exam.interpretability.asking import model_exam
from autograder.exam.interpretability.cams import CAM_MISTAKES, Way, cam
from autograder.exam.interpretability.models import Row, T, asked_of, built, network, norm

Shape = tuple[int, int, int]  # (C, H, W)
Body = Callable[[Draw, Shape], Sequence[Row]]
Head = Callable[[Draw, int, int], Sequence[Row]]  # of a draw, channels and pixels of the last map
RAW = Way(divided=lambda plane: plane)
SQUARE: Shape = (1, 8, 8)


# ---------------------------------------------------------------- networks
def spots(draw: Draw, inputs: int, out: int, bias: float = -0.3, stride: int = 1) -> Row:
    """A convolution that keeps the size, which likes bright spots, each channel others; of black it makes its bias."""
    weight = draw.normal(out, inputs, 3, 3) / 2
    weight[:, :, 1, 1] = 2 + draw.uniform(out, inputs)
    return "convolution", weight, torch.full((out,), bias), stride, 1


def dark(draw: Draw, shape: Shape) -> T:
    """An image with a black corner."""
    image = draw.uniform(*shape)
    image[:, : shape[1] // 2, : shape[2] // 2] = 0
    return image


def cornered(draw: Draw, shape: Shape) -> T:
    """A faint image with a bright pixel near a corner, which spots with stride 2 make the corner of their map: there
    the largest value stays what it is when a map is enlarged."""
    image = 0.3 * dark(draw, shape)
    image[:, -2, -2] = 1
    return image


RELU: Row = ("relu",)


def body(out: int = 1, *after: Row, **how: Any) -> Body:
    """Spots, and what follows."""
    return lambda draw, shape: [spots(draw, shape[0], out, **how), *after]


def averaged(*weights: Sequence[float]) -> Head:
    """Means over all positions, and a linear layer with these weights (classes × channels) and slight changes."""

    def rows(draw: Draw, channels: int, pixels: int) -> list[Row]:
        given = torch.tensor(weights)
        return [("average",), ("flatten",), ("linear", given * (0.9 + 0.2 * draw.uniform(*given.shape)), None)]

    return rows


def placed(*means: float) -> Head:
    """A linear layer of all positions; of each channel the weights have this mean, roughly."""

    def rows(draw: Draw, channels: int, pixels: int) -> list[Row]:
        weight = torch.zeros(2, channels, pixels)
        weight[0] = torch.tensor(means)[:, None] + draw.uniform(channels, pixels) - 0.5
        return [("flatten",), ("linear", weight.flatten(1), None)]

    return rows


def maps(
    body: Body,
    head: Head,
    layer: str,
    *shapes: Shape,
    targets: Sequence[int] = (0,),
    image: Callable[[Draw, Shape], T] = dark,
    peak: float | None = 1.0,
    **how: Any,
) -> Cases:
    """A map for each shape and class. peak: the largest value of a map before it is divided, None where all is 0."""

    def made(draw: Draw, shape: Shape) -> tuple[T, list[Row]]:
        picture, rows = image(draw, shape), list(body(draw, shape))
        out = built(network(*rows)).eval()(picture[None])
        return picture, [*rows, *head(draw, out.shape[1], out[0, 0].numel())]

    def cases(draw: Draw) -> Iterator[Case]:
        for shape in shapes or (SQUARE,):
            for target in targets:
                largest = 0.0
                while not largest > 0:
                    picture, rows = made(draw, shape)
                    raw = cam(picture, network(*rows), layer, target, RAW)
                    largest = float(raw.max()) if peak else 1.0
                weight = rows[-1][1].clone()
                weight[target] *= (peak or 1.0) / largest
                rows[-1] = "linear", weight, -torch.arange(len(weight)) / 5 - logits(picture, *rows[:-1], weight)
                yield Case((picture,), {"model": network(*rows, **how), "layer": layer, "target": target})

    return cases


def logits(image: T, *rows: Any) -> T:
    """Of a network of these rows and a last weight, without a bias."""
    return built(network(*rows[:-1], ("linear", rows[-1], None))).eval()(image[None])[0].detach()


def in_a_group(draw: Draw, shape: Shape) -> list[Row]:
    """Layers within other modules."""
    inner = "residual", spots(draw, 1, 1), RELU
    return [("group", spots(draw, shape[0], 1), RELU, inner), ("max_pool", 2)]


def careful(draw: Draw, shape: Shape) -> list[Row]:
    """A batch norm, and a dropout that lets nothing pass in train mode."""
    return [spots(draw, shape[0], 1), norm(draw, 1), RELU, ("dropout", 1.0)]


def bright(draw: Draw, shape: Shape) -> T:
    """An image without black."""
    return 0.3 + 0.7 * draw.uniform(*shape)


ONE = averaged([1.0], [0.0])
NOT = averaged([-1.0], [0.0])
THREE = averaged([0.4, 1.0, 2.5], [0.0] * 3)
MIXED = averaged([2.0, -1.5, 1.0], [0.0] * 3)
CLASSES = averaged([2.0, 0.3, 0.5], [0.2, 1.5, 0.6], [0.4, 0.5, 1.8], [1.0, 1.2, 0.1])
ALL = [f"{number}.{name}" for number in (0, 1, 6) for name in ("weight", "bias")]  # of the careful one
AGAINST = averaged([-0.5, -1.0, -2.0], [0.0] * 3)


def one_later(case: Case) -> Case:
    """The same after the ReLU that follows on the layer."""
    return replace(case, kwargs=case.kwargs | {"layer": str(int(case.kwargs["layer"]) + 1)})


def features(reference: Callable[..., T], case: Case) -> Features:
    """What is special about the image, the layer and its map."""
    (image,), given = case.args, case.kwargs
    rows, path = given["model"].args[0], given["layer"]
    raw = cam(
        image,
        **given,
        way=Way(enlarged=lambda plane, size: plane, rectified=lambda plane: plane, divided=lambda plane: plane),
    )
    weight = rows[-1][1]
    following = rows[int(path) + 1] if path.isdigit() else [""]
    facts = {
        **asked_of(image, given),
        "smaller map": raw.shape != image.shape[1:],
        "negative map": float(raw.min()) < 0 < float(raw.max()),
        "zero map": float(raw.max()) <= 0,
        "several maps": weight.shape[1] > 1,
        "other logits": bool(weight[torch.arange(len(weight)) != given["target"]].any()),
        "before a ReLU": following[0] == "relu",
        "in place": list(following) == ["relu", True],
        "nested layer": "." in path,
    }
    return holding(facts)


SCALED = [maps(body(1, RELU, bias=0.2), ONE, "1", image=bright, peak=peak) for peak in (0.05, 0.6, 7.0)]
PLAINEST = maps(body(1, RELU), ONE, "1", SQUARE, (1, 7, 7), (1, 9, 9), SQUARE, (1, 7, 7), (1, 10, 10))
CAM = model_exam("grad_cam", "model layer image target", cam, CAM_MISTAKES, PLAINEST, features=features)
grad_cam = CAM.exam(
    CAM.values("map", "a map of one channel", 1.0, PLAINEST, maps(body(1, RELU), ONE, "1", (3, 8, 8))),
    CAM.values(
        "channels", "several channels, each by its weight", 1.0, maps(body(3, RELU), THREE, "1", SQUARE, (1, 7, 7))
    ),
    CAM.values(
        "positions",
        "the weight is the mean over all positions",
        1.0,
        maps(body(3, RELU), placed(0.6, 1.2, 2.0), "1", SQUARE, (1, 7, 7)),
    ),
    CAM.criterion(
        "relu",
        "only what speaks for the class",
        1.0,
        CAM.ask_values(maps(body(1), ONE, "0")),
        CAM.ask_values(maps(body(3, RELU), MIXED, "1", SQUARE, (1, 7, 7))),
        CAM.ask_values(maps(body(3), MIXED, "0")),
        CAM.ask_values(maps(body(1, RELU, stride=2), ONE, "0", (1, 16, 16), image=cornered), plain=one_later),
    ),
    CAM.values(
        "zero",
        "a map that is all zero stays zero",
        0.5,
        maps(body(3, RELU), AGAINST, "1", peak=None),
        maps(body(1, RELU), NOT, "1", peak=None),
    ),
    CAM.values(
        "size",
        "enlarged to the image, bilinear",
        1.0,
        maps(body(1, RELU, stride=2), ONE, "1", (1, 16, 16), (1, 11, 17)),
        maps(body(1, RELU, ("max_pool", 3)), ONE, "2", (1, 15, 15), (1, 14, 20)),
        maps(body(1, RELU), ONE, "1", (1, 6, 9)),
    ),
    CAM.criterion(
        "scale",
        "divided by the maximum, in the image's type",
        0.5,
        *map(CAM.ask_values, SCALED),
        *map(CAM.ask_dtypes, SCALED),
    ),
    CAM.values("logit", "the logit of any class", 0.5, maps(body(3, RELU), CLASSES, "1", targets=(0, 1, 2, 3))),
    CAM.values(
        "layer",
        "the layer's own output, before an in-place layer and inside other modules",
        0.5,
        maps(body(1, ("relu", True)), NOT, "0", SQUARE, (1, 9, 9)),
        *(maps(in_a_group, ONE, path) for path in ("0.1", "0.2.1", "0.2", "0", "1")),
    ),
    CAM.values(
        "eval",
        "the model is asked in eval mode",
        0.5,
        maps(careful, ONE, "2", SQUARE, (3, 7, 7), training=True),
        maps(careful, ONE, "2"),
    ),
    CAM.left(
        0.5,
        maps(careful, ONE, "2", training=True, hooked=["2"]),
        maps(careful, ONE, "1", training=True, gradients=True),
        maps(careful, ONE, "2", frozen=["0.weight"], hooked=["1", "2"]),
        maps(careful, ONE, "2", frozen=ALL, hooked=["0"]),
    ),
)
