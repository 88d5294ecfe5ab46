"""Visible checks of `BasicBlock`, `Bottleneck` and `ResNet`."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
from torch import nn
from torchvision import models
from torchvision.models import resnet

from convcourse.checks.architectures.states import (
    CLASSES,
    Outline,
    Replaced,
    State,
    answer,
    gradient,
    has_names,
    own_work,
    processed,
    state_of,
    variants,
)
from convcourse.checks.core import Check, Slips, numbers, on_plain_torch

Shortcut = Callable[[nn.Module, torch.Tensor], torch.Tensor]


def as_it_is(block: Any, x: torch.Tensor) -> torch.Tensor:
    """The shortcut of a block."""
    return x if block.downsample is None else block.downsample(x)


def computed(
    block: Any,
    x: torch.Tensor,
    shortcut: Shortcut = as_it_is,
    *,
    silent: int = 0,
    norms: Mapping[int, Any] = {},
    first: bool = False,
    early: bool = False,
    last: bool = True,
) -> torch.Tensor:
    """What torchvision's block gives. silent: the convolution after which a ReLU is left out; norms: what stands in
    place of norms; first: the ReLUs before the norms; early: a ReLU before the sum too; last: a ReLU after it."""
    count = 3 if isinstance(block, resnet.Bottleneck) else 2
    out = x
    for number in range(1, count + 1):
        out = getattr(block, f"conv{number}")(out)
        norm = norms.get(number, getattr(block, f"bn{number}"))
        relu = torch.relu if (number < count and number != silent) or (number == count and early) else torch.clone
        out = norm(relu(out)) if first else relu(norm(out))
    out = out + shortcut(block, x)
    return out.relu() if last else out


def shortcut(inputs: int, outputs: int, stride: int) -> nn.Module:
    """A module to be given: as in a ResNet, or, where it changes the size, one that no block makes by itself."""
    if stride > 1:
        return nn.Conv2d(inputs, outputs, 1, stride)
    return nn.Sequential(nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs))


@on_plain_torch
def BasicBlock(made: Any) -> None:
    """Check the class `BasicBlock`: (N, inplanes, H, W) → (N, planes, H', W')."""
    _block(Check("BasicBlock"), made, resnet.BasicBlock)


@on_plain_torch
def Bottleneck(made: Any) -> None:
    """Check the class `Bottleneck`: (N, inplanes, H, W) → (N, 4 · planes, H', W')."""
    _block(Check("Bottleneck"), made, resnet.Bottleneck)


def _block(check: Check, made: Any, theirs: Any) -> None:
    name, expansion = theirs.__name__, theirs.expansion
    same = 5 * expansion
    check.ask(made, same, 5)
    with check(f"`expansion` is {expansion}"):
        got = getattr(made, "expansion", None)
        if got != expansion:
            check.fail(f"The class must have the attribute `expansion = {expansion}`, and yours has {got!r}.")
    for inplanes, stride, change in ((same, 1, False), (same, 1, True), (6, 2, True)):
        said = f"{name}({inplanes}, 5" + (f", stride={stride}, downsample=…)" if change else ")")
        ours, reference = (shortcut(inplanes, same, stride) if change else None for _ in range(2))
        net, reference = check.ask(made, inplanes, 5, stride, ours), theirs(inplanes, 5, stride, reference)
        with check(f"{said}: names and shapes of the parameters"):
            own_work(check, check.ask(lambda net=net: list(net.modules())))
            has_names(check, net, reference, said)
        state, x = state_of(reference, 4), numbers(4, 3, inplanes, 8, 9)
        for mode, word in ((False, "eval"), (True, "train")):
            with check(f"{said}: its outputs in {word} mode"), torch.no_grad():
                for one in (net, reference):
                    check.ask(one.load_state_dict, state)
                    check.ask(one.train, mode)
                expected = reference(x)
                check.same(check.ask(net, x), expected, f"with {said} in {word} mode", _slips(reference, x))
                found = check.ask(net.state_dict)
                for key, tensor in reference.state_dict().items():
                    check.same(found[key], tensor, f"with {said} in {word} mode, in `{key}` after a call")
        with check(f"{said}: its gradient"):
            rule = f"the gradient of {said} in its input must be that of torchvision's"
            check.same(gradient(check, net, x), gradient(check, reference, x), rule)


def _slips(block: Any, x: torch.Tensor) -> Slips:
    """Answers of blocks with one thing wrong."""
    count = 3 if isinstance(block, resnet.Bottleneck) else 2
    slips: Slips = [
        (partial(computed, block, x, lambda _, x: torch.zeros(())), "Yours does not add the shortcut."),
        (partial(computed, block, x, last=False), "Yours has no ReLU after the sum."),
        (partial(computed, block, x, first=True), "Yours takes the ReLU before the batch norm. It comes after it."),
        (
            partial(computed, block, x, early=True, last=False),
            "Yours takes the last ReLU before the sum. It comes after it.",
        ),
        (partial(computed, block, x, early=True), f"Yours takes a ReLU after `bn{count}` too. Only the sum passes it."),
        *(
            (partial(computed, block, x, norms={number: torch.clone}), f"Yours does not use `bn{number}`.")
            for number in range(1, count + 1)
        ),
        *(
            (partial(computed, block, x, norms={number: block.bn1}), f"Yours uses `bn1` in place of `bn{number}`.")
            for number in range(2, count + 1)
            if getattr(block, f"bn{number}").num_features == block.bn1.num_features
        ),
        *(
            (partial(computed, block, x, silent=number), f"Yours has no ReLU after `bn{number}`.")
            for number in range(1, count)
        ),
    ]
    if block.downsample is not None and block.stride == 1:
        slips.append((partial(computed, block, x, lambda _, x: x), "Yours does not use `downsample`."))
    if block.stride > 1:
        right = count - 1  # the convolution with the stride
        for wrong in range(1, count + 1):
            other = copy.deepcopy(block)
            getattr(other, f"conv{right}").stride, getattr(other, f"conv{wrong}").stride = (1, 1), (2, 2)
            slips.append((partial(other, x), f"In yours `conv{wrong}` has the stride. It belongs to `conv{right}`."))
    return slips


@on_plain_torch
def ResNet(made: Any) -> None:
    """Check the class `ResNet`, built of torchvision's blocks: (N, 3, H, W) → logits (N, num_classes)."""
    check = Check("ResNet")
    _network(check, made, resnet.BasicBlock, [2, 1, 1, 1])
    _network(check, made, resnet.Bottleneck, [1, 3, 1, 1])


