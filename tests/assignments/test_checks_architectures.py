"""The visible checks of assignment 03 name the slips that they know, and let nothing through that is plainly wrong."""

import pytest
import torch
import torch.nn.functional as F
from drawing import some_of
from notebooks import namespace
from torch import nn
from torchvision import models
from torchvision.models import resnet
from torchvision.models.googlenet import Inception as TorchvisionsInception
from torchvision.models.vgg import make_layers
from torchvision.ops import Permute

from convcourse import checks
from convcourse.checks.architectures import inception, residual, sequences
from convcourse.checks.core import CheckFailed

NAME = "03-architectures"


@pytest.fixture
def torchvisions_allowed(monkeypatch):
    """The slips below are torchvision's networks with one thing changed."""
    for module in (inception, residual, sequences):
        monkeypatch.setattr(module, "own_work", lambda check, modules: None)


def complains(name, made, said):
    with pytest.raises(CheckFailed, match=said):
        getattr(checks.architectures, name)(made)


def field(pixels=lambda k, s, d: (k - 1) * d, order=1, result=tuple, jump=lambda jump, s: jump * s):
    """A `receptive_field` with one thing changed."""

    def receptive_field(layers):
        size, step = 1, 1
        for k, s, d in layers[::order]:
            size += pixels(k, s, d) * step
            step = jump(step, s)
        return result((size, step))

    return receptive_field


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (field(lambda k, s, d: (k - 1) * d * s), "before it adds"),
        (field(lambda k, s, d: k * d), "adds the whole kernel"),
        (field(lambda k, s, d: k - 1), "leaves out the dilation"),
        (field(order=-1), "from the output to the input"),
        (field(result=lambda pair: pair[::-1]), "the jump first"),
        (field(lambda k, s, d: k), r"gradients show \(size, jump\) = \(5, 1\), and yours is \(6, 1\)"),
        (field(jump=lambda jump, s: jump + s), "The jump is the product of all strides"),
        (lambda layers: (1 + sum((k - 1) * d * s for k, s, d in layers), field()(layers)[1]), "own stride in place"),
        (lambda layers: field()([(k, d, s) for k, s, d in layers]), "exchanges stride and dilation"),
        (lambda layers: field()(layers[:1]), "stops after the first layer"),
        (lambda layers: None, "returned None. Does it end with `return`"),
        (field(result=lambda pair: tuple(map(float, pair))), "two ints"),
        (field(result=lambda pair: pair[0]), "an int"),
        (lambda layers: field()(layers) if layers else (0, 1), "empty list"),
        (lambda layers: (1 + sum((k - 1) * d for k, _, d in layers), field()(layers)[1]), "strides do not change"),
    ],
)
def test_a_slip_in_the_receptive_field_is_named(function, said):
    complains("receptive_field", function, said)


def test_both_numbers_of_any_whole_type_are_right(capsys):
    checks.architectures.receptive_field(field(result=lambda pair: [torch.tensor(one) for one in pair]))
    assert capsys.readouterr().out.count("✓") == 6


def changed(made, **modules):
    """A class whose networks have other modules under some names (`features__3` for `features.3`)."""

    def make(*args, **kwargs):
        net = made(*args, **kwargs)
        for name, module in modules.items():
            net.set_submodule(name.replace("__", "."), module)
        return net

    return make


def ends(made, last):
    """A class whose networks do something to their logits."""

    class Ending(made):
        def forward(self, x):
            return last(self, super().forward(x))

    return Ending


def VGG(config, num_classes, batch_norm=False):
    return models.VGG(make_layers(config, batch_norm), num_classes, init_weights=False)


class Classes(models.AlexNet):
    def __init__(self, num_classes):
        super().__init__(1000)


class Renamed(models.AlexNet):
    def __init__(self, num_classes):
        super().__init__(num_classes)
        self.head = self.classifier
        del self.classifier


class WithoutDropout(models.AlexNet):
    def __init__(self, num_classes):
        super().__init__(num_classes)
        self.classifier = nn.Sequential(*(one for one in self.classifier if not isinstance(one, nn.Dropout)))


