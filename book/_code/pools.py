"""Chapter 2's diagrams of pooling: windows, overhang, padding, divisors, indices, bins, gradients.

Every number in them is computed by PyTorch. Each function returns a cell's output.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from IPython.display import SVG

from _code.diagrams import Scan
from _code.drawing import Sheet, number

EXAMPLE = torch.tensor([[1, 3, 2, 0, 5, 1], [4, 0, 7, 1, 0, 2], [2, 8, 1, 6, 3, 0], [0, 2, 5, 2, 9, 4]])
Table = Sequence[Sequence[str]]


@dataclass(frozen=True)
class Pooling(Scan):
    """A window of a pooling that goes over a row of ``n`` pixels, perhaps with ``ceil_mode``."""

    ceil_mode: bool = False

    @property
    def starts(self) -> range:
        """First pixel of each window, in the padded row."""
        if not self.ceil_mode:
            return super().starts
        return range(0, min(self._beyond, self.n + self.padding), self.stride)

    @property
    def dropped(self) -> list[int]:
        """First pixel of the window that rounding up would count, and that starts after the image's end."""
        return [start for start in range(0, self._beyond, self.stride) if self.ceil_mode and start not in self.starts]

    @property
    def _beyond(self) -> int:
        """Where no window can start any more, because one that ends at the end or after it stands before."""
        return self.n + 2 * self.padding - self.reach + self.stride


def words(table: torch.Tensor, digits: int = 2) -> Table:
    """The numbers of an (H, W) table as people write them."""
    return [[number(round(value, digits)) for value in line] for line in table.tolist()]


