"""Visible checks of `UNet` and `VGGUNet`: sizes, numbers of parameters, and what any network must do."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F

from convcourse.checks.core import Check, close, numbers


def parameters(check: Check, network: Any) -> list[torch.Tensor]:
    return list(check.ask(network.state_dict).values())


def count(check: Check, network: Any) -> int:
    return sum(tensor.numel() for tensor in parameters(check, network))


def conv(inputs: int, outputs: int, size: int) -> int:
    """The number of a convolution's weights and biases."""
    return inputs * outputs * size * size + outputs


def unet_parameters(channels: int, classes: int, base: int, depth: int) -> int:
    """Of the U-Net in the drawing."""
    widths = [base * 2**level for level in range(depth + 1)]
    down = sum(conv(a, b, 3) + conv(b, b, 3) for a, b in zip([channels, *widths], widths))
    up = sum(conv(2 * c, c, 2) + conv(2 * c, c, 3) + conv(c, c, 3) for c in widths[:-1])
    return down + up + conv(base, classes, 1)


def network(check: Check, made: Any, *args: Any, **kwargs: Any) -> Any:
    """One of them, in eval mode."""
    found = check.ask(made, *args, **kwargs)
    check.ask(found.eval)
    return found


def behaves(check: Check, net: Any, x: torch.Tensor) -> torch.Tensor:
    """Two calls give the same, images do not mix; the logits come back."""
    got = check.ask(net, x)
    if not isinstance(got, torch.Tensor):
        check.fail(f"the network must return a tensor of logits, yours returned a {type(got).__name__}.")
    if not torch.equal(check.ask(net, x), got):
        check.fail("two calls in eval mode differ: is there dropout, or another random step, that eval leaves on?")
    if not close(check.ask(net, x[1:]), got[1:]):
        check.fail("an image's logits depend on the other images of its batch.")
    return got


def has_shape(check: Check, net: Any, x: torch.Tensor, expected: tuple[int, ...], said: str) -> None:
    got = check.ask(net, x)
    shape = tuple(got.shape) if isinstance(got, torch.Tensor) else type(got).__name__
    if shape != expected:
        check.fail(f"{said}: an input {tuple(x.shape)} must give {expected}, yours gives {shape}.")


def raw(check: Check, several: list[torch.Tensor]) -> None:
    """No ReLU, softmax or sigmoid at the end."""
    if not any((logits < 0).any() for logits in several):
        check.fail("no logit is ever negative: is there a ReLU, a softmax or a sigmoid after the 1×1 convolution?")
    if all(close(logits.sum(1), torch.ones_like(logits[:, 0])) for logits in several):
        check.fail("the classes' values sum to 1: is there a softmax after the 1×1 convolution?")


def UNet(made: Any) -> None:
    check = Check("UNet")
    with check("572 × 572 pixels become 388 × 388"):
        net = network(check, made, 1, 2, base_channels=2)
        has_shape(check, net, torch.zeros(1, 1, 572, 572), (1, 2, 388, 388), "UNet(1, 2, base_channels=2)")
    with check('other depths, sizes and channels, and padding="same"'):
        net = network(check, made, 3, 5, base_channels=2, depth=2)
        has_shape(check, net, torch.zeros(2, 3, 44, 60), (2, 5, 4, 20), "UNet(3, 5, base_channels=2, depth=2)")
        net = network(check, made, 3, 5, base_channels=2, depth=3, padding="same")
        said = 'UNet(3, 5, base_channels=2, depth=3, padding="same")'
        has_shape(check, net, torch.zeros(2, 3, 24, 32), (2, 5, 24, 32), said)
    with check("as many parameters as in the drawing"):
        for arguments in ((1, 2, 4, 4), (3, 6, 8, 2)):
            got, wanted = count(check, check.ask(made, *arguments)), unet_parameters(*arguments)
            if got != wanted:
                check.fail(
                    f"UNet{arguments} must have {wanted:,} parameters and no other state, yours has {got:,}. "
                    "Compare level by level: kernel sizes, channels, biases, `nn.ModuleList`."
                )
    with check("calls repeat, images stay apart, and logits are raw"):
        nets = [network(check, made, 3, 4, base_channels=3, depth=2, padding="same") for _ in range(4)]
        raw(check, [behaves(check, net, numbers(20, 2, 3, 16, 16)) for net in nets])


def VGGUNet(made: Any, features: Any) -> None:
    check = Check("VGGUNet")
    with check("one class, the picture's size"):
        net = network(check, made, num_blocks=3)
        has_shape(check, net, torch.zeros(1, 3, 16, 24), (1, 1, 16, 24), "VGGUNet(num_blocks=3)")
    with check("as many parameters as the text says"):
        for blocks, wanted in ((3, 2_067_649), (4, 8_557_505)):
            got = count(check, check.ask(made, num_blocks=blocks))
            if got != wanted:
                check.fail(f"VGGUNet(num_blocks={blocks}) must have {wanted:,} parameters, yours has {got:,}.")
    with check("calls repeat, images stay apart, and logits are raw"):
        nets = [network(check, made, 4, 2) for _ in range(4)]
        raw(check, [behaves(check, net, numbers(21, 2, 3, 8, 8)) for net in nets])
    with check("the encoder's weights are taken"):
        encoder = check.ask(features)
        theirs = list(check.ask(encoder.state_dict).values())
        net = network(check, made, num_blocks=2, encoder=encoder)
        ours = parameters(check, net)
        for number, their in enumerate(theirs[:8]):  # two blocks of two convolutions, each with weight and bias
            if not any(torch.equal(our, their) for our in ours if our.shape == their.shape):
                what = "bias" if number % 2 else "weight"
                check.fail(f"the {what} of the encoder's convolution {number // 2 + 1} is nowhere in the network.")
    with check("one block: its convolutions, and the 1×1 at the end"):
        net, x = network(check, made, num_blocks=1, encoder=encoder), numbers(22, 1, 3, 6, 5)
        head = [p for p in parameters(check, net) if p.numel() == 64 and p.shape[0] == 1]
        last = [p for p in parameters(check, net) if p.numel() == 1]
        if not head or not last:
            check.fail("there is no 1×1 convolution with a bias from 64 channels to the classes.")
        hidden = F.relu(F.conv2d(x, theirs[0], theirs[1], padding=1))
        hidden = F.relu(F.conv2d(hidden, theirs[2], theirs[3], padding=1))
        expected = F.conv2d(hidden, head[0], last[0].reshape(1))
        pooled = lambda: F.conv2d(F.max_pool2d(hidden, 2), head[0], last[0].reshape(1))
        slips = [(pooled, "Yours pools after the last block; pooling stands between blocks.")]
        check.same(check.ask(net, x), expected, "VGGUNet(num_blocks=1, encoder=…)", slips)
