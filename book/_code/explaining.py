"""Chapter 5's explanations of a classifier, for a whole batch at once, and a network whose weights are randomised."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
import torch.nn.functional as F
from torch import nn

from convcourse import data, pretrained

CLASSES = {"chelsea": "Egyptian cat", "coffee": "espresso", "camera": "tripod"}
Maps = Callable[[nn.Module, torch.Tensor, torch.Tensor], torch.Tensor]


def squares(side: int = 224) -> torch.Tensor:
    """The middles of the photographs in CLASSES: (3, 3, side, side) in 0…1."""
    found = torch.stack([pretrained.square(data.photograph(name), side) for name in CLASSES])
    return found.clamp(0, 1)  # resizing rounds


def numbers() -> torch.Tensor:
    """What they show, by number: (3,)."""
    return torch.tensor([pretrained.class_number(name) for name in CLASSES.values()])


def in_parts(net: nn.Module, images: torch.Tensor, size: int = 8) -> torch.Tensor:
    """Logits (N, K) without gradients, computed for ``size`` images at a time."""
    with torch.inference_mode():
        return torch.cat([net(part) for part in images.split(size)])


def covered(images: torch.Tensor, side: int, step: int, fill: float | torch.Tensor = 0.5) -> tuple[torch.Tensor, int]:
    """Copies of images (N, 3, H, W), each with a square of ``fill`` at another position, row by row:
    (positions · N, 3, H, W), and how many positions there are in a row."""
    tops, lefts = (range(0, n - side + 1, step) for n in images.shape[2:])
    copies = []
    for top in tops:
        for left in lefts:
            copy = images.clone()
            copy[:, :, top : top + side, left : left + side] = fill
            copies.append(copy)
    return torch.cat(copies), len(lefts)


def drops(net: nn.Module, images: torch.Tensor, side: int, step: int, fill: float | torch.Tensor = 0.5) -> torch.Tensor:
    """How far each class's logit falls while a square is covered: (N, K, rows, columns) for images (N, 3, H, W)."""
    copies, columns = covered(images, side, step, fill)
    before, after = in_parts(net, images), in_parts(net, copies)
    after = after.reshape(-1, columns, *before.shape)  # rows, columns, N, K
    return (before - after).permute(2, 3, 0, 1)


