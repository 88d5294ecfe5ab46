"""Classifiers that torchvision offers, with their year, size, cost and accuracy: a table and a plot of chapter 3.

Parameters and multiplications are counted from the modules, without numbers in them. Accuracies are those that
torchvision states beside its weights; reading them downloads nothing.
"""

from dataclasses import dataclass
from functools import cache

import matplotlib.pyplot as plt
import torch
from IPython.display import HTML
from matplotlib.axes import Axes
from torch import nn
from torchvision import models

from _code import counting
from convcourse import plots

# torchvision's name, the name in print, the year of the first publication, and the family that the plot shows.
KNOWN = (
    ("alexnet", "AlexNet", 2012, "before"),
    ("vgg16", "VGG-16", 2014, "before"),
    ("googlenet", "GoogLeNet", 2014, "before"),
    ("inception_v3", "Inception v3", 2015, "before"),
    ("resnet18", "ResNet-18", 2015, "residual"),
    ("resnet50", "ResNet-50", 2015, "residual"),
    ("resnet152", "ResNet-152", 2015, "residual"),
    ("squeezenet1_1", "SqueezeNet 1.1", 2016, "small"),
    ("densenet121", "DenseNet-121", 2016, "residual"),
    ("resnext50_32x4d", "ResNeXt-50", 2016, "residual"),
    ("mobilenet_v2", "MobileNetV2", 2018, "small"),
    ("mobilenet_v3_large", "MobileNetV3", 2019, "small"),
    ("efficientnet_b0", "EfficientNet-B0", 2019, "small"),
    ("vit_b_16", "ViT-B/16", 2020, "after"),
    ("swin_t", "Swin-T", 2021, "after"),
    ("efficientnet_v2_s", "EfficientNetV2-S", 2021, "small"),
    ("convnext_tiny", "ConvNeXt-T", 2022, "after"),
)


@dataclass(frozen=True)
class Network:
    """A classifier and its figures; accuracy in per cent of ImageNet's validation images, image side in pixels."""

    title: str
    year: int
    family: str
    parameters: int
    multiplications: int
    accuracy: float
    best: float
    side: int


def skeleton(name: str) -> nn.Module:
    """A network of torchvision as shapes alone, without numbers, and without branches that only training uses."""
    options = {"aux_logits": False, "init_weights": False} if name in ("googlenet", "inception_v3") else {}
    with torch.device("meta"):
        return models.get_model(name, weights=None, **options)


@cache
def networks() -> list[Network]:
    """The networks of `KNOWN`. ``accuracy`` belongs to the first weights, ``best`` to the best at the same size."""
    found = []
    for name, title, year, family in KNOWN:
        weights = models.get_model_weights(name)
        first = weights["IMAGENET1K_V1"]
        side = first.transforms().crop_size[0]
        accuracy = lambda each: each.meta["_metrics"]["ImageNet-1K"]["acc@1"]
        same = [
            accuracy(w) for w in weights if w.name.startswith("IMAGENET1K_V") and w.transforms().crop_size == [side]
        ]
        net = skeleton(name)
        counts = counting.parameters(net), counting.multiplications(net, (3, side, side))
        found.append(Network(title, year, family, *counts, accuracy(first), max(same), side))
    return found


SHY = "&shy;"  # where a long word may break in the narrow table of a phone


def table(rows: list[Network]) -> HTML:
    """The networks as a table."""
    heads = (
        "network",
        "year",
        f"para{SHY}meters, millions",
        f"multi{SHY}plica{SHY}tions, billions",
        f"accu{SHY}racy, %",
        "newer weights, %",
    )
    cells = [
        (
            row.title.replace("Net", f"{SHY}Net") if len(row.title) > 10 else row.title,
            row.year,
            f"{row.parameters / 1e6:.1f}",
            f"{row.multiplications / 1e9:.2f}",
            f"{row.accuracy:.1f}",
            f"{row.best:.1f}" if row.best > row.accuracy else "",
        )
        for row in rows
    ]
    line = lambda kind, values: f"<tr>{''.join(f'<{kind}>{value}</{kind}>' for value in values)}</tr>"
    body = "".join(line("td", values) for values in cells)
    return HTML(
        f'<table class="table dataframe numbers"><thead>{line("th", heads)}</thead><tbody>{body}</tbody></table>'
    )


LETTERS = 10.6  # points, on a figure of 5.6 inches
STYLES = {
    "before": (plots.SOFT, "s", "to 2015"),
    "residual": (plots.BLUE, "o", "with shortcuts"),
    "small": (plots.ORANGE, "^", "made to be small"),
    "after": (plots.PLUM, "D", "attention, ConvNeXt"),
}
# Where a label would lie on another: its place against the point, in points.
BESIDE = {
    "ResNet-50": (-70, -3),
    "ResNeXt-50": (-77, 0),
    "ConvNeXt-T": (-77, 1),
    "Swin-T": (-52, -8),
    "EfficientNetV2-S": (-110, 0),
    "MobileNetV2": (8, -9),
    "SqueezeNet 1.1": (8, 1),
    "Inception v3": (7, -9),
    "GoogLeNet": (-74, -4),
    "MobileNetV3": (-28, -16),
    "EfficientNet-B0": (-36, 9),
    "ResNet-152": (-44, 11),
    "ViT-B/16": (-36, 13),
    "VGG-16": (-18, -23),
}


def draw(ax: Axes, rows: list[Network]) -> None:
    """Accuracy against multiplications on a logarithmic axis; the area of a mark follows the parameters."""
    for family, (colour, marker, label) in STYLES.items():
        chosen = [row for row in rows if row.family == family]
        costs, rights = [row.multiplications / 1e9 for row in chosen], [row.accuracy for row in chosen]
        areas = [18 + 2.2 * row.parameters / 1e6 for row in chosen]
        ax.scatter(costs, rights, s=areas, c=colour, marker=marker, alpha=0.85, label=label, lw=0)
    for row in rows:
        place = BESIDE.get(row.title, (8, -4))
        at = (row.multiplications / 1e9, row.accuracy)
        ax.annotate(row.title, at, place, textcoords="offset points", fontsize=LETTERS, color=plots.INK)
    ax.set(xscale="log", xlabel="multiplications per image, billions", ylabel="accuracy, %", xlim=(0.13, 40))
    ax.xaxis.set_major_formatter(plt.FuncFormatter(lambda value, _: f"{value:g}"))
    handles = ax.legend(loc="lower right", fontsize=LETTERS)
    for handle in handles.legend_handles:
        handle.set_sizes([40])
