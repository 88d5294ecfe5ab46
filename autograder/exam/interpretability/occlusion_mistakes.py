"""The map of `occlusion_map`, and the mistakes people make in it, each as another way to make the map."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional as F

from autograder.exam.interpretability.model_mistakes import left_mistakes, mode_mistakes
from autograder.exam.interpretability.models import (
    T,
    built,
    evaluated,
    ranked,
)
from autograder.exam.mistakes import Misconception, always, misconception, with_arguments, with_changes


def probability(logits: T, target: int) -> T:
    """Of logits (n, K) the softmax probability of one class (n,)."""
    return logits.softmax(1)[:, target]


def starts(length: int, patch_size: int, stride: int) -> list[int]:
    """Where patches begin along an axis."""
    return [number * stride for number in range((length - patch_size) // stride + 1)]


def all_patches(rows: int, columns: int) -> int:
    """How many images are a batch: those of all patches."""
    return rows * columns


def one_row(rows: int, columns: int) -> int:
    return columns


def one_patch(rows: int, columns: int) -> int:
    return 1


def occluded(
    image, model, target, patch_size, stride, fill=0.0,
    read=probability, starts=starts, paint=None, finish=None, batch=all_patches,
):  # fmt: skip
    """The map (rows, columns). What mistakes change: how logits are read, where patches begin, what an image under a
    patch is, and what becomes of the map. batch: how many images are asked at once, which tells beside a mistake."""
    paint, tops, lefts = paint or painted, *(starts(side, patch_size, stride) for side in image.shape[-2:])
    images = [paint(image, top, left, patch_size, fill) for top in tops for left in lefts]
    if not images:
        return torch.zeros(len(tops), len(lefts))
    with evaluated(built(model)) as made, torch.no_grad():
        batches = torch.stack(images).split(batch(len(tops), len(lefts)))
        found = torch.cat([read(made(some), target) for some in batches]).reshape(len(tops), len(lefts))
        return finish(found, image, lambda: read(made(image[None]), target)) if finish else found


def painted(image: T, top: int, left: int, size: int, fill: Any) -> T:
    """A copy of the image with a patch, as far as that lies on it."""
    out = image.clone()
    out[:, max(top, 0) : max(top + size, 0), max(left, 0) : max(left + size, 0)] = fill
    return out


def reading(*ways: Callable[[T, int], T]) -> list[Any]:
    """The map of something else than the probability."""
    return [with_arguments(occluded, read=always(way)) for way in ways]


def finishing(*ways: Callable[[T, T, Callable[[], T]], T]) -> list[Any]:
    """Something else is made of the map, which gets the image and what its own probability is."""
    return [with_arguments(occluded, finish=always(way)) for way in ways]


def painting(*ways: Callable[..., T]) -> list[Any]:
    """Something else is covered."""
    return [with_arguments(occluded, paint=always(way)) for way in ways]


def beginning(*ways: Callable[[int, int, int], list[int]]) -> list[Any]:
    """Patches begin elsewhere."""
    return [with_arguments(occluded, starts=always(way)) for way in ways]


def centred(image, top, left, size, fill):
    return painted(image, top - size // 2, left - size // 2, size, fill)


def first_channel(image, top, left, size, fill):
    return torch.cat([painted(image[:1], top, left, size, fill), image[1:]])


def all_else(image, top, left, size, fill):
    return torch.where(covered(image, top, left, size), image, torch.as_tensor(fill, dtype=image.dtype))


def covered(image: T, top: int, left: int, size: int) -> T:
    """Which entries (C, H, W) lie under the patch."""
    return painted(torch.zeros_like(image), top, left, size, 1) > 0


def filled(value: Callable[[T, Any], Any]) -> Callable[..., T]:
    """Another value fills the patch; it gets the image and `fill`."""
    return lambda image, top, left, size, fill: torch.where(covered(image, top, left, size), value(image, fill), image)


def staying(**given: Any) -> dict[str, Any]:
    """Earlier patches stay on the image: each is painted on the one before it."""
    below: list[T] = []

    def paint(image: T, *box: Any) -> T:
        below.append(painted(below[-1] if below else image, *box))
        return below[-1]

    return {"paint": paint}


def enlarged(mode: str) -> Callable[..., T]:
    return lambda found, image, whole: F.interpolate(found[None, None], image.shape[-2:], mode=mode)[0, 0]


def standardised(found: T, image: T, whole: Callable[[], T]) -> T:
    """Mean 0, standard deviation 1. One number has no deviation: NaN, as `std` gives with a warning."""
    return (found - found.mean()) / (found.std() if found.numel() > 1 else torch.nan)


OCCLUSION_MISTAKES: tuple[Misconception, ...] = (
    misconception(
        "target-ignored",
        *reading(
            lambda logits, target: logits.softmax(1).amax(1),
            lambda logits, target: logits.softmax(1)[:, 0],
            lambda logits, target: logits.argmax(1).float(),
        ),
        with_changes(occluded, lambda image, model, **rest: {"target": ranked(image, model, 0)}),
    ),
    misconception(
        "occlusion-not-probability",
        *reading(
            lambda logits, target: logits[:, target],
            lambda logits, target: logits.log_softmax(1)[:, target],
            lambda logits, target: -logits.log_softmax(1)[:, target],
            lambda logits, target: logits[:, target].sigmoid(),
        ),
    ),
    misconception(
        "occlusion-softmax-axis",
        *(
            with_arguments(
                occluded, read=always(lambda logits, target: logits.softmax(0)[:, target]), batch=always(batch)
            )
            for batch in (all_patches, one_row, one_patch)
        ),
    ),
    misconception(
        "occlusion-difference",
        *finishing(
            lambda found, image, whole: whole() - found,
            lambda found, image, whole: found - whole(),
            lambda found, image, whole: (whole() - found).abs(),
            lambda found, image, whole: (whole() - found) / whole(),
            lambda found, image, whole: found / whole(),
            lambda found, image, whole: 1 - found,
        ),
    ),
    misconception(
        "occlusion-scaled",
        *finishing(
            lambda found, image, whole: (found - found.min()) / (found.max() - found.min()),
            lambda found, image, whole: found / found.max(),
            lambda found, image, whole: found / found.sum(),
            standardised,
        ),
    ),
    misconception("occlusion-enlarged", *finishing(enlarged("nearest"), enlarged("bilinear"))),
    misconception("occlusion-transposed", *finishing(lambda found, image, whole: found.T)),
    misconception("occlusion-all-else", *painting(all_else)),
    misconception("occlusion-patches-stay", with_changes(occluded, staying)),
    misconception("occlusion-centred", *painting(centred)),
    misconception("occlusion-one-channel", *painting(first_channel)),
    misconception(
        "occlusion-patch-size",
        *painting(
            lambda image, top, left, size, fill: painted(image, top, left, size + 1, fill),
            lambda image, top, left, size, fill: painted(image, top, left, size - 1, fill),
        ),
    ),
    misconception(
        "occlusion-last-missing",
        *beginning(
            lambda length, size, stride: list(range(0, length - size, stride)),
            lambda length, size, stride: [number * stride for number in range((length - size) // stride)],
        ),
    ),
    misconception(
        "occlusion-beyond",
        *beginning(
            lambda length, size, stride: list(range(0, length, stride)),
            lambda length, size, stride: (
                [*(some := starts(length, size, stride)), some[-1] + stride]
                if (length - size) % stride
                else starts(length, size, stride)
            ),
            lambda length, size, stride: sorted({*starts(length, size, stride), length - size}),
        ),
    ),
    misconception(
        "occlusion-stride",
        *beginning(
            lambda length, size, stride: starts(length, size, size),
            lambda length, size, stride: starts(length, size, 1),
            lambda length, size, stride: [place for place in range(len(starts(length, size, stride)))],
        ),
        with_changes(occluded, lambda patch_size, stride, **rest: {"patch_size": stride, "stride": patch_size}),
    ),
    misconception(
        "occlusion-fill",
        with_arguments(occluded, fill=always(0.0)),
        *painting(
            filled(lambda image, fill: image.mean()),
            filled(lambda image, fill: image.mean((1, 2), keepdim=True)),
            filled(lambda image, fill: torch.tensor(0.5)),
            filled(lambda image, fill: torch.tensor(1.0)),
            filled(lambda image, fill: image + fill),
            filled(lambda image, fill: image * fill),
        ),
    ),
    mode_mistakes(occluded, *(with_arguments(occluded, batch=always(batch)) for batch in (one_row, one_patch))),
    *left_mistakes(occluded),
)
