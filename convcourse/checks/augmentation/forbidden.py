"""Images for the checks of assignment 04, and what it forbids in its functions on images."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import torch

from convcourse.checks.core import Check, ForbiddenCall

LIBRARIES = (
    *("torchvision.transforms", "skimage", "cv2"),
    *("scipy.ndimage", "scipy.signal", "scipy.interpolate", "scipy.fft", "scipy.fftpack"),
)


class ImageCheck(Check):
    """A check whose function may not use a library that changes images."""

    def ask(self, call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """As `Check.ask`."""
        if not callable(call):
            return super().ask(call)

        def alone(*args: Any, **kwargs: Any) -> Any:
            with without_libraries():
                return call(*args, **kwargs)

        return super().ask(alone, *args, **kwargs)


@contextmanager
def without_libraries() -> Iterator[None]:
    """Within it, whoever calls a function of one of these libraries gets ForbiddenCall, however it was imported."""

    def watch(frame: FrameType, event: str, called: Any) -> None:
        module = frame.f_globals.get("__name__") if event == "call" else getattr(called, "__module__", None)
        if event in ("call", "c_call") and isinstance(module, str):
            for library in LIBRARIES:
                if module == library or module.startswith(f"{library}."):
                    raise ForbiddenCall(f"`{library}`")

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        yield
    finally:
        sys.setprofile(before)


def picture(seed: int, *shape: int) -> torch.Tensor:
    """An image of random numbers in 0…1 which leaves the notebook's own stream of random numbers alone."""
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))