def unpadded(made):
    """A class whose networks have 3×3 convolutions that do not pad."""

    def make(*args, **kwargs):
        net = made(*args, **kwargs)
        for layer in net.modules():
            if isinstance(layer, nn.Conv2d) and layer.kernel_size == (3, 3):
                layer.padding = (0, 0)
        return net

    return make


def pooled(pool):
    """A VGG with other poolings."""
    return lambda config, *args, **kwargs: changed(
        VGG, **{f"features__{n}": pool for n, one in enumerate(VGG(config, *args, **kwargs).features) if pools(one)}
    )(config, *args, **kwargs)


def pools(layer):
    return isinstance(layer, nn.MaxPool2d)


@pytest.mark.parametrize(
    ("name", "made", "said"),
    some_of(
[
        ("AlexNet", Renamed, r"must have `classifier.1.weight \(4096, 9216\)`.*has `head.1.weight`"),
        ("AlexNet", Classes, r"`classifier.6.weight` must be \(7, 4096\)"),
        ("AlexNet", changed(models.AlexNet, features__0=nn.Conv2d(3, 96, 11, 4, 2)), "`features.0.weight` must be"),
        ("AlexNet", changed(models.AlexNet, extra=nn.Linear(2, 2)), "has `extra.weight`, `extra.bias` in its state"),
        ("AlexNet", changed(models.AlexNet, features__4=nn.Identity()), "no ReLU after convolution 2"),
        ("AlexNet", changed(models.AlexNet, classifier__5=nn.Identity()), "no ReLU after linear layer 2"),
        ("AlexNet", changed(models.AlexNet, avgpool=nn.AdaptiveMaxPool2d(6)), "must take the average"),
        ("AlexNet", changed(models.AlexNet, avgpool=nn.Identity()), r"\[1, 6400\] X \[9216, 4096\]"),
        ("AlexNet", ends(models.AlexNet, lambda net, y: None), "returned None. Does `forward` end with `return`"),
        ("AlexNet", changed(models.AlexNet, features__0=nn.Conv2d(3, 64, 11, 4)), "Convolution 1 does not pad.* by 2"),
        ("AlexNet", unpadded(models.AlexNet), "None of its 3×3 convolutions pads"),
        ("AlexNet", WithoutDropout, "stand at other positions"),
        ("AlexNet", changed(models.AlexNet, features__6=nn.Conv2d(192, 384, 3, 2, 1)), "weights, .* numbers differ"),
        (
            "AlexNet",
            changed(models.AlexNet, classifier__2=nn.Identity(), classifier__5=nn.Identity()),
            "after any linear layer",
        ),
        (
            "AlexNet",
            changed(models.AlexNet, avgpool=nn.Sequential(nn.AdaptiveAvgPool2d(6), Permute([0, 2, 3, 1]))),
            "before the channels",
        ),
        (
            "AlexNet",
            changed(models.AlexNet, **{f"features__{n}": nn.MaxPool2d(2) for n in (2, 5, 12)}),
            "poolings are 2×2. They must be 3×3",
        ),
        ("AlexNet", changed(models.AlexNet, classifier__5=nn.Tanh()), "weight 0, .* numbers differ"),
        ("AlexNet", ends(models.AlexNet, lambda net, y: y.log_softmax(1)), "Return the logits"),
        ("AlexNet", ends(models.AlexNet, lambda net, y: y.relu()), "Return the logits"),
        ("AlexNet", ends(models.AlexNet, lambda net, y: y.softmax(1)), "Return the logits"),
        ("AlexNet", ends(models.AlexNet, lambda net, y: F.dropout(y)), "Two calls in eval mode differ"),
        ("AlexNet", changed(models.AlexNet, classifier__0=nn.Identity()), "after both dropouts, and in yours [45]"),
        ("AlexNet", changed(models.AlexNet, classifier__3=nn.Dropout(0.2)), "before `classifier.4`, and in yours [78]"),
        ("AlexNet", changed(models.AlexNet, classifier__3=nn.AlphaDropout(0.5)), "left over|doubled"),
        (
            "VGG",
            lambda config, n, batch_norm=False: VGG(config, 10, batch_norm),
            r"`classifier.6.weight` must be \(7, 4096\)",
        ),
        ("VGG", lambda config, n, batch_norm=False: VGG(config, n), "features.1.running_mean"),
        ("VGG", lambda config, n, batch_norm=False: VGG(config, n, True), "has `features.1.weight`"),
        ("VGG", lambda config, n, batch_norm=False: VGG(config[:-1], n, batch_norm), 'for the last "M"'),
        ("VGG", changed(VGG, features__1=nn.Identity()), "no ReLU after convolution 1"),
        (
            "VGG",
            changed(VGG, features__2=nn.Identity(), features__7=nn.Identity(), features__10=nn.Identity()),
            'an "M"',
        ),
        ("VGG", pooled(nn.MaxPool2d(3, 2)), "poolings are 3×3. They must be 2×2"),
        ("VGG", pooled(nn.MaxPool2d(2, 1)), "poolings have stride 1"),
        ("VGG", unpadded(VGG), "None of its 3×3 convolutions pads"),
        ("VGG", changed(VGG, features__3=nn.Conv2d(8, 12, 3)), "Convolution 2 does not pad"),
        ("VGG", changed(VGG, avgpool=nn.AdaptiveMaxPool2d(7)), "must take the average"),
        ("VGG", changed(VGG, classifier__2=nn.Identity()), "after both dropouts, and in yours [45]"),
        ("VGG", changed(VGG, classifier__1=nn.Identity()), "no ReLU after linear layer 1"),
    ], 12,
)
)
@pytest.mark.usefixtures("torchvisions_allowed")
def test_a_slip_in_a_sequence_is_named(name, made, said):
    complains(name, made, said)


