"""EfficientNet-Lite0 as chapter 5's live figure runs it: with weights in half precision, and the names of its classes.

The file is written when the book is built, from the weights of the installed package: the repository holds no second
copy of 9 MB, which git would keep for ever, and both cannot disagree.
"""

import json
from pathlib import Path

import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from _code import onnx_files
from convcourse import pretrained

FILE, NAMES = "lite0.onnx", "imagenet.json"  # in the folder of the networks
SIDE = 224
SMALL = 2000  # numbers: what has fewer is not worth rounding


def rounded() -> nn.Module:
    """The network, the large ones of whose tensors were rounded to half precision (11 bits)."""
    net = pretrained.efficientnet_lite0().requires_grad_(False)
    for values in net.parameters():
        if values.numel() >= SMALL:
            values.copy_(values.half())
    return net


class Answering(nn.Module):
    """Images (N, 3, 224, 224) in 0…1 → ``probabilities`` (N, 1000)."""

    def __init__(self, net: nn.Module):
        super().__init__()
        self.net = net

    def forward(self, image: torch.Tensor) -> dict[str, torch.Tensor]:
        """See the class."""
        return {"probabilities": self.net(image).softmax(1)}


def write(folder: Path) -> None:
    """Writes the network and the names of the classes."""
    path = folder / FILE
    onnx_files.write(Answering(rounded()), (torch.zeros(2, 3, SIDE, SIDE),), ["image"], path)
    halve(path)
    (folder / NAMES).write_text(json.dumps(pretrained.class_names(), ensure_ascii=False), encoding="utf-8")


def halve(path: Path) -> None:
    """Stores the tensors of an ONNX file in half precision where this loses nothing. They are cast back as it loads."""
    model = onnx.load(path)
    graph = model.graph
    for held in graph.initializer:
        values = numpy_helper.to_array(held)
        if held.data_type != TensorProto.FLOAT or values.size < SMALL or (values != values.astype("float16")).any():
            continue
        name = held.name
        held.CopyFrom(numpy_helper.from_array(values.astype("float16"), f"{name}.half"))
        graph.node.insert(0, helper.make_node("Cast", [held.name], [name], to=TensorProto.FLOAT))
    path.write_bytes(model.SerializeToString(deterministic=True))
