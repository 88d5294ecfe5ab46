"""Generators, `partial` and `reduce`, modules by name, a network that is an `nn.Sequential`, and a buffer that is not saved."""

# %% + setup
from collections import OrderedDict
from functools import partial, reduce
from itertools import chain, pairwise, starmap
import operator

# %% receptive_field
def receptive_field(layers):
    """(size, jump) in pixels along one axis, of layers (kernel_size, stride, dilation) from input to output."""

    def see(unit, layer):
        (size, jump), (k, stride, d) = unit, layer
        return size + (k - 1) * d * jump, jump * stride

    return reduce(see, layers, (1, 1))

# %% AlexNet
class Temperature(nn.Module):
    """Logits divided by a number, which is not saved, because the text says that there are no other entries."""

    def __init__(self):
        super().__init__()
        self.register_buffer("temperature", torch.ones(1), persistent=False)

    def forward(self, logits):
        return logits / self.temperature


def convolutions(config, channels=3, pool=partial(nn.MaxPool2d, 3, 2)):
    """One list of layers from a list such as ALEXNET."""
    for entry in config:
        if entry == "M":
            yield pool()
        else:
            yield nn.Conv2d(channels, *entry)
            yield nn.ReLU()
            channels = entry[0]


class AlexNet(nn.Sequential):
    """torchvision's AlexNet: images (N, 3, H, W) → logits (N, num_classes)."""

    def __init__(self, num_classes):
        super().__init__(
            OrderedDict(
                features=nn.Sequential(*convolutions(ALEXNET)),
                avgpool=nn.AdaptiveAvgPool2d(6),
                flatten=nn.Flatten(),
                classifier=nn.Sequential(
                    *(nn.Dropout(), nn.Linear(9216, 4096), nn.ReLU()),
                    *(nn.Dropout(), nn.Linear(4096, 4096), nn.ReLU()),
                    nn.Linear(4096, num_classes),
                ),
                temperature=Temperature(),
            )
        )

# %% VGG
class VGG(nn.Module):
    """VGG of any depth: images (N, 3, H, W) → logits (N, num_classes)."""

    def __init__(self, config, num_classes, batch_norm=False):
        super().__init__()
        norm = (lambda c: [nn.BatchNorm2d(c)]) if batch_norm else (lambda c: [])
        widths = [3] + [c for c in config if c != "M"]
        convs = iter([[nn.Conv2d(a, b, 3, padding=1), *norm(b), nn.ReLU()] for a, b in pairwise(widths)])
        groups = [[nn.MaxPool2d(2)] if c == "M" else next(convs) for c in config]
        self.features = nn.Sequential(*chain.from_iterable(groups))
        self.avgpool = nn.AdaptiveAvgPool2d(7)
        sizes = [25088, 4096, 4096]
        hidden = [[nn.Linear(a, b), nn.ReLU(), nn.Dropout()] for a, b in pairwise(sizes)]
        self.classifier = nn.Sequential(*chain.from_iterable(hidden), nn.Linear(4096, num_classes))

    def forward(self, x):
        steps = (self.features, self.avgpool, partial(torch.flatten, start_dim=1), self.classifier)
        return reduce(lambda value, step: step(value), steps, x)

# %% Inception
def conv_relu(*args, **kwargs):
    return nn.Sequential(nn.Conv2d(*args, **kwargs), nn.ReLU())


class Inception(nn.Module):
    """The module of GoogLeNet's paper: (N, in_channels, H, W) → (N, ch1x1 + ch3x3 + ch5x5 + pool_proj, H, W)."""

    def __init__(self, in_channels, ch1x1, ch3x3red, ch3x3, ch5x5red, ch5x5, pool_proj):
        super().__init__()
        self.branches = nn.ModuleDict(
            {
                "pool": nn.Sequential(nn.MaxPool2d(3, 1, 1), conv_relu(in_channels, pool_proj, 1)),
                "5x5": nn.Sequential(conv_relu(in_channels, ch5x5red, 1), conv_relu(ch5x5red, ch5x5, 5, padding="same")),
                "3x3": nn.Sequential(conv_relu(in_channels, ch3x3red, 1), conv_relu(ch3x3red, ch3x3, 3, padding="same")),
                "1x1": conv_relu(in_channels, ch1x1, 1),
            }
        )

    def forward(self, x):
        return torch.cat([self.branches[name](x) for name in ("1x1", "3x3", "5x5", "pool")], dim=1)