class Module(nn.Module):
    """The Inception module with one thing wrong."""

    def __init__(self, wrong, inputs, ch1x1, ch3x3red, ch3x3, ch5x5red, ch5x5, pool_proj):
        super().__init__()
        self.wrong, bias = wrong, wrong != "bias"
        size = 3 if wrong == "3x3" else 5
        self.one = nn.Conv2d(inputs, ch1x1, 1, bias=bias)
        self.red3 = nn.Conv2d(inputs, ch3x3red, 1, bias=bias)
        self.three = nn.Conv2d(ch3x3red, ch3x3, 3, padding=0 if wrong == "size" else 1, bias=bias)
        self.red5 = nn.Conv2d(inputs, ch5x5red, 1, bias=bias)
        five = nn.Conv2d(ch5x5red, ch5x5, size, padding=size // 2, bias=bias)
        self.five, self.fives = (None, [five]) if wrong == "list" else (five, [])
        self.project = nn.Conv2d(inputs, pool_proj, 1, bias=bias)
        self.pool = nn.AvgPool2d(3, 1, 1) if wrong == "average" else nn.MaxPool2d(3, 1, 1)
        self.norm = nn.BatchNorm2d(ch1x1) if wrong == "norm" else nn.Identity()

    def forward(self, x):
        inner = self.red5(x) if self.wrong == "relu" else F.relu(self.red5(x))
        inner = inner.detach() if self.wrong == "detached" else inner
        three = F.relu(self.three(F.relu(self.red3(x))))
        three = F.pad(three, (0, 0, 0, 0)) if self.wrong != "size" else three
        pooled = x if self.wrong in ("pool", "late") else self.pool(x)
        last = F.relu(self.project(pooled))
        last = self.pool(last) if self.wrong == "late" else last
        parts = [F.relu(self.norm(self.one(x))), three, F.relu((self.five or self.fives[0])(inner)), last]
        if self.wrong == "size":
            return three
        return torch.cat(parts[::-1] if self.wrong == "order" else parts, dim=1)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("bias", "each with a bias"),
        ("list", r"must have a weight of shape \(5, 2, 5, 5\).* stands in a plain list"),
        ("3x3", r"the 5×5 convolution must have a weight of shape \(5, 2, 5, 5\)"),
        ("size", "must give"),
        ("average", "takes the average"),
        ("norm", "no normalisation"),
        ("relu", "no ReLU after the reduction before the 5×5"),
        ("pool", "does not pool"),
        ("late", "must pool the input"),
        ("detached", "With the gradient of the sum"),
        ("order", "stands at another place"),
    ],
)
def test_a_slip_in_the_inception_module_is_named(wrong, said):
    complains("Inception", lambda *args: Module(wrong, *args), said)


