"""What assignment 01 bans is refused under every name, operator by operator; what it allows goes on working."""

import copy
import inspect
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import scipy.fft
import scipy.ndimage
import scipy.signal
import skimage.filters
import torch
import torch.nn.functional as F
import torchvision.transforms.functional
from torch import nn
from torch.autograd.variable import ImperativeEngine

from autograder.objects.ban import BAN
from autograder.objects.bans import LISTS
from autograder.objects.overrides import names, overloads
from autograder.objects.rule import BannedOperator

aten, onednn = torch.ops.aten, torch.ops.mkldnn
X, W, B = torch.randn(2, 4, 6, 7), torch.randn(3, 4, 3, 2), torch.randn(3)
G = torch.randn(2, 3, 4, 6)
ROW, ROWS = torch.randn(2, 4, 6), torch.randn(3, 4, 3)
BLOCK, BLOCKS = torch.randn(2, 4, 5, 5, 5), torch.randn(3, 4, 2, 2, 2)
TIMES, TAPS = torch.randn(6, 2, 4), torch.randn(3, 4, 3)
ONE, NONE = [1, 1], [0, 0]
ONES, NONES = [1, 1, 1], [0, 0, 0]
FLAGS = (False, False, True, True)
POINTWISE = (X, W, None, NONE, ONE, ONE, 1)
MASK = [True, True, True]

PACKED = torch.ops.mkldnn_prepacked.conv2d_prepack(W, B, ONE, NONE, ONE, 1, list(X.shape), "none")

# Each operator, called by its own name.
OPERATORS = {
    "convolution": lambda: aten.convolution(X, W, B, ONE, NONE, ONE, False, NONE, 1),
    "_convolution": lambda: aten._convolution(X, W, B, ONE, NONE, ONE, False, NONE, 1, *FLAGS),
    "_convolution_mode": lambda: aten._convolution_mode(X, W, B, ONE, "same", ONE, 1),
    "convolution_overrideable": lambda: aten.convolution_overrideable(X, W, B, ONE, NONE, ONE, False, NONE, 1),
    "convolution_backward": lambda: aten.convolution_backward(G, X, W, [3], ONE, NONE, ONE, False, NONE, 1, MASK),
    "convolution_backward_overrideable": lambda: aten.convolution_backward_overrideable(
        G, X, W, ONE, NONE, ONE, False, NONE, 1, MASK
    ),
    "_slow_conv2d_forward": lambda: aten._slow_conv2d_forward(X, W, [3, 2], B, ONE, NONE),
    "_slow_conv2d_backward": lambda: aten._slow_conv2d_backward(G, X, W, [3, 2], ONE, NONE, MASK),
    "slow_conv3d": lambda: aten.slow_conv3d(BLOCK, BLOCKS, [2, 2, 2]),
    "slow_conv3d_forward": lambda: aten.slow_conv3d_forward(BLOCK, BLOCKS, [2, 2, 2], None, ONES, NONES),
    "slow_conv_dilated2d": lambda: aten.slow_conv_dilated2d(X, W, [3, 2]),
    "slow_conv_dilated3d": lambda: aten.slow_conv_dilated3d(BLOCK, BLOCKS, [2, 2, 2]),
    "slow_conv_transpose2d": lambda: aten.slow_conv_transpose2d(G, W, [3, 2]),
    "slow_conv_transpose3d": lambda: aten.slow_conv_transpose3d(BLOCK, BLOCKS.transpose(0, 1), [2, 2, 2]),
    "thnn_conv2d": lambda: aten.thnn_conv2d(X, W, [3, 2]),
    "mkldnn_convolution": lambda: aten.mkldnn_convolution(X, W, B, NONE, ONE, ONE, 1),
    "_conv_depthwise2d": lambda: aten._conv_depthwise2d(X, W, [3, 2], B, ONE, NONE, ONE),
    "conv_depthwise3d": lambda: aten.conv_depthwise3d(BLOCK, BLOCKS, [2, 2, 2], None, ONES, NONES, ONES),
    "_nnpack_spatial_convolution": lambda: aten._nnpack_spatial_convolution(X, W, B, NONE),
    "conv_tbc": lambda: aten.conv_tbc(TIMES, TAPS.permute(2, 1, 0), torch.zeros(3)),
    "conv_tbc_backward": lambda: aten.conv_tbc_backward(
        torch.randn(4, 2, 3), TIMES, TAPS.permute(2, 1, 0), torch.zeros(3), 0
    ),
    "conv1d": lambda: aten.conv1d(ROW, ROWS),
    "conv2d": lambda: aten.conv2d(X, W),
    "conv3d": lambda: aten.conv3d(BLOCK, BLOCKS),
    "conv_transpose1d": lambda: aten.conv_transpose1d(ROW, ROWS.transpose(0, 1)),
    "conv_transpose2d": lambda: aten.conv_transpose2d(G, W),
    "conv_transpose3d": lambda: aten.conv_transpose3d(BLOCK, BLOCKS.transpose(0, 1)),
    "im2col": lambda: aten.im2col(X, [3, 2], ONE, NONE, ONE),
    "col2im": lambda: aten.col2im(torch.randn(1, 24, 24), [6, 7], [3, 2], ONE, NONE, ONE),
    "to_mkldnn": lambda: aten.to_mkldnn(X),
    "mkldnn::_convolution_pointwise": lambda: onednn._convolution_pointwise(*POINTWISE, "none", [], ""),
    "mkldnn::_convolution_pointwise_": lambda: onednn._convolution_pointwise_(
        G.clone(), *POINTWISE, "add", 1.0, None, [], None
    ),
    "torchvision::deform_conv2d": lambda: torchvision.ops.deform_conv2d(X, torch.zeros(2, 12, 4, 6), W, B),
    "torchvision::_deform_conv2d_backward": lambda: torch.ops.torchvision._deform_conv2d_backward(
        G, X, W, torch.zeros(2, 12, 4, 6), torch.zeros(2, 0, 4, 6), B, 1, 1, 0, 0, 1, 1, 1, 1, False
    ),
    "mkldnn_prepacked::conv2d_prepack": lambda: torch.ops.mkldnn_prepacked.conv2d_prepack(
        W.detach(), B.detach(), ONE, NONE, ONE, 1, list(X.shape), "none"
    ),
    "mkldnn_prepacked::conv2d_run": lambda: torch.ops.mkldnn_prepacked.conv2d_run(X, PACKED),
    "mkldnn::_convolution_transpose_pointwise": lambda: onednn._convolution_transpose_pointwise(
        X, W.transpose(0, 1), None, NONE, NONE, ONE, ONE, 1, "none", [], ""
    ),
}


