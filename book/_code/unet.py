"""Chapter 6's networks: the paper's U-Net, with or without its skips, and a picture of one, drawn from the module."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from IPython.display import SVG
from torch import nn

from _code.drawing import Sheet


class Convolutions(nn.Sequential):
    """Two 3 × 3 convolutions, each followed by a ReLU; (N, c_in, H, W) → (N, c_out, H′, W′)."""

    def __init__(self, c_in: int, c_out: int, padding: str):
        super().__init__(
            nn.Conv2d(c_in, c_out, 3, padding=padding),
            nn.ReLU(),
            nn.Conv2d(c_out, c_out, 3, padding=padding),
            nn.ReLU(),
        )


def crop_to(x: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """The middle of ``x``, as high and wide as ``like``."""
    top = (x.shape[-2] - like.shape[-2]) // 2
    left = (x.shape[-1] - like.shape[-1]) // 2
    return x[..., top : top + like.shape[-2], left : left + like.shape[-1]]


class SegmentationNet(nn.Module):
    """A contracting and an expanding path; with ``skips`` it is a U-Net, without a plain encoder–decoder.

    Channels are ``width`` at the first level and double at each of ``depth`` poolings. Logits come back: (N, classes,
    H, W) with padding "same", a smaller picture with "valid". Weights start as the paper's do: normal, their spread
    the root of 2 over the number of inputs (1 where no ReLU follows), biases 0.
    """

    def __init__(self, c_in: int, classes: int, width: int, depth: int, padding: str = "same", skips: bool = True):
        super().__init__()
        self.skips = skips
        widths = [width * 2**level for level in range(depth + 1)]
        self.encoder = nn.ModuleList(Convolutions(a, b, padding) for a, b in zip([c_in, *widths], widths))
        self.upconv = nn.ModuleList(nn.ConvTranspose2d(2 * c, c, 2, stride=2) for c in reversed(widths[:-1]))
        self.decoder = nn.ModuleList(Convolutions((1 + skips) * c, c, padding) for c in reversed(widths[:-1]))
        self.head = nn.Conv2d(width, classes, 1)
        for part in self.modules():
            if isinstance(part, nn.Conv2d):
                nn.init.kaiming_normal_(part.weight, nonlinearity="linear" if part is self.head else "relu")
            elif isinstance(part, nn.ConvTranspose2d):
                nn.init.normal_(part.weight, std=part.in_channels**-0.5)  # stamps of 2 × 2 do not meet
            if isinstance(part, nn.Conv2d | nn.ConvTranspose2d):
                nn.init.zeros_(part.bias)

    def encode(self, x: torch.Tensor) -> list[torch.Tensor]:
        """The maps of all levels, finest first, each as it is before it is pooled."""
        levels = [self.encoder[0](x)]
        for block in self.encoder[1:]:
            levels.append(block(F.max_pool2d(levels[-1], 2)))
        return levels

    def decode(self, levels: list[torch.Tensor]) -> torch.Tensor:
        """From the maps of all levels to logits; without skips only the deepest map counts."""
        *skips, x = levels
        for upconv, block, skip in zip(self.upconv, self.decoder, reversed(skips)):
            x = upconv(x)
            if self.skips:
                x = torch.cat([crop_to(skip, x), x], dim=1)
            x = block(x)
        return self.head(x)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.decode(self.encode(x))


@torch.inference_mode()
def reach_through(net: SegmentationNet, level: int, size: int = 64, seed: int = 0) -> int:
    """How many rows of the answer can change when one pixel changes and only the map of ``level`` is told of it."""
    torch.manual_seed(seed)
    reached = torch.zeros(size, dtype=torch.bool)
    for _ in range(8):  # several pictures, since a ReLU that is off lets nothing through
        x = torch.rand(1, 3, size, size)
        y = x.clone()
        y[..., size // 2, size // 2] += 1
        before, after = net.encode(x), net.encode(y)
        told = [a if at == level else b for at, (a, b) in enumerate(zip(after, before))]
        reached |= (net.decode(told) != net.decode(before)).any(3).any(1)[0]
    rows = reached.nonzero()
    return int(rows.max() - rows.min()) + 1


@dataclass(frozen=True)
class Stage:
    """What goes into a part of a network and what comes out of it, as (channels, height, width)."""

    name: str
    before: tuple[int, ...]
    after: tuple[int, ...]
    parameters: int


def stages(net: SegmentationNet, size: int) -> list[Stage]:
    """The parts of ``net`` in the order in which they run on a square picture of ``size`` pixels, found by running it.

    A network on PyTorch's "meta" device runs without computing, so that the paper's full width costs nothing.
    """
    seen: list[Stage] = []

    def note(name: str):
        def hook(module: nn.Module, inputs: tuple[torch.Tensor], output: torch.Tensor) -> None:
            numbers = sum(p.numel() for p in module.parameters())
            seen.append(Stage(name, tuple(inputs[0].shape[1:]), tuple(output.shape[1:]), numbers))

        return hook

    parts = {
        name: part
        for name, part in net.named_modules()
        if name.split(".")[0] in ("encoder", "upconv", "decoder", "head")
    }
    parts = {name: part for name, part in parts.items() if name == "head" or name.count(".") == 1}
    handles = [part.register_forward_hook(note(name)) for name, part in parts.items()]
    weight = next(net.parameters())
    try:
        with torch.no_grad():
            net(torch.zeros(1, net.encoder[0][0].in_channels, size, size, device=weight.device))
    finally:
        for handle in handles:
            handle.remove()
    return seen


def drawing(net: SegmentationNet, size: int) -> SVG:
    """The U, one row a level, from what `stages` saw: boxes are maps (wider: more channels, lower: fewer pixels)."""
    seen = {stage.name: stage for stage in stages(net, size)}
    depth, row = len(net.upconv), 118
    sheet = Sheet(650, row * (depth + 1) + 8)
    step = 147 / max(depth - 1, 1)

    def map_box(x: float, y: float, shape: tuple[int, ...], kind: str) -> float:
        """A map with its channels above and its side below; half of the box's width comes back."""
        channels, side = shape[0], shape[1]
        wide, tall = 6 + 1.6 * channels**0.45, 14 + 46 * side / size
        sheet.box(x - wide / 2, y - tall / 2, wide, tall, kind)
        sheet.text(channels, x, y - tall / 2 - 11, size=17.2)
        sheet.text(f"{side}²", x, y + tall / 2 + 12, "soft", size=17.2)
        return wide / 2

    def pair(x: float, y: float, stage: Stage, kinds: tuple[str, str]) -> tuple[float, float]:
        """A block's input and output; the free ends left and right come back."""
        a, b = map_box(x, y, stage.before, kinds[0]), map_box(x + 56, y, stage.after, kinds[1])
        sheet.arrow(x + a + 3, y, x + 56 - b - 3, y)
        return x - a - 8, x + 56 + b + 8

    for level in range(depth):
        y, left, right = 58 + row * level, 34 + step * level, 504 - step * level
        encoder = seen[f"encoder.{level}"]
        upconv, decoder = seen[f"upconv.{depth - 1 - level}"], seen[f"decoder.{depth - 1 - level}"]
        _, start = pair(left, y, encoder, ("plane", "a"))
        end, stop = pair(right, y, decoder, ("c", "c"))
        if net.skips:
            sheet.line(start, y, end - 6, y, "wire heavy wa")
            sheet.arrow(end - 8, y, end, y)
            cut = encoder.after[1] > upconv.after[1]
            words = f"{encoder.after[1]}² → {upconv.after[1]}²" if cut else "skip"
            sheet.text(words, (start + end) / 2, y - 13, "ta", size=17.2)
        last = level == depth - 1
        next_left = 269 if last else left + step
        next_right = 325 if last else right - step + 56
        sheet.arrow(left + 56, y + 55, next_left + 6, y + row - 50)
        sheet.arrow(next_right - 6, y + row - 50, right, y + 55)
        if level == 0:
            sheet.arrow(stop - 5, y, 603, y)
            map_box(612, y, seen["head"].after, "b")
    pair(269, 58 + row * depth, seen[f"encoder.{depth}"], ("plane", "a"))
    return sheet.svg()
