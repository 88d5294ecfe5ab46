"""Chapter 6's diagrams of ways to enlarge a map, and what it measures of the pattern that some of them leave."""

from collections.abc import Callable, Iterator, Mapping

import torch
import torch.nn.functional as F
from IPython.display import SVG
from torch import nn

from _code.drawing import Kind, Sheet, number

TAPS = "abcdefghi"


def _words(table: torch.Tensor, blank: float | None = None) -> list[list[str]]:
    return [["" if v == blank else number(round(v, 2)) for v in line] for line in table.tolist()]


def four_ways(small: torch.Tensor, large: torch.Tensor) -> SVG:
    """A (2, 2) map made twice as large: nearest, bilinear, unpooled into the places of ``large``'s maxima, shuffled."""
    size, sheet = 32, Sheet(630, 400)
    quarter = lambda i, j: ("a", "b", "c", "plane")[2 * i + j]
    block = lambda i, j: quarter(i // 2, j // 2)

    def panel(x: float, y: float, title: str, table: torch.Tensor, kind: Callable[[int, int], str] | str) -> None:
        side = len(table)
        sheet.text(title, x + side * size / 2, y - 16, size=17)
        sheet.grid(side, side, x, y, size, kind, _words(table))

    double = lambda mode, **more: F.interpolate(small[None, None], scale_factor=2, mode=mode, **more)[0, 0]
    panel(20, 74, "map", small, quarter)
    panel(130, 42, "nearest", double("nearest"), block)
    panel(290, 42, "bilinear", double("bilinear", align_corners=False), "cell")

    pooled, places = F.max_pool2d(large[None], 2, return_indices=True)
    held = F.max_unpool2d(pooled, places, 2)[0]
    where = lambda i, j: "cell+" + block(i, j) if 4 * i + j in places.flatten().tolist() else "cell"
    panel(20, 250, "before pooling", large, where)
    panel(190, 250 + size, "pooled", pooled[0], quarter)
    sheet.arrow(152, 250 + 2 * size, 184, 250 + 2 * size)
    panel(300, 250, "unpooled", held, where)
    sheet.arrow(260, 250 + 2 * size, 294, 250 + 2 * size)

    planes = torch.stack([small + c for c in range(4)])
    kinds = ("a", "b", "c", "plane")
    for c, plane in enumerate(planes):
        panel(466 + 84 * (c % 2), 42 + 84 * (c // 2), "", plane, kinds[c])
    sheet.text("four channels", 541, 16, size=17)
    sheet.arrow(541, 200, 541, 222)
    panel(477, 250, "pixel shuffle", F.pixel_shuffle(planes[None], 2)[0, 0], lambda i, j: kinds[2 * (i % 2) + j % 2])
    return sheet.svg()


def alignment(row: torch.Tensor, size: int) -> SVG:
    """A row of pixels, and where its ``size`` new pixels lie among the old ones, for each ``align_corners``."""
    cell, left, n = 180, 50, len(row)
    sheet = Sheet(600, 250)
    for m, corners in enumerate((False, True)):
        y = 62 + 130 * m
        made = F.interpolate(row[None, None, None], (1, size), mode="bilinear", align_corners=corners)[0, 0, 0]
        sheet.text(f"align_corners={corners}", left, y - 44, size=16, anchor="start")
        for i, value in enumerate(row.tolist()):
            sheet.box(left + i * cell, y - 24, cell, 24, "a")
            sheet.dot(left + (i + 0.5) * cell, y - 12, 4, "a")
            sheet.text(number(value), left + (i + 0.5) * cell + 18, y - 12, size=16)
        for j, value in enumerate(made.tolist()):
            place = j * (n - 1) / (size - 1) if corners else min(max((j + 0.5) * n / size - 0.5, 0), n - 1)
            drawn = j * (n - 1) / (size - 1) if corners else (j + 0.5) * n / size - 0.5
            x = left + (drawn + 0.5) * cell
            sheet.line(x, y + 18, left + (place + 0.5) * cell, y - 8, "wire wb")
            sheet.dot(x, y + 22, 4, "b")
            sheet.text(number(round(value, 2)), x, y + 42, size=16)
    return sheet.svg()


def _stamp(image: torch.Tensor, kernel: torch.Tensor, stride: int, pixels: range) -> torch.Tensor:
    """What the ``pixels`` (numbered row by row) of ``image`` have put down so far."""
    part = torch.zeros_like(image).flatten()
    part[pixels] = image.flatten()[pixels]
    return F.conv_transpose2d(part.reshape(1, 1, *image.shape), kernel[None, None], stride=stride)[0, 0]


def _inside(corner: tuple[int, int], side: int) -> Kind:
    """Cells of the square window with this corner are marked."""
    return lambda i, j: "cell+b" if 0 <= i - corner[0] < side and 0 <= j - corner[1] < side else "cell"


def stamps(image: torch.Tensor, kernel: torch.Tensor, strides: tuple[int, ...] = (1, 2)) -> SVG:
    """Transposed convolution step by step: a pixel puts down its value times the kernel; where stamps meet they add."""
    size, k = 25, len(kernel)
    sheet = Sheet(636, 24 + 178 * len(strides))
    for r, stride in enumerate(strides):
        top = 40 + 178 * r
        side = (image.shape[0] - 1) * stride + k
        sheet.text(f"stride {stride}", 4, top - 22, size=17, anchor="start")
        sheet.grid(*image.shape, 4, top, size, "a", _words(image))
        sheet.grid(k, k, 4, top + 60, size, "b", _words(kernel))
        for pixel in range(image.numel()):
            row, col = divmod(pixel, image.shape[1])
            x = 84 + pixel * 140 + (130 - side * size) / 2
            made = _stamp(image, kernel, stride, range(pixel + 1))
            corner = (row * stride, col * stride)
            sheet.text(f"pixel {number(image[row, col].item())}", x + side * size / 2, top - 22, "soft", size=17)
            sheet.grid(side, side, x, top, size, _inside(corner, k), _words(made, blank=0))
            sheet.box(x + corner[1] * size, top + corner[0] * size, k * size, k * size, "frame2")
    return sheet.svg()


def _filled(words: list[list[str]]) -> Kind:
    """Cells with a word in them are marked, empty ones are padding."""
    return lambda i, j: "cell+a" if words[i][j] else "pad"


def windows(image: torch.Tensor, kernel: torch.Tensor, strides: tuple[int, ...] = (1, 2)) -> SVG:
    """The same outputs the other way round: the spread-out, padded image and the rotated kernel's window on it."""
    size, k = 22, len(kernel)
    sheet = Sheet(566, sum(46 + size * ((image.shape[0] - 1) * s + 2 * k - 1) for s in strides) + 4)
    top = 46
    rotated = kernel.flip(0, 1)
    for stride in strides:
        out = (image.shape[0] - 1) * stride + k
        full = out + k - 1
        spread = torch.full((full, full), float("nan"))
        spread[k - 1 : full - k + 1 : stride, k - 1 : full - k + 1 : stride] = image
        words = [["" if v != v else number(v) for v in line] for line in spread.tolist()]
        output = F.conv_transpose2d(image[None, None], kernel[None, None], stride=stride)[0, 0]
        sheet.text(f"stride {stride}", 4, top - 26, size=16, anchor="start")
        sheet.grid(k, k, 4, top + 30, size, "b", _words(rotated))
        sheet.text("rotated", 4 + k * size / 2, top + 44 + k * size, "soft", size=15.5)
        for p, (row, col) in enumerate(((0, 0), (1, 1), (out - 1, out - 1))):
            x = 83 + 163 * p
            sheet.grid(full, full, x, top, size, _filled(words), words)
            sheet.box(x + col * size, top + row * size, k * size, k * size, "frame2")
            value = number(output[row, col].item())
            sheet.text(f"output[{row}, {col}] = {value}", x + full * size / 2, top - 14, "tb", size=15.5)
        top += full * size + 46
    return sheet.svg()


def matrix_pair(side: int = 4) -> SVG:
    """The matrix of a 3 × 3 convolution on a ``side`` × ``side`` image, and its transpose. Letters are taps."""
    index = torch.arange(1.0, 10).reshape(1, 1, 3, 3)
    unit = torch.eye(side * side).reshape(-1, 1, side, side)
    matrix = F.conv2d(unit, index).flatten(1).T.long()
    size, (rows, cols) = 25, matrix.shape
    sheet = Sheet(610, 56 + cols * size)

    def draw(table: torch.Tensor, x: float, y: float) -> None:
        values = table.tolist()
        kind = lambda i, j: "abc"[(values[i][j] - 1) // 3] if values[i][j] else "cell"
        words = [[TAPS[v - 1] if v else "" for v in line] for line in values]
        sheet.grid(len(values), len(values[0]), x, y, size, kind, words)

    draw(matrix, 4, 44)
    sheet.text(f"C: {cols} pixels → {rows}", 4 + cols * size / 2, 20, size=17)
    draw(matrix.T, 504, 44)
    sheet.text(f"Cᵀ: {rows} → {cols}", 554, 20, size=17)
    sheet.text("a row is a window:", 204, 190, size=16.5)
    sheet.text("which pixels does an output read?", 204, 212, "soft", size=16.5)
    sheet.text("a column is a stamp:", 204, 270, size=16.5)
    sheet.text("which outputs does a pixel write to?", 204, 292, "soft", size=16.5)
    sheet.arrow(345, 280, 492, 280)
    sheet.arrow(204, 178, 204, 152)
    return sheet.svg()


def _by_value(table: torch.Tensor) -> Kind:
    """One tint for each of up to three different values, the least without."""
    levels = table.unique().tolist()
    return lambda i, j: ("cell", "cell+a", "cell+b")[levels.index(table[i, j].item())]


def coverage(cases: Mapping[str, tuple[int, int]], inside: int = 7) -> SVG:
    """How many stamps meet at each pixel, away from the border, for (kernel size, stride)."""
    size = 24
    sheet = Sheet(570, inside * size + 60)
    for p, (title, (k, stride)) in enumerate(cases.items()):
        ones = torch.ones(1, 1, 12, 12)
        count = F.conv_transpose2d(ones, torch.ones(1, 1, k, k), stride=stride)[0, 0]
        count = count[2 * k : 2 * k + inside, 2 * k : 2 * k + inside]
        x = 6 + 195 * p
        sheet.text(title, x + inside * size / 2, 18, size=16)
        sheet.grid(inside, inside, x, 40, size, _by_value(count), _words(count))
    return sheet.svg()


class Resized(nn.Module):
    """Enlarged without weights, then a 3 × 3 convolution: the cure."""

    def __init__(self, c_in: int, c_out: int, mode: str):
        super().__init__()
        self.mode = mode
        self.conv = nn.Conv2d(c_in, c_out, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv(F.interpolate(x, scale_factor=2, mode=self.mode))


def enlargers() -> dict[str, Callable[[int, int], nn.Module]]:
    """Layers that double a map's size, by name: ``make(c_in, c_out)``."""
    transposed = lambda k, p, extra=0: lambda a, b: nn.ConvTranspose2d(a, b, k, 2, p, output_padding=extra)
    return {
        "transposed, 3 × 3": transposed(3, 1, 1),
        "transposed, 4 × 4": transposed(4, 1),
        "transposed, 2 × 2": transposed(2, 0),
        "pixel shuffle": lambda a, b: nn.Sequential(nn.Conv2d(a, 4 * b, 3, padding=1), nn.PixelShuffle(2)),
        "nearest, then 3 × 3": lambda a, b: Resized(a, b, "nearest"),
        "bilinear, then 3 × 3": lambda a, b: Resized(a, b, "bilinear"),
    }


def decoder(make: Callable[[int, int], nn.Module], seed: int = 0) -> nn.Sequential:
    """Three doublings with ReLU between, 16 channels to one."""
    torch.manual_seed(seed)
    return nn.Sequential(make(16, 16), nn.ReLU(), make(16, 16), nn.ReLU(), make(16, 1))


def patches(photographs: list[torch.Tensor], count: int, side: int = 64, seed: int = 0) -> torch.Tensor:
    """``count`` square patches of grey (H, W) photographs: (count, 1, side, side)."""
    random = torch.Generator().manual_seed(seed)
    draw = lambda end: int(torch.randint(end, (), generator=random))
    cut = []
    for _ in range(count):
        photo = photographs[draw(len(photographs))]
        top, left = draw(photo.shape[0] - side + 1), draw(photo.shape[1] - side + 1)
        cut.append(photo[top : top + side, left : left + side])
    return torch.stack(cut)[:, None]


def packed(images: torch.Tensor) -> torch.Tensor:
    """Images (N, 1, H, W) at half their size, 4 × 4 pixels folded into 16 channels: (N, 16, H/8, W/8)."""
    return F.pixel_unshuffle(F.avg_pool2d(images, 2), 4)


def train_decoder(net: nn.Module, images: torch.Tensor, steps: int = 120, seed: int = 0) -> list[float]:
    """Adam on the mean squared error of ``net(packed(images))`` against the images; the error of each step."""
    return list(steps_of(net, images, steps, seed))


def steps_of(net: nn.Module, images: torch.Tensor, steps: int, seed: int) -> Iterator[float]:
    """As `train_decoder`; the error of each step as soon as the step is done."""
    torch.manual_seed(seed)
    optimiser = torch.optim.Adam(net.parameters(), lr=5e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 5e-3, total_steps=steps)
    for _ in range(steps):
        batch = images[torch.randint(len(images), (8,))]
        loss = F.mse_loss(net(packed(batch)), batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        yield loss.item()


@torch.inference_mode()
def ripple(net: nn.Module, grey: float = 0.5, side: int = 192) -> tuple[torch.Tensor, float]:
    """The output for a uniform grey image away from its border, and its standard deviation in grey levels of 255."""
    output = net(packed(torch.full((1, 1, side, side), grey)))[0, 0, 64:-64, 64:-64]
    return output, 255 * output.std().item()
