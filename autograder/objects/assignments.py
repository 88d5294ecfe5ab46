"""The course's assignments: the one list to which a new one is added.

Beside each stands what its notebooks import that others need not wait for, a second or more each. What else an
assignment has stands in modules of its topic: `01-convolution`'s in `convolution`.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

ASSIGNMENTS: dict[str, tuple[str, ...]] = {
    "01-convolution": (),
    "02-pooling": (),
    "03-architectures": ("torchvision",),
    "04-augmentation": ("torchvision",),
    "05-interpretability": ("torchvision",),
    "06-segmentation": ("torchvision",),
}


def topic(name: str) -> str:
    """The module name of the assignment `NN-name`."""
    return name.split("-", 1)[1].replace("-", "_")


def gathered(package: str, attribute: str) -> dict[str, Any]:
    """The dicts of this name in a package's modules of the assignments' topics, as one. Not each topic has one."""
    found: dict[str, Any] = {}
    for module in (f"{package}.{topic(name)}" for name in ASSIGNMENTS):
        if find_spec(module) is not None:
            found |= getattr(import_module(module), attribute)
    return found
