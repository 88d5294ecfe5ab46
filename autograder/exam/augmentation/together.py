"""The exam of `SegmentationTransform`: by what it does alone.

An image that shows its own mask in every channel still does after any geometric change, whatever that draws.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch

from autograder.exam.augmentation.images import T
from autograder.exam.augmentation.sentences import SENTENCES
from autograder.exam.compare import agree, kind, shown
from autograder.exam.core import Criterion, Evidence, Exam, Unnamed, Wrong, once
from autograder.exam.draw import Draw
from autograder.exam.setting import current
from autograder.exam.subject import Subject
from autograder.objects.recipes import Recipe

SIDE, CALLS = 6, 40  # 40 calls of a coin are all alike once in 10¹¹
Pair = tuple[T, T]


def scene(draw: Draw, channels: int = 3, height: int = SIDE, width: int = SIDE) -> Pair:
    """A mask of labels, no two rows or columns alike, and an image that shows it in every channel."""
    mask = draw.integers(0, 1000, height, width)
    return (mask.float() / 1000).expand(channels, height, width).clone(), mask


def called(subject: Subject, made: Subject, pair: Pair, seed: int, calls: int) -> list[Pair]:
    """What so many calls give, from this seed of torch's global generator on: an image and a mask each."""
    told = current.get().build(Recipe("caller"))(made, list(pair), seed, calls)
    if not isinstance(told, list) or len(told) != calls:
        raise Unnamed(f"`{subject.name}` gave back something that cannot be read.", tells={"result"})
    return [read(subject, got) for got in told]


def read(subject: Subject, got: Any) -> Pair:
    """A call's result, where it is a pair of tensors."""
    if not isinstance(got, tuple | list) or len(got) != 2 or not all(isinstance(one, T) for one in got):
        said = f"The result of `{subject.name}` is {kind(got)} where an image and a mask are expected."
        raise Unnamed(said, tells={"result"})
    return got[0], got[1]


def made_of(
    subject: Subject, geometric: Sequence[Any], photometric: Sequence[Any] = (), *, named: bool = False
) -> Subject:
    """A transform of these callables."""
    if named:
        return subject.make(geometric=list(geometric), photometric=list(photometric))
    return subject.make(list(geometric), list(photometric))


def labels_of(image: T) -> T:
    """The labels that an image of `scene` shows (C, H, W)."""
    return (image * 1000).round().long()


def same_place(pair: Pair) -> bool:
    """Does the image show its mask?"""
    image, mask = pair
    return image.shape[1:] == flat(mask).shape and torch.equal(labels_of(image), flat(mask).expand(image.shape))


def flat(mask: T) -> T:
    """A mask without a channel axis, which costs one criterion."""
    return mask[0] if mask.dim() == 3 and len(mask) == 1 else mask


def passes(subject: Subject, draw: Draw) -> bool:
    """The door: fixed geometric changes are made, and a pair comes back. Are they made on the image?"""

    def find() -> bool:
        image, mask = scene(draw)
        made = made_of(subject, [Recipe("flipped", -1), Recipe("flipped", -2)])
        ((got, labels),) = called(subject, made, (image, mask), 1, 1)
        if got.shape != image.shape or flat(labels).shape != mask.shape:
            shapes = f"{tuple(got.shape)} and {tuple(labels.shape)}"
            said = f"The results of `{subject.name}` in its simplest calls have the wrong shapes {shapes}."
            raise Unnamed(said, tells={"plainest", "result"})
        moved = torch.allclose(got.float(), image.flip(-1, -2))
        alone = torch.allclose(got.float(), image) and torch.equal(flat(labels).double(), mask.flip(-1, -2).double())
        if not moved and not alone:
            said = f"`{subject.name}` in its simplest calls, with two fixed changes, gave back a wrong image."
            raise Unnamed(said, Evidence("two flips", shown(image.flip(-1, -2)), shown(got)), {"plainest"})
        return moved

    return bool(once(draw, find))