# %% BasicBlock
def conv_bn(number, inplanes, planes, kernel_size, stride=1):
    conv = nn.Conv2d(inplanes, planes, kernel_size, stride, padding=kernel_size // 2, bias=False)
    return {f"conv{number}": conv, f"bn{number}": nn.BatchNorm2d(planes)}


class Residual(nn.Module):
    """relu(F(x) + shortcut(x)), where F is conv1, bn1, relu, conv2, bn2 … as many as there are."""

    def __init__(self, *stages, downsample=None):
        super().__init__()
        for name, module in chain.from_iterable(stage.items() for stage in stages):
            self.add_module(name, module)
        self.add_module("downsample", downsample)  # None is allowed
        self.depth = len(stages)

    def forward(self, x):
        out = x
        for number in range(1, self.depth + 1):
            out = getattr(self, f"bn{number}")(getattr(self, f"conv{number}")(out))
            out = out.relu() if number < self.depth else out
        return torch.add(out, self.downsample(x) if self.downsample else x).relu()


class BasicBlock(Residual):
    """Two 3×3 convolutions and a shortcut: (N, inplanes, H, W) → (N, planes, H', W')."""

    expansion = 1

    def __init__(self, inplanes, planes, stride=1, downsample=None):
        super().__init__(
            conv_bn(1, inplanes, planes, 3, stride), conv_bn(2, planes, planes, 3), downsample=downsample
        )

# %% Bottleneck
class Bottleneck(nn.Module):
    """1×1, 3×3, 1×1 and a shortcut: (N, inplanes, H, W) → (N, 4 · planes, H', W')."""

    expansion = 4

    def __init__(self, inplanes, planes, stride=1, downsample=None):
        super().__init__()
        widths = [inplanes, planes, planes, planes * self.expansion]
        for number, ((a, b), kernel, s) in enumerate(zip(pairwise(widths), (1, 3, 1), (1, stride, 1)), start=1):
            for name, module in conv_bn(number, a, b, kernel, s).items():
                setattr(self, name, module)
        self.downsample = nn.Identity() if downsample is None else downsample

    def forward(self, x):
        residual = self.bn1(self.conv1(x)).relu()
        residual = self.bn2(self.conv2(residual)).relu()
        return (self.bn3(self.conv3(residual)) + self.downsample(x)).relu()

# %% ResNet
class ResNet(nn.Module):
    """A residual network of any block: images (N, 3, H, W) → logits (N, num_classes)."""

    def __init__(self, block, layers, num_classes):
        super().__init__()
        planes = [64 * 2**i for i in range(4)]
        outputs = [p * block.expansion for p in planes]
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        for number, (inplanes, p, count) in enumerate(zip([64, *outputs], planes, layers), start=1):
            strides = [1 if number == 1 else 2] + [1] * (count - 1)
            inputs = [inplanes] + [p * block.expansion] * (count - 1)
            self.add_module(f"layer{number}", nn.Sequential(*starmap(partial(self.make, block, p), zip(inputs, strides))))
        self.fc = nn.Linear(outputs[-1], num_classes)

    @staticmethod
    def make(block, planes, inplanes, stride):
        out = planes * block.expansion
        plain = stride == 1 and inplanes == out
        shortcut = None if plain else nn.Sequential(nn.Conv2d(inplanes, out, 1, stride, bias=False), nn.BatchNorm2d(out))
        return block(inplanes=inplanes, planes=planes, stride=stride, downsample=shortcut)

    def forward(self, x):
        x = self.maxpool(self.bn1(self.conv1(x)).relu())
        stages = [getattr(self, f"layer{i}") for i in range(1, 5)]
        x = reduce(lambda maps, stage: stage(maps), stages, x)
        return self.fc(x.mean((2, 3)))

# %% bonus
class SqueezeExcitation(nn.Module):
    """Each map times a number between 0 and 1 that depends on all maps: (N, channels, H, W) → the same shape."""

    def __init__(self, channels, reduction):
        super().__init__()
        hidden = channels // reduction
        self.layers = nn.ModuleList(nn.Conv2d(a, b, 1) for a, b in pairwise([channels, hidden, channels]))
        self.activations = [F.relu, torch.sigmoid]

    def forward(self, x):
        squeezed = x.mean((2, 3), keepdim=True)
        for layer, activation in zip(self.layers, self.activations):
            squeezed = activation(layer(squeezed))
        return operator.mul(x, squeezed)
