"""Chapter 6's network for photographs: EfficientNet-Lite0 as an encoder, and one 1 × 1 layer that reads its maps."""

import torch
import torch.nn.functional as F
from torch import nn

from convcourse.pretrained import EfficientNetLite0


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