def traced():
    return torch.jit.trace(lambda x, w: F.conv2d(x, w), (X, W))(X, W)


def without_mkldnn():
    with torch.backends.mkldnn.flags(enabled=False):
        return F.conv2d(X, W)


def under(context, call):
    with context():
        return call()


# Other names for them.
NAMES = {
    "F.conv2d": lambda: F.conv2d(X, W, B),
    "F.conv2d same": lambda: F.conv2d(X, W, padding="same"),
    "with gradient": lambda: F.conv2d(X.clone().requires_grad_(), W),
    "no_grad": lambda: under(torch.no_grad, NAMES["F.conv2d"]),
    "inference_mode": lambda: under(torch.inference_mode, NAMES["F.conv2d"]),
    "nn.Conv2d": lambda: nn.Conv2d(4, 3, 2)(X),
    "nn.LazyConv2d": lambda: nn.LazyConv2d(3, 2)(X),
    "nn.Conv1d": lambda: nn.Conv1d(4, 3, 2)(ROW),
    "torch.conv2d": lambda: torch.conv2d(X, W),
    "torch._C._nn": lambda: torch._C._nn.thnn_conv2d(X, W, [3, 2]),
    "torch.convolution": lambda: torch.convolution(X, W, B, ONE, NONE, ONE, False, NONE, 1),
    "without mkldnn": without_mkldnn,
    "float64": lambda: F.conv2d(X.double(), W.double()),
    "depthwise": lambda: F.conv2d(X, torch.randn(4, 1, 2, 2), groups=4),
    "dilated": lambda: F.conv2d(X, W, dilation=2),
    "vmap": lambda: torch.vmap(lambda x: F.conv2d(x[None], W))(X),
    "traced": traced,
    "torch.func": lambda: torch.func.vjp(lambda x: F.conv2d(x, W), X),
    "mkldnn's tensors": lambda: F.conv2d(X.to_mkldnn(), W.to_mkldnn()).to_dense(),
    "F.unfold": lambda: F.unfold(X, 2),
    "nn.Unfold": lambda: nn.Unfold(2)(X),
    "F.fold": lambda: F.fold(torch.randn(1, 12, 4), 3, 2),
    "nn.grad.conv2d_input": lambda: nn.grad.conv2d_input(X.shape, W, G),
    "nn.grad.conv2d_weight": lambda: nn.grad.conv2d_weight(X, W.shape, G),
}
ALLOWED = {
    "Tensor.unfold": lambda: X.unfold(2, 3, 1),
    "as_strided": lambda: X.as_strided((2, 2), (1, 2)),
    "FFT": lambda: torch.fft.irfft2(torch.fft.rfft2(X)),
    "matmul": lambda: X @ X.transpose(2, 3),
    "einsum": lambda: torch.einsum("nchw,oc->nohw", X, W[:, :, 0, 0]),
    "F.pad": lambda: [F.pad(X, (1, 1, 1, 1), mode) for mode in ("constant", "reflect", "replicate", "circular")],
    "nn.ReflectionPad2d": lambda: nn.ReflectionPad2d(1)(X),
    "F.linear": lambda: F.linear(X, torch.randn(5, 7)),
    "their gradients": lambda: (X.clone().requires_grad_().unfold(2, 3, 1) ** 2).sum().backward(),
}