def gradients(net: nn.Module, images: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Of each image's (N, 3, H, W) target logit, with sign: (N, 3, H, W)."""
    images = images.detach().clone().requires_grad_()
    chosen = net(images).gather(1, targets[:, None]).sum()  # images of a batch do not touch each other in eval mode
    return torch.autograd.grad(chosen, images)[0]


@contextmanager
def guided(net: nn.Module) -> Iterator[None]:
    """While it lasts, every ReLU lets through only positive gradients (Springenberg and others, 2015)."""
    rectifiers = [part for part in net.modules() if isinstance(part, nn.ReLU | nn.ReLU6)]
    hooks = [
        part.register_full_backward_hook(lambda module, incoming, outgoing: (incoming[0].clamp(min=0),))
        for part in rectifiers
    ]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def strongest(gradient: torch.Tensor) -> torch.Tensor:
    """The largest absolute value over the channels: (N, C, H, W) → (N, H, W)."""
    return gradient.abs().amax(1)


def gradient_map(net: nn.Module, images: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Simonyan's saliency, (N, H, W)."""
    return strongest(gradients(net, images, targets))


def guided_map(net: nn.Module, images: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """The same with guided backpropagation."""
    with guided(net):
        return strongest(gradients(net, images, targets))


def along_path(
    net: nn.Module, images: torch.Tensor, targets: torch.Tensor, start: float = 0.5, steps: int = 8
) -> torch.Tensor:
    """Integrated gradients with sign, (N, 3, H, W): from a constant image ``start``, at the middles of the steps."""
    way = images - start
    points = [start + (step + 0.5) / steps * way for step in range(steps)]
    return way * sum(gradients(net, point, targets) for point in points) / steps


def path_map(
    net: nn.Module, images: torch.Tensor, targets: torch.Tensor, start: float = 0.5, steps: int = 8
) -> torch.Tensor:
    """Integrated gradients summed over the channels, as absolute values: (N, H, W)."""
    return along_path(net, images, targets, start, steps).sum(1).abs()


def class_map(net: nn.Module, images: torch.Tensor, targets: torch.Tensor, layer: str = "stages.6") -> torch.Tensor:
    """Grad-CAM at the layer of this name, enlarged to the images: (N, H, W), not scaled."""
    kept: list[torch.Tensor] = []
    hook = net.get_submodule(layer).register_forward_hook(lambda module, inputs, output: kept.append(output))
    chosen = net(images).gather(1, targets[:, None]).sum()
    hook.remove()
    (gradient,) = torch.autograd.grad(chosen, kept[0])
    small = (gradient.mean((2, 3), keepdim=True) * kept[0]).sum(1, keepdim=True).relu().detach()
    return F.interpolate(small, images.shape[2:], mode="bilinear", align_corners=False)[:, 0]


def occlusion_map(
    net: nn.Module, images: torch.Tensor, targets: torch.Tensor, side: int = 44, fill: float = 0.5
) -> torch.Tensor:
    """Where covering lowers the target's logit, and by how much, enlarged to the images: (N, H, W). Squares touch."""
    fallen = drops(net, images, side, side, fill)[torch.arange(len(images)), targets].clamp(min=0)
    return F.interpolate(fallen[:, None], images.shape[2:], mode="bilinear", align_corners=False)[:, 0]


METHODS: dict[str, Maps] = {
    "gradient": gradient_map,
    "guided backpropagation": guided_map,
    "integrated gradients": path_map,
    "Grad-CAM": class_map,
    "occlusion": occlusion_map,
}


def parts(net: nn.Module) -> list[tuple[str, nn.Module]]:
    """The parts of EfficientNet-Lite0 from the classifier down to the first layer, with names to show."""
    stages = [(f"stage {number + 1}", stage) for number, stage in reversed(list(enumerate(net.stages)))]
    return [("classifier", net.classify), ("last 1 × 1", net.top), *stages, ("first layer", net.stem)]


def randomise(net: nn.Module, part: nn.Module, images: torch.Tensor) -> None:
    """New weights for one part, as PyTorch draws them. Its norms learn the statistics of the images, so that the
    signal neither fades nor explodes."""
    norms = [module for module in part.modules() if isinstance(module, nn.BatchNorm2d)]
    for module in part.modules():
        if hasattr(module, "reset_parameters"):
            module.reset_parameters()
    for norm in norms:
        norm.momentum = None  # a plain mean over the batches seen
        norm.train()
    with torch.no_grad():
        net(images)
    for norm in norms:
        norm.eval()


def cascade(images: torch.Tensor, seed: int) -> Iterator[tuple[str, nn.Module]]:
    """The trained network, then the same after each part has been randomised, from the top down. It is one object."""
    net = pretrained.efficientnet_lite0()
    yield "trained", net
    torch.manual_seed(seed)
    for name, part in parts(net):
        randomise(net, part, images)
        yield name, net


def ranks(values: torch.Tensor) -> torch.Tensor:
    """The rank of each number among the numbers of its row, (N, M) → (N, M). Equal numbers share their mean rank."""
    from scipy.stats import rankdata

    return torch.from_numpy(rankdata(values.numpy(), axis=1))


def rank_correlation(one: torch.Tensor, other: torch.Tensor, cell: int = 4) -> torch.Tensor:
    """Spearman's, of maps (N, H, W) whose cells of ``cell`` × ``cell`` pixels were averaged: (N,). A constant map
    has no ranks, and correlates with nothing (0)."""
    rows = [ranks(F.avg_pool2d(maps[:, None], cell).flatten(1)) for maps in (one, other)]
    first, second = (row - row.mean(1, keepdim=True) for row in rows)
    scale = first.norm(dim=1) * second.norm(dim=1)
    return torch.where(scale > 0, (first * second).sum(1) / scale.clamp(min=1e-12), 0.0)


def structural_similarity(one: torch.Tensor, other: torch.Tensor, cell: int = 4) -> torch.Tensor:
    """SSIM (Wang and others, 2004) of maps (N, H, W), averaged in cells and each divided by its maximum: (N,)."""
    from skimage.metrics import structural_similarity as ssim

    small = [F.avg_pool2d(maps[:, None], cell)[:, 0] for maps in (one, other)]
    scaled = [maps / maps.amax((1, 2), keepdim=True).clamp(min=1e-12) for maps in small]
    return torch.tensor([ssim(a.numpy(), b.numpy(), data_range=1.0) for a, b in zip(*scaled)])
