"""Chapter 1's diagrams of one convolution: windows, channels, arguments. Each function returns a cell's output."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from IPython.display import SVG

from _code.drawing import Sheet, number


@dataclass(frozen=True)
class Scan:
    """A square kernel going over a row or square of ``n`` pixels."""

    n: int
    kernel_size: int
    stride: int = 1
    padding: int = 0
    dilation: int = 1

    @property
    def reach(self) -> int:
        """Pixels from a window's first tap to its last, both counted."""
        return self.dilation * (self.kernel_size - 1) + 1

    @property
    def starts(self) -> range:
        """First pixel of each window, in the padded row."""
        return range(0, self.n + 2 * self.padding - self.reach + 1, self.stride)

    def taps(self, start: int) -> list[int]:
        """The padded row's pixels under the taps of the window that begins at ``start``."""
        return [start + self.dilation * tap for tap in range(self.kernel_size)]

    @property
    def lost(self) -> set[int]:
        """Pixels of the padded row that no tap of any window touches."""
        touched = {pixel for start in self.starts for pixel in self.taps(start)}
        return set(range(self.n + 2 * self.padding)) - touched


def assumptions(n: int = 7, kernel_size: int = 3) -> SVG:
    """``n`` inputs joined to n − k + 1 outputs: all to all, neighbours only, neighbours with shared weights."""
    outputs = n - kernel_size + 1
    sheet = Sheet(570, 190)
    near = [(o, o + t, t) for o in range(outputs) for t in range(kernel_size)]
    panels = [
        ("all to all", [(o, i, 0) for o in range(outputs) for i in range(n)], outputs * n),
        ("+ locality", [(o, i, None) for o, i, _ in near], len(near)),
        ("+ same weights", near, kernel_size),
    ]
    for p, (title, wires, weights) in enumerate(panels):
        left, step = 10 + 195 * p, 24
        for o, i, tap in wires:
            kind = f"wire heavy w{'abc'[tap]}" if p == 2 else "wire"
            sheet.line(left + 16 + i * step, 145, left + 16 + (o + (kernel_size - 1) / 2) * step, 60, kind)
        for i in range(n):
            sheet.dot(left + 16 + i * step, 145)
        for o in range(outputs):
            sheet.dot(left + 16 + (o + (kernel_size - 1) / 2) * step, 60)
        sheet.text(title, left + 88, 20, size=16)
        sheet.text(f"{weights} weights", left + 88, 176, "soft", size=16)
    return sheet.svg()


def one_sum(image: torch.Tensor, kernel: torch.Tensor, row: int, col: int) -> SVG:
    """An (H, W) image, a (k, k) kernel and their output; the window at (row, col) and its output are marked."""
    (height, width), k, size = image.shape, len(kernel), 34
    output = F.conv2d(image[None, None].float(), kernel[None, None].float())[0, 0]
    words = lambda table: [[number(v) for v in line] for line in table.tolist()]
    sheet = Sheet(570, 285)
    inside = lambda i, j: "cell+a" if 0 <= i - row < k and 0 <= j - col < k else "cell"
    sheet.grid(height, width, 5, 40, size, inside, words(image))
    sheet.text("image", 5 + width * size / 2, 20)
    x = 5 + width * size + 30
    sheet.grid(k, k, x, 90, size, "b", words(kernel))
    sheet.text("kernel", x + k * size / 2, 70)
    sheet.text("⋆", x - 15, 141, size=24)
    x += k * size + 35
    sheet.text("=", x - 17, 141, size=22)
    here = lambda i, j: "cell+c" if (i, j) == (row, col) else "cell"
    sheet.grid(*output.shape, x, 141 - output.shape[0] * size / 2, size, here, words(output))
    sheet.text("output", x + output.shape[1] * size / 2, 120 - output.shape[0] * size / 2)
    window = image[row : row + k, col : col + k]
    terms = [f"{number(a)}·{number(b)}" for a, b in zip(window.flatten().tolist(), kernel.flatten().tolist()) if b]
    line = " + ".join(terms).replace("·−", "·(−").split(" + ")
    line = " + ".join(t + ")" if "(" in t else t for t in line)
    sheet.text(f"{line} = {number(output[row, col].item())}", 285, 268, "tc", size=15)
    return sheet.svg()