def unchanged(subject: Subject, draw: Draw) -> None:
    """Empty lists, shapes and types; arguments stay as they are."""
    passes(subject, draw)
    for channels, height, width in ((3, 5, 7), (1, 6, 4)):
        image, mask = scene(draw, channels, height, width)
        made = made_of(subject, [], named=True)
        reply = made.vjp((image, mask), {}, None)
        got, labels = read(subject, reply.output)
        evidence = Evidence("two empty lists", f"{shown(image)}, {shown(mask)}", f"{shown(got)}, {shown(labels)}")
        if not torch.equal(reply.after[0], image) or not torch.equal(reply.after[1], mask):
            raise Wrong("input-changed", evidence)
        check_mask_type(subject, labels, mask, evidence)
        if not agree(got, image) or not torch.equal(labels, mask):
            raise Unnamed(f"`{subject.name}` of two empty lists changes what it is given.", evidence, {"result"})


def check_mask_type(subject: Subject, labels: T, mask: T, evidence: Evidence) -> None:
    """int64, and as many axes as before."""
    if labels.dtype != torch.int64:
        raise Wrong("mask-float", evidence)
    if labels.dim() != mask.dim():
        raise Wrong("pair-mask-axes", evidence)


CHANGES: dict[str, list[tuple]] = {
    "flips": [("sometimes_flipped", -1), ("sometimes_flipped", -2)],
    "rolls": [("rolled",)],
    "turns": [("turned",)],
    "crops": [("cropped", 4)],
    "permutations": [("permuted",)],
    "several": [("rolled",), ("turned",), ("sometimes_flipped", -1), ("cropped", 5)],
}


def moving(draw: Draw, subject: Subject) -> Iterator[tuple[str, list[Pair]]]:
    """What random changes make of a scene, in many calls."""
    for said, some in CHANGES.items():
        made = made_of(subject, [Recipe(name, *args) for name, *args in some])
        yield said, called(subject, made, scene(draw), int(draw.integers(0, 9999)), CALLS)


def together(subject: Subject, draw: Draw) -> None:
    """After random geometric changes the image still shows its mask."""
    if not passes(subject, draw):
        raise Wrong("pair-image-unchanged", Evidence("two flips", "an image that is flipped", "the image"))
    given = scene(draw)
    for said, pairs in moving(draw, subject):
        apart = [pair for pair in pairs if not same_place(pair)]
        if not apart:
            continue
        evidence = Evidence(f"{said}, {CALLS} calls", "masks that fit", f"{len(apart)} that do not")
        ((_, labels),) = called(subject, made_of(subject, [Recipe("flipped", -1)]), given, 1, 1)
        if torch.equal(flat(labels).long(), given[1]):
            raise Wrong("pair-mask-unmoved", evidence)
        raise Wrong("pair-moved-apart", evidence)