def block(base, forward=None, **changes):
    """A block of torchvision's with another `forward`, other attributes of the class, or changed when it is made."""

    class Block(base):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            for change in changes.get("after", ()):
                change(self)

    if forward:
        Block.forward = forward
    for name in ("expansion",):
        if name in changes:
            setattr(Block, name, changes[name])
    return Block


def variant(**wrong):
    return lambda self, x: residual.computed(self, x, **wrong)


def stride_in(number):
    def change(self):
        stride, right = self.conv1.stride, "conv2"
        if isinstance(self, resnet.BasicBlock):
            right = "conv1"
        else:
            stride = self.conv2.stride
        getattr(self, right).stride = (1, 1)
        getattr(self, f"conv{number}").stride = stride

    return change


def slow(self):
    self.bn1.momentum = 0.3


def one_for_both(self):
    if self.conv1.weight.shape == self.conv2.weight.shape:
        self.conv2 = self.conv1


def own_shortcut(self):
    if self.conv1.stride != (1, 1):
        self.downsample = nn.Sequential(nn.Conv2d(6, 5, 1, 2, bias=False), nn.BatchNorm2d(5))


SHORTCUT = "Yours does not use `downsample`"
BLOCKS = [
    (variant(shortcut=lambda block, x: torch.zeros(())), "does not add the shortcut"),
    (variant(last=False), "no ReLU after the sum"),
    (variant(early=True, last=False), "the last ReLU before the sum"),
    (variant(early=True), "takes a ReLU after `bn.` too"),
    (variant(norms={2: torch.clone}), "does not use `bn2`"),
    (lambda self, x: residual.computed(self, x, norms={2: self.bn1}), "uses `bn1` in place of `bn2`"),
    (variant(silent=1), "no ReLU after `bn1`"),
    (variant(first=True), "the ReLU before the batch norm"),
    (
        variant(shortcut=lambda block, x: residual.as_it_is(block, x).detach()),
        "The gradient of Bas|of Bot",
    ),
    (variant(shortcut=lambda block, x: x), SHORTCUT),
]


@pytest.mark.parametrize(("forward", "said"), BLOCKS)
@pytest.mark.parametrize("base", [resnet.BasicBlock, resnet.Bottleneck])
@pytest.mark.usefixtures("torchvisions_allowed")
def test_a_slip_in_a_block_is_named(base, forward, said):
    complains(base.__name__, block(base, forward), said)


@pytest.mark.parametrize(
    ("base", "changes", "said"),
    [
        (resnet.BasicBlock, {"after": [stride_in(2)]}, "`conv2` has the stride. It belongs to `conv1`"),
        (resnet.Bottleneck, {"after": [stride_in(1)]}, "`conv1` has the stride. It belongs to `conv2`"),
        (resnet.Bottleneck, {"after": [stride_in(3)]}, "`conv3` has the stride. It belongs to `conv2`"),
        (resnet.BasicBlock, {"after": [slow]}, "in train mode, in `bn1.running_mean`"),
        (resnet.BasicBlock, {"after": [one_for_both]}, "`conv1.weight` and `conv2.weight` are the same"),
        (resnet.BasicBlock, {"after": [own_shortcut]}, "Keep the module that is given as `downsample`"),
        (resnet.BasicBlock, {"expansion": 2}, "must have the attribute `expansion = 1`, and yours has 2"),
    ],
)
@pytest.mark.usefixtures("torchvisions_allowed")
def test_a_slip_in_making_a_block_is_named(base, changes, said):
    complains(base.__name__, block(base, **changes), said)


class Everywhere(models.ResNet):
    def _make_layer(self, block, planes, blocks, stride=1, dilate=False):
        stage = super()._make_layer(block, planes, blocks, stride, dilate)
        for one in stage:
            if one.downsample is None:
                width = planes * block.expansion
                one.downsample = nn.Sequential(nn.Conv2d(width, width, 1, bias=False), nn.BatchNorm2d(width))
        return stage


