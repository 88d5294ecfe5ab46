"""An error inside a network, in our words: which two things do not fit, and for which arguments it comes.

PyTorch's own words say it in numbers of one layer. What they mean in a network stands first, and they follow in one
line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch

from autograder.exam import words
from autograder.exam.core import Evidence, Stopped
from autograder.exam.errors import first_line
from autograder.exam.subject import Banned, Raised


@dataclass(frozen=True)
class Meaning:
    """What an error comes to whose message matches: a sentence, and the features that it tells."""

    pattern: str
    sentence: str
    tells: tuple[str, ...]


SIZES = r"Kernel size can't be greater than actual input size|Output size is too small"
TYPES = r"(type .* and .* type .* should be the same|expected scalar type|same dtype|expected m1 and m2)"
MEANINGS = (
    Meaning(
        r"unexpected keyword argument|positional arguments? but|required (positional|keyword-only) argument",
        "It is not made or called with the arguments of the text.",
        ("arguments",),
    ),
    Meaning(
        r"[Ss]izes of tensors must match|size of tensor a .* must match",
        "Two maps of different sizes meet, in a concatenation or a sum.",
        ("sizes",),
    ),
    Meaning(
        r"expected input.* to have \d+ channels",
        "A convolution gets another number of channels than it was made for.",
        ("convolutions",),
    ),
    Meaning(
        SIZES,
        "A map becomes smaller than the kernel or the pooling that follows, so its size on the way down is not the one "
        "of the text's network.",
        ("sizes",),
    ),
    Meaning(
        r"mat1 and mat2 shapes cannot be multiplied",
        "A matrix product gets a size that it was not made for. Convolutions take images of any size.",
        ("sizes",),
    ),
    Meaning(
        r"Padding size should be less than", "A map is smaller than the border that is put around it.", ("border",)
    ),
    Meaning(
        r"leaf Variable that requires grad|modified by an inplace operation",
        "A tensor is changed in place which autograd still needs, such as the input.",
        ("changed",),
    ),
    Meaning(
        r"Target size .* same as input size|Target -?\d+ is out of bounds|[Ee]xpected target size",
        "The loss does not fit the number of the network's output channels.",
        ("loss",),
    ),
    Meaning(
        r"view size is not compatible",
        "A tensor lies otherwise in memory than `view` needs: use `reshape`.",
        ("layout",),
    ),
)
IN_FLOAT64 = Meaning(
    TYPES,
    "In float64 something stays or becomes float32: a call of `.float()`, or a tensor that is neither parameter nor "
    "buffer.",
    ("type",),
)
UNREGISTERED = Meaning(
    TYPES,
    "Layers that are kept in a plain list or dict stay float32, since they are not part of the module's state.",
    ("state",),
)
OTHER_NETWORKS = Meaning(
    TYPES,
    "A layer is in float64 although this network never was: another network has the same layer, and was converted. "
    "Each network needs its own layers.",
    ("shared",),
)
THE_IMAGE = Meaning(
    r"expected input.* to have \d+ channels",
    "Its first convolution does not follow the argument `in_channels`.",
    ("arguments",),
)


def of_the_image(error: Exception | None, x: torch.Tensor) -> bool:
    """Did a convolution refuse the channels of the image itself?"""
    return isinstance(error, Raised) and f"expected input{list(x.shape)} to have" in error.message


def told(
    name: str, error: Raised, first: Sequence[Meaning] = (), when: str = "", *, float64: bool = False
) -> Exception:
    """What `name` raised `when` (`with padding "same"`), and what it means in a network, which was taken to `float64`
    or not. first: what it means before anything else. A banned call, or a cell that is not written, is told elsewhere.
    """
    if isinstance(error, Banned) or error.kind == "NotImplementedError":
        return error
    meanings = (*first, *MEANINGS, IN_FLOAT64 if float64 else OTHER_NETWORKS)
    found = next((one for one in meanings if re.search(one.pattern, error.message)), None)
    evidence = Evidence("a call", "an output", str(error))
    if found is None or error.absent:
        return Stopped(f"{words.raised(name, error, when)}.", evidence)
    where = f" {when}" * bool(when) + f" (at {error.line})" * bool(error.line)
    sentence = f"`{name}` raised {error.name}{where}. {found.sentence} The message is “{first_line(error.message)}”."
    return Stopped(sentence, evidence, found.tells)


@contextmanager
def telling(name: str, first: Callable[[], Sequence[Meaning]] = tuple, *, float64: bool = False) -> Iterator[None]:
    """Within the block what is raised is `told`."""
    try:
        yield
    except Raised as error:
        raise told(name, error, first(), float64=float64) from None
