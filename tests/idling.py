"""Programs that do no work, for every part of the assignments: answers of the right shape that hold nothing,
refusals alone, parameters alone, errors alone."""

import os

import torch
import torch.nn.functional as F
from torch import nn

from autograder.exam_tables.implementations import implementation


# ---------------------------------------------------------------- what an empty program answers with
def noise(shape, x):
    """Numbers that look random and follow from the input."""
    seed = hash(x.detach().numpy().tobytes()) % 2**31
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)).to(x.dtype)


def back(shape, x):
    """The input's own numbers, as far as they go."""
    return x.flatten().repeat(1 + shape.numel() // x.numel())[: shape.numel()].view(shape)


FILLS = {
    "zeros": lambda shape, x: x.new_zeros(shape),
    "ones": lambda shape, x: x.new_ones(shape),
    "means": lambda shape, x: x.mean().expand(shape),
    "noise": noise,
    "the input back": back,
}


# ---------------------------------------------------------------- the shapes that are asked for
def pair(value):
    return (value, value) if isinstance(value, int) else tuple(value)


def convolved(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    if padding == "same":
        return torch.Size([len(x), len(weight), *x.shape[2:]])
    four = zip(x.shape[2:], weight.shape[2:], pair(stride), pair(0 if padding == "valid" else padding), pair(dilation))
    return torch.Size([len(x), len(weight), *((n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, s, p, d in four)])


def transposed(x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    numbers = map(pair, (stride, padding, output_padding, dilation))
    sides = zip(x.shape[2:], weight.shape[2:], *numbers)
    sides = ((n - 1) * s - 2 * p + d * (k - 1) + o + 1 for n, k, s, p, o, d in sides)
    return torch.Size([len(x), groups * weight.shape[1], *sides])


def enlarged(x, scale):
    return torch.Size([*x.shape[:2], *(n * s for n, s in zip(x.shape[2:], pair(scale)))])


def resized(x, size, align_corners=False):
    return torch.Size([*x.shape[:2], *pair(size)])


def unet_shape(x, in_channels, num_classes, base_channels=64, depth=4, padding="valid"):
    lost = 0 if padding == "same" else 12 * 2**depth - 8
    return torch.Size([len(x), num_classes, x.shape[2] - lost, x.shape[3] - lost])


def vgg_shape(x, num_classes=1, num_blocks=4, encoder=None):
    return torch.Size([len(x), num_classes, *x.shape[2:]])


def pooled(x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    return F.max_pool2d(x[:1, :1], kernel_size, stride, padding, dilation, ceil_mode).expand(*x.shape[:2], -1, -1).shape


def averaged(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    return pooled(x, kernel_size, stride, padding, 1, ceil_mode)


def binned(x, output_size):
    return torch.Size([*x.shape[:2], *(m or n for m, n in zip(pair(output_size), x.shape[2:]))])


def unpooled(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    four = zip(x.shape[2:], pair(kernel_size), pair(stride or kernel_size), pair(padding))
    return torch.Size([*x.shape[:2], *(output_size or [(n - 1) * s - 2 * p + k for n, k, s, p in four])[-2:]])


def sampled(x, size=3, stride=2):
    return x[..., ::stride, ::stride].shape


def layer_shape(x, in_channels, out_channels, kernel_size, **options):
    wanted = {key: options[key] for key in ("stride", "padding", "dilation") if key in options}
    return convolved(x, torch.empty(out_channels, 1, *pair(kernel_size)), **wanted)


def logits_of(x, *args, **kwargs):
    """Of a classifier, whose last required argument is the number of classes."""
    return torch.Size([len(x), next(number for number in args[::-1] if isinstance(number, int))])


def concatenated(x, in_channels, ch1x1, ch3x3red, ch3x3, ch5x5red, ch5x5, pool_proj):
    return torch.Size([len(x), ch1x1 + ch3x3 + ch5x5 + pool_proj, *x.shape[2:]])


def block_of(expansion):
    def shape_of(x, inplanes, planes, stride=1, downsample=None):
        return torch.Size([len(x), planes * expansion, *(-(-side // stride) for side in x.shape[2:])])

    return shape_of


SHAPES = {
    ("convolution", "conv2d_naive"): convolved,
    ("convolution", "conv2d"): convolved,
    ("convolution", "apply_kernel"): lambda image, kernel: image.shape,
    ("pooling", "max_pool2d"): pooled,
    ("pooling", "avg_pool2d"): averaged,
    ("pooling", "adaptive_avg_pool2d"): binned,
    ("pooling", "max_unpool2d"): unpooled,
    ("pooling", "bonus"): sampled,
    **{
        ("augmentation", name): lambda image, *args, **kwargs: image.shape
        for name in (
            *("shift", "cutout", "rotate", "adjust_contrast", "gaussian_blur", "gaussian_noise"),
            "replace_background",
        )
    },
    ("segmentation", "upsample_nearest"): enlarged,
    ("segmentation", "upsample_bilinear"): resized,
    ("segmentation", "conv_transpose2d"): transposed,
    ("segmentation", "bonus"): lambda mask, width=1, boost=4.0: mask.shape,
}
NETWORKS = {
    ("segmentation", "UNet"): unet_shape,
    ("segmentation", "VGGUNet"): vgg_shape,
    ("architectures", "AlexNet"): logits_of,
    ("architectures", "VGG"): logits_of,
    ("architectures", "Inception"): concatenated,
    ("architectures", "BasicBlock"): block_of(1),
    ("architectures", "Bottleneck"): block_of(4),
    ("architectures", "ResNet"): logits_of,
    ("architectures", "bonus"): lambda x, channels, reduction: x.shape,
    ("pooling", "SimpleCNN"): lambda x, in_channels, num_classes: torch.Size([len(x), num_classes]),
}


def function(shape_of, fill):
    return lambda x, *args, **kwargs: fill(shape_of(x, *args, **kwargs), x if x.is_floating_point() else x.float())


def module(answer, parameters=lambda *args, **kwargs: {}):
    """A class whose instances answer `answer(self, x, …)`; `self.given` holds what they were made with."""

    class Made(nn.Module):
        def __init__(self, *args, **kwargs):
            super().__init__()
            self.given = args, kwargs
            for name, tensor in parameters(*args, **kwargs).items():
                self.register_parameter(name, tensor)

        def forward(self, *args):
            return answer(self, *args)

    return Made


def network(shape_of, fill):
    return module(lambda self, x: fill(shape_of(x, *self.given[0], **self.given[1]), x))


def parameters_alone(name, stem, exam="segmentation"):
    """The layers of a right network, which nothing reads; zeros come back."""
    right = getattr(implementation(exam, f"right/{stem}").load(), name)
    shape_of = NETWORKS[exam, name]

    class Made(right):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.given = args, kwargs

        def forward(self, x):
            return x.new_zeros(shape_of(x, *self.given[0], **self.given[1]))

    return Made


def pixelwise(shape_of):
    """A 1×1 convolution, resized to what is asked for."""

    def weights(*args, **kwargs):
        inputs = args[0] if shape_of is unet_shape else 3
        classes = shape_of(torch.empty(1, inputs, 572, 572), *args, **kwargs)[1]
        return {"weight": nn.Parameter(torch.randn(classes, inputs, 1, 1))}

    def answer(self, x):
        return F.interpolate(F.conv2d(x, self.weight), shape_of(x, *self.given[0], **self.given[1])[2:])

    return module(answer, weights)


# ---------------------------------------------------------------- layers, losses and the like
def layer_parameters(in_channels, out_channels, kernel_size, groups=1, bias=True, device=None, dtype=None, **rest):
    shape = (out_channels, in_channels // groups, *pair(kernel_size))
    bound = (shape[1] * shape[2] * shape[3]) ** -0.5
    drawn = {"weight": shape, "bias": shape[:1]}
    made = {name: nn.Parameter(torch.empty(some, dtype=dtype).uniform_(-bound, bound)) for name, some in drawn.items()}
    return made if bias else made | {"bias": None}


def refusing_layer(in_channels, out_channels, kernel_size, stride=1, padding=0, groups=1, padding_mode="zeros", **rest):
    if in_channels % groups or out_channels % groups or (padding == "same" and pair(stride) != (1, 1)):
        raise ValueError
    if padding_mode not in ("zeros", "reflect", "replicate", "circular") or padding not in ("same", "valid", 0, 1):
        raise ValueError
    return {}


def refusing_conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    if min(*pair(stride), groups) < 1 or len(weight) % groups or x.shape[1] != weight.shape[1] * groups:
        raise ValueError
    if bias is not None and len(bias) != len(weight):
        raise ValueError
    if isinstance(padding, str) and (
        padding not in ("same", "valid") or (padding == "same" and pair(stride) != (1, 1))
    ):
        raise ValueError
    shape = convolved(x, weight, bias, stride, padding, dilation, groups)
    if min(shape) < 1:
        raise ValueError
    return x.new_zeros(shape)


def refusing_pool(x, kernel_size, stride=None, padding=0, *rest, **more):
    """The refusals, which PyTorch's shapes bring; one pixel stands for the largest."""
    shape = averaged(x, kernel_size, stride, padding)
    return x[:, :, :1, :1].expand(shape)


def refusing_unpool(x, indices, *args, **kwargs):
    shape = unpooled(x, indices, *args, **kwargs)
    if (indices >= shape[2] * shape[3]).any():
        raise ValueError
    return x.new_zeros(shape)


def made_for(answer):
    """A class, made with whatever it is given, whose instances answer `answer(…)`."""

    class Made:
        def __init__(self, *args, **kwargs):
            pass

        def __call__(self, *args):
            return answer(*args)

    return Made


def holding_items(item, length=2, check=False):
    """A dataset of so many equal items. check: it refuses files without a partner, by their number."""

    class Made:
        def __init__(self, images_dir, masks_dir, transform=None):
            if check and len(os.listdir(images_dir)) != len(os.listdir(masks_dir)):
                raise ValueError("kiwi lime plum pear fig date")

        def __len__(self):
            return length

        def __getitem__(self, index):
            return item

    return Made


PLAIN_ITEM = torch.zeros(3, 6, 8), torch.zeros(6, 8, dtype=torch.int64)


class OneByOne(nn.Module):
    """A 1×1 convolution and a mean, which sees no shapes."""

    def __init__(self, in_channels, num_classes):
        super().__init__()
        self.only = nn.Conv2d(in_channels, num_classes, 1)

    def forward(self, x):
        return self.only(x).mean((2, 3))


class LayersAlone(OneByOne):
    """A network's layers, which nothing reads."""

    def forward(self, x):
        return x.new_zeros(len(x), self.only.out_channels)


def refusing_transposed(x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    limits = zip(pair(output_padding), pair(stride), pair(dilation))
    if any(o >= max(s, d) for o, s, d in limits) or x.shape[1] != len(weight) or x.shape[1] % groups:
        raise ValueError
    return x.new_zeros(transposed(x, weight, None, stride, padding, output_padding, groups, dilation))


def refusing_loss(eps=1e-7, reduction="mean", with_logits=True):
    if reduction not in ("mean", "sum", "none"):
        raise ValueError
    return {}


def one_pixel_of_the_kernel(x, weight, *args, **kwargs):
    """The kernel's first tap alone, on the pixels that the result has room for."""
    shape = convolved(x, weight, *args, **kwargs)
    out = torch.einsum("nchw,oc->nohw", x[:, : weight.shape[1]], weight[:, :, 0, 0])[..., : shape[2], : shape[3]]
    return F.pad(out, (0, shape[3] - out.shape[3], 0, shape[2] - out.shape[2]))


def loss(number):
    def answer(self, x, target):
        each = number(x, target)
        return each if self.given[1].get("reduction") == "none" else each.mean()

    return module(answer, refusing_loss)


def reading(loss_of):
    """It reads the loader as often as it should, and trains nothing."""

    def fit(model, loader, epochs):
        return [sum(loss_of(model, x, y) for x, y in loader) for _ in range(epochs)]

    return fit


def brightest(model, layer, channel, images, k):
    """The brightest pixel of each image, and no model."""
    found = [(i, *max((v, y, x) for y, r in enumerate(p) for x, v in enumerate(r))) for i, p in enumerate(images[:, 0])]
    return [(i, (y, x, y + 1, x + 1), float(v)) for i, v, y, x in sorted(found, key=lambda one: -one[1])[:k]]


def whole_images(score):
    """Whole images, the best by some number of their own."""

    def top_patches(model, layer, channel, images, k):
        values = [float(score(image)) for image in images]
        best = sorted(range(len(images)), key=lambda i: -values[i])[:k]
        return [(i, (0, 0, *images.shape[2:]), values[i]) for i in best]

    return top_patches


TABLE = ["identity", "edge1", "edge2", "edge3", "sharpen", "box_blur", "gaussian_blur", "sobel_x", "sobel_y"]
ONE = torch.zeros(3, 3).index_fill(0, torch.tensor([1]), 1.0) * torch.tensor([0.0, 1.0, 0.0])


def mapped(size_of=lambda image, *args, **kwargs: image.shape[1:]):
    """Maps of the right size that hold nothing, of a function of a model and an image."""

    def program(fill):
        return lambda model, image, *args, **kwargs: fill(torch.Size(size_of(image, *args, **kwargs)), image)

    return {kind: program(fill) for kind, fill in FILLS.items()}


def positions(image, target, patch_size, stride, fill=0.0):
    return [(side - patch_size) // stride + 1 for side in image.shape[1:]]


def chance(model, image, target):
    return model(image[None]).softmax(1)[0, target]


def raising(error):
    def program(*args, **kwargs):
        raise error("no")

    return program


PROGRAMS = {
    ("convolution", "output_size"): {
        "zeros": lambda n, *args, **kwargs: 0,
        "ones": lambda n, *args, **kwargs: 1,
        "the input back": lambda n, *args, **kwargs: n,
        "halves": lambda n, *args, **kwargs: n // 2,
    },
    ("convolution", "KERNELS"): {
        "nothing": {},
        "zeros": dict.fromkeys(TABLE, torch.zeros(3, 3)),
        "ones": dict.fromkeys(TABLE, torch.ones(3, 3)),
        "means": dict.fromkeys(TABLE, torch.full((3, 3), 1 / 9)),
        "the input back": dict.fromkeys(TABLE, ONE),
        "noise": {name: torch.randn(3, 3) for name in TABLE},
    },
    ("convolution", "conv2d_naive"): {"a 1×1 convolution": one_pixel_of_the_kernel},
    ("convolution", "conv2d"): {
        "a 1×1 convolution": one_pixel_of_the_kernel,
        "refusals alone": refusing_conv2d,
    },
    ("convolution", "conv2d_backward"): {
        "zeros": lambda grad, x, weight, *args, **kwargs: (0 * x, 0 * weight, 0 * grad[0, :, 0, 0]),
        "ones": lambda grad, x, weight, *args, **kwargs: (0 * x + 1, 0 * weight + 1, 0 * grad[0, :, 0, 0] + 1),
        "the input back": lambda grad, x, weight, *args, **kwargs: (x, weight, grad[0, :, 0, 0]),
        "means": lambda grad, x, weight, *args, **kwargs: (
            0 * x + x.mean(),
            0 * weight + x.mean(),
            0 * grad[0, :, 0, 0] + grad.mean(),
        ),
    },
    ("convolution", "Conv2d"): {
        **{
            name: module(
                lambda self, x, fill=fill: fill(layer_shape(x, *self.given[0], **self.given[1]), x), layer_parameters
            )
            for name, fill in FILLS.items()
        },
        "refusals alone": module(lambda self, x: x, refusing_layer),
        "no parameters": module(lambda self, x: x),
    },
    ("convolution", "bonus"): {
        name: lambda kernel, number=number: (kernel[:, 0] * 0 + number, kernel[0] * 0 + number)
        for name, number in (("zeros", 0), ("ones", 1))
    }
    | {"the input back": lambda kernel: (kernel[:, 0], kernel[0])},
    ("segmentation", "iou"): {
        "zeros": lambda pred, target, classes, *args, **kwargs: torch.zeros(classes),
        "ones": lambda pred, target, classes, *args, **kwargs: torch.ones(classes),
        "NaN": lambda pred, target, classes, *args, **kwargs: torch.full((classes,), torch.nan),
        "noise": lambda pred, target, classes, *args, **kwargs: noise((classes,), pred.float()),
        "means": lambda pred, target, classes, *args, **kwargs: torch.full((classes,), (pred == target).float().mean()),
    },
    ("segmentation", "DiceLoss"): {
        "zeros": loss(lambda x, target: 0 * x.flatten(1).sum(1)),
        "ones": loss(lambda x, target: 0 * x.flatten(1).sum(1) + 1),
        "the input back": loss(lambda x, target: x.flatten(1)[:, 0]),
        "means": loss(lambda x, target: x.flatten(1).mean(1)),
    },
    ("augmentation", "Compose"): {
        "zeros": made_for(torch.zeros_like),
        "ones": made_for(torch.ones_like),
        "the input back": made_for(lambda image: image),
        "means": made_for(lambda image: image.mean().expand(image.shape)),
    },
    ("augmentation", "RandomApply"): {
        "zeros": made_for(torch.zeros_like),
        "ones": made_for(torch.ones_like),
        "the input back": made_for(lambda image: image),
        "noise": made_for(torch.rand_like),
    },
    ("augmentation", "SegmentationTransform"): {
        "zeros": made_for(lambda image, mask: (0 * image, 0 * mask)),
        "ones": made_for(lambda image, mask: (0 * image + 1, 0 * mask + 1)),
        "the input back": made_for(lambda image, mask: (image, mask)),
        "noise": made_for(lambda image, mask: (torch.rand_like(image), torch.randint_like(mask, 1000))),
    },
    ("augmentation", "SegmentationDataset"): {
        "zeros": holding_items(PLAIN_ITEM),
        "ones": holding_items((PLAIN_ITEM[0] + 1, PLAIN_ITEM[1] + 1)),
        "nothing": holding_items(None, 0),
        "refusals alone": holding_items(PLAIN_ITEM, check=True),
    },
    ("augmentation", "bonus"): {
        "zeros": lambda images, labels, *args, **kwargs: (0 * images, 0 * labels),
        "ones": lambda images, labels, *args, **kwargs: (0 * images + 1, 0 * labels + 1),
        "the input back": lambda images, labels, *args, **kwargs: (images, labels),
        "means": lambda images, labels, *args, **kwargs: (0 * images + images.mean(), 0 * labels + 1 / labels.shape[1]),
    },
    ("interpretability", "occlusion_map"): mapped(positions)
    | {
        "one half": lambda model, image, *args, **kwargs: image.new_full(positions(image, *args, **kwargs), 0.5),
        "the model's answer": lambda model, image, target, patch_size, stride, fill=0.0: chance(
            model, image, target
        ).expand(positions(image, target, patch_size, stride)),
    },
    ("interpretability", "activations"): {
        "zeros": lambda model, layer, images: 0 * images,
        "ones": lambda model, layer, images: 0 * images + 1,
        "the input back": lambda model, layer, images: images,
        "means": lambda model, layer, images: images.mean().expand(images.shape),
    },
    ("interpretability", "saliency"): mapped(),
    ("pooling", "max_pool2d"): {"refusals alone": refusing_pool},
    ("pooling", "avg_pool2d"): {"refusals alone": refusing_pool},
    ("pooling", "max_unpool2d"): {"refusals alone": refusing_unpool},
    ("pooling", "SimpleCNN"): {"a 1×1 convolution": OneByOne, "layers alone": LayersAlone},
    ("pooling", "fit"): {
        "zeros": lambda model, loader, epochs: [0.0] * epochs,
        "ones": lambda model, loader, epochs: [1.0] * epochs,
        "reading": reading(lambda model, x, y: 0.0),
        "means": reading(lambda model, x, y: float(x.mean())),
    },
    ("architectures", "receptive_field"): {
        "zeros": lambda layers: (0, 0),
        "ones": lambda layers: (1, 1),
        "counts": lambda layers: (len(layers), len(layers)),
        "the input back": lambda layers: layers,
    },
    **{
        ("architectures", name): {"parameters alone": parameters_alone(name, stem, "architectures")}
        for name, stem in (
            ("AlexNet", "alexnet_sequential"),
            ("VGG", "vgg_sequential"),
            ("Inception", "inception_named"),
            ("BasicBlock", "basic_in_steps"),
            ("Bottleneck", "bottleneck_in_steps"),
            ("ResNet", "resnet_stages"),
        )
    },
    ("interpretability", "top_patches"): {
        "nothing": lambda model, layer, channel, images, k: [],
        "zeros": whole_images(lambda image: 0.0),
        "means": whole_images(torch.mean),
        "noise": whole_images(lambda image: noise((), image)),
        "the input back": brightest,
    },
    ("interpretability", "grad_cam"): {
        kind: lambda model, layer, image, target, fill=fill: fill(image.shape[1:], image)
        for kind, fill in FILLS.items()
    }
    | {"the image, divided": lambda model, layer, image, target: image[0] / image[0].max()},
    ("interpretability", "bonus"): {
        kind: lambda model, image, target, steps=50, fill=fill: fill(image.shape, image) for kind, fill in FILLS.items()
    },
    ("segmentation", "conv_transpose2d"): {"refusals alone": refusing_transposed},
    ("segmentation", "fit"): {
        "zeros": lambda model, loader, epochs: [0.0] * epochs,
        "ones": lambda model, loader, epochs: [1.0] * epochs,
        "reading": reading(lambda model, x, y: 0.0),
        "means": reading(lambda model, x, y: float(x.mean())),
    },
    ("segmentation", "UNet"): {
        "a 1×1 convolution": pixelwise(unet_shape),
        "parameters alone": parameters_alone("UNet", "unet_in_lists"),
    },
    ("segmentation", "VGGUNet"): {
        "a 1×1 convolution": pixelwise(vgg_shape),
        "parameters alone": parameters_alone("VGGUNet", "vgg_in_lists"),
    },
}


def programs(exam, name):
    """The empty programs of a part, by what they do."""
    key = exam, name
    made = dict(PROGRAMS.get(key, {}))
    if key in SHAPES:
        made |= {kind: function(SHAPES[key], fill) for kind, fill in FILLS.items()}
    if key in NETWORKS:
        made |= {kind: network(NETWORKS[key], fill) for kind, fill in FILLS.items()}
    if name.startswith("question"):
        return made | {"zeros": 0, "ones": 1, "text": "", "nothing": None}
    return made | {"always raising": raising(ValueError), "not written": raising(NotImplementedError)}
