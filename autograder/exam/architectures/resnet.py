"""The exam of `ResNet`, beside torchvision's, with a thin block of ours in both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import nn
from torchvision.models.resnet import ResNet as TheirResNet

from autograder.exam.architectures.asking import cases, mistake, network_exam
from autograder.exam.architectures.changes import activations, being, nothing, put, setting, with_outputs
from autograder.exam.architectures.judge import Change, judged
from autograder.exam.mistakes import IN_PLACE
from autograder.objects.recipes import Recipe
from autograder.objects.recipes.architectures import shortcut
from autograder.objects.recipes.architectures.filling import Rules

T = torch.Tensor
STAGES = "layer1", "layer2", "layer3", "layer4"


def built(block: type[nn.Module], layers: list[int], num_classes: int) -> nn.Module:
    """torchvision's ResNet, which gives its blocks more arguments than the text's."""

    class Block(block):  # type: ignore[valid-type,misc]
        def __init__(self, inplanes, planes, stride=1, downsample=None, *rest, **more):
            super().__init__(inplanes, planes, stride, downsample)

    return TheirResNet(Block, layers, num_classes)


def resnet(
    x: T, block: Recipe, layers: list[int], num_classes: int, how: str = "eval", state: Rules = (), seed: int = 0,
    changes: tuple[Change, ...] = (),
) -> Any:  # fmt: skip
    """The same, filled and asked."""
    ours = {"how": how, "state": state, "seed": seed, "changes": changes}
    return judged(built, (block, layers, num_classes), {}, False, ours, x)


# ---------------------------------------------------------------- mistakes
def blocks_of(network: Any) -> Iterator[tuple[int, int, Any]]:
    """Each block with the numbers of its stage and of its place there, from 0 on."""
    for stage, name in enumerate(STAGES):
        for place, block in enumerate(getattr(network, name)):
            yield stage, place, block


def each_block(change: Callable[[int, int, Any], None]) -> Change:
    """All blocks are changed."""

    def changing(network: Any) -> None:
        for stage, place, block in blocks_of(network):
            change(stage, place, block)

    return changing


def remade(block: Any, stride: int) -> None:
    """A block has this stride, and a shortcut of its own."""
    block.thin.stride = (stride, stride)
    block.downsample = shortcut(block.thin.in_channels, block.thin.out_channels, stride)


def restrided(stride_of: Callable[[int, int], int]) -> Change:
    """Blocks have other strides, by the numbers of stage and place; those that have changed have a shortcut."""

    def change(stage: int, place: int, block: Any) -> None:
        stride = stride_of(stage, place)
        if (stride, stride) != block.thin.stride:
            if stride == 1 and block.thin.in_channels == block.thin.out_channels:
                block.thin.stride, block.downsample = (1, 1), None
            else:
                remade(block, stride)

    return each_block(change)


def bare_shortcut(stage: int, place: int, block: Any) -> None:
    if block.downsample is not None:
        block.downsample = nn.Sequential(block.downsample[0])


def barest_shortcut(stage: int, place: int, block: Any) -> None:
    if block.downsample is not None:
        block.downsample = block.downsample[0]


def shortcut_of_each_stage(stage: int, place: int, block: Any) -> None:
    if place == 0 and block.downsample is None:
        remade(block, block.thin.stride[0])


def shortcut_of_each_block(stage: int, place: int, block: Any) -> None:
    if block.downsample is None:
        remade(block, block.thin.stride[0])


def without_shortcut_in_first_stage(stage: int, place: int, block: Any) -> None:
    if stage == 0:
        block.downsample = None


def of_length(length: Callable[[int], int]) -> Change:
    """Stages have other numbers of blocks."""

    def change(network: Any) -> None:
        for name in STAGES:
            stage = getattr(network, name)
            kind, width = type(stage[0]), stage[0].thin.out_channels
            more = [kind(width, width // kind.expansion) for _ in range(len(stage), length(len(stage)))]
            setattr(network, name, nn.Sequential(*list(stage)[: length(len(stage))], *more))

    return change


def biased(network: Any) -> None:
    """The first convolution has a bias, and perhaps those of the shortcuts."""
    network.conv1 = nn.Conv2d(3, 64, 7, 2, 3)


def all_biased(network: Any) -> None:
    biased(network)
    for _, _, block in blocks_of(network):
        if block.downsample is not None:
            old = block.downsample[0]
            block.downsample[0] = nn.Conv2d(old.in_channels, old.out_channels, 1, old.stride)


MISTAKES = [
    mistake("resnet-shortcut-norm", resnet, each_block(bare_shortcut), each_block(barest_shortcut)),
    mistake(
        "resnet-shortcut-everywhere", resnet, each_block(shortcut_of_each_stage), each_block(shortcut_of_each_block)
    ),
    mistake("resnet-shortcut-missing", resnet, each_block(without_shortcut_in_first_stage)),
    mistake("resnet-layers-ignored", resnet, *map(of_length, (lambda n: 2, lambda n: 1, lambda n: n + 1))),
    mistake(
        "resnet-strides", resnet,
        restrided(lambda stage, place: 1), restrided(lambda stage, place: 2 if place == 0 else 1),
        restrided(lambda stage, place: 2 if stage else 1), restrided(lambda stage, place: 2),
        restrided(lambda stage, place: 2 if place == 0 and stage in (1, 2) else 1),
    ),
    mistake(
        "resnet-stem", resnet,
        *(
            put("maxpool", being(one))
            for one in (nn.Identity(), nn.MaxPool2d(3, 2), nn.MaxPool2d(2), nn.AvgPool2d(3, 2, 1))
        ),
        put("relu", nothing), put("bn1", nothing), setting("conv1", stride=(1, 1)), setting("conv1", padding=(0, 0)),
        *(put("conv1", being(nn.Conv2d(3, 64, 3, stride, 1, bias=False, device="meta"))) for stride in (1, 2)),
    ),
    mistake("conv-bias", resnet, biased, all_biased),
    mistake("classes-ignored", resnet, *(put("fc", with_outputs(n)) for n in (1000, 10))),
    mistake("avgpool-max", resnet, put("avgpool", lambda _: nn.AdaptiveMaxPool2d(1))),
    mistake("avgpool-missing", resnet, put("avgpool", nothing), raises=True),
    *activations(resnet)[1:],
    IN_PLACE[0],
]  # fmt: skip

# What passes everything on: the first convolution, the shortcuts, the blocks' thin convolutions not at all.
STEM = [("conv1.weight", "pass")]
NEUTRAL = [("bn1.weight", "one"), ("bn1.bias", "zero"), ("bn1.running_mean", "zero"), ("bn1.running_var", "one")]
NO_BLOCKS = [("*.norm.weight", "zero"), ("*.norm.bias", "zero")]
LATER_BLOCKS = [(f"layer[234].{pattern}", rule) for pattern, rule in NO_BLOCKS]
SHORTCUTS = [("*.downsample.0.weight", "pass"), ("*.downsample.1.weight", "one"), ("*.downsample.1.bias", "zero"),
             ("*.downsample.1.running_mean", "zero"), ("*.downsample.1.running_var", "one")]  # fmt: skip
STATES: dict[str, Rules] = {
    "": (),
    "stem": [*LATER_BLOCKS, *SHORTCUTS],
    "stages": [*STEM, *NEUTRAL, *SHORTCUTS],
    "shortcuts": [*STEM, *NEUTRAL, *NO_BLOCKS],
    "head": [*STEM, *NEUTRAL, *NO_BLOCKS, *SHORTCUTS],
}
CLASSES = 11


def case(
    state: str, *shape: int, expansion: int = 1, layers: tuple[int, ...] = (1, 2, 1, 1), how: str = "eval",
    classes: int = CLASSES,
) -> Any:  # fmt: skip
    """A case of these images."""
    made = {"block": Recipe("block", expansion), "layers": list(layers), "num_classes": classes}
    return (shape[0], 3, *shape[1:]), made | {"state": STATES[state], "how": how}


NAMES, FIRST, IN_STAGES = (
    "in the names and shapes of its parameters",
    "in its first layers, from the convolution to the pooling",
    "in the convolutions of its stages",
)
SHORT, HEAD, TRAINING, GRADIENTS = (
    "in its shortcuts, which are skip connections",
    "in its last layers",
    "in train mode",
    "in its gradients",
)
RESNET = network_exam(
    "ResNet",
    resnet,
    MISTAKES,
    lambda draw: [
        *cases(FIRST, case("stem", 1, 32, 32))(draw),
        *cases(IN_STAGES, case("stages", 2, 32, 32))(draw),
        *cases(HEAD, case("head", 2, 72, 72))(draw),
    ],
)
ResNet = RESNET.exam(
    RESNET.values(
        "names", "names and shapes of the parameters, for any block and any numbers of blocks", 1.0,
        cases(
            NAMES, case("", 1, 1, 1, how="shapes"),
            case("", 1, 1, 1, expansion=4, layers=(3, 4, 6, 3), how="shapes", classes=1000),
            case("", 1, 1, 1, expansion=2, layers=(2, 1, 3, 2), how="shapes", classes=2),
        ),
    ),
    RESNET.values(
        "stem", "the first layers", 1.0,
        cases(FIRST, case("stem", 2, 32, 32), case("stem", 2, 31, 26)),
    ),
    RESNET.values(
        "stages", "four stages of blocks, with their strides", 1.5,
        cases(
            IN_STAGES, case("stages", 2, 32, 30), case("stages", 2, 29, 32),
            case("stages", 2, 32, 32, layers=(2, 1, 3, 2)),
        ),
    ),
    RESNET.values(
        "shortcuts", "the shortcut: a 1×1 convolution with the stride and a norm, only where it is needed", 1.0,
        cases(SHORT, case("shortcuts", 2, 32, 29), case("shortcuts", 2, 27, 32, expansion=2)),
    ),
    RESNET.values(
        "head", "the mean over all positions, and the linear layer", 0.5,
        cases(HEAD, case("head", 2, 96, 70), case("head", 1, 64, 100)),
    ),
    RESNET.values(
        "train", "batch norms in train mode", 0.5,
        cases(TRAINING, case("", 8, 32, 32, how="train", layers=(1, 1, 1, 1))),
    ),
    RESNET.values(
        "whole", "all gradients, the input unchanged", 0.5,
        cases(GRADIENTS, case("", 2, 32, 28, how="gradients", layers=(1, 1, 1, 1))), intact=True, tells="detached",
    ),
)  # fmt: skip
