"""The exam of `SegmentationDataset`, on folders that are written where the student's code runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from autograder.exam.augmentation.images import T
from autograder.exam.augmentation.sentences import SENTENCES
from autograder.exam.compare import kind, shown
from autograder.exam.core import Criterion, Evidence, Exam, Unnamed, Wrong, charge, once
from autograder.exam.draw import Draw
from autograder.exam.setting import current
from autograder.exam.subject import Raised, Subject
from autograder.objects.recipes import Recipe

File = tuple[str, str, T]  # name, mode, bytes
JPEG = 0.06  # what a photograph-like image may lose by its compression, in 0…1
SIZE = (6, 8)
LEVELS = 20, 52, 84, 116, 148  # by which images of one folder are told apart, JPEG or not
PAIRED = "qv7a", "qv7b"  # stems that no sentence holds by chance


@dataclass
class Folders:
    """Files, and what a dataset of them should give."""

    images: list[File] = field(default_factory=list)
    masks: list[File] = field(default_factory=list)
    items: dict[str, tuple[T, T]] = field(default_factory=dict)  # by stem: image (3, H, W) and mask (H, W)

    def add(self, draw: Draw, stem: str, mode: str = "rgb", mask: str = "grey", suffix: str = ".png") -> Folders:
        """A pair, of an image and a mask in these modes."""
        pixels, labels = self.pixels(draw, mode, LEVELS[len(self.items) % len(LEVELS)]), self.labels(draw)
        self.images.append((stem + suffix, mode, pixels))
        self.masks.append((f"{stem}.png", mask, labels))
        colours = pixels[..., None].expand(*SIZE, 3) if mode == "grey" else pixels[..., :3]
        self.items[stem] = colours.permute(2, 0, 1).float() / 255, labels.long()
        return self

    @staticmethod
    def pixels(draw: Draw, mode: str, level: int) -> T:
        """Bytes of an image; smooth, so that JPEG keeps them. level: of the first channel in the upper left corner."""
        channels = {"grey": 1, "rgb": 3, "rgba": 4}[mode]
        steps = torch.arange(SIZE[0])[:, None, None] * 6 + torch.arange(SIZE[1])[:, None] * 4
        start = draw.integers(20, 150, 1, 1, channels)
        start[..., 0] = level
        made = (steps + start).to(torch.uint8).contiguous()
        return made[..., 0].contiguous() if mode == "grey" else made

    @staticmethod
    def labels(draw: Draw) -> T:
        """Bytes of a mask: a few labels, and 255."""
        few = torch.tensor([0, 1, 2, 7, 255], dtype=torch.uint8)
        return few[draw.integers(0, 5, *SIZE)].contiguous()

    @property
    def stems(self) -> list[str]:
        """In order."""
        return sorted(self.items)


def opened(
    subject: Subject, folders: Folders, wanted: Sequence[int], *, as_path: bool = False, transform: Recipe | None = None
) -> list[Any]:
    """[length, items …] of a dataset of these files."""
    opener = current.get().build(Recipe("opener"))
    told = opener(subject, folders.images, folders.masks, as_path, transform, list(wanted))
    if not isinstance(told, list) or len(told) != 1 + len(wanted):
        raise Unnamed(f"`{subject.name}` gave back something that cannot be read.", tells={"result"})
    return told


def pair(subject: Subject, item: Any) -> tuple[T, T]:
    """An item, where it is an image and a mask."""
    if not isinstance(item, tuple | list) or len(item) != 2 or not all(isinstance(one, T) for one in item):
        said = f"The result of `{subject.name}[i]` is {kind(item)} where an image and a mask are expected."
        raise Unnamed(said, tells={"result"})
    return item[0], item[1]


def like(image: T, expected: T, tolerance: float = 1e-4) -> bool:
    """Does an image show this, whatever its range, its type and its layout?"""
    for got in (image, image.movedim(-1, 0) if image.dim() == 3 else image):
        for scale in (1.0, 255.0):
            if got.shape[-2:] == expected.shape[-2:] and got.dim() == 3 and len(got) in (1, 3, 4):
                shown_ = got.double()[:3] / scale
                if bool(((shown_ - expected.double()[: len(shown_)]).abs() <= max(tolerance, 1e-3)).all()):
                    return True
    return False


def check_image(subject: Subject, image: T, expected: T, mode: str, tolerance: float = 1e-4) -> None:
    """float32 (3, H, W) in 0…1 with these pixels."""
    evidence = Evidence(f"an image in {mode}", shown(expected), shown(image))
    if image.dim() == 3 and image.shape == (*SIZE, 3):
        raise Wrong("files-channels-last", evidence)
    if image.dim() == 3 and image.shape[1:] == SIZE and len(image) in (1, 4):
        raise Wrong("files-grey" if len(image) == 1 else "files-rgba", evidence)
    if image.dim() == 2:
        raise Wrong("files-grey", evidence)
    if image.shape != expected.shape:
        raise Unnamed(f"An image of `{subject.name}` has a wrong shape, {tuple(image.shape)}.", evidence, {"result"})
    if torch.allclose(image.float(), 255 * expected, atol=255 * max(tolerance, 1e-3)):
        raise Wrong("files-not-scaled", evidence)
    if image.dtype != torch.float32:
        said = f"An image of `{subject.name}` is {kind(image)} where a tensor of float32 is expected."
        raise Unnamed(said, evidence, {"type"})
    if not bool(((image - expected).abs() <= tolerance).all()):
        raise Unnamed(f"An image of `{subject.name}` in {mode} has wrong pixels.", evidence, {"result"})


def reads(subject: Subject, draw: Draw) -> None:
    """The door: two pairs of PNG files are read, whatever the form of an image."""

    def find() -> bool:
        folders = Folders().add(draw, "one").add(draw, "two")
        _, *items = opened(subject, folders, (0, 1))  # its length costs one criterion
        for item in items:
            image, _ = pair(subject, item)
            if not any(like(image, expected) for expected, _ in folders.items.values()):
                said = f"In the simplest calls of `{subject.name}` an item shows neither of two plain images in RGB."
                raise Unnamed(said, Evidence("two PNG files", "their pixels", shown(image)), {"plainest"})
        return True

    once(draw, find)


def reads_jpeg(subject: Subject, draw: Draw) -> bool:
    """Is an image that lies in a JPEG file found and read? Where it is not, that costs one criterion."""
    try:
        opened(subject, Folders().add(draw, "one", suffix=".jpg"), (0,))
    except Raised as error:
        charge(draw, "files-jpeg", Evidence("one.jpg and one.png", "an item", str(error)))
        return False
    return True


def pairs(subject: Subject, draw: Draw) -> None:
    """By stem, whatever the suffix, in the order of stems; folders as text and as Path."""
    reads(subject, draw)
    reads_jpeg(subject, draw)
    folders = Folders()
    # Sorted by whole names "b-1.png" comes before "b.jpg"; and stems are no numbers.
    for stem, suffix in draw.shuffled(
        [("b", ".jpg"), ("b-1", ".png"), ("a10", ".png"), ("a9", ".jpeg"), ("c.x", ".png")]
    ):
        folders.add(draw, stem, suffix=suffix)
    for as_path in (False, True):
        try:
            length, *items = opened(subject, folders, range(5), as_path=as_path)
        except Raised as error:
            what = "as Path" if as_path else "as text"
            raise Unnamed(
                f"`{subject.name}` fails with folders given {what}, or with suffixes that differ: {error.name}.",
                Evidence(what, "a dataset", str(error)),
                {"files"},
            ) from None
        found = [pair(subject, item) for item in items]
        order = [told(image, folders) for image, _ in found]
        evidence = Evidence("five pairs", ", ".join(folders.stems), ", ".join(order))
        if length != 5:
            raise Unnamed(f"`len` of `{subject.name}` is {length} for folders with five pairs.", evidence, {"files"})
        for (_, mask), stem in zip(found, order, strict=True):
            theirs = {other for other, (_, labels) in folders.items.items() if same_labels(mask, labels)}
            if theirs and stem in folders.items and stem not in theirs:
                raise Wrong("files-wrong-partner", evidence)
        if order != folders.stems:
            raise Wrong("files-order", evidence)


def same_labels(mask: T, labels: T) -> bool:
    """Does a mask hold these labels, whatever its type and its axes?"""
    return torch.equal(mask.reshape(-1).double(), labels.reshape(-1).double())


def told(image: T, folders: Folders) -> str:
    """The stem of the image that is shown."""
    return next((stem for stem, (expected, _) in folders.items.items() if like(image, expected, JPEG)), "?")


def images(subject: Subject, draw: Draw) -> None:
    """Grey, RGB, RGBA and JPEG become float32 (3, H, W) in 0…1."""
    reads(subject, draw)
    jpeg = [("rgb", ".jpg"), ("grey", ".jpg")] if reads_jpeg(subject, draw) else []
    for mode, suffix in [("rgb", ".png"), ("grey", ".png"), ("rgba", ".png"), *jpeg]:
        folders = Folders().add(draw, "one", mode, suffix=suffix)
        try:
            _, item = opened(subject, folders, (0,))
        except Raised as error:
            said = f"`{subject.name}` fails on an image in {mode}: it raised {error.name}."
            raise Unnamed(said, Evidence(mode + suffix, "an item", str(error)), {"result"}) from None
        check_image(subject, pair(subject, item)[0], folders.items["one"][0], mode, JPEG if suffix == ".jpg" else 1e-4)


def masks(subject: Subject, draw: Draw) -> None:
    """The stored numbers, of grey files and of those with a palette, as int64 (H, W)."""
    reads(subject, draw)
    for mode in ("grey", "palette"):
        folders = Folders().add(draw, "one", mask=mode)
        try:
            _, item = opened(subject, folders, (0,))
        except Raised as error:
            said = f"`{subject.name}` fails on a mask in {mode}: it raised {error.name}."
            raise Unnamed(said, Evidence(mode, "an item", str(error)), {"masks"}) from None
        _, mask = pair(subject, item)
        labels = folders.items["one"][1]
        evidence = Evidence(f"a mask in {mode}", shown(labels), shown(mask))
        if mask.dtype != torch.int64 and same_labels(mask, labels):
            raise Wrong("mask-float" if mask.is_floating_point() else "files-mask-type", evidence)
        if mask.is_floating_point() and torch.allclose(
            mask.double().reshape(-1)[:48] * 255, labels.double().reshape(-1), atol=1e-3
        ):
            raise Wrong("files-mask-scaled", evidence)
        if torch.equal(mask, labels[None]):
            raise Wrong("pair-mask-axes", evidence)
        if torch.equal(mask, (labels > 0).long()):
            raise Wrong("files-mask-binary", evidence)
        if mode == "palette" and not torch.equal(mask, labels):
            raise Wrong("files-palette", evidence)
        if mask.shape != labels.shape or not torch.equal(mask, labels):
            raise Unnamed(f"A mask of `{subject.name}` holds wrong labels.", evidence, {"masks"})


def transform(subject: Subject, draw: Draw) -> None:
    """transform(image, mask), where there is one."""
    reads(subject, draw)
    folders = Folders().add(draw, "one").add(draw, "two")
    plain_items = opened(subject, folders, (0, 1))[1:]
    items = opened(subject, folders, (0, 1), transform=Recipe("both_added"))[1:]
    for plain, item in zip(plain_items, items):
        (image, mask), (got, labels) = pair(subject, plain), pair(subject, item)
        evidence = Evidence("a transform that adds 1 to both", shown((image + 1, mask + 1)), shown((got, labels)))
        if torch.equal(got, image) and torch.equal(labels, mask):
            raise Wrong("files-transform-ignored", evidence)
        if not torch.equal(got, image + 1) or not torch.equal(labels, mask + 1):
            raise Unnamed(
                f"An item of `{subject.name}` is not the result of `transform(image, mask)`.", evidence, {"result"}
            )


def partners(subject: Subject, draw: Draw) -> None:
    """Stems without a partner, on either side, are all named in one ValueError when it is made."""
    reads(subject, draw)
    for without_mask, without_image in ((["kiwi"], []), ([], ["lime"]), (["plum", "pear"], ["fig", "date"])):
        folders = Folders().add(draw, PAIRED[0]).add(draw, PAIRED[1])
        for stem in without_mask:
            folders.add(draw, stem)
            folders.masks.pop()
        for stem in without_image:
            folders.add(draw, stem)
            folders.images.pop()
        sides = [side for side, some in (("mask", without_mask), ("image", without_image)) if some]
        case = f"stems without {' and without '.join(sides)}"
        try:
            opened(subject, folders, ())
        except Raised as error:
            if error.kind != "ValueError":
                said = f"`{subject.name}` should refuse {case} with a ValueError, but it raised {error.name}."
                raise Unnamed(said, Evidence(case, "a ValueError", str(error)), {"refusal"}) from None
            missing = [stem for stem in without_mask + without_image if stem not in error.message]
            if missing:
                raise Wrong("files-partners-unnamed", Evidence(case, "all stems", str(error))) from None
            if any(stem in error.message for stem in PAIRED):
                raise Wrong("files-partners-all", Evidence(case, "these stems alone", str(error))) from None
        else:
            mistake = "files-partners-one-side" if sides != ["mask"] else "files-partners"
            raise Wrong(mistake, Evidence(case, "a ValueError", "a dataset"))


SegmentationDataset = Exam(
    "SegmentationDataset",
    (
        Criterion("pairs", "pairs by stem, sorted by stem, whatever the suffix", 1.0, pairs),
        Criterion("images", "grey, RGB and RGBA, PNG and JPEG: float32 (3, H, W) in 0…1", 1.0, images),
        Criterion("masks", "the stored numbers, of a palette too: int64 (H, W)", 1.0, masks),
        Criterion("transform", "the transform gets image and mask", 0.5, transform),
        Criterion("partners", "stems without a partner are refused and named", 0.5, partners),
    ),
    sentences=SENTENCES,
)