def _network(check: Check, made: Any, block: Any, layers: list[int]) -> None:
    said = f"ResNet({block.__name__}, {layers}, {CLASSES})"
    with torch.device("meta"):
        reference = models.ResNet(block, layers, CLASSES).eval()
    with check(f"{said}: names and shapes of the parameters"):
        net = Outline(check, made, block, layers, CLASSES)
        own_work(check, [net.net])
        has_names(check, net.net, reference, said)
    with check(f"{said}: with the same weights the same logits as torchvision's"):
        state, x = state_of(reference, 5), numbers(5, 2, 3, 40, 72)
        expected = answer(reference, state, x)
        slips = [*processed(expected), *variants(reference, state, x, STEMS)]
        slips += [
            (partial(_keeping, [stage], reference, state, x), STRIDE.format(f"`layer{stage}`")) for stage in (2, 3, 4)
        ]
        slips += [(partial(_keeping, [2, 3, 4], reference, state, x), STRIDE.format("`layer2`, `layer3` and `layer4`"))]
        check.same(net.answer(state, x), expected, f"with {said} and images {tuple(x.shape)}", slips)


STRIDE = "In yours the first block of {} has stride 1. It must have stride 2."
STEMS: dict[str, Replaced] = {
    "Yours has no max pooling before `layer1`.": {"maxpool": nn.Identity()},
    "The pooling before `layer1` is 2×2. It must be 3×3 with stride 2 and padding 1.": {"maxpool": nn.MaxPool2d(2)},
    "The pooling before `layer1` does not pad. It must pad by 1.": {"maxpool": nn.MaxPool2d(3, 2)},
    "Yours has no ReLU after `bn1`.": {"relu": nn.Identity()},
    "Yours does not use `bn1`.": {"bn1": nn.Identity()},
    **{
        f"`conv1` pads by {padding}. It must pad by 3.": {"conv1": nn.Conv2d(3, 64, 7, 2, padding, bias=False)}
        for padding in range(3)
    },
    "Its last pooling takes the maximum. It must take the average.": {"avgpool": nn.AdaptiveMaxPool2d(1)},
}


def _keeping(stages: list[int], reference: nn.Module, state: State, x: torch.Tensor) -> torch.Tensor:
    """The answer of a copy in which these stages keep the size."""
    other = copy.deepcopy(reference)
    for stage in stages:
        for layer in other.get_submodule(f"layer{stage}").modules():
            if isinstance(layer, nn.Conv2d):
                layer.stride = (1, 1)
    return answer(other, state, x)