def flip(kernel: torch.Tensor) -> SVG:
    """A kernel, and the same kernel rotated by 180°, drawn as the two outputs for a single bright pixel."""
    spot = torch.zeros(5, 5)
    spot[2, 2] = 1
    cross = F.conv2d(spot[None, None], kernel[None, None])[0, 0]
    true = F.conv2d(spot[None, None], kernel.flip(0, 1)[None, None])[0, 0]
    sheet, size = Sheet(570, 160), 32
    words = lambda table: [[number(v) if v else "" for v in line] for line in table.tolist()]
    panels = [("kernel", kernel, "b"), ("one bright pixel", spot, "cell"), ("cross-correlation", cross, "a")]
    panels.append(("convolution", true, "c"))
    x = 12.0
    for title, table, kind in panels:
        rows, step = len(table), size if len(table) == 3 else 24
        side = rows * step
        sheet.grid(rows, rows, x + 60 - side / 2, 95 - side / 2, step, kind, words(table))
        sheet.text(title, x + 60, 18)
        x += 142
    return sheet.svg()


def channels(image: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, row: int, col: int) -> SVG:
    """An (S, H, W) image of at most three channels, a (T, S, k, k) weight, a (T,) bias, and how the output's number at
    (row, col) arises in each output channel: one sum per input channel, added up, plus the bias."""
    (c_in, height, width), (c_out, _, k, _), size, small = image.shape, weight.shape, 26, 27
    out = F.conv2d(image[None].float(), weight.float(), bias.float())[0]
    window = image[:, row : row + k, col : col + k]
    sums = (weight * window).sum((2, 3))
    words = lambda table: [[number(v) for v in line] for line in table.tolist()]
    step, column = height * size + 14, 205
    sheet = Sheet(width * size + 24 + c_out * column + 4, 34 + c_in * step + 86 + out.shape[1] * small)
    sheet.text("image", width * size / 2, 14, size=16)
    for s in range(c_in):
        top, tint = 30 + s * step, "abc"[s]
        inside = lambda i, j, tint=tint: f"cell+{tint}" if 0 <= i - row < k and 0 <= j - col < k else "cell"
        sheet.grid(height, width, 2, top, size, inside, words(image[s]))
        for t in range(c_out):
            left = width * size + 24 + t * column
            sheet.grid(k, k, left, top + (height * size - k * small) / 2, small, tint, words(weight[t, s]))
            sheet.text(
                f"= {number(sums[t, s].item())}", left + k * small + 8, top + height * size / 2, size=16, anchor="start"
            )
    for t in range(c_out):
        left, top = width * size + 24 + t * column, 34 + c_in * step
        sheet.text(f"weight[{t}]", left + k * small / 2, 14, size=16)
        total = " + ".join(f"({number(v)})" if v < 0 else number(v) for v in [*sums[t].tolist(), bias[t].item()])
        sheet.text(f"{total} = {number(out[t, row, col].item())}", left, top + 12, size=16, anchor="start")
        here = lambda i, j: "cell+frame" if (i, j) == (row, col) else "cell"
        sheet.grid(*out.shape[1:], left, top + 58, small, here, words(out[t]))
        sheet.text(f"output[{t}]", left + out.shape[2] * small / 2, top + 42, size=16)
    sheet.text("sums + bias", width * size / 2, 34 + c_in * step + 12, "soft", size=16)
    return sheet.svg()


def scans(cases: Sequence[tuple[str, Scan]], cell: float = 14) -> SVG:
    """One picture per case, two in a row: padded image, its first window (blue), the next one (orange), pixels that no
    window touches (crossed), and the output."""
    rows = [cases[start : start + 2] for start in range(0, len(cases), 2)]
    heights = [max(scan.n + 2 * scan.padding for _, scan in row) * cell + 52 for row in rows]
    sheet = Sheet(570, sum(heights) - 14)
    for r, row in enumerate(rows):
        for column, (title, scan) in enumerate(row):
            _scan(sheet, title, scan, 6 + 294 * column, 6 + sum(heights[:r]), cell)
    return sheet.svg()