def test_all_of_these_are_in_the_list():
    assert set(OPERATORS) <= set(names(LISTS["convolution"].refused))


ELSEWHERE_ONLY = {"_conv_depthwise2d", "conv_depthwise3d"}  # on a CPU there is nothing that it could call


@pytest.mark.parametrize("operator", sorted(OPERATORS.keys() - ELSEWHERE_ONLY))
def test_an_operator_is_refused(operator):
    if not overloads(operator):
        pytest.skip(f"this PyTorch has no {operator}")
    with BAN.during("convolution"), pytest.raises(BannedOperator, match=f"^{operator}: "):
        OPERATORS[operator]()


@pytest.mark.parametrize("operator", sorted(OPERATORS.keys() - ELSEWHERE_ONLY))
def test_an_operator_is_refused_where_a_gradient_is_wanted(operator):
    if not overloads(operator):
        pytest.skip(f"this PyTorch has no {operator}")
    given = (X, W, B, G, ROW, ROWS, BLOCK, BLOCKS, TIMES, TAPS)
    for tensor in given:
        tensor.requires_grad_()
    try:
        with BAN.during("convolution"), pytest.raises(BannedOperator):
            OPERATORS[operator]()
    finally:
        for tensor in given:
            tensor.requires_grad_(False)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", NAMES)
def test_every_other_name_is_refused(name):
    NAMES[name]()
    with BAN.during("convolution"), pytest.raises(RuntimeError) as error:
        NAMES[name]()
    assert isinstance(error.value, BannedOperator) or "write it yourself" in str(error.value)
    NAMES[name]()


@pytest.mark.parametrize("name", ALLOWED)
def test_what_is_allowed_works(name):
    with BAN.during("convolution"):
        ALLOWED[name]()


def test_the_gradient_of_a_convolution_made_before_is_refused():
    out = F.conv2d(X.clone().requires_grad_(), W)
    with BAN.during("convolution"), pytest.raises(BannedOperator):
        out.sum().backward()


def derivative(x):
    return x.clone().requires_grad_()


AUTOGRAD = {
    "backward": lambda: (derivative(X) ** 2).sum().backward(),
    "torch.autograd.grad": lambda: torch.autograd.grad((x := derivative(X)).sum(), x),
    "torch.autograd.backward": lambda: torch.autograd.backward(derivative(X).sum()),
    "torch.func.grad": lambda: torch.func.grad(torch.sum)(X),
    "torch.func.vjp": lambda: torch.func.vjp(torch.sum, X)[1](torch.tensor(1.0)),
    "torch.func.jacrev": lambda: torch.func.jacrev(torch.sum)(X),
    "torch.func.jvp": lambda: torch.func.jvp(torch.sum, (X,), (X,)),
    "torch.func.jacfwd": lambda: torch.func.jacfwd(torch.sum)(X),
    "functional.jacobian": lambda: torch.autograd.functional.jacobian(torch.sum, X),
    "forward_ad": lambda: under(
        torch.autograd.forward_ad.dual_level, lambda: torch.autograd.forward_ad.make_dual(X, X)
    ),
}


