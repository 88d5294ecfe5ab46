"""The exams of `BasicBlock` and `Bottleneck`, beside torchvision's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torchvision.models import resnet as theirs

from autograder.exam.architectures.asking import NetworkExam, cases, mistake, network_exam
from autograder.exam.architectures.changes import with_biases
from autograder.exam.architectures.judge import Change, judged
from autograder.exam.architectures.replies import WHOLE
from autograder.exam.cases import Cases
from autograder.exam.core import Exam
from autograder.exam.mistakes import IN_PLACE, Function, Misconception
from autograder.objects.recipes import Recipe
from autograder.objects.recipes.architectures.filling import Rules

T = torch.Tensor


def basic(
    x: T, inplanes: int, planes: int, stride: int = 1, downsample: Recipe | None = None, how: str = "eval",
    state: Rules = (), seed: int = 0, changes: tuple[Change, ...] = (),
) -> Any:  # fmt: skip
    """torchvision's BasicBlock."""
    ours = {"how": how, "state": state, "seed": seed, "changes": changes}
    options = {"stride": stride, "downsample": downsample}
    return judged(theirs.BasicBlock, (inplanes, planes), options, False, ours, x)


def bottleneck(
    x: T, inplanes: int, planes: int, stride: int = 1, downsample: Recipe | None = None, how: str = "eval",
    state: Rules = (), seed: int = 0, changes: tuple[Change, ...] = (),
) -> Any:  # fmt: skip
    """torchvision's Bottleneck."""
    ours = {"how": how, "state": state, "seed": seed, "changes": changes}
    options = {"stride": stride, "downsample": downsample}
    return judged(theirs.Bottleneck, (inplanes, planes), options, False, ours, x)


# ---------------------------------------------------------------- mistakes
def layers_of(block: Any) -> list[tuple[Any, Any]]:
    """Convolutions with their norms."""
    count = 3 if hasattr(block, "conv3") else 2
    return [(getattr(block, f"conv{i}"), getattr(block, f"bn{i}")) for i in range(1, count + 1)]


def straight(x: T, i: int) -> T:
    return x


def relu_between(x: T, i: int) -> T:
    return torch.relu(x)


def relus_but_one(missing: int) -> Callable[[T, int], T]:
    """A ReLU between layers, but for one of them."""
    return lambda x, i: x if i == missing else torch.relu(x)


def departing(
    shortcut: Callable[[Any, T], T] = lambda block, x: x if block.downsample is None else block.downsample(x),
    joined: Callable[[T, T], T] = lambda out, shortcut: torch.relu(out + shortcut),
    between: Callable[[T, int], T] = relu_between,
    early: bool = False,
) -> Change:
    """A block that computes otherwise. early: the ReLU stands before each norm."""

    def change(block: Any) -> None:
        def forward(x: T) -> T:
            out, given = x, layers_of(block)
            for i, (convolution, norm) in enumerate(given):
                out = convolution(out)
                out = norm(torch.relu(out)) if early and i < len(given) - 1 else norm(out)
                if i < len(given) - 1 and not early:
                    out = between(out, i)
            return joined(out, shortcut(block, x))

        block.forward = forward

    return change


def strided(at: int) -> Change:
    """The stride stands in another convolution."""

    def change(block: Any) -> None:
        for i, (convolution, _) in enumerate(layers_of(block)):
            convolution.stride = (block.stride, block.stride) if i == at else (1, 1)

    return change


def norms_with(**values: Any) -> Change:
    """The batch norms have other settings."""

    def change(block: Any) -> None:
        for _, norm in layers_of(block):
            for name, value in values.items():
                setattr(norm, name, value)

    return change


def always_measured(block: Any) -> None:
    """The norms keep no statistics."""
    for i, (_, norm) in enumerate(layers_of(block), 1):
        setattr(block, f"bn{i}", nn.BatchNorm2d(norm.num_features, track_running_stats=False))


def never_measured(block: Any) -> None:
    """The norms go by the kept statistics in train mode too."""
    for _, norm in layers_of(block):
        norm.train = lambda mode=True, norm=norm: nn.Module.train(norm, False)


def shared_norm(block: Any) -> None:
    block.bn2 = block.bn1


def detached(block: Any, x: T) -> T:
    """The shortcut, cut off from autograd."""
    return x.detach() if block.downsample is None else block.downsample(x.detach())


