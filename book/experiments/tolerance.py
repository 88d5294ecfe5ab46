"""How far a photograph may be changed before it is no cat to a network that was trained without or with augmentation.

Each seed draws pieces of background, first weights and training pictures; the two networks share the pieces and the
first weights. Both train for the same number of steps. Networks, pictures and trainings are small on purpose. The
networks of the first seed, not of the best one, are what the live figure runs in the browser.
"""

from collections.abc import Mapping

import torch
from _code import onnx_files, tolerance
from torch import nn

SEEDS = range(5)
NEW_SCENES = 400
PATH = onnx_files.FOLDER / "tolerance.onnx"
FILES = ["book/_static/networks/tolerance.onnx"]


def run(seed: int) -> dict[str, dict]:
    """For each network the mean ``loss`` of ten parts of its training; the share that it gets right of pictures with
    new backgrounds, unchanged (``new``) and changed as in the augmentation (``changed``); and the probability of "cat"
    along each change of the cat's photograph (``curve``), for the angle also with a reflected outside (``angle,
    reflected``)."""
    found: dict[str, dict] = {}
    nets: dict[str, nn.Module] = {}
    for way in tolerance.NAMES:
        net, loss = tolerance.train(way, seed)
        torch.manual_seed(1)
        images, labels = tolerance.scenes(tolerance.pieces(tolerance.NEW_GROUNDS, 90), NEW_SCENES)
        found[way] = {
            "loss": loss,
            "new": _right(net, images, labels),
            "changed": _right(net, tolerance.augmented(images), labels),
            "curve": {
                **{name: tolerance.curve(net, name) for name in tolerance.RANGES},
                "angle, reflected": tolerance.curve(net, "angle", "reflection"),
            },
        }
        nets[way] = net
    if seed == SEEDS[0]:
        pictures = torch.zeros(2, 3, tolerance.SIZE, tolerance.SIZE)
        onnx_files.write(Pair(nets), (pictures,), ["image"], PATH)
    return found


class Pair(nn.Module):
    """Both networks under their names: pictures (N, 3, SIZE, SIZE) → {"plain": logits, "augmented": logits}."""

    def __init__(self, nets: Mapping[str, nn.Module]):
        super().__init__()
        self.nets = nn.ModuleDict(nets)

    def forward(self, image: torch.Tensor) -> dict[str, torch.Tensor]:
        return {name: net(image) for name, net in self.nets.items()}


def load() -> dict[str, nn.Module]:
    """The networks of the live figure, in eval mode."""
    pair = Pair({name: tolerance.network() for name in tolerance.NAMES})
    pair.load_state_dict(onnx_files.weights(PATH))
    return dict(pair.eval().nets.items())


def _right(net: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> float:
    return round((tolerance.probabilities(net, images).argmax(1) == labels).float().mean().item(), 4)
