"""The visible checks of assignment 02 name the slips that they know, and let nothing through that is plainly wrong."""

from contextlib import nullcontext
from itertools import islice

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from convcourse import checks
from convcourse.checks import core
from convcourse.checks.core import CheckFailed
from convcourse.checks.pooling.training import small_network


def largest(change=lambda **given: given):
    def max_pool2d(x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
        given = dict(kernel_size=kernel_size, stride=stride, padding=padding, dilation=dilation, ceil_mode=ceil_mode)
        return F.max_pool2d(x, **change(**given), return_indices=return_indices)

    return max_pool2d


def mean(change=lambda **given: given, after=lambda got: got):
    def avg_pool2d(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
        given = dict(kernel_size=kernel_size, stride=stride, padding=padding, ceil_mode=ceil_mode)
        return after(F.avg_pool2d(x, **change(**given, count_include_pad=count_include_pad)))

    return avg_pool2d


def swap(value):
    return value[::-1] if isinstance(value, tuple) else value


def padded_with_zeros(x, kernel_size, stride=None, padding=0, *rest, **more):
    down, right = padding if isinstance(padding, tuple) else (padding, padding)
    return F.max_pool2d(F.pad(x, (right, right, down, down)), kernel_size, stride, 0, *rest, **more)


def added(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    plane = torch.zeros_like(F.max_unpool2d(x.detach(), indices, kernel_size, stride, padding, output_size))
    return plane.flatten(2).scatter_add(2, indices.flatten(2), x.flatten(2)).reshape(plane.shape)


def by_area(x, size):
    sides = size if isinstance(size, tuple) else (size, size)
    return F.interpolate(x, [n if m is None else m for n, m in zip(x.shape[2:], sides)], mode="area")


def trained(model, loader, epochs, *, wrong):
    """A `fit` with one thing wrong."""
    learned = list(model.parameters())[:1] if wrong == "one" else list(model.parameters())
    optimizer = torch.optim.Adam(learned, lr=0 if wrong == "step" else 1e-3)
    history = []
    for _ in range(epochs - (wrong == "epochs")):
        if wrong != "mode":
            model.train()
        losses = []
        for images, labels in islice(loader, 1 if wrong == "batches" else None):
            logits = model(images)
            loss = F.cross_entropy(logits.softmax(1) if wrong == "softmax" else logits, labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        history.append(sum(losses) / (1 if wrong == "sum" else len(losses)))
    return history


SLIPS = [
    ("max_pool2d", largest(lambda **g: g | {"stride": g["stride"] or 1}), "stride is 1 by default"),
    ("max_pool2d", lambda x, *a, **k: F.max_pool2d(x, *a, **k).clamp(min=0), "nothing is below 0"),
    ("max_pool2d", lambda x, *a, **k: F.avg_pool2d(x, *a, **k), "mean of each window"),
    ("max_pool2d", largest(lambda **g: g | {"kernel_size": swap(g["kernel_size"])}), "sides of the kernel"),
    ("max_pool2d", largest(lambda **g: g | {"stride": swap(g["stride"])}), "exchanges the two strides"),
    ("max_pool2d", padded_with_zeros, "pads with zeros"),
    ("max_pool2d", largest(lambda **g: g | {"dilation": 1}), "ignores the dilation"),
    ("max_pool2d", largest(lambda **g: g | {"ceil_mode": False}), "ignores ceil_mode"),
    ("avg_pool2d", mean(lambda **g: g | {"count_include_pad": True}), "count_include_pad=True does"),
    ("avg_pool2d", mean(lambda **g: g | {"count_include_pad": False}), "count_include_pad=False does"),
    ("avg_pool2d", mean(lambda **g: g | {"ceil_mode": False}), "ignores ceil_mode"),
    ("avg_pool2d", mean(lambda **g: g | {"kernel_size": swap(g["kernel_size"])}), "sides of the kernel"),
    ("avg_pool2d", mean(after=lambda got: 4 * got), "sum of each window"),
    ("adaptive_avg_pool2d", lambda x, size: F.interpolate(x, size), "must be"),
    ("max_unpool2d", added, "adds up values"),
    ("max_unpool2d", lambda x, i, k, *a, **b: x.repeat_interleave(2, 2).repeat_interleave(2, 3), "fills whole windows"),
    ("blur_pool", lambda x, size=3, stride=2: x[..., ::stride, ::stride], "4/16"),
    *(
        ("fit", lambda m, loader, e, wrong=wrong: trained(m, loader, e, wrong=wrong), said)
        for wrong, said in {
            "epochs": "four losses",
            "mode": "train mode",
            "one": "did not change",
            "step": "did not change",
            "softmax": "softmax first",
            "batches": "24 batches",
            "sum": "the sum",
        }.items()
    ),
]


@pytest.mark.parametrize(("name", "function", "said"), SLIPS)
def test_a_slip_is_named(name, function, said, monkeypatch):
    monkeypatch.setattr(core, "Forbidding", lambda functions: nullcontext())  # the slips above call PyTorch's own
    with pytest.raises(CheckFailed, match=said):
        getattr(checks.pooling, name)(function)


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("max_pool2d", F.max_pool2d),
        ("max_pool2d", lambda x, k, *a, **b: nn.MaxPool2d(k)(x)),
        ("avg_pool2d", F.avg_pool2d),
        ("adaptive_avg_pool2d", F.adaptive_avg_pool2d),
        ("adaptive_avg_pool2d", by_area),
        ("max_unpool2d", F.max_unpool2d),
    ],
)
def test_a_forbidden_call_is_told_before_the_notebook_is_handed_in(name, function):
    with pytest.raises(CheckFailed, match="It calls PyTorch's .*, which is forbidden"):
        getattr(checks.pooling, name)(function)


class Network(nn.Module):
    """A classifier with one thing wrong."""

    def __init__(self, wrong, in_channels, num_classes):
        super().__init__()
        self.wrong = wrong
        width = 1000 if wrong == "large" else 8
        self.first = nn.Linear(1, 1) if wrong == "convolution" else nn.Conv2d(in_channels, 8, 3, padding=1)
        self.mixed = nn.Sequential(nn.Linear(8 * 16, width), nn.ReLU(), nn.Linear(width, width))
        self.last = nn.Linear(width, 10 if wrong == "classes" else num_classes)
        self.unused = nn.Linear(2, 2) if wrong == "unused" else None

    def forward(self, x):
        x = x.repeat(1, 8, 1, 1)[:, :8] if self.wrong == "convolution" else self.first(x)
        x = x[..., :4, :4] if self.wrong == "convolution" else F.relu(x)
        x = x.flatten(1)[:, :128] if self.wrong == "convolution" else F.adaptive_avg_pool2d(x, 4).flatten(1)
        if self.wrong == "size" and x.shape[0] != 2:
            raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")
        x = x - x.mean(0) if self.wrong == "batch" else x
        logits = self.last(self.mixed(F.dropout(x) if self.wrong == "random" else x))
        if self.wrong == "softmax":
            return logits.softmax(1)
        return logits.relu() if self.wrong == "relu" else logits


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("classes", "must give"),
        ("large", "fewer than a million"),
        ("convolution", "at least one `nn.Conv2d`"),
        ("random", "differ"),
        ("batch", "other images"),
        ("softmax", "No logit is ever negative"),
        ("relu", "No logit is ever negative"),
        ("unused", "unused.weight"),
    ],
)
def test_what_is_wrong_with_a_network_is_named(wrong, said):
    with pytest.raises(CheckFailed, match=said):
        checks.pooling.SimpleCNN(lambda *args: Network(wrong, *args))


def test_a_right_network_passes(capsys):
    checks.pooling.SimpleCNN(lambda *args: Network("nothing", *args))
    assert capsys.readouterr().out.count("✓") == 5


def test_the_small_network_tells_every_parameter_apart():
    names = [name for name, _ in small_network().named_parameters()]
    assert names == ["1.weight", "1.bias", "2.weight", "2.bias"]


@pytest.mark.parametrize(("answer", "value"), [("question_1", 3528), ("question_2", 18), ("question_3", "c")])
def test_the_form_of_answers(answer, value):
    getattr(checks.pooling, answer)(value)
    with pytest.raises(CheckFailed):
        getattr(checks.pooling, answer)("E")
