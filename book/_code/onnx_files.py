"""Networks in the files that the live figures run."""

from pathlib import Path

import onnx
import torch
from onnx import helper, numpy_helper
from torch import nn

FOLDER = Path(__file__).resolve().parents[1] / "_static" / "networks"


def write(module: nn.Module, example: tuple[torch.Tensor, ...], inputs: list[str], path: Path) -> None:
    """Writes a module that gives a dictionary of tensors, in eval mode, as an ONNX file for batches of any size.

    What the exporter notes about this machine and its own steps is left out, so that the same weights give the same
    bytes.

    Args:
        example: inputs of the shapes that it will get; their first axis is the batch.
        inputs: their names. The outputs have the dictionary's.
    """
    count = torch.export.Dim.DYNAMIC
    program = torch.onnx.export(
        module.eval(),
        example,
        dynamo=True,
        input_names=inputs,
        output_names=list(module(*example)),
        dynamic_shapes=tuple({0: count} for _ in example),
        optimize=False,  # the runtime does that; here it would drop biases of zeros
        verbose=False,
    )
    model = program.model_proto
    graph = model.graph
    del graph.value_info[:]
    for part in (graph, *graph.node, *graph.input, *graph.output):
        del part.metadata_props[:]
        part.doc_string = ""
    path.parent.mkdir(parents=True, exist_ok=True)
    bare = helper.make_model(graph, opset_imports=model.opset_import, ir_version=model.ir_version)
    path.write_bytes(bare.SerializeToString(deterministic=True))


def weights(path: Path) -> dict[str, torch.Tensor]:
    """The tensors that an ONNX file of `write` holds, under their names in the module."""
    return {
        array.name: torch.from_numpy(numpy_helper.to_array(array).copy()) for array in onnx.load(path).graph.initializer
    }