def _scan(sheet: Sheet, title: str, scan: Scan, left: float, top: float, cell: float) -> None:
    full, out = scan.n + 2 * scan.padding, len(scan.starts)
    first = scan.taps(0)
    second = scan.taps(scan.starts[1]) if out > 1 else []
    lost = scan.lost

    def kind(i: int, j: int) -> str:
        outside = not all(scan.padding <= v < scan.padding + scan.n for v in (i, j))
        parts = ["pad" if outside else "cell"]
        parts += ["a"] if i in first and j in first else []
        parts += ["b"] if i in first and j in second else []
        return "+".join(parts)

    sheet.text(title, left, top + 8, anchor="start", size=16)
    sheet.text(f"{scan.n} → {out}", left + 262, top + 8, "soft", size=16, anchor="end")
    top += 26
    sheet.grid(full, full, left, top, cell, kind)
    for i in range(full):
        for j in range(full):
            if i in lost or j in lost:
                sheet.cross(left + j * cell, top + i * cell, cell)
    sheet.box(left, top, scan.reach * cell, scan.reach * cell, "frame")
    if second:
        sheet.box(left + second[0] * cell, top, scan.reach * cell, scan.reach * cell, "frame2")
    x, middle = left + full * cell, top + full * cell / 2
    sheet.arrow(x + 6, middle, x + 30, middle)
    mark = lambda i, j: "cell+a" if (i, j) == (0, 0) else "cell+b" if (i, j) == (0, 1) else "cell"
    sheet.grid(out, out, x + 36, middle - out * cell / 2, cell, mark)


def rows(cases: Sequence[Scan], cell: float = 22) -> SVG:
    """One row of pixels per case, its windows below it as rows of taps; pixels that no window touches are crossed."""
    sheet = Sheet(570, sum(62 + 14 * len(scan.starts) for scan in cases) - 10)
    top = 4.0
    for scan in cases:
        title = f"n={scan.n}, kernel_size={scan.kernel_size}, stride={scan.stride}"
        title += f", padding={scan.padding}, dilation={scan.dilation}" if scan.padding or scan.dilation > 1 else ""
        sheet.text(f"{title}:  {len(scan.starts)} windows", 6, top + 9, size=15, anchor="start")
        inside = range(scan.padding, scan.padding + scan.n)
        kind = lambda i, j, inside=inside: "cell+a" if j in inside else "pad"
        sheet.grid(1, scan.n + 2 * scan.padding, 6, top + 22, cell, kind)
        for pixel in scan.lost:
            sheet.cross(6 + pixel * cell, top + 22, cell)
        for w, start in enumerate(scan.starts):
            y, taps = top + 54 + 14 * w, scan.taps(start)
            sheet.line(6 + (taps[0] + 0.5) * cell, y, 6 + (taps[-1] + 0.5) * cell, y, "wire wb")
            for tap in taps:
                sheet.dot(6 + (tap + 0.5) * cell, y, 4, "b")
        top += 62 + 14 * len(scan.starts)
    return sheet.svg()


def padding_modes(row: Sequence[int] = (1, 2, 3, 4, 5), padding: int = 2) -> SVG:
    """A row of pixels, and what each of the four padding modes puts beside it (computed by PyTorch)."""
    modes = {"zeros": "constant", "reflect": "reflect", "replicate": "replicate", "circular": "circular"}
    line = torch.tensor([[list(row)]], dtype=torch.float32)
    sheet, size = Sheet(460, 40 * len(modes) + 6), 34
    for m, (name, mode) in enumerate(modes.items()):
        padded = F.pad(line, (padding, padding), mode=mode)[0, 0]
        outside = lambda i, j: "pad" if not padding <= j < padding + len(row) else "cell+a"
        sheet.text(name, 95, 22 + 40 * m, size=17, anchor="end")
        sheet.grid(1, len(padded), 110, 4 + 40 * m, size, outside, [[number(v) for v in padded.tolist()]])
    return sheet.svg()


def groups(counts: Sequence[int] = (1, 2, 4), channels: int = 4) -> SVG:
    """Which input channel reaches which output channel for each number of groups, in how many kernel slices."""
    sheet = Sheet(570, 200)
    for p, g in enumerate(counts):
        left, step, block = 40 + 195 * p, 36, channels // g
        pairs = [(o, i) for o in range(channels) for i in range(channels) if o // block == i // block]
        for o, i in pairs:
            sheet.line(left + i * step, 150, left + o * step, 62, f"wire heavy w{'abc'[i // block % 3]}")
        for c in range(channels):
            for y in (150, 62):
                sheet.box(left + c * step - 11, y - 11, 22, 22, "plane", 3)
                sheet.text(c, left + c * step, y, size=15)
        sheet.text(f"groups = {g}", left + 54, 22, size=16)
        sheet.text(f"{len(pairs)} slices", left + 54, 184, "soft", size=16)
    return sheet.svg()