def largest_and_mean(image: torch.Tensor, row: int, col: int) -> SVG:
    """An (H, W) image, its maxima and its means over windows of 2 × 2; one window and what it gives are marked."""
    sheet, size = Sheet(570, 172), 30
    height, width = image.shape
    x = image[None, None].float()
    inside = lambda i, j: "cell+a" if (i // 2, j // 2) == (row, col) else "cell"
    sheet.text("image", width * size / 2 + 2, 14)
    sheet.grid(height, width, 2, 30, size, inside, words(image))
    for i in range(height // 2):
        for j in range(width // 2):
            frame = "frame" if (i, j) == (row, col) else "edge"
            sheet.box(2 + 2 * j * size, 30 + 2 * i * size, 2 * size, 2 * size, frame)
    here = lambda i, j: "cell+c" if (i, j) == (row, col) else "cell"
    step = 40
    for title, left, found in [("largest", 226, F.max_pool2d(x, 2)), ("mean", 410, F.avg_pool2d(x, 2))]:
        sheet.text(title, left + width * step / 4, 14)
        sheet.grid(height // 2, width // 2, left, 90 - height * step / 4, step, here, words(found[0, 0]))
    pixels = image[2 * row : 2 * row + 2, 2 * col : 2 * col + 2].flatten().tolist()
    listed = ", ".join(map(number, pixels))
    total = " + ".join(map(number, pixels))
    largest, mean = number(max(pixels)), number(sum(pixels) / 4)
    sheet.text(f"max({listed}) = {largest}", 150, 162, "tc")
    sheet.text(f"({total}) / 4 = {mean}", 420, 162, "tc")
    return sheet.svg()


def last_windows(cases: Sequence[Pooling], cell: float = 26) -> SVG:
    """A row of pixels per case and its windows below. Padding is dashed, and what hangs over the end is hollow. Crossed
    is a window that rounding up would count, and PyTorch does not."""
    heights = [66 + 16 * len([*case.starts, *case.dropped]) for case in cases]
    sheet = Sheet(570, sum(heights))
    for case, top in zip(cases, (sum(heights[:at]) for at in range(len(cases)))):
        mode = f"ceil_mode={case.ceil_mode}"
        padding = f", padding={case.padding}" if case.padding else ""
        title = f"n={case.n}, kernel_size={case.kernel_size}, stride={case.stride}{padding}, {mode}"
        count = len(case.starts)
        sheet.text(f"{title}:  {count} window{'s' * (count > 1)}", 6, top + 9, anchor="start")
        full = case.n + 2 * case.padding
        kind = lambda i, j, case=case: "cell+a" if case.padding <= j < case.padding + case.n else "pad"
        label = [[str(j - case.padding) if kind(0, j) != "pad" else "" for j in range(full)]]
        sheet.grid(1, full, 6, top + 22, cell, kind, label)
        for w, start in enumerate(case.starts):
            y, taps = top + 62 + 16 * w, case.taps(start)
            sheet.line(6 + (taps[0] + 0.5) * cell, y, 6 + (taps[-1] + 0.5) * cell, y, "wire heavy wb")
            for tap in taps:
                sheet.dot(6 + (tap + 0.5) * cell, y, 5, "b" if tap < full else "hollow")
        for start in case.dropped:
            y = top + 62 + 16 * count
            sheet.line(6 + (start + 0.5) * cell, y, 6 + (case.taps(start)[-1] + 0.5) * cell, y, "wire")
            sheet.cross(6 + start * cell, y - cell / 2, cell)
            sheet.text("dropped", 6 + (case.taps(start)[-1] + 1.2) * cell, y, "soft", anchor="start")
    return sheet.svg()


def border_values(row: Sequence[float] = (-3, -1, -4, -2), kernel_size: int = 3) -> SVG:
    """The largest pixels of a row of negative numbers: with −∞ outside, as PyTorch has it, and with zeros."""
    line, padding = torch.tensor([[row]], dtype=torch.float32), kernel_size // 2
    right = F.max_pool1d(line, kernel_size, stride=1, padding=padding)
    wrong = F.max_pool1d(F.pad(line, (padding, padding)), kernel_size, stride=1)
    sheet, size, n = Sheet(570, 152), 36, len(row)
    for top, outside, found, title in [(26, "−∞", right, "as in PyTorch"), (104, "0", wrong, "a common mistake")]:
        ends = lambda j: not padding <= j < padding + n
        kind = lambda i, j, ends=ends: "pad" if ends(j) else "cell+a"
        shown = [[outside if ends(j) else number(row[j - padding]) for j in range(n + 2 * padding)]]
        sheet.text(title, 4, top - 14, "soft", anchor="start")
        sheet.grid(1, n + 2 * padding, 4, top, size, kind, shown)
        sheet.arrow(236, top + size / 2, 296, top + size / 2)
        changed = lambda i, j, found=found: "cell+c" if found[0, 0, j] == right[0, 0, j] else "cell+b"
        sheet.grid(1, n, 312, top, size, changed, words(found[0]))
    return sheet.svg()


def divisors(row: Sequence[float] = (5, 7, 9, 3), kernel_size: int = 3, stride: int = 2) -> SVG:
    """By how many pixels the sums of the same windows are divided, for each way that PyTorch has."""
    case = Pooling(len(row), kernel_size, stride, kernel_size // 2, ceil_mode=True)
    x = torch.tensor(row, dtype=torch.float32)[None, None, None]
    options = {"stride": stride, "padding": (0, case.padding), "ceil_mode": True}
    ways = {
        "count_include_pad=True": {},
        "count_include_pad=False": {"count_include_pad": False},
        "divisor_override=1": {"divisor_override": 1},
    }
    sheet, cell = Sheet(570, 128 + 36 * len(ways)), 36
    full = case.starts[-1] + case.reach
    inside = range(case.padding, case.padding + case.n)
    kind = lambda i, j: "cell+a" if j in inside else "pad" if j < case.n + 2 * case.padding else "beyond"
    shown = ["0"] * case.padding + [number(value) for value in row] + ["0"] * case.padding
    sheet.grid(1, full, 300 - full * cell / 2, 6, cell, kind, [shown + ["·"] * (full - len(shown))])
    for w, start in enumerate(case.starts):
        y, left = 58 + 12 * w, 300 - full * cell / 2 + start * cell
        sheet.line(left + 3, y, left + case.reach * cell - 3, y, f"wire heavy w{'abc'[w % 3]}")
        sheet.text("abc"[w % 3], left + case.reach * cell + 8, y, f"t{'abc'[w % 3]}")
        sheet.text("abc"[w % 3], 286 + 90 * w + 40, 108, f"t{'abc'[w % 3]}")
    for at, (name, more) in enumerate(ways.items()):
        y = 138 + 36 * at
        sums = F.avg_pool2d(x, (1, kernel_size), **options, divisor_override=1)[0, 0, 0].tolist()
        means = F.avg_pool2d(x, (1, kernel_size), **options, **more)[0, 0, 0].tolist()
        sheet.text(name, 4, y, anchor="start")
        for w, (total, mean) in enumerate(zip(sums, means)):
            sheet.text(f"{number(total)}/{number(round(total / mean, 3))} = {number(round(mean, 2))}", 326 + 90 * w, y)
    return sheet.svg()


def there_and_back(image: torch.Tensor, size: tuple[int, int] | None = None) -> SVG:
    """An (H, W) image, its maxima of 2 × 2 and their indices, and the unpooled image of the given ``size``."""
    values, indices = F.max_pool2d(image[None, None].float(), 2, return_indices=True)
    back = F.max_unpool2d(values, indices, 2, output_size=size)[0, 0]
    values, indices = values[0, 0], indices[0, 0]
    (height, width), cell, wide_apart = image.shape, 30, 44
    chosen = indices.flatten().tolist()
    sheet = Sheet(570, 40 + height * cell)
    left = {"image": 2, "unpooled": 568 - back.shape[1] * cell}
    mark = lambda i, j, wide: "cell+b" if i * wide + j in chosen else "cell"
    sheet.grid(height, width, left["image"], 30, cell, lambda i, j: mark(i, j, width), words(image))
    top = 30 + height * cell / 2 - values.shape[0] * wide_apart / 2
    middle = 285 - values.shape[1] * wide_apart / 2
    sheet.grid(*values.shape, middle, top, wide_apart, "c", words(values))
    sheet.grid(*back.shape, left["unpooled"], 30, cell, lambda i, j: mark(i, j, back.shape[1]), words(back))
    for at, index in enumerate(chosen):
        y, x = (edge + (place + 0.5) * wide_apart for edge, place in zip((top, middle), divmod(at, values.shape[1])))
        for edge, wide in ((left["image"], width), (left["unpooled"], back.shape[1])):
            pixel = edge + (index % wide + 0.5) * cell, 30 + (index // wide + 0.5) * cell
            start, end = (pixel, (x, y)) if edge < middle else ((x, y), pixel)
            sheet.arrow(start[0] + 9, start[1], end[0] - 9, end[1], "arrow faint")
    for title, x in [("image", left["image"] + width * cell / 2), ("pooled", 285)]:
        sheet.text(title, x, 14)
    sheet.text("unpooled", left["unpooled"] + back.shape[1] * cell / 2, 14)
    return sheet.svg()


def bins(cases: Sequence[tuple[int, int]], cell: float = 26) -> SVG:
    """For each pair (pixels, bins) a row of pixels, the bins of adaptive pooling below it, and their means."""
    heights = [74 + 14 * m for _, m in cases]
    sheet = Sheet(570, sum(heights))
    for (n, m), top in zip(cases, (sum(heights[:at]) for at in range(len(cases)))):
        row = torch.arange(float(n), requires_grad=True)
        means = F.adaptive_avg_pool1d(row[None, None], m)[0, 0]
        listed = ", ".join(number(round(value, 2)) for value in means.tolist())
        sheet.text(f"{n} pixels, {m} bins, means {listed}", 6, top + 9, anchor="start")
        sheet.grid(1, n, 6, top + 22, cell, "a", [[str(pixel) for pixel in range(n)]])
        for b in range(m):
            held = torch.autograd.grad(means[b], row, retain_graph=True)[0].nonzero().flatten().tolist()
            y = top + 60 + 14 * b
            sheet.line(6 + held[0] * cell + 4, y, 6 + (held[-1] + 1) * cell - 4, y, f"wire bar w{'bc'[b % 2]}")
    return sheet.svg()


def gradients(image: torch.Tensor) -> SVG:
    """Where a gradient of 1 per output goes in an (H, W) image: for the maximum, the mean, and overlapping maxima."""
    x = image.float()[None, None].requires_grad_()
    panels: list[tuple[str, torch.Tensor]] = [("image", image)]
    for title, pool in [
        ("max, 2 × 2", lambda: F.max_pool2d(x, 2)),
        ("mean, 2 × 2", lambda: F.avg_pool2d(x, 2)),
        ("max, 3 × 3, stride 1", lambda: F.max_pool2d(x, 3, stride=1)),
    ]:
        panels.append((title, torch.autograd.grad(pool().sum(), x)[0][0, 0]))
    sheet, cell = Sheet(570, 30 + 2 * (image.shape[0] * 30 + 40) - 34), 30
    for at, (title, table) in enumerate(panels):
        left, top = 60 + 260 * (at % 2), 30 + (image.shape[0] * cell + 40) * (at // 2)
        kind = lambda i, j, at=at, table=table: "cell+a" if at == 0 else "cell+b" if table[i, j] else "cell"
        sheet.text(title, left + image.shape[1] * cell / 2, top - 16)
        shown = [[word.replace("0.25", "¼") for word in line] for line in words(table)]
        sheet.grid(*image.shape, left, top, cell, kind, shown)
    return sheet.svg()