def unnormed(block, layers, num_classes):
    net = models.ResNet(block, layers, num_classes)
    for stage in (net.layer2, net.layer3, net.layer4):
        stage[0].downsample = stage[0].downsample[:1]
    return net


def unstrided(block, layers, num_classes):
    net = models.ResNet(block, layers, num_classes)
    for layer in net.layer3.modules():
        if isinstance(layer, nn.Conv2d):
            layer.stride = (1, 1)
    return net


def unregistered(block, layers, num_classes):
    net = models.ResNet(block, layers, num_classes)
    stage = net.layer3
    del net.layer3
    net.stages = [stage]
    return net


class unnormed_at_first(models.ResNet):
    def forward(self, x):
        norm, self.bn1 = self.bn1, nn.Identity()
        try:
            return super().forward(x)
        finally:
            self.bn1 = norm


def repeated(block, layers, num_classes):
    """One block stands for all later ones of a stage."""
    net = models.ResNet(block, layers, num_classes)
    net.layer2 = nn.Sequential(*net.layer2[:1], *[net.layer2[-1]] * (layers[1] - 1))
    return net


@pytest.mark.parametrize(
    ("made", "said"),
    some_of(
[
        (changed(models.ResNet, maxpool=nn.Identity()), "no max pooling"),
        (changed(models.ResNet, maxpool=nn.MaxPool2d(2)), "3×3 with stride 2 and padding 1"),
        (changed(models.ResNet, relu=nn.Identity()), "no ReLU after `bn1`"),
        (changed(models.ResNet, bn1=nn.Identity()), "`bn1.weight"),
        (ends(models.ResNet, lambda net, y: None), "returned None"),
        (unnormed_at_first, "does not use `bn1`"),
        (changed(models.ResNet, conv1=nn.Conv2d(3, 64, 7, 2, 2, bias=False)), "pads by 2. It must pad by 3"),
        (repeated, "are the same. Layers do not share parameters"),
        (changed(models.ResNet, avgpool=nn.AdaptiveMaxPool2d(1)), "must take the average"),
        (changed(models.ResNet, maxpool=nn.MaxPool2d(3, 2)), "does not pad"),
        (ends(models.ResNet, lambda net, y: y.softmax(1)), "Return the logits"),
        (unstrided, "first block of `layer3` has stride 1"),
        (unnormed, r"must have `layer2.0.downsample.1.weight \(128,\)`.* Is a batch norm missing"),
        (unregistered, "`layer3.0.conv1.weight .* stands in a plain list"),
        (changed(models.ResNet, conv1=nn.Conv2d(3, 64, 7, 2, 3)), "has `conv1.bias` .* have no bias"),
        (Everywhere, "has `layer1.0.downsample.0.weight`"),
        (lambda block, layers, n: models.ResNet(block, [1, 1, 1, 1], n), "layer1.1.conv1.weight"),
        (lambda block, layers, n: models.ResNet(resnet.BasicBlock, layers, n), "layer1.0.conv3.weight"),
        (ends(models.ResNet, lambda net, y: y[:, :1]), r"the shape must be \(2, 7\)"),
    ], 8,
)
)
@pytest.mark.usefixtures("torchvisions_allowed")
def test_a_slip_in_the_resnet_is_named(made, said):
    complains("ResNet", made, said)


