"""Architectures as they are: a network's own modules are run without numbers, and each tells shapes and costs."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import drawsvg
import torch
from IPython.display import SVG
from torch import nn

from _code import zoo
from _code.drawing import Sheet

# Of each architecture its name, and its function in torchvision.models.
ARCHITECTURES = {
    "AlexNet": "alexnet",
    "VGG-11": "vgg11",
    "VGG-16": "vgg16",
    "GoogLeNet": "googlenet",
    "ResNet-18": "resnet18",
    "ResNet-50": "resnet50",
}
SIZE = 224  # pixels of the image from side to side

Shape = tuple[int, ...]
Hook = Callable[[nn.Module, object, torch.Tensor], None]


@dataclass
class Layer:
    """A convolution, a pooling or a linear layer; the parameters of a norm behind it are counted with it.

    Shapes are without the batch's axis. Operations are the multiplications of an image's pass.
    """

    name: str
    kind: str
    shape: Shape
    parameters: int
    operations: int


@dataclass
class Block:
    """Layers that belong together; ``given`` and ``shape`` are the shapes of what goes in and of what comes out."""

    name: str
    given: Shape = ()
    shape: Shape = ()
    layers: list[Layer] = field(default_factory=list)

    @property
    def parameters(self) -> int:
        """Of all its layers."""
        return sum(layer.parameters for layer in self.layers)

    @property
    def operations(self) -> int:
        """Of all its layers."""
        return sum(layer.operations for layer in self.layers)


def described(layer: nn.Module) -> str:
    """A layer in words, such as "3 × 3, stride 2"; nothing for one that is not shown."""
    square = lambda value: value if isinstance(value, int) else value[0]
    match layer:
        case nn.Conv2d() | nn.MaxPool2d():
            kind = "" if isinstance(layer, nn.Conv2d) else "max pooling "
            k, stride = square(layer.kernel_size), square(layer.stride)
            return f"{kind}{k} × {k}" + (f", stride {stride}" if stride > 1 else "")
        case nn.AdaptiveAvgPool2d():
            return f"average pooling to {square(layer.output_size)} × {square(layer.output_size)}"
        case nn.Linear():
            return "linear"
    return ""


def _multiplications(layer: nn.Module, shape: Shape) -> int:
    """Every weight of a convolution is used at each position of its output, every weight of a linear layer once."""
    if isinstance(layer, nn.Conv2d):
        return layer.weight.numel() * shape[1] * shape[2]
    return layer.weight.numel() if isinstance(layer, nn.Linear) else 0


def _groups(net: nn.Module) -> Iterator[list[tuple[str, nn.Module]]]:
    """The named parts of each block. Containers are opened. A block ends with a max pooling, a linear layer, or a part
    of several convolutions."""
    group: list[tuple[str, nn.Module]] = []
    for name, part in _parts(net):
        group.append((name, part))
        convolutions = sum(isinstance(each, nn.Conv2d) for each in part.modules())
        if convolutions > 1 or isinstance(part, nn.MaxPool2d | nn.Linear):
            yield group
            group = []


def _parts(net: nn.Module, prefix: str = "") -> Iterator[tuple[str, nn.Module]]:
    for name, part in net.named_children():
        if isinstance(part, nn.Sequential):
            yield from _parts(part, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", part


def blocks(net: nn.Module, size: int = SIZE) -> list[Block]:
    """The blocks of a network that lies on the device "meta", with shapes for one image of size × size pixels.

    A residual block or an Inception module is a block. Elsewhere a block ends with its max pooling or its linear layer.
    It bears the name of its first part that has parameters.
    """
    found, hooks = [], []

    def note(block: Block, name: str) -> Hook:
        def hook(layer: nn.Module, _: object, output: torch.Tensor) -> None:
            shape, count = tuple(output.shape[1:]), sum(each.numel() for each in layer.parameters())
            if kind := described(layer):
                block.layers.append(Layer(name, kind, shape, count, _multiplications(layer, shape)))
            elif count:  # a norm
                block.layers[-1].parameters += count

        return hook

    def close(block: Block) -> Hook:
        def hook(part: nn.Module, _: object, output: torch.Tensor) -> None:
            block.shape = tuple(output.shape[1:])

        return hook

    for group in _groups(net):
        named = next((name for name, part in group if any(True for _ in part.parameters())), group[0][0])
        block = Block(named)
        found.append(block)
        for name, part in group:
            for inner, layer in part.named_modules(prefix=name):
                if not any(layer.children()):
                    hooks.append(layer.register_forward_hook(note(block, inner)))
            hooks.append(part.register_forward_hook(close(block)))
    net.eval()(torch.zeros(1, 3, size, size, device="meta"))
    for hook in hooks:
        hook.remove()
    for block, given in zip(found, [(3, size, size), *(block.shape for block in found)]):
        block.given = given
    return found


def all_blocks() -> dict[str, list[Block]]:
    """The blocks of each of the `ARCHITECTURES`; no weight is drawn."""
    return {name: blocks(zoo.skeleton(function)) for name, function in ARCHITECTURES.items()}


def brought_along(found: dict[str, list[Block]]) -> str:
    """The blocks as JSON without blanks: of each its name, both shapes and its layers as lists."""
    told = {
        name: [
            [block.name, block.given, block.shape, [[*vars(layer).values()] for layer in block.layers]]
            for block in listed
        ]
        for name, listed in found.items()
    }
    return json.dumps(told, separators=(",", ":"), ensure_ascii=False)


def short(count: int) -> str:
    """A count with three digits, such as 102.8 M."""
    for power, word in ((10**9, " G"), (10**6, " M"), (10**3, " k")):
        if count >= power:
            return f"{float(f'{count / power:.3g}'):g}{word}"
    return str(count)


def words(shape: Shape) -> str:
    """A shape as people write it."""
    return " × ".join(map(str, shape))


def picture(found: dict[str, list[Block]], name: str, chosen: int) -> SVG:
    """One architecture to scale. A column is a block: its output (height: pixels, width: channels), its parameters, its
    multiplications. The output of a linear layer is at most as wide as the widest maps. The block with number
    ``chosen`` is marked, and its numbers stand below."""
    listed = found[name]
    sheet, left, step, width = Sheet(570, 440), 4, 562 / len(listed), 562
    sheet.drawing.append(drawsvg.Raw(f"<metadata>{brought_along(found)}</metadata>"))
    sheet.box(left + chosen * step, 24, step, 346, "pad")
    kind = lambda at: "b" if at == chosen else "c" if len(listed[at].shape) == 1 else "a"
    floor = 150
    channels = max(block.shape[0] for block in listed if len(block.shape) == 3)  # a linear layer may have more
    sheet.text("output: height = pixels, width = channels", left, 12, anchor="start")
    for at, block in enumerate(listed):
        side = block.shape[1] if len(block.shape) == 3 else 1
        wide, tall = max(0.9 * step * min(block.shape[0] / channels, 1), 1.5), max(240 * side / SIZE, 1.5)
        sheet.box(left + (at + 0.5) * step - wide / 2, floor - tall, wide, tall, kind(at))
    for title, floor, counts in [
        ("parameters", 256, [block.parameters for block in listed]),
        ("multiplications", 366, [block.operations for block in listed]),
    ]:
        sheet.text(f"{title}, {short(sum(counts))} in all", left, floor - 90, anchor="start")
        for at, count in enumerate(counts):
            tall = 60 * count / max(counts)
            sheet.box(left + (at + 0.1) * step, floor - tall, 0.8 * step, tall, kind(at))
            if step > 50:
                sheet.text(short(count), left + (at + 0.5) * step, floor - tall - 10, size=15)
    block = listed[chosen]
    sheet.text(f"{block.name}: {words(block.given)} → {words(block.shape)}", left + width / 2, 392)
    sheet.text(f"{block.parameters:,} parameters, {block.operations:,} multiplications", left + width / 2, 416)
    return sheet.svg()