def anew(subject: Subject, draw: Draw) -> None:
    """Two calls differ, and so do instances and seeds."""
    passes(subject, draw)
    image, mask = scene(draw)
    runs = [
        called(subject, made_of(subject, [Recipe("permuted")]), (image, mask), seed, CALLS // 2) for seed in (11, 12)
    ]
    evidence = Evidence("one random change, many calls", "images that differ", "images that are alike")
    seen = [len({(got.numpy().tobytes(), labels.numpy().tobytes()) for got, labels in pairs}) for pairs in runs]
    if max(seen) == 1:
        raise Wrong("pair-seeded", evidence)
    if min(seen) < CALLS // 2 - 1:  # of 720² orders two are alike rarely
        raise Wrong("pair-alike", evidence)
    if all(torch.equal(one, other) for one, other in zip(runs[0][0], runs[1][0], strict=True)):
        raise Wrong("pair-counted", evidence)


def in_order(subject: Subject, draw: Draw) -> None:
    """Geometric ones in order, then photometric ones in order, which leave the mask alone."""
    moved = passes(subject, draw)
    image, mask = scene(draw)
    geometric = [Recipe("times", 2), Recipe("added", 1)]
    photometric = [Recipe("added", 3.0), Recipe("times", 0.5)]
    ((got, labels),) = called(subject, made_of(subject, geometric, photometric), (image, mask), 1, 1)
    evidence = Evidence("times 2, plus 1; plus 3, times 0.5", shown((2 * image + 4) / 2), shown(got))
    wrong = {
        "pair-photometric-first": 2 * (image + 3) / 2 + 1,
        "pair-photometric-missing": 2 * image + 1,
        "pair-photometric-backwards": (2 * image + 1) / 2 + 3,
        "pair-geometric-backwards": (2 * (image + 1) + 3) / 2,
    }
    expected = (2 * image + 4) / 2 if moved else (image + 3) / 2  # what it lacks costs another criterion
    if not torch.allclose(got.float(), expected, atol=1e-5):
        named = [
            id for id, one in wrong.items() if got.shape == one.shape and torch.allclose(got.float(), one, atol=1e-5)
        ]
        if named:
            raise Wrong(named[0], evidence)
        raise Unnamed(f"`{subject.name}` does not call its transforms in the order of the text.", evidence, {"order"})
    found = flat(labels).double()
    if torch.equal(found, (2 * mask + 1).double()):
        return
    evidence = Evidence("the mask of the same", shown(2 * mask + 1), shown(labels))
    if torch.allclose(found, (2 * mask + 4).double() / 2) or torch.allclose(found, ((2 * mask + 4) // 2).double()):
        raise Wrong("pair-photometric-on-mask", evidence)
    if torch.equal(found, mask.double()):
        return  # it is not moved at all, which costs another criterion
    raise Unnamed(
        f"`{subject.name}` calls other transforms on the mask than the geometric ones, in their order.",
        evidence,
        {"order"},
    )


def alone(subject: Subject, draw: Draw) -> None:
    """A geometric callable gets the image and, apart from it, the mask as an int64 tensor (1, H, W)."""
    passes(subject, draw)
    image, mask = scene(draw, 3, 5, 7)
    note = current.get().build(Recipe("noting"))
    made = made_of(subject, [note, Recipe("shaded")])
    ((_, labels),) = called(subject, made, (image, mask), 3, 1)
    given = note.attribute("given")
    wanted = [((1, 5, 7), True), ((3, 5, 7), False)]
    evidence = Evidence("what a geometric transform is given", str(wanted), shown(given))
    read = sorted((tuple(shape), whole) for shape, whole in given) if isinstance(given, list) else []
    if len(read) == 1 and read[0] in wanted:
        return  # one of the two is not moved at all, which costs another criterion
    if any(shape[0] == 4 for shape, _ in read if shape):
        raise Wrong("pair-joined", evidence)
    if ((5, 7), True) in read:
        raise Wrong("pair-mask-without-channel", evidence)
    if not any(whole for _, whole in read):
        raise Wrong("mask-float", evidence)
    if read != wanted:
        raise Wrong("pair-called-otherwise", evidence)
    if not torch.equal(flat(labels), mask):
        raise Unnamed(f"`{subject.name}` changes labels.", evidence, {"result"})


SegmentationTransform = Exam(
    "SegmentationTransform",
    (
        Criterion("unchanged", "two empty lists; the mask stays int64 (H, W)", 0.5, unchanged),
        Criterion("together", "the mask moves as the image does", 1.5, together),
        Criterion("order", "geometric ones first, then photometric ones on the image alone", 1.5, in_order),
        Criterion("alone", "the mask is handed in alone, as int64 (1, H, W)", 1.0, alone),
        Criterion("anew", "two calls differ", 0.5, anew),
    ),
    sentences=SENTENCES,
)
