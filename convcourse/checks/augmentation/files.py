"""Visible checks of `SegmentationDataset`."""

from __future__ import annotations

import re
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from convcourse.checks.core import Check, Slips
from convcourse.missing import in_words

T = torch.Tensor


def SegmentationDataset(made: Any) -> None:
    """Check `SegmentationDataset(images_dir, masks_dir, transform=None)` on small files of its own."""
    check = Check("SegmentationDataset")
    with tempfile.TemporaryDirectory() as folder:
        images, masks = Path(folder) / "images", Path(folder) / "masks"
        images.mkdir()
        masks.mkdir()
        draw = np.random.default_rng(0)
        pixels = {name: draw.integers(0, 256, (4, 5, 3), dtype=np.uint8) for name in ("cat", "ant", "bee")}
        labels = {name: draw.integers(0, 3, (4, 5), dtype=np.uint8) for name in pixels}
        Image.fromarray(pixels["cat"]).save(images / "cat.png")
        Image.fromarray(pixels["ant"][..., 0]).save(images / "ant.png")
        alpha = np.full((4, 5, 1), 200, np.uint8)
        Image.fromarray(np.concatenate([pixels["bee"], alpha], -1), "RGBA").save(images / "bee.png")
        for name, stored in labels.items():
            mask = Image.fromarray(stored)
            if name == "bee":
                mask = Image.frombytes("P", (5, 4), stored.tobytes())
                mask.putpalette([0, 0, 0, 128, 0, 0, 0, 128, 0] + [0] * 759)
            mask.save(masks / f"{name}.png")
        with check("as many items as pairs, from text or Path"):
            for kind in (str, Path):
                dataset = check.ask(made, kind(images), kind(masks))
                if check.ask(len, dataset) != 3:
                    check.fail(f"The length must be 3, the number of pairs, and yours is {len(dataset)}.")
        order, kinds = ["ant", "bee", "cat"], {"ant": "grey", "bee": "RGBA", "cat": "RGB"}
        for place, name in enumerate(order):
            with check(f"{name}.png, an image in {kinds[name]}"):
                try:
                    item = dataset[place]
                except Exception as error:
                    check.fail(f"Item {place}, {name}.png, an image in {kinds[name]}, raised {in_words(error)}.", error)
                if not isinstance(item, tuple | list) or len(item) != 2:
                    check.fail("An item must be a pair (image, mask).")
                stored = pixels[name] if name != "ant" else np.repeat(pixels[name][..., :1], 3, 2)
                expected = torch.from_numpy(stored).permute(2, 0, 1).float() / 255
                slips: Slips = [(partial(torch.mul, expected, 255), "Divide yours by 255.")]
                rule = f"item {place} is {name}, because pairs are sorted by stem"
                check.same(item[0], expected, rule, slips)
                wanted = torch.from_numpy(labels[name]).long()
                brightness = torch.tensor([0, 38, 75])[wanted]
                slips = [(brightness.clone, "Yours are the brightness of the palette's colours.")]
                check.same(item[1], wanted, "the mask holds the stored numbers, as int64", slips)
        with check("the transform"):
            changed = check.ask(made, images, masks, lambda image, mask: (image + 1, mask + 1))
            image, mask = check.ask(changed.__getitem__, 0)
            check.same(image, check.ask(dataset.__getitem__, 0)[0] + 1, "an item is transform(image, mask)")
            check.same(mask, torch.from_numpy(labels["ant"]).long() + 1, "an item is transform(image, mask)")
        with check("suffixes that differ"):
            Image.new("RGB", (5, 4), (80, 160, 240)).save(images / "dog.jpeg", quality=95)
            Image.fromarray(labels["cat"]).save(masks / "dog.png")
            dataset = check.ask(made, images, masks)
            if check.ask(len, dataset) != 4:
                check.fail(
                    f"The files dog.jpeg and dog.png belong together, and yours finds {len(dataset)} pairs of 4."
                )
            image, _ = check.ask(dataset.__getitem__, 3)
            if not isinstance(image, T) or image.shape != (3, 4, 5) or image.dtype != torch.float32:
                check.fail("An image from a JPEG file must be a float32 tensor (3, H, W).")
        with check("a stem without a partner is refused, and named"):
            (masks / "cat.png").unlink()
            (images / "ant.png").unlink()
            try:
                made(images, masks)
            except ValueError as error:
                missing = [stem for stem in ("ant", "cat") if stem not in str(error)]
                if missing:
                    check.fail(
                        f"The ValueError must name all stems without a partner. Yours leaves out {missing[0]}.", error
                    )
                if re.search(r"\b(bee|dog)\b", str(error)):
                    check.fail("The ValueError must name stems without a partner alone. Yours names others.", error)
            except Exception as error:
                check.fail("A stem without a partner must be refused with a ValueError.", error)
            else:
                check.fail("A stem without a partner, on either side, must be refused when the dataset is made.")
