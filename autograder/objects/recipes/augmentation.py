"""What assignment 04's exams have built: changes of an image, folders of files, and callers that call what a student
made many times in one question.

Nothing that these say about themselves decides a mark: what counts are the images and masks that come back.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from PIL import Image

T = torch.Tensor
Change = Callable[[T], T]


def added(number: float) -> Change:
    """The image and a number."""
    return lambda x: x + number


def times(number: float) -> Change:
    """The image times a number."""
    return lambda x: x * number


def flipped(axis: int) -> Change:
    """The image mirrored along an axis."""
    return lambda x: x.flip(axis)


def failing() -> Change:
    """What must not be called."""

    def change(x: T) -> T:
        raise RuntimeError("this transform must not be called")

    return change


def sometimes_flipped(axis: int) -> Change:
    """Mirrored or not, as torch's global generator decides."""
    return lambda x: x.flip(axis) if torch.rand(()) < 0.5 else x.clone()


def rolled() -> Change:
    """Moved in a circle, by as many pixels down and right as torch's global generator decides."""
    return lambda x: x.roll((_below(x.shape[-2]), _below(x.shape[-1])), (-2, -1))


def turned() -> Change:
    """A square rotated by a multiple of 90°."""
    return lambda x: torch.rot90(x, _below(4), (-2, -1))


def permuted() -> Change:
    """Rows and columns in another order."""
    return lambda x: x[..., torch.randperm(x.shape[-2]), :][..., torch.randperm(x.shape[-1])]


def cropped(side: int) -> Change:
    """A square of this side from somewhere."""

    def change(x: T) -> T:
        top, left = _below(x.shape[-2] - side + 1), _below(x.shape[-1] - side + 1)
        return x[..., top : top + side, left : left + side].clone()

    return change


def shaded() -> Change:
    """An image times a number and a mask as it is: what treats the two apart, by the type."""

    def change(x: T) -> T:
        number = torch.rand(())
        return x * (0.5 + number) if x.is_floating_point() else x.clone()

    return change


def _below(number: int) -> int:
    return int(torch.randint(number, ()))


class Noting:
    """Changes nothing, and notes what it was given: (shape, is it int64?) of each call."""

    def __init__(self) -> None:
        self.given: list[tuple[tuple[int, ...], bool]] = []

    def __call__(self, x: T) -> T:
        self.given.append((tuple(x.shape), x.dtype == torch.int64))
        return x.clone()


def repeatedly(made: Callable[..., Any], args: Sequence[Any], seed: int, calls: int) -> list[Any]:
    """What so many calls give, one after the other, from this seed of torch's global generator on."""
    torch.manual_seed(seed)
    return [made(*(arg.clone() if isinstance(arg, T) else arg for arg in args)) for _ in range(calls)]


def caller() -> Callable[..., list[Any]]:
    """`repeatedly`, as something to be handed what a student made."""
    return repeatedly


def of_each_made(made: Callable[..., Any], settings: Sequence[Any], image: T, seed: int, count: int) -> list[Any]:
    """What the first call of each of so many instances gives, from this seed of torch's global generator on."""
    torch.manual_seed(seed)
    return [made(*settings)(image.clone()) for _ in range(count)]


def overwritten(function: Callable[..., T], image: T, box: Sequence[int]) -> T:
    """The image, after the result of a call was filled with sevens."""
    function(image, *box).fill_(7)
    return image


def overwriter() -> Callable[..., T]:
    """`overwritten`."""
    return overwritten


def states(function: Callable[..., Any], args: Sequence[Any], generator: torch.Generator) -> list[Any]:
    """A call's result, and whether it moved torch's global generator."""
    before = torch.get_rng_state()
    result = function(*args, generator)
    return [result, not torch.equal(torch.get_rng_state(), before)]


def state_reader() -> Callable[..., list[Any]]:
    """`states`."""
    return states


def generator(seed: int) -> torch.Generator:
    """A generator of its own."""
    return torch.Generator().manual_seed(seed)


MODES = {"grey": "L", "rgb": "RGB", "rgba": "RGBA", "palette": "P"}
PALETTE = [value for number in range(256) for value in (37 * number % 256, 91 * number % 256, 5 * number % 256)]


def write(path: Path, mode: str, pixels: T) -> None:
    """Write bytes (H, W) or (H, W, C) into a file, whose suffix says in which format."""
    image = Image.frombytes(MODES[mode], (pixels.shape[1], pixels.shape[0]), pixels.numpy().tobytes())
    if mode == "palette":
        image.putpalette(PALETTE)
    image.save(path, quality=95)  # which PNG ignores


def folder(files: Sequence[tuple[str, str, T]]) -> str:
    """The path of a new folder with these files: (name, mode, bytes)."""
    made = Path(tempfile.mkdtemp())
    for name, mode, pixels in files:
        write(made / name, mode, pixels)
    return str(made)


def open_dataset(
    made: Callable[..., Any], images: Any, masks: Any, as_path: bool, transform: Any, wanted: Sequence[int]
) -> list[Any]:
    """[length, items …] of a student's dataset, made on new folders with these files."""
    places = [Path(folder(files)) if as_path else folder(files) for files in (images, masks)]
    dataset = made(*places) if transform is None else made(*places, transform)
    return [len(dataset), *(dataset[position] for position in wanted)]


def both_added() -> Callable[[T, T], tuple[T, T]]:
    """A transform of an image and its mask."""
    return lambda image, mask: (image + 1, mask + 1)


RECIPES = {
    "added": added,
    "times": times,
    "flipped": flipped,
    "failing": failing,
    "sometimes_flipped": sometimes_flipped,
    "rolled": rolled,
    "turned": turned,
    "permuted": permuted,
    "cropped": cropped,
    "shaded": shaded,
    "noting": lambda: Noting(),  # a class that stands here is found by the student's code
    "caller": caller,
    "maker": lambda: of_each_made,
    "overwriter": overwriter,
    "state_reader": state_reader,
    "generator": generator,
    "opener": lambda: open_dataset,
    "both_added": both_added,
}
