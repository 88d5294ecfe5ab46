"""Chapter 1's diagrams of convolution as a matrix, and of its gradient."""

import torch
import torch.nn.functional as F
from IPython.display import SVG

from _code.drawing import Sheet, number

TAPS = "abcdefghi"


def _tint(index: int) -> str:
    """One colour per row of the 3 × 3 kernel."""
    return "abc"[index // 3]


def unrolled(side: int = 4) -> SVG:
    """im2col: the kernel as one row, the windows of a ``side`` × ``side`` image as columns, the output as one row."""
    pixels = torch.arange(side * side, dtype=torch.float32).reshape(1, 1, side, side)
    columns = F.unfold(pixels, 3)[0]
    size, count = 25, columns.shape[1]
    sheet = Sheet(570, 275)
    sheet.grid(1, 9, 8, 122, size, lambda i, j: _tint(j), [list(TAPS)])
    sheet.text("kernel, one row (1 × 9)", 120, 98)
    sheet.text("·", 253, 134, size=26)
    words = [[number(v) for v in row] for row in columns.tolist()]
    sheet.grid(9, count, 272, 22, size, lambda i, j: _tint(i), words)
    sheet.text(f"windows, one per column (9 × {count})", 272 + count * size / 2, 264)
    sheet.text("=", 397, 134, size=22)
    sheet.grid(1, count, 420, 122, size, "cell", [["yz"[j // 2] + "₀₁"[j % 2] for j in range(count)]])
    sheet.text(f"output (1 × {count})", 470, 98)
    return sheet.svg()


def banded(side: int = 4) -> SVG:
    """The matrix that maps a ``side`` × ``side`` image to its output with a 3 × 3 kernel: letters are taps, and
    a frame marks the first block."""
    index = torch.arange(1.0, 10).reshape(1, 1, 3, 3)
    unit = torch.eye(side * side).reshape(-1, 1, side, side)
    matrix = F.conv2d(unit, index).flatten(1).T.long().tolist()
    size, rows, cols = 30, len(matrix), len(matrix[0])
    sheet = Sheet(40 + cols * size + 50, rows * size + 62)
    kind = lambda i, j: _tint(matrix[i][j] - 1) if matrix[i][j] else "cell"
    words = [[TAPS[v - 1] if v else "" for v in line] for line in matrix]
    sheet.grid(rows, cols, 60, 30, size, kind, words)
    for j in range(cols):
        sheet.text(j, 60 + (j + 0.5) * size, 15, "soft", size=15)
    for i in range(rows):
        sheet.text("yz"[i // 2] + "₀₁"[i % 2], 40, 30 + (i + 0.5) * size, "soft", size=15)
    sheet.box(60, 30, side * size, (side - 2) * size, "frame")  # the first block
    for block in range(1, side):
        sheet.line(60 + block * side * size, 22, 60 + block * side * size, 36 + rows * size, "arrow")
    for block in range(side):
        middle = 60 + (block + 0.5) * side * size
        sheet.text(f"image row {block}", middle, 48 + rows * size, "soft", size=15)
    return sheet.svg()


def who_uses(pixel: tuple[int, int] = (2, 2), side: int = 5) -> SVG:
    """A pixel, the outputs that read it, and the tap with which each does: the kernel, rotated by 180°."""
    sheet, size, outputs = Sheet(570, 235), 34, side - 2
    mark = lambda i, j: "cell+b" if (i, j) == pixel else "cell"
    sheet.grid(3, 3, 8, 80, size, lambda i, j: _tint(3 * i), [list(TAPS[3 * i : 3 * i + 3]) for i in range(3)])
    sheet.text("kernel", 59, 60)
    sheet.grid(side, side, 150, 46, size, mark)
    sheet.text("image, one pixel marked", 150 + side * size / 2, 22)
    sheet.arrow(330, 131, 372, 131)

    def tap(i: int, j: int) -> int | None:
        u, v = pixel[0] - i, pixel[1] - j
        return 3 * u + v if 0 <= u < 3 and 0 <= v < 3 else None

    kind = lambda i, j: "cell" if tap(i, j) is None else _tint(tap(i, j))
    words = [["" if tap(i, j) is None else TAPS[tap(i, j)] for j in range(outputs)] for i in range(outputs)]
    sheet.grid(outputs, outputs, 420, 80, size, kind, words)
    sheet.text("outputs that read it,", 471, 36)
    sheet.text("and with which tap", 471, 56)
    return sheet.svg()
