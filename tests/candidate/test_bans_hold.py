"""Bans hold in a candidate, whatever the student's cells prepared; what they allow works there."""

import pytest
import torch
from banning import banning

from autograder.exam.subject import Banned

PREPARED = """
import threading, torch, torchvision
import numpy as np
import scipy.ndimage as nd
import torch.nn.functional as F
from concurrent.futures import ThreadPoolExecutor
from scipy.signal import correlate2d
from torch.autograd.variable import ImperativeEngine
from torch._decomp.decompositions import im2col as columns

waiting = ThreadPoolExecutor(1)
waiting.submit(int).result()
conv = F.conv2d

def plain(x, w):
    return conv(x, w)

def elsewhere(x, w):
    return waiting.submit(conv, x, w).result()

def deformed(x, w):
    places = torch.zeros(x.shape[0], 2 * w[0, 0].numel(), *honest(x, w).shape[2:])
    return torchvision.ops.deform_conv2d(x, places, w)

def packed(x, w):
    ops = torch.ops.mkldnn_prepacked
    return ops.conv2d_run(x, ops.conv2d_prepack(w, None, [1, 1], [0, 0], [1, 1], 1, list(x.shape), "none"))

def in_python(x, w):
    return columns(x, list(w.shape[2:]), [1, 1], [0, 0], [1, 1])

def scipys(x, w):
    return torch.from_numpy(nd.correlate(x[0, 0].numpy(), w[0, 0].numpy()))

def signals(x, w):
    return torch.from_numpy(correlate2d(x[0, 0].numpy(), w[0, 0].numpy()))

def honest(x, w):
    windows = x.unfold(2, w.shape[2], 1).unfold(3, w.shape[3], 1)
    return torch.einsum("nchwij,ocij->nohw", windows, w)

def differentiated(x, w, walk):
    with torch.inference_mode(False), torch.enable_grad():
        x, w = x.clone().requires_grad_(), w.clone()
        return walk(honest(x, w), x)

def engine(x, w):
    arguments = dict(allow_unreachable=True, accumulate_grad=False)
    return differentiated(x, w, lambda y, x: ImperativeEngine().run_backward(
        (y,), (torch.ones_like(y),), False, False, (x,), **arguments)[0])

def operator(x, w):
    def walk(y, x):
        torch.ops.aten._backward(y, [x], torch.ones_like(y))
        return x.grad
    return differentiated(x, w, walk)

def in_a_thread(x, w):
    return waiting.submit(engine, x, w).result()
"""
X, W = torch.rand(1, 1, 5, 6), torch.rand(1, 1, 3, 2)


@pytest.mark.parametrize("name", ["plain", "elsewhere", "deformed", "packed", "in_python", "scipys", "signals"])
def test_a_librarys_convolution_is_refused(link, name):
    link.run_cell("a", PREPARED)
    function = link.look_up(name)
    assert isinstance(function(X, W), torch.Tensor)
    with banning(function, "convolution"), pytest.raises(Banned, match="write it yourself"):
        function(X, W)
    assert isinstance(function(X, W), torch.Tensor)


@pytest.mark.parametrize("name", ["engine", "operator", "in_a_thread"])
def test_autograd_is_refused(link, name):
    link.run_cell("a", PREPARED)
    function = link.look_up(name)
    assert function(X, W).shape == X.shape
    with banning(function, "convolution and autograd"), function.inference(), pytest.raises(Banned, match="autograd"):
        function(X, W)
    with banning(function, "convolution"):
        assert function(X, W).shape == X.shape


@pytest.mark.parametrize("ban", ["convolution", "convolution and autograd"])
def test_honest_work_passes(link, ban):
    link.run_cell("a", PREPARED)
    function = link.look_up("honest")
    with banning(function, ban), function.inference():
        assert torch.allclose(function(X, W), torch.nn.functional.conv2d(X, W))


LAYERS = """
from torch import nn

class Plain(nn.Conv2d):
    pass

class OwnConstructor(nn.LazyConv2d):
    def __init__(self, *args):
        nn.Module.__init__(self)

class Grandchild(OwnConstructor):
    pass

class Disguised(nn.Conv2d):
    __module__ = "mine"
    __class__ = nn.Module

class ByNew:
    def __new__(cls, *args):
        return OwnConstructor(*args)

def by_function(*args):
    return OwnConstructor(*args)

Made = type("Made", (nn.Conv2d,), {})

class Wrapping(nn.Module):
    def __init__(self, *args):
        super().__init__()
        self.weight = nn.Conv2d(*args).weight

class Borrowing(nn.Module):
    def __init__(self, *args):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.empty(4, 3, 2, 2)), None
        nn.Conv2d.reset_parameters(self)

class Own(nn.Module):
    def __init__(self, *args):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(4, 3, 2, 2))
        nn.init.kaiming_uniform_(self.weight)

class OfOnesOwn(Own, nn.Sequential):
    pass
"""
INHERITING = "Plain", "OwnConstructor", "Grandchild", "Disguised", "ByNew", "by_function", "Made"


@pytest.mark.parametrize("name", [*INHERITING, "Wrapping", "Borrowing"])
def test_a_layer_of_the_library_is_no_base(link, name):
    link.run_cell("a", f"import torch\n{LAYERS}")
    layer = link.look_up(name)
    layer.make(3, 4, 2)
    with banning(layer, "convolution"):
        with pytest.raises(Banned, match="base class:" if name in INHERITING else "write it yourself"):
            layer.make(3, 4, 2)
        ((refused,),) = layer.scripts([[(0, "make", (3, 4, 2), {}), (1, "state")]])
        assert isinstance(refused, Banned)


@pytest.mark.parametrize("name", ["Own", "OfOnesOwn"])
def test_a_module_of_ones_own_is(link, name):
    link.run_cell("a", f"import torch\n{LAYERS}")
    layer = link.look_up(name)
    with banning(layer, "convolution"):
        assert layer.make(3, 4, 2).is_module
