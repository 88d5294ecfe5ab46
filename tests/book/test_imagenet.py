"""ImageNet's network for the browser: half precision loses nothing that was rounded before."""

import onnx
import torch
from _code import imagenet, onnx_files
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from torch import nn


def matrix_file(path, weight: torch.Tensor, bias: torch.Tensor) -> None:
    """A network of one linear layer, `Gemm`."""
    arrays = [numpy_helper.from_array(each.numpy(), name) for name, each in {"weight": weight, "bias": bias}.items()]
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", size])
        for name, size in {"x": weight.shape[1], "y": weight.shape[0]}.items()
    ]
    node = helper.make_node("Gemm", ["x", "weight", "bias"], ["y"], transB=1)
    graph = helper.make_graph([node], "linear", ends[:1], ends[1:], arrays)
    path.write_bytes(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)]).SerializeToString())


def test_half_precision_loses_nothing_that_was_rounded(tmp_path):
    torch.manual_seed(0)
    path, weight, bias, x = (
        tmp_path / "net.onnx",
        torch.randn(50, 80).half().float(),
        torch.randn(50),
        torch.rand(3, 80),
    )
    matrix_file(path, weight, bias)
    before = path.stat().st_size
    imagenet.halve(path)
    onnx.checker.check_model(onnx.load(path))
    assert path.stat().st_size < 0.55 * before
    held = onnx_files.weights(path)
    assert held["weight.half"].dtype == torch.float16 and torch.equal(held["bias"], bias)
    (found,) = ReferenceEvaluator(str(path)).run(None, {"x": x.numpy()})
    assert torch.allclose(torch.from_numpy(found), nn.functional.linear(x, weight, bias), atol=1e-5)


def test_what_half_precision_would_change_stays_as_it_is(tmp_path):
    path, weight = tmp_path / "net.onnx", torch.rand(50, 80)
    matrix_file(path, weight, torch.zeros(50))
    imagenet.halve(path)
    assert torch.equal(onnx_files.weights(path)["weight"], weight)


def test_only_large_tensors_were_rounded():
    for name, values in imagenet.rounded().named_parameters():
        if values.numel() >= imagenet.SMALL:
            assert torch.equal(values, values.half().float()), name
    small = imagenet.rounded().stem[0].weight
    assert not torch.equal(small, small.half().float())
