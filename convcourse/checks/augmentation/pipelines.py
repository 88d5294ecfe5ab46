"""Visible checks of `Compose`, `RandomApply` and `SegmentationTransform`."""

from __future__ import annotations

from typing import Any

import torch

from convcourse.checks.augmentation.forbidden import picture
from convcourse.checks.core import Check, article

T = torch.Tensor


def Compose(made: Any) -> None:
    """Check `Compose(transforms)`."""
    check = Check("Compose")
    image = picture(1, 3, 4, 5)
    with check("in their order"):
        both = check.ask(made, [lambda x: x + 1, lambda x: x * 2])
        got = check.ask(both, image)
        check.same(
            got, (image + 1) * 2, "the first one comes first", [(lambda: image * 2 + 1, "Yours begins at the end.")]
        )
    with check("called again"):
        check.same(check.ask(both, image), (image + 1) * 2, "with a second call")
    with check("no transforms"):
        check.same(check.ask(check.ask(made, []), image), image, "with an empty list the image comes back")


def RandomApply(made: Any) -> None:
    """Check `RandomApply(transform, p)`."""
    check = Check("RandomApply")
    image = picture(2, 1, 3, 3)

    def decisions(p: float, calls: int) -> list[bool]:
        some = check.ask(made, lambda x: x + 1, p)
        found = []
        for _ in range(calls):
            got = check.ask(some, image)
            if not isinstance(got, T) or not (torch.equal(got, image) or torch.equal(got, image + 1)):
                check.fail("A call must return transform(image) or the image itself.")
            found.append(torch.equal(got, image + 1))
        return found

    state = torch.get_rng_state()
    try:
        with check("never with p=0, always with p=1"):
            with_0, with_1 = decisions(0, 50), decisions(1, 50)
            if any(with_0):
                how = "" if any(with_1) else " Yours calls it with probability 1 - p."
                check.fail(f"With p=0 the transform must never be called.{how}")
            if not all(with_1):
                check.fail("With p=1 the transform must always be called.")
        with check("each call decides anew, with probability p"):
            torch.manual_seed(0)
            found = decisions(0.25, 400)
            if len(set(found)) == 1:
                check.fail("Of 400 calls with p=0.25 all decide alike. Decide in the call, and not when it is made.")
            if not 50 < sum(found) < 160:
                how = " Yours calls it with probability 1 - p." if 240 < sum(found) < 350 else ""
                check.fail(f"Of 400 calls with p=0.25 about 100 must change the image, and {sum(found)} do.{how}")
        with check("by torch's global generator"):
            torch.manual_seed(0)
            if decisions(0.25, 400) != found:
                check.fail("`torch.manual_seed` does not repeat the decisions. Draw by `torch.rand`.")
    finally:
        torch.set_rng_state(state)


def SegmentationTransform(made: Any) -> None:
    """Check `SegmentationTransform(geometric, photometric)`."""
    check = Check("SegmentationTransform")
    mask = (picture(3, 6, 6) * 5).long()
    image = mask.float().expand(3, 6, 6) / 5  # an image that shows its own mask

    def call(pair: Any, image: T = image, mask: T = mask) -> tuple[T, T]:
        got = check.ask(pair, image, mask)
        if not isinstance(got, tuple | list) or len(got) != 2 or not all(isinstance(one, T) for one in got):
            check.fail(
                f"A call must return (image, mask), two tensors, and yours returned {article(type(got).__name__)}."
            )
        if got[1].dtype != torch.int64:
            check.fail(f"The mask must stay int64, and yours is {got[1].dtype}.")
        return got[0], got[1]

    def roll(x: T) -> T:
        return x.roll(torch.randint(0, 6, (2,)).tolist(), (-2, -1))

    def flip(x: T) -> T:
        return x.flip(-1) if torch.rand(()) < 0.5 else x

    state = torch.get_rng_state()
    try:
        with check("no transforms"):
            got = call(check.ask(made, [], []))
            check.same(got[0], image, "with two empty lists the image comes back")
            check.same(got[1], mask, "with two empty lists the mask comes back, as (H, W)")
        with check("the image and its mask move alike, and each call otherwise"):
            moving, seen = check.ask(made, [roll, flip], []), set()
            for _ in range(20):
                moved, labels = call(moving)
                if labels.shape != mask.shape:
                    check.fail(f"The mask must come back as (H, W) = (6, 6), and yours is {tuple(labels.shape)}.")
                if not torch.equal((moved[0] * 5).round().long(), labels):
                    check.fail(
                        "The mask does not move as the image does. Both calls must see the same generator state."
                    )
                seen.add(tuple(labels.flatten().tolist()))
            if len(seen) == 1:
                check.fail("20 calls all move alike. Do not seed the generator with a constant.")
        with check("the mask comes alone, as an int64 tensor (1, H, W)"):
            given: list[tuple[tuple[int, ...], torch.dtype]] = []

            def note(x: T) -> T:
                given.append((tuple(x.shape), x.dtype))
                return x

            call(check.ask(made, [note], []))
            wanted = {((3, 6, 6), torch.float32), ((1, 6, 6), torch.int64)}
            if set(given) != wanted or len(given) != 2:
                told = " and ".join(f"{shape} {str(dtype)[6:]}" for shape, dtype in given) or "nothing"
                check.fail(f"A geometric transform must get (3, 6, 6) float32 and (1, 6, 6) int64. Yours gives {told}.")
        with check("photometric ones change the image alone, and come last"):
            got = call(check.ask(made, [lambda x: 2 * x], [lambda x: x * x + 1]))
            slip = [(lambda: 2 * (image * image + 1), "In yours the photometric ones come first.")]
            check.same(got[0], 4 * image * image + 1, "first the geometric ones, then the photometric ones", slip)
            slip = [(lambda: 4 * mask * mask + 1, "Yours calls the photometric ones on the mask, too.")]
            check.same(got[1], 2 * mask, "the mask is changed by the geometric ones alone", slip)
    finally:
        torch.set_rng_state(state)