class Squeeze(nn.Module):
    """Squeeze and excitation with one thing changed."""

    def __init__(self, channels, reduction, *, few=None, squeeze=lambda x: x.mean((2, 3)), **steps):
        super().__init__()
        few = few or channels // reduction
        self.one, self.two = nn.Conv2d(channels, few, 1), nn.Conv2d(few, channels, 1)
        self.squeeze, self.relu = squeeze, steps.get("relu", torch.relu)
        self.last, self.join = steps.get("last", torch.sigmoid), steps.get("join", torch.mul)

    def forward(self, x):
        return self.join(x, self.last(self.two(self.relu(self.one(self.squeeze(x)[:, :, None, None])))))


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ({"few": 5}, "a layer 12 → 4"),
        ({"squeeze": lambda x: x.amax((2, 3))}, "by the maximum"),
        ({"squeeze": lambda x: x.mean((0, 2, 3)).expand(len(x), -1)}, "mean over the batch"),
        ({"squeeze": lambda x: x.mean(2)[..., 0]}, "numbers differ"),
        ({"join": lambda x, weights: x + x * weights}, "adds the input"),
        ({"join": lambda x, weights: None}, "returned None"),
        ({"relu": lambda z: z}, "no ReLU"),
        ({"last": lambda z: z}, "no sigmoid"),
        ({"last": lambda z: z.softmax(1)}, "a softmax in place"),
        ({"join": torch.add}, "adds the weights"),
        ({"join": lambda x, weights: x * weights.detach()}, "and its gradient asked for"),
        ({"join": lambda x, weights: weights.expand_as(x)}, "returns the weights"),
    ],
)
def test_a_slip_in_squeeze_and_excitation_is_named(steps, said):
    complains("SqueezeExcitation", lambda *args: Squeeze(*args, **steps), said)


def test_right_squeeze_and_excitation_passes(capsys):
    checks.architectures.SqueezeExcitation(Squeeze)
    assert capsys.readouterr().out.count("✓") == 3


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("AlexNet", models.AlexNet),
        ("VGG", VGG),
        ("Inception", TorchvisionsInception),
        ("BasicBlock", resnet.BasicBlock),
        ("Bottleneck", resnet.Bottleneck),
        ("ResNet", models.ResNet),
    ],
)
def test_torchvisions_own_are_told_before_the_notebook_is_handed_in(name, made):
    complains(name, made, "It uses torchvision's `.*`, which is forbidden")


@pytest.mark.parametrize("name", ["AlexNet", "ResNet"])
def test_a_class_that_cannot_be_made_on_the_meta_device_passes(name, capsys):
    reference = namespace(NAME)[name]

    class Own(reference):
        def __init__(self, *args):
            super().__init__(*args)
            self.scale = float(sum(p.sum().item() for p in self.parameters()))  # raises on the meta device

    getattr(checks.architectures, name)(Own)
    assert "the same" in capsys.readouterr().out


class KeepsABuffer(nn.Module):
    """Something that is not saved."""

    def __init__(self):
        super().__init__()
        self.register_buffer("one", torch.ones(1), persistent=False)

    def forward(self, x):
        return x * self.one


class KeepsTensors(nn.Module):
    """Tensors in a list of its own."""

    def __init__(self):
        super().__init__()
        self.ones = [torch.ones(1)]

    def forward(self, x):
        return x * self.ones[0]


@pytest.mark.parametrize("kept", [KeepsABuffer, KeepsTensors])
@pytest.mark.parametrize("name", ["AlexNet", "ResNet"])
def test_a_network_with_tensors_that_are_not_saved_passes(name, kept, capsys):
    reference = namespace(NAME)[name]

    class Own(reference):
        def __init__(self, *args):
            super().__init__(*args)
            self.last = kept()

        def forward(self, x):
            return self.last(super().forward(x))

    getattr(checks.architectures, name)(Own)
    assert "the same" in capsys.readouterr().out


def test_layers_that_learn_their_shapes_in_the_first_call_pass(capsys):
    class Lazy(namespace(NAME)["AlexNet"]):
        def __init__(self, num_classes):
            super().__init__(num_classes)
            self.classifier[1] = nn.LazyLinear(4096)

    checks.architectures.AlexNet(Lazy)
    assert "dropout" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["AlexNet", "VGG", "Inception", "BasicBlock", "Bottleneck", "ResNet"])
def test_what_is_not_written_is_told(name):
    class Stub(nn.Module):
        expansion = 1

        def __init__(self, *args, **kwargs):
            raise NotImplementedError()

    complains(name, Stub, "It is not written yet")


@pytest.mark.parametrize(("answer", "value"), [("question_1", 200), ("question_2", 18), ("question_3", "c")])
def test_the_form_of_answers(answer, value):
    getattr(checks.architectures, answer)(value)
    with pytest.raises(CheckFailed):
        getattr(checks.architectures, answer)("E")
