"""What holds for the exam of assignment 03 beyond its verdicts."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torchvision.models import resnet101

from autograder.exam.architectures import alexnet, field, questions, resnet, vgg
from autograder.exam.architectures.classifiers import CLASSES, ROWS
from autograder.exam.architectures.judge import lacking
from autograder.exam.architectures.replies import alive, seen
from autograder.exam.draw import Draw
from autograder.objects.ban import BAN
from autograder.objects.recipes.architectures.filling import keys_of, value
from autograder.objects.recipes.architectures.probe import Probe
from autograder.objects.rule import BannedOperator


def test_the_field_is_what_the_gradient_of_one_unit_reaches():
    """Measured on stacks of dilated and strided convolutions of ones."""
    for layers in ([(3, 2, 1), (3, 1, 2)], [(5, 1, 1), (2, 3, 1), (3, 1, 1)], [(7, 2, 1), (3, 2, 1), (1, 1, 1)]):
        stack = nn.Sequential(*[nn.Conv1d(1, 1, k, s, dilation=d, bias=False) for k, s, d in layers])
        for parameter in stack.parameters():
            nn.init.ones_(parameter)
        x = torch.zeros(1, 1, 120, requires_grad=True)
        out = stack(x)
        firsts = []
        for unit in (3, 4):
            (gradient,) = torch.autograd.grad(out[0, 0, unit], x, retain_graph=True)
            seen = gradient[0, 0].nonzero().flatten()
            firsts.append(int(seen[0]))
        size, jump = field.receptive_field(layers)
        assert (int(seen[-1] - seen[0]) + 1, firsts[1] - firsts[0]) == (size, jump)


def test_the_first_question_counts_the_layers_of_torchvisions_network():
    """Those of its longest path, in order: the stride stands in the 3×3."""
    with torch.device("meta"):
        network = resnet101()
    blocks = [block for i in range(1, 5) for block in getattr(network, f"layer{i}")]
    layers = [(network.conv1.kernel_size[0], network.conv1.stride[0], 1), (3, 2, 1)]
    for block in blocks:
        layers += [(c.kernel_size[0], c.stride[0], 1) for c in (block.conv1, block.conv2, block.conv3)]
    assert layers == questions.resnet101(True)


def test_every_combination_of_a_layer_is_asked():
    cases = [layer for case in field.random_lists(Draw(1)) for layer in case.args[0]]
    assert len(set(cases)) == len(cases) == len(field.KERNELS) * len(field.STRIDES) * len(field.DILATIONS)


def answers(function, case, seed, *, flipped=False):
    shape, arguments = case
    x = 8 * torch.rand(shape, generator=torch.Generator().manual_seed(seed)) ** 6
    return function(x.flip(3) if flipped else x, **arguments, seed=seed)


@pytest.mark.parametrize(
    ("function", "case"),
    [
        (alexnet.alexnet, alexnet.alex("features", 1, 224, 224)),
        (alexnet.alexnet, alexnet.alex("pooling", 1, 130, 130)),
        (vgg.vgg, vgg.small("features", 1, 28, 28)),
        (vgg.vgg, vgg.small("pooling", 1, 44, 44)),
        (vgg.vgg, vgg.normed(1, 28, 28)),
        *((resnet.resnet, resnet.case(state, 2, 32, 28)) for state in resnet.STATES),
    ],
)
def test_answers_depend_on_the_image_in_every_state(function, case):
    """By far more than the tolerance, with any seed: nothing is compared that is dead."""
    for seed in (1, 2, 3):
        one, other = answers(function, case, seed), answers(function, case, seed, flipped=True)
        assert float((one - other).abs().max() / one.abs().max()) > 5e-3


def test_both_sides_make_the_same_values():
    like = nn.Parameter(torch.empty(0))
    one, other = (value("a.weight", (300, 400), "", 7, like) for _ in range(2))
    assert torch.equal(one, other) and len(one.unique(dim=0)) == 300
    assert not torch.equal(one, value("a.weight", (300, 400), "", 8, like))


def test_names_are_matched_by_the_order_of_their_shapes_or_not_at_all():
    right = {"features.0.weight": (4, 3), "features.0.bias": (4,)}
    assert keys_of({"body.weight": (4, 3), "body.bias": (4,)}, right)["body.bias"] == "features.0.bias"
    assert keys_of({"body.weight": (5, 3), "body.bias": (5,)}, right)["body.bias"] == "body.bias"


class KeepsATensor(nn.Module):
    """A plain tensor is no part of the state, so that it stays without memory where the class is made so."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(2, 2)
        self.factor = torch.ones(1)

    def forward(self, x):
        return self.linear(x) * self.factor


def test_a_class_that_cannot_be_made_without_memory_is_made_with_it():
    x = torch.ones(1, 2)
    probe = Probe()
    got = probe(KeepsATensor, [], {}, {}, False, (), 3, "eval", ("made", "filled"), x)
    weight, bias = probe.network.linear.weight, probe.network.linear.bias
    torch.testing.assert_close(got, x @ weight.T + bias)


class Hidden(nn.Module):
    """One hidden layer of 4096 units; `views` looks at their number, so that it bears no other one."""

    views = False

    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(3, 4096), nn.Linear(4096, 2)

    def forward(self, x):
        hidden = torch.relu(self.first(x))
        return self.last(hidden.view(-1, 4096) if self.views else hidden)


class Viewing(Hidden):
    views = True


HIDDEN = {"first.weight": (4096, 3), "first.bias": (4096,), "last.weight": (2, 4096), "last.bias": (2,)}


def asked(cls, how="eval", expected=HIDDEN, x=None):
    x = torch.arange(6.0).view(2, 3) if x is None else x
    probe = Probe()
    return probe(cls, [], {}, expected, False, (), 5, how, ("made", "filled"), x), probe


