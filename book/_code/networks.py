"""Chapter 6's U-Net as its live figures run it: with skips that can be unplugged, and with the maps of each block."""

from pathlib import Path

import torch
from torch import nn

from _code import onnx_files, unet


class Unplugged(nn.Module):
    """A U-Net with a gate in each skip: 1 lets the skip's map pass, 0 replaces it by zeros.

    ``forward(x, gates)`` takes images (N, 3, H, W) and gates (N, depth), finest level first. It gives a dictionary:
    the ``logits`` (N, classes, H, W) and the maps of each block (`blocks`) under the block's name in the network.
    """

    def __init__(self, net: unet.SegmentationNet):
        super().__init__()
        self.net = net

    def blocks(self) -> dict[str, nn.Module]:
        """The encoder's blocks from the top down, then up-convolutions and the decoder's blocks as they run."""
        parts = {name: getattr(self.net, name) for name in ("encoder", "upconv", "decoder")}
        return {f"{name}.{at}": block for name, blocks in parts.items() for at, block in enumerate(blocks)}

    def forward(self, x: torch.Tensor, gates: torch.Tensor) -> dict[str, torch.Tensor]:
        maps: dict[str, torch.Tensor] = {}
        keep = lambda name: lambda block, inputs, output: maps.__setitem__(name, output)
        handles = [block.register_forward_hook(keep(name)) for name, block in self.blocks().items()]
        *skips, bottom = self.net.encode(x)
        gated = [skip * gate[:, None, None, None] for skip, gate in zip(skips, gates.unbind(1))]
        logits = self.net.decode([*gated, bottom])
        for handle in handles:
            handle.remove()
        return {"logits": logits, **maps}


def save(net: unet.SegmentationNet, path: Path, size: int = 64) -> None:
    """Writes the network as an ONNX file for any number of images (N, 3, size, size); outputs as in `Unplugged`."""
    example = torch.zeros(2, 3, size, size), torch.ones(2, len(net.upconv))
    onnx_files.write(Unplugged(net), example, ["image", "gates"], path)


def load(path: Path) -> unet.SegmentationNet:
    """The network whose weights an ONNX file of `save` holds."""
    weights = {
        name.removeprefix("net."): values
        for name, values in onnx_files.weights(path).items()
        if name.startswith("net.")
    }
    width, colours = weights["encoder.0.0.weight"].shape[:2]
    depth = sum(name.startswith("upconv.") and name.endswith(".weight") for name in weights)
    net = unet.SegmentationNet(colours, len(weights["head.bias"]), width=width, depth=depth)
    net.load_state_dict(weights)
    return net.eval()


@torch.inference_mode()
def predict(net: unet.SegmentationNet, images: torch.Tensor, gates: tuple[int, ...] = (1, 1, 1)) -> torch.Tensor:
    """Logits of all images (N, 3, H, W), 50 at a time, in eval mode, with these gates of the skips."""
    module = Unplugged(net).eval()
    gate = torch.tensor(gates, dtype=images.dtype)
    return torch.cat([module(part, gate.expand(len(part), -1))["logits"] for part in images.split(50)])