def mistakes(reference: Function, first: int) -> list[Misconception]:
    """What goes wrong in either block. first: the position of its first 3×3 convolution."""
    count = 3 if first else 2

    def one(id: str, *changes: Change, raises: bool = False) -> Misconception:
        return mistake(id, reference, *changes, raises=raises)

    kept = norms_with(momentum=0.0), never_measured, always_measured
    return [
        one("block-shortcut-missing", departing(joined=lambda out, shortcut: torch.relu(out))),
        one(
            "block-relu-before-sum",
            departing(joined=lambda out, shortcut: torch.relu(out) + shortcut),
            departing(joined=lambda out, shortcut: torch.relu(torch.relu(out) + shortcut)),
        ),
        one("block-relu-last-missing", departing(joined=torch.add)),
        one(
            "block-relu-inside-missing",
            departing(between=straight),
            *(departing(between=relus_but_one(at)) for at in range(2) if first),
        ),
        one("block-relu-before-norm", departing(early=True)),
        one("block-downsample-ignored", departing(shortcut=lambda block, x: x), raises=True),
        one("block-norm-other", *(norms_with(momentum=m) for m in (0.01, 0.9, 0.99)), norms_with(eps=1e-3), *kept),
        one("block-stride", *(strided(at) for at in range(count) if at != first)),
        one("block-stride-ignored", strided(-1), raises=True),
        one("conv-bias", with_biases_in_block),
        one("network-shared", shared_norm),
        one("detached", departing(shortcut=detached)),
        IN_PLACE[0],
    ]  # fmt: skip


def with_biases_in_block(block: Any) -> None:
    """The block's own convolutions have a bias; what the caller made stays."""
    kept = block.downsample
    block.downsample = None
    with_biases(block)
    block.downsample = kept


# ---------------------------------------------------------------- the exams
def examined(name: str, reference: Function, expansion: int) -> Exam:
    """The exam of a block with this expansion."""
    count = 3 if expansion > 1 else 2
    last = f"bn{count}"
    high = [(f"{last}.bias", "high")]  # so that the last ReLU does nothing
    no_branch = [(f"{last}.weight", "zero"), (f"{last}.bias", "zero")]
    no_shortcut = [("downsample.*weight", "zero"), ("downsample.*bias", "zero"), ("downsample.*mean", "zero")]
    narrow, wide = 8 * expansion, 12 * expansion
    same = {"inplanes": narrow, "planes": 8}
    stepping = {"inplanes": 8, "planes": 12, "stride": 2, "downsample": Recipe("shortcut", 8, wide, 2)}
    other = {"inplanes": 6, "planes": 4, "downsample": Recipe("plain_shortcut", 6, 4 * expansion, 1)}
    kept = same | {"downsample": Recipe("plain_shortcut", narrow, narrow, 1)}
    on = {8: (2, 8, 8, 9), 6: (2, 6, 7, 6), narrow: (2, narrow, 6, 7)}

    def case(made: dict[str, Any], state: Rules = (), how: str = "eval", images: int = 2) -> Any:
        state = high if how in ("train", "gradients") else state
        return (images, *on[made["inplanes"]][1:]), made | {"state": state, "how": how}

    branch = signed(
        "in its convolutions, with their norms and ReLUs",
        *(case(made, [*high, *no_shortcut]) for made in (stepping, other, kept)),
    )
    shortcut = signed(
        "in its shortcut, which is a skip connection",
        *(case(made, no_branch) for made in (same, stepping, other, kept)),
        case(same, no_branch),
    )
    exam = network_exam(
        name,
        reference,
        mistakes(reference, first=count - 2),
        lambda draw: [*branch(draw), *shortcut(draw), *signed(WHOLE, case(same))(draw)],
    )
    return exam.exam(*criteria(exam, case, branch, shortcut, same, stepping, other, kept))


def criteria(exam: NetworkExam, case: Any, branch: Any, shortcut: Any, *made: dict[str, Any]) -> list[Any]:
    """Those of a block."""
    same, stepping, _, kept = made
    small = [("bn*.running_var", "small")]
    names = (case(some, how="shapes") for some in made)
    return [
        exam.values(
            "names", "names and shapes of the parameters", 0.5,
            cases("in the names and shapes of its parameters", *names),
        ),
        exam.values(
            "expansion", "the class attribute `expansion`", 0.5,
            cases("in the class attribute `expansion`", case(same, how="expansion")),
        ),
        exam.values("branch", "convolutions, norms and ReLUs, with a stride and without", 1.0, branch),
        exam.values("shortcut", "the input, or what `downsample` makes of it, is added", 1.0, shortcut),
        exam.values(
            "train", "batch norms in train mode, and their statistics", 0.5,
            signed(
                "in train mode", case(same, how="train", images=3), case(stepping, how="train", images=4),
            ),
        ),
        exam.values(
            "gradients", "all gradients, the input unchanged", 0.5,
            signed("in its gradients", *(case(some, how="gradients") for some in (same, stepping, kept))),
            signed(WHOLE, case(same, small)),
            intact=True, tells="detached",
        ),
    ]  # fmt: skip


def signed(about: str, *chosen: Any) -> Cases:
    """Cases of images with values of either sign."""
    return cases(about, *chosen, signed=True)


BasicBlock = examined("BasicBlock", basic, theirs.BasicBlock.expansion)
Bottleneck = examined("Bottleneck", bottleneck, theirs.Bottleneck.expansion)