@pytest.mark.parametrize("how", ["eval", "gradients"])
def test_a_hidden_layer_is_filled_narrower_and_answers_the_same_where_it_is_not(how):
    (narrow, light), (wide, full) = asked(Hidden, how), asked(Viewing, how)
    torch.testing.assert_close(narrow, wide, check_dtype=False, rtol=1e-4, atol=1e-4)
    if how == "eval":
        assert light.network.first.weight.shape == (64, 3) and full.network.first.weight.shape == (4096, 3)


def test_gradients_are_computed_in_double_precision():
    answer, _ = asked(Hidden, "gradients")
    assert {tensor.dtype for tensor in answer} == {torch.float64}


class Small(nn.Module):
    """Two layers of ten units."""

    def __init__(self, hidden=10, listed=False, bias=True):
        super().__init__()
        self.first, last = nn.Linear(3, hidden, bias=bias), nn.Linear(hidden, 2)
        self.last = [last] if listed else last

    def forward(self, x):
        last = self.last[0] if isinstance(self.last, list) else self.last
        return last(torch.relu(self.first(x)))


def test_what_is_right_shows_whatever_shapes_and_names_are_wrong():
    """A width, a plain list, and a bias too many each cost the names and shapes alone."""
    expected = {"first.weight": (10, 3), "first.bias": (10,), "last.weight": (2, 10), "last.bias": (2,)}
    unbiased = {name: shape for name, shape in expected.items() if name != "first.bias"}
    right, _ = asked(Small, expected=expected)
    for wrong in (lambda: Small(hidden=7), lambda: Small(listed=True)):
        torch.testing.assert_close(asked(wrong, expected=expected)[0], right)
    torch.testing.assert_close(
        asked(Small, expected=unbiased)[0], asked(lambda: Small(bias=False), expected=unbiased)[0]
    )


def test_a_bias_that_a_students_network_lacks_is_zero_in_the_right_one():
    right = {
        "features.0.weight": (4, 3, 3, 3),
        "features.0.bias": (4,),
        "features.1.weight": (4,),
        "features.1.bias": (4,),
    }
    own = {name: shape for name, shape in right.items() if name != "features.0.bias"}
    assert lacking(own, right, free=False) == ["features.0.bias"]
    assert lacking(right, right, free=False) == []
    assert lacking({"a.weight": (4, 3, 3, 3)}, {"b.weight": (4, 3, 3, 3), "b.bias": (4,)}, free=True) == ["4"]


def test_torchvisions_networks_are_refused_and_layers_are_not():
    import torchvision
    from torchvision.models import resnet as module

    calls = {
        "function": lambda: torchvision.models.alexnet(num_classes=2),
        "class": lambda: module.BasicBlock(4, 4),
        "by name": lambda: torchvision.models.get_model("resnet18"),
        "layers": lambda: torchvision.models.vgg.make_layers([8]),
        "forward": lambda: block(torch.zeros(1, 4, 5, 5)),
        "excitation": lambda: torchvision.ops.SqueezeExcitation(4, 2),
    }
    block = module.BasicBlock(4, 4)
    for name, call in calls.items():
        with BAN.during("architectures"), torch.device("meta"), pytest.raises(BannedOperator):
            call()
            raise AssertionError(name)
    with BAN.during("architectures"):
        assert nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))(torch.zeros(1, 3, 5, 5)).shape == (1, 4, 3, 3)
    assert block(torch.zeros(1, 4, 5, 5)).shape == (1, 4, 5, 5)


def test_layers_of_a_ready_network_do_not_run_in_a_students_wherever_they_come_from():
    """Neither itself nor a copy nor a part, kept or called from outside; what is written does."""
    from copy import deepcopy

    from torchvision.models import vgg as module

    ready = module.VGG(module.make_layers([4, "M", 512]), 3)

    def network(layers):
        class Network(nn.Module):
            def __init__(self):
                super().__init__()
                self.layers = layers()

            def forward(self, x):
                return self.layers(x)

        return Network

    def outside():
        return lambda x: ready.features(x)

    def written():
        return nn.Conv2d(3, 4, 3)

    taken = [
        lambda: ready.features,
        lambda: deepcopy(ready.features),
        lambda: nn.Sequential(*ready.features[:1]),
        outside,
    ]
    for layers in [*taken, written]:
        question = network(layers), [], {}, {}, False, (), 3, "eval", ("made", "filled"), torch.zeros(1, 3, 8, 8)
        with BAN.during("architectures"):
            if layers is written:
                assert Probe()(*question).shape == (1, 4, 6, 6)
            else:
                with pytest.raises(BannedOperator):
                    Probe()(*question)
    assert ready(torch.zeros(1, 3, 8, 8)).shape == (1, 3)


def test_channels_that_are_dropped_are_told_from_values_that_are_dropped_one_by_one():
    """Each before another dropout of values, and whatever the rate."""
    for seed in range(100):
        torch.manual_seed(seed)
        later = F.dropout(torch.ones(ROWS, CLASSES))
        channels = F.dropout(torch.ones(ROWS, 2)).repeat_interleave(36, 1)[:, :CLASSES]
        assert seen(channels * later)[3]
        assert not any(seen(F.dropout(later, rate))[3] for rate in (0.0, 0.1, 0.5, 0.9))


def test_maps_without_numbers_have_no_channels_that_are_alive():
    for shape in ((2, 3, 0, 0), (0, 3, 2, 2), (2, 0, 3, 3)):
        assert alive(torch.zeros(shape)).shape == shape
    assert alive(torch.eye(3).reshape(1, 9, 1, 1)).shape == (1, 3, 1, 1)