@pytest.mark.parametrize("name", AUTOGRAD)
@pytest.mark.filterwarnings("ignore")
def test_autograd_is_refused_where_gradients_are_to_be_written(name):
    AUTOGRAD[name]()
    with BAN.during("convolution and autograd"):
        with pytest.raises(RuntimeError, match="autograd"):
            AUTOGRAD[name]()
        with pytest.raises(BannedOperator, match=r"^conv2d: "):
            F.conv2d(X, W)
    AUTOGRAD[name]()
    with BAN.during("convolution"):
        AUTOGRAD[name]()


def engine(y, x, cotangent):
    arguments = (y,), (cotangent,), True, False, (x,)
    return ImperativeEngine().run_backward(*arguments, allow_unreachable=True, accumulate_grad=False)


@torch.jit.script
def scripted(y: torch.Tensor, cotangent: torch.Tensor):
    y.backward(cotangent)


def nodes(y, x, cotangent):
    """The graph, walked by hand."""
    node = y.grad_fn
    while node is not None and "Accumulate" not in node.name():
        cotangent, node = node(cotangent), node.next_functions[0][0]
        cotangent = cotangent[0] if isinstance(cotangent, tuple) else cotangent


WALKS = {
    "another engine": engine,
    "its operator": lambda y, x, g: torch.ops.aten._backward(y, [x], g, True),
    "TorchScript": lambda y, x, g: scripted(y, g),
    "its nodes": nodes,
}
# The second saves no tensor: nothing that is asked for what it saves would see it.
GRAPHS = {
    "a product": lambda x: x.unfold(2, 3, 1) * 2,
    "shifts": lambda x: torch.add(x[:, :, 1:], x[:, :, :-1], alpha=3.0),
    "padding": lambda x: torch.add(F.pad(x, (0, -1)), F.pad(x, (-1, 0)), alpha=3.0),
    "as_strided": lambda x: x.as_strided((2, 4, 5, 6), x.stride()) * 2,
}


class Doubled(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return 2 * x

    @staticmethod
    def backward(ctx, cotangent):
        return 2 * cotangent


def in_a_thread(act):
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(act).result()


OWN = "a function of one's own"


@pytest.mark.parametrize("thread", [False, True])
@pytest.mark.parametrize(
    ("graph", "walk"),
    [(graph, walk) for graph in (*GRAPHS, OWN) for walk in WALKS if (graph, walk) != (OWN, "its nodes")],
)
def test_a_graph_is_refused_where_it_is_built(graph, walk, thread):
    def act():
        with torch.inference_mode(False), torch.enable_grad():
            x = torch.randn(2, 4, 6, 7, requires_grad=True)
            y = GRAPHS.get(graph, Doubled.apply)(x)
            WALKS[walk](y, x, torch.ones_like(y))

    act()
    with (
        BAN.during("convolution and autograd"),
        torch.inference_mode(),
        pytest.raises(BannedOperator, match=r"^autograd"),
    ):
        in_a_thread(act) if thread else act()
    act()


@pytest.mark.parametrize("walk", ["another engine", "its operator", "TorchScript"])
@pytest.mark.parametrize("graph", GRAPHS)
def test_a_graph_that_was_built_before_is_not_walked(graph, walk):
    x = torch.randn(2, 4, 6, 7, requires_grad=True)
    y = GRAPHS[graph](x)
    with BAN.during("convolution and autograd"), pytest.raises(RuntimeError, match="autograd"):
        WALKS[walk](y, x, torch.ones_like(y))


@pytest.mark.parametrize("graph", ["a product", "shifts"])
def test_nor_node_by_node_where_it_indexes(graph):
    x = torch.randn(2, 4, 6, 7, requires_grad=True)
    y = GRAPHS[graph](x)
    with BAN.during("convolution and autograd"), pytest.raises(BannedOperator):
        node = y.grad_fn
        for follower, _ in (*node.next_functions, (node, 0)):
            follower(torch.ones_like(y)) if follower is not node else nodes(y, x, torch.ones_like(y))


def test_hooks_of_ones_own_do_not_help():
    hooks = torch.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t)
    with BAN.during("convolution and autograd"), pytest.raises(RuntimeError, match="autograd"), hooks:
        derivative(X) * 2


FREE = {
    "products": lambda: torch.einsum("nchw,oc->nohw", X, W[:, :, 0, 0]),
    "windows": lambda: (X.unfold(2, 3, 1) * 2).sum(),
    "vmap": lambda: torch.vmap(lambda x: 2 * x)(X),
    "numpy": lambda: torch.from_numpy(X.numpy() * 2),
    "a module": lambda: nn.Linear(7, 3)(X),
    "in place": lambda: X.clone().index_put_((torch.tensor([0]),), torch.tensor(1.0)),
    "a function of one's own": lambda: Doubled.apply(X),
    "copies": lambda: copy.deepcopy(X),
}


@pytest.mark.parametrize("mode", [torch.inference_mode, torch.no_grad])
@pytest.mark.parametrize("name", FREE)
def test_what_needs_no_gradient_works_though_autograd_is_banned(name, mode):
    with BAN.during("convolution and autograd"), mode():
        FREE[name]()


def test_autograds_own_settings_are_put_back():
    before = torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()
    with BAN.during("convolution and autograd"):
        pass
    assert (torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()) == before
    with torch.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t):
        derivative(X) * 2


IMAGE, KERNEL = X[0, 0].numpy(), W[0, 0].numpy()
kept = scipy.ndimage.correlate, scipy.signal.fftconvolve, torch._decomp.decompositions.im2col
LIBRARY = {
    "scipy.ndimage": lambda: scipy.ndimage.correlate(IMAGE, KERNEL, mode="constant"),
    "scipy.ndimage, one axis": lambda: scipy.ndimage.correlate1d(IMAGE, KERNEL[0]),
    "scipy.ndimage, compiled": lambda: scipy.ndimage._nd_image.uniform_filter1d(IMAGE, 3, 0, IMAGE.copy(), 0, 0.0, 0),
    "scipy.signal": lambda: scipy.signal.correlate2d(IMAGE, KERNEL),
    "scipy.signal, FFT": lambda: scipy.signal.fftconvolve(IMAGE, KERNEL),
    "scipy.signal, one axis": lambda: scipy.signal.lfilter(KERNEL[0], [1.0], IMAGE),
    "kept from before": lambda: kept[0](IMAGE, KERNEL),
    "skimage": lambda: skimage.filters.gaussian(IMAGE),
    "skimage, edges": lambda: skimage.filters.sobel(IMAGE),
    "torchvision": lambda: torchvision.transforms.functional.gaussian_blur(X, 3),
    "torch._decomp": lambda: torch._decomp.decompositions.im2col(X, [2, 2], ONE, NONE, ONE),
    "torch._decomp, kept": lambda: kept[2](X, [2, 2], ONE, NONE, ONE),
    "torch._decomp, beneath": lambda: inspect.unwrap(kept[2])(X, [2, 2], ONE, NONE, ONE),
    "torch._decomp's table": lambda: torch._decomp.decomposition_table[aten.im2col.default](X, [2, 2], ONE, NONE, ONE),
}


@pytest.mark.parametrize("name", LIBRARY)
def test_libraries_written_in_python_are_refused(name):
    LIBRARY[name]()
    with BAN.during("convolution"), pytest.raises(BannedOperator, match="write it yourself"):
        LIBRARY[name]()
    LIBRARY[name]()


def test_what_the_text_does_not_name_is_free():
    with BAN.during("convolution"):
        assert np.convolve(IMAGE[0], KERNEL[0]).shape == (IMAGE.shape[1] + KERNEL.shape[1] - 1,)
        assert np.fft.rfft2(IMAGE).shape == scipy.fft.rfft2(IMAGE).shape == torch.fft.rfft2(X[0, 0]).shape


def test_bans_nest_and_are_lifted():
    with BAN.during("convolution"):
        with BAN.during(None):
            NAMES["F.conv2d"]()
        with pytest.raises(BannedOperator):
            NAMES["F.conv2d"]()
    assert BAN.name is None
