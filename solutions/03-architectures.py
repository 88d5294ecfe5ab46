# %% [markdown] nbgrader={"grade_id": "intro"}
# # Assignment 3: networks that load torchvision's weights
#
# In this assignment you write the networks that made deep learning work on photographs: AlexNet, VGG, the Inception module, and ResNet. You write them so exactly that weights which others have trained fit into them. Before that you write a function that computes how many pixels a network sees. At the end your own ResNet holds torchvision's weights, and a small one of yours reads handwritten digits. The parts follow chapter 3 of the book, and no part needs another one to be right.
#
# **How to work.** Each part has a cell for your code, with a first line and `raise NotImplementedError()`. Replace the `raise`. The cell below it holds *visible checks*. They take a second, say what is wrong, and give no points. After them a picture shows what you have made. The *hidden tests* run after you have handed in, and give the points. They require only what the text says, but they look at many more cases than the visible checks. You may add cells of your own anywhere, with helpers or with experiments. Locked cells stay as they are. Before you hand in, choose *Restart Kernel and Run All Cells*, save, and run in a terminal
#
# ```bash
# python -m convcourse check 03-architectures.ipynb
# ```
#
# **What is not allowed.** The networks, blocks and functions that you write may not use `torchvision.models`, neither by a call nor as a base class. The grader refuses it and says so. All of PyTorch is allowed. In cells of your own everything is allowed. A comparison with torchvision's network is the best test that you can write.
#
# **Names are part of the task.** A `state_dict` holds the parameters of a network by name. If yours have the names and shapes of torchvision's, then `yours.load_state_dict(theirs.state_dict())` works, and both networks give the same logits. The names follow from your attributes. A layer that is kept as `self.conv1` has the parameters `conv1.weight` and `conv1.bias`. A layer at position 3 (counted from 0) of an `nn.Sequential` that is kept as `self.features` has the parameters `features.3.weight` and `features.3.bias`. Layers without parameters, such as `nn.ReLU`, have no entry, but they take a position. Each text below lists all names with their shapes. There are no other entries in the state.
#
# **What holds everywhere.**
#
# - *Images* come as float32 tensors of shape $(N, 3, H, W)$, a batch of $N$ colour images with $H$ rows and $W$ columns, square or not. A batch is never empty. The maps between layers are $(N, C, H, W)$ with any number of channels.
# - *Networks* return raw logits of shape $(N,$ `num_classes`$)$, without softmax or sigmoid.
# - *In eval mode* two calls with the same images give the same output, and the output for an image does not depend on the other images of the batch. The outputs must agree with torchvision's up to a thousandth of the largest. In both modes a call does not change its input.
# - *Batch norms* are `nn.BatchNorm2d` with its default arguments. They are examined in train mode too.
# - *Gradients* reach the input and every parameter. Layers do not share parameters.
# - *Arguments* are given by position or by name. So use the names of the text.
# - *First weights* are free. The tests load weights of their own.
# - *Memory.* A whole VGG takes half a gigabyte. So the checks and the hidden tests may make your networks under `torch.device("meta")`, where tensors have a shape and no numbers. If a class cannot be made there, it is made as usual, and this costs no points.
# - What is not named is not examined. For example, you may do as you like with half precision, with one image in train mode, with images of one channel, and with weights that are not finite.
# - Your own cells run again when the notebook is graded. A cell may take 60 seconds of processor time, the whole notebook 240, and all of it 2 GB of memory. What a cell shows may be 2 MiB and 1,000 outputs, and what the whole notebook shows 16 MiB. In trainings of your own write `epochs=convcourse.epochs(n)`, which is `n` for you and 1 for the grader.
# - Your other cells may set the default dtype, switch gradients off, or set a seed. All of this is put back before the hidden tests.

# %% nbgrader={"grade_id": "setup"}
# Given: what all parts use. Run it first.
import importlib.util

if importlib.util.find_spec("convcourse") is None:
    raise SystemExit(
        "The package `convcourse` is not installed here. Your course gave you its file with this notebook. Put the file "
        "beside the notebook (on Colab: Files, Upload), and run this line in a new cell above this one:\n\n"
        "%pip install ./convcourse-0.1.0-py3-none-any.whl"
    )

import torch
import torch.nn.functional as F
import torchvision
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import convcourse
from convcourse import checks, data, needs, pictures, plots

plots.style()
torch.set_num_threads(1)  # these networks are small: with more threads they wait for one another

# %% [markdown] nbgrader={"grade_id": "receptive_field-text"}
# ## 1. How far a unit sees
#
# A unit of a feature map is one of its numbers. It depends on some pixels of the image and on no others. These pixels are its **receptive field**. Its size tells whether the unit can see a whole object, and it can be computed without any weights.
#
# A network is a list of layers from the input to the output. Each layer is `(kernel_size, stride, dilation)`, three whole numbers from 1 on, of a convolution or of a pooling. Along one axis, two numbers describe a unit of the last layer.
#
# | | |
# |---|---|
# | **size** | how many pixels lie between the first and the last pixel that the unit depends on, both counted |
# | **jump** | how many pixels further the receptive field of the next unit begins |
#
# Without any layer a unit is a pixel, so both are 1. A layer with kernel size $k$, stride $\sigma$ and dilation $d$ reads $k$ units of the layer before it, of which two neighbours are $d$ units apart. The first and the last of them are $(k-1)\,d$ units apart, and each step from one unit to the next is $\text{jump}_{\ell-1}$ pixels.
#
# $$\text{size}_\ell=\text{size}_{\ell-1}+(k_\ell-1)\,d_\ell\;\text{jump}_{\ell-1}\qquad\text{jump}_\ell=\text{jump}_{\ell-1}\,\sigma_\ell$$
#
# ```text
#  pixels             0 1 2 3 4 5 6
#  (3, 2, 1)          [—a—]                   size 3, jump 2
#                         [—b—]
#                             [—c—]
#  (3, 1, 1) on it    a, b and c: 0 … 6       size 3 + 2 · 2 = 7, jump 2
# ```
#
# Write `receptive_field(layers)`. It returns the two ints `(size, jump)`. For an empty list it returns `(1, 1)`.


# %% nbgrader={"grade_id": "receptive_field", "solution": true}
def receptive_field(layers):
    """(size, jump) in pixels along one axis, of layers (kernel_size, stride, dilation) from input to output."""
    ### BEGIN SOLUTION
    size, jump = 1, 1
    for kernel_size, stride, dilation in layers:
        size += (kernel_size - 1) * dilation * jump
        jump *= stride
    return size, jump
    ### END SOLUTION


# %% nbgrader={"grade_id": "receptive_field-visible", "grade": true, "points": 0}
checks.architectures.receptive_field(receptive_field)

# %% nbgrader={"grade_id": "receptive_field-hidden", "grade": true, "points": 4}
# Hidden tests run here after you have handed in (4 points).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.architectures.receptive_field.grade(receptive_field)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "receptive_field-picture-text"}
# The gradient of one unit shows which pixels the unit depends on. Dark pixels have the largest gradient, and white ones have none. The solid square has the size that you computed, and it must fit the grey pixels exactly. The dashed square is moved by your jump. All layers have kernels of 3, and three such layers see 7, 15 or 15 pixels. With dilation the jump stays 1. So the map keeps all positions, and costs more than the one with strides.

# %% nbgrader={"grade_id": "receptive_field-picture"}
with needs("receptive_field"):
    stacks = {
        "three of 3×3": [(3, 1, 1), (3, 1, 1), (3, 1, 1)],
        "dilations 1, 2 and 4": [(3, 1, 1), (3, 1, 2), (3, 1, 4)],
        "stride 2, twice": [(3, 2, 1), (3, 2, 1), (3, 1, 1)],
    }
    pictures.fields(stacks, [receptive_field(layers) for layers in stacks.values()])

# %% [markdown] nbgrader={"grade_id": "question_1-text"}
# **Question 1.** torchvision's ResNet-101 begins with a 7×7 convolution with stride 2 and a 3×3 max pooling with stride 2. Then come four stages of 3, 4, 23 and 3 bottlenecks. Each bottleneck is a 1×1, a 3×3 and a 1×1 convolution with stride 1. Only in the first bottleneck of stages 2, 3 and 4 does the 3×3 convolution have stride 2. Nothing is dilated. How many pixels along one axis are in the receptive field of a unit of the last stage? Take the longest path, which goes through all convolutions. Set `answer_1` to this number. Your function may compute it, and a list can be put together with `+` and `*`. To check your list, write it for ResNet-50 first, whose stages have 3, 4, 6 and 3 bottlenecks. The live figure of chapter 3 shows its receptive field.

# %% nbgrader={"grade_id": "question_1", "solution": true}
# answer_1 = …
### BEGIN SOLUTION
answer_1 = 971
### END SOLUTION

# %% nbgrader={"grade_id": "question_1-visible", "grade": true, "points": 0}
checks.architectures.question_1(answer_1)

# %% nbgrader={"grade_id": "question_1-hidden", "grade": true, "points": 1}
# Hidden tests run here after you have handed in (1 point).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.architectures.question_1.grade(answer_1)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "AlexNet-text"}
# ## 2. AlexNet
#
# AlexNet won the ImageNet competition of 2012, with ReLUs instead of tanh, with dropout, and with two graphics cards (Krizhevsky, Sutskever and Hinton, 2012). You write torchvision's version, which fits on one card and has other widths than the paper's.
#
# ```text
#  images ──────► features ──────► avgpool ──────► flatten ───► classifier ───► logits
#  (N, 3, H, W)   (N, 256, h, w)   (N, 256, 6, 6)   (N, 9216)   (N, num_classes)
# ```
#
# **features**, one `nn.Sequential`. Each convolution is followed by a ReLU. After the ReLUs of the first, second and fifth convolution stands a max pooling of 3×3 with stride 2, without padding.
#
# | layer | kernel | stride | padding | weight | bias |
# |---|---|---|---|---|---|
# | `features.0` | 11×11 | 4 | 2 | (64, 3, 11, 11) | (64,) |
# | `features.3` | 5×5 | 1 | 2 | (192, 64, 5, 5) | (192,) |
# | `features.6` | 3×3 | 1 | 1 | (384, 192, 3, 3) | (384,) |
# | `features.8` | 3×3 | 1 | 1 | (256, 384, 3, 3) | (256,) |
# | `features.10` | 3×3 | 1 | 1 | (256, 256, 3, 3) | (256,) |
#
# **avgpool** is an adaptive *average* pooling to 6×6, so images of any size from 63 × 63 up fit. Then the maps are flattened to $256\cdot6\cdot6=9216$ numbers per image, in the order (channel, row, column).
#
# **classifier**, one `nn.Sequential`: dropout, linear, ReLU, dropout, linear, ReLU, linear. Both dropouts set single numbers to 0 with probability 0.5, in train mode only. Nothing follows the last linear layer.
#
# | layer | weight | bias |
# |---|---|---|
# | `classifier.1` | (4096, 9216) | (4096,) |
# | `classifier.4` | (4096, 4096) | (4096,) |
# | `classifier.6` | (num_classes, 4096) | (num_classes,) |
#
# Write `AlexNet(num_classes)`. The first table is given below as `ALEXNET`, if you prefer a loop.

# %% nbgrader={"grade_id": "AlexNet-given"}
# Given: AlexNet's convolutions (channels, kernel_size, stride, padding). "M" is a max pooling of 3×3 with stride 2.
ALEXNET = [(64, 11, 4, 2), "M", (192, 5, 1, 2), "M", (384, 3, 1, 1), (256, 3, 1, 1), (256, 3, 1, 1), "M"]


# %% nbgrader={"grade_id": "AlexNet", "solution": true}
class AlexNet(nn.Module):
    """torchvision's AlexNet: images (N, 3, H, W) → logits (N, num_classes)."""

    def __init__(self, num_classes):
        super().__init__()
        ### BEGIN SOLUTION
        layers, channels = [], 3
        for entry in ALEXNET:
            if entry == "M":
                layers.append(nn.MaxPool2d(3, 2))
            else:
                width, kernel_size, stride, padding = entry
                layers += [nn.Conv2d(channels, width, kernel_size, stride, padding), nn.ReLU()]
                channels = width
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d(6)
        self.classifier = nn.Sequential(
            nn.Dropout(0.5), nn.Linear(256 * 6 * 6, 4096), nn.ReLU(),
            nn.Dropout(0.5), nn.Linear(4096, 4096), nn.ReLU(),
            nn.Linear(4096, num_classes),
        )  # fmt: skip
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        return self.classifier(self.avgpool(self.features(x)).flatten(1))
        ### END SOLUTION


# %% nbgrader={"grade_id": "AlexNet-visible", "grade": true, "points": 0}
checks.architectures.AlexNet(AlexNet)

# %% nbgrader={"grade_id": "AlexNet-hidden", "grade": true, "points": 6}
# Hidden tests run here after you have handed in (6 points).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.architectures.AlexNet.grade(AlexNet)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "AlexNet-picture-text"}
# What your AlexNet costs for one image of 224 × 224 pixels. Nearly all *parameters* are in the first linear layer, and nearly all *multiplications* are in the convolutions, because a convolution uses each of its weights at every position. The total must be 61.1 million parameters and 714 million multiplications. The network is made on the meta device, so drawing it takes no memory.

# %% nbgrader={"grade_id": "AlexNet-picture"}
with needs("AlexNet"):
    with torch.device("meta"):
        network = AlexNet(1000)
    pictures.costs(network, (1, 3, 224, 224))

# %% [markdown] nbgrader={"grade_id": "VGG-text"}
# ## 3. VGG
#
# Two 3×3 convolutions in a row see as many pixels as one of 5×5. They have fewer parameters, and a ReLU between them. VGG is built of 3×3 convolutions and 2×2 poolings alone, so a list of widths describes it (Simonyan and Zisserman, 2015).
#
# ```text
#  images ──────► features ──────► avgpool ──────► flatten ───► classifier ───► logits
#  (N, 3, H, W)   (N, 512, h, w)   (N, 512, 7, 7)   (N, 25088)  (N, num_classes)
# ```
#
# Write `VGG(config, num_classes, batch_norm=False)`.
#
# - **`config`** is a list of whole numbers and of `"M"`, from input to output. A number $c$ is a 3×3 convolution with padding 1 and bias to $c$ channels, then a ReLU. `"M"` is a 2×2 max pooling with stride 2. The last number is 512. The list begins with a number, and its poolings fit the images.
# - **`features`** is one `nn.Sequential` of all these layers in order. With `batch_norm=True` an `nn.BatchNorm2d` stands between each convolution and its ReLU, and the convolutions keep their biases. The positions follow. For `[64, "M", 512]` they are
#
# ```text
#  batch_norm=False    0 conv  1 ReLU  2 pooling  3 conv  4 ReLU
#  batch_norm=True     0 conv  1 norm  2 ReLU  3 pooling  4 conv  5 norm  6 ReLU
# ```
#
# - **`avgpool`** is an adaptive *average* pooling to 7×7. Then the maps are flattened to $512\cdot7\cdot7=25088$ numbers per image, in the order (channel, row, column).
# - **`classifier`**, one `nn.Sequential`: linear, ReLU, dropout, linear, ReLU, dropout, linear. Both dropouts set single numbers to 0 with probability 0.5, in train mode only. (They stand after the ReLUs, and not before the linear layers as in AlexNet. So the positions differ.)
#
# | names | shapes |
# |---|---|
# | `features.i.weight`, `features.i.bias` of a convolution | (c, channels before, 3, 3) and (c,) |
# | `features.i.weight`, `.bias`, `.running_mean`, `.running_var`, `.num_batches_tracked` of a norm | (c,), the last one () |
# | `classifier.0.weight`, `classifier.0.bias` | (4096, 25088) and (4096,) |
# | `classifier.3.weight`, `classifier.3.bias` | (4096, 4096) and (4096,) |
# | `classifier.6.weight`, `classifier.6.bias` | (num_classes, 4096) and (num_classes,) |

# %% nbgrader={"grade_id": "VGG-given"}
# Given: the four depths of the paper, by the number of their layers with weights.
VGG_CONFIGS = {
    11: [64, "M", 128, "M", 256, 256, "M", 512, 512, "M", 512, 512, "M"],
    13: [64, 64, "M", 128, 128, "M", 256, 256, "M", 512, 512, "M", 512, 512, "M"],
    16: [64, 64, "M", 128, 128, "M", 256, 256, 256, "M", 512, 512, 512, "M", 512, 512, 512, "M"],
    19: [64, 64, "M", 128, 128, "M"] + 4 * [256] + ["M"] + 4 * [512] + ["M"] + 4 * [512] + ["M"],
}


# %% nbgrader={"grade_id": "VGG", "solution": true}
class VGG(nn.Module):
    """VGG of any depth: images (N, 3, H, W) → logits (N, num_classes)."""

    def __init__(self, config, num_classes, batch_norm=False):
        super().__init__()
        ### BEGIN SOLUTION
        layers, channels = [], 3
        for entry in config:
            if entry == "M":
                layers.append(nn.MaxPool2d(2))
                continue
            layers.append(nn.Conv2d(channels, entry, kernel_size=3, padding=1))
            if batch_norm:
                layers.append(nn.BatchNorm2d(entry))
            layers.append(nn.ReLU())
            channels = entry
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d(7)
        self.classifier = nn.Sequential(
            nn.Linear(channels * 7 * 7, 4096), nn.ReLU(), nn.Dropout(0.5),
            nn.Linear(4096, 4096), nn.ReLU(), nn.Dropout(0.5),
            nn.Linear(4096, num_classes),
        )  # fmt: skip
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        maps = self.avgpool(self.features(x))
        return self.classifier(maps.flatten(1))
        ### END SOLUTION


# %% nbgrader={"grade_id": "VGG-visible", "grade": true, "points": 0}
checks.architectures.VGG(VGG)

# %% nbgrader={"grade_id": "VGG-hidden", "grade": true, "points": 7}
# Hidden tests run here after you have handed in (7 points).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.architectures.VGG.grade(VGG)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "VGG-picture-text"}
# What your VGG-16 costs for one image of 224 × 224 pixels. A pooling leaves a quarter of the positions, and the channels double up to 512. So from stage to stage the multiplications of a convolution stay about the same, but for the last stage. The totals must be 138 million parameters and 15.5 billion multiplications (G).

# %% nbgrader={"grade_id": "VGG-picture"}
with needs("VGG"):
    with torch.device("meta"):
        network = VGG(VGG_CONFIGS[16], 1000)
    pictures.costs(network, (1, 3, 224, 224))

# %% [markdown] nbgrader={"grade_id": "Inception-text"}
# ## 4. The Inception module
#
# Which kernel size is right? The Inception module takes several at once and concatenates their outputs. A 1×1 convolution before the larger kernels reduces the number of channels, and this saves most of the multiplications (Szegedy and others, 2015).
#
# ```text
#       ┌─ 1×1: ch1x1 ─────────────────────────────────┐
#       ├─ 1×1: ch3x3red ──► 3×3: ch3x3 ───────────────┤
#  x ───┤                                              ├─ concatenate ─► out
#       ├─ 1×1: ch5x5red ──► 5×5: ch5x5 ───────────────┤
#       └─ 3×3 max pooling, stride 1 ─► 1×1: pool_proj ┘
#
#  (N, in_channels, H, W)       (N, ch1x1 + ch3x3 + ch5x5 + pool_proj, H, W)
# ```
#
# Write `Inception(in_channels, ch1x1, ch3x3red, ch3x3, ch5x5red, ch5x5, pool_proj)`. This is the *paper's* module, with a real 5×5 convolution. (torchvision has a 3×3 in its place, and batch norms.)
#
# - Six `nn.Conv2d` with the numbers of channels in the drawing, each with a bias. There is no normalisation and nothing else with parameters.
# - A ReLU follows *each* of the six convolutions.
# - All four branches work on the input. The height and the width stay, so the 3×3 and the 5×5 pad with zeros, and the pooling pads by 1.
# - The channels are concatenated in the order of the drawing: 1×1, 3×3, 5×5, pooling.
# - Names and the order in which you define the layers are free here. The tests recognise the convolutions by the shapes of their weights.


# %% nbgrader={"grade_id": "Inception", "solution": true}
class Inception(nn.Module):
    """The module of GoogLeNet's paper: (N, in_channels, H, W) → (N, ch1x1 + ch3x3 + ch5x5 + pool_proj, H, W)."""

    def __init__(self, in_channels, ch1x1, ch3x3red, ch3x3, ch5x5red, ch5x5, pool_proj):
        super().__init__()
        ### BEGIN SOLUTION

        def conv(inputs, outputs, kernel_size):
            return nn.Sequential(nn.Conv2d(inputs, outputs, kernel_size, padding=kernel_size // 2), nn.ReLU())

        self.branches = nn.ModuleList(
            [
                conv(in_channels, ch1x1, 1),
                nn.Sequential(conv(in_channels, ch3x3red, 1), conv(ch3x3red, ch3x3, 3)),
                nn.Sequential(conv(in_channels, ch5x5red, 1), conv(ch5x5red, ch5x5, 5)),
                nn.Sequential(nn.MaxPool2d(3, stride=1, padding=1), conv(in_channels, pool_proj, 1)),
            ]
        )
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        return torch.cat([branch(x) for branch in self.branches], dim=1)
        ### END SOLUTION


# %% nbgrader={"grade_id": "Inception-visible", "grade": true, "points": 0}
checks.architectures.Inception(Inception)

# %% nbgrader={"grade_id": "Inception-hidden", "grade": true, "points": 6}
# Hidden tests run here after you have handed in (6 points).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.architectures.Inception.grade(Inception)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "Inception-picture-text"}
# The pixels that the four branches of your module see. Each square shows the input of 11 × 11 positions, and blue are those which the output in the middle depends on. They must be 1, 9, 25 and 9, in this order.

# %% nbgrader={"grade_id": "Inception-picture"}
with needs("Inception"):
    torch.manual_seed(0)
    network = Inception(16, 64, 96, 128, 16, 32, 32)
    pictures.branches(network, 16, {"1×1": 64, "3×3": 128, "5×5": 32, "pooling": 32})

# %% [markdown] nbgrader={"grade_id": "question_2-text"}
# **Question 2.** A module `Inception(480, 192, 96, 208, 16, 48, 64)` of GoogLeNet gets a map of 14 × 14 positions. How many multiplications does its 5×5 *branch* take, that is the 1×1 reduction and the 5×5 convolution together? Count one for each weight at each position of the output, padding included, and none for biases. (A 5×5 convolution from 480 to 48 channels without the reduction would take 112,896,000.) Set `answer_2` to this number.

# %% nbgrader={"grade_id": "question_2", "solution": true}
# answer_2 = …
### BEGIN SOLUTION
answer_2 = 14 * 14 * (480 * 16 + 25 * 16 * 48)
### END SOLUTION

# %% nbgrader={"grade_id": "question_2-visible", "grade": true, "points": 0}
checks.architectures.question_2(answer_2)

# %% nbgrader={"grade_id": "question_2-hidden", "grade": true, "points": 1}
# Hidden tests run here after you have handed in (1 point).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.architectures.question_2.grade(answer_2)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "BasicBlock-text"}
# ## 5. The residual block
#
# In 2015 deeper networks had *larger* training errors than shallower ones, although they can compute everything that shallower ones can. A residual block learns only what to *add* to its input, so a block that has learned nothing does no harm (He and others, 2016).
#
# $$y=\mathrm{ReLU}\bigl(F(x)+\text{shortcut}(x)\bigr)\qquad F(x)=\text{bn2}\Bigl(\text{conv2}\bigl(\mathrm{ReLU}(\text{bn1}(\text{conv1}(x)))\bigr)\Bigr)$$
#
# ```text
#  x ──► conv1 3×3, stride ──► bn1 ──► ReLU ──► conv2 3×3 ──► bn2 ──► + ──► ReLU ──► y
#  └──────────────────────── downsample, or nothing ──────────────────┘
#  (N, inplanes, H, W)                                                     (N, planes, H', W')
# ```
#
# Write `BasicBlock(inplanes, planes, stride=1, downsample=None)`.
#
# | names | shapes |
# |---|---|
# | `conv1.weight` | (planes, inplanes, 3, 3), with the block's stride |
# | `conv2.weight` | (planes, planes, 3, 3), with stride 1 |
# | `bn1` and `bn2`: `.weight`, `.bias`, `.running_mean`, `.running_var`, `.num_batches_tracked` | (planes,), the last one () |
# | `downsample. …` | what the given module has |
#
# - Both convolutions have padding 1 and *no bias*, because the batch norm after them adds one.
# - **`downsample`** is a module that the *caller* has made, or `None`. If it is given, the shortcut is `downsample(x)`, and the block keeps it under this name. If not, the shortcut is `x` itself, and then the shapes fit. The block never makes a shortcut layer of its own.
# - The class attribute `expansion` is 1, because the block returns `1 * planes` channels. It is given, and you leave it as it is.


# %% nbgrader={"grade_id": "BasicBlock", "solution": true}
class BasicBlock(nn.Module):
    """Two 3×3 convolutions and a shortcut: (N, inplanes, H, W) → (N, planes, H', W')."""

    expansion = 1

    def __init__(self, inplanes, planes, stride=1, downsample=None):
        super().__init__()
        ### BEGIN SOLUTION
        self.conv1 = nn.Conv2d(inplanes, planes, kernel_size=3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, kernel_size=3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.downsample = downsample
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        shortcut = x if self.downsample is None else self.downsample(x)
        inner = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(inner)) + shortcut)
        ### END SOLUTION


# %% nbgrader={"grade_id": "BasicBlock-visible", "grade": true, "points": 0}
checks.architectures.BasicBlock(BasicBlock)

# %% nbgrader={"grade_id": "BasicBlock-hidden", "grade": true, "points": 4}
# Hidden tests run here after you have handed in (4 points).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.architectures.BasicBlock.grade(BasicBlock)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "BasicBlock-picture-text"}
# A cat passes through 16 of your blocks, whose weights are random. In the upper row the shortcuts are as usual. In the lower row a `downsample` that gives zeros cuts them. With shortcuts the cat is still there after 16 blocks. Without them nothing of it is left, and gradients shrink in the same way on their way back.

# %% nbgrader={"grade_id": "BasicBlock-picture"}
with needs("BasicBlock"):
    cat = data.photograph("chelsea", 64)[None].repeat(1, 8, 1, 1)  # (1, 24, H, 64): each colour eight times
    cut = nn.Conv2d(24, 24, kernel_size=1, bias=False)
    nn.init.zeros_(cut.weight)
    torch.manual_seed(0)
    columns = {0: [cat, cat]}
    for number in range(1, 17):
        blocks = BasicBlock(24, 24).eval(), BasicBlock(24, 24, downsample=cut).eval()
        with torch.no_grad():
            columns[number] = [block(maps) for block, maps in zip(blocks, columns[number - 1])]
    colours = {n: [maps[0, :3] / maps.max().clamp(min=0.01) for maps in both] for n, both in columns.items()}
    rows = [torch.cat(colours[n], dim=1) for n in (0, 1, 4, 16)]
    plots.show_row(rows, ["the cat", "1 block", "4 blocks", "16 blocks"], height=3)

# %% [markdown] nbgrader={"grade_id": "Bottleneck-text"}
# ## 6. The bottleneck
#
# With 256 channels two 3×3 convolutions are expensive. The bottleneck first reduces the number of channels by a 1×1 convolution. Then a 3×3 convolution works on these few channels, and another 1×1 brings back the first number. ResNet-50 and all deeper ResNets are built of bottlenecks.
#
# ```text
#  x ─┬─► conv1 1×1 ─► bn1 ─► ReLU ─► conv2 3×3, stride ─► bn2 ─► ReLU ─┐
#     │                                ┌────────────────────────────────┘
#     │                                └─► conv3 1×1 ─► bn3 ─► + ─► ReLU ─► y
#     └──────────────── downsample, or nothing ────────────────┘
#
#  (N, inplanes, H, W)                                     (N, 4 · planes, H', W')
# ```
#
# Write `Bottleneck(inplanes, planes, stride=1, downsample=None)`.
#
# | names | shapes |
# |---|---|
# | `conv1.weight` | (planes, inplanes, 1, 1), with stride 1 |
# | `conv2.weight` | (planes, planes, 3, 3), with the block's stride and padding 1 |
# | `conv3.weight` | (4 · planes, planes, 1, 1), with stride 1 |
# | `bn1`, `bn2`, `bn3`: `.weight`, `.bias`, `.running_mean`, `.running_var`, `.num_batches_tracked` | (planes,), (planes,), (4 · planes,), the last one () |
# | `downsample. …` | what the given module has |
#
# - The stride is in the *3×3* convolution. (The paper has it in the first 1×1, which then never reads three quarters of its input.)
# - No convolution has a bias. `downsample` means the same as in part 5.
# - The class attribute `expansion` is 4, because the block returns `4 * planes` channels. It is given, and you leave it as it is.


# %% nbgrader={"grade_id": "Bottleneck", "solution": true}
class Bottleneck(nn.Module):
    """1×1, 3×3, 1×1 and a shortcut: (N, inplanes, H, W) → (N, 4 · planes, H', W')."""

    expansion = 4

    def __init__(self, inplanes, planes, stride=1, downsample=None):
        super().__init__()
        ### BEGIN SOLUTION
        self.conv1 = nn.Conv2d(inplanes, planes, kernel_size=1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, kernel_size=3, stride=stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.conv3 = nn.Conv2d(planes, planes * self.expansion, kernel_size=1, bias=False)
        self.bn3 = nn.BatchNorm2d(planes * self.expansion)
        self.downsample = downsample
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        shortcut = x if self.downsample is None else self.downsample(x)
        inner = F.relu(self.bn1(self.conv1(x)))
        inner = F.relu(self.bn2(self.conv2(inner)))
        return F.relu(self.bn3(self.conv3(inner)) + shortcut)
        ### END SOLUTION


# %% nbgrader={"grade_id": "Bottleneck-visible", "grade": true, "points": 0}
checks.architectures.Bottleneck(Bottleneck)

# %% nbgrader={"grade_id": "Bottleneck-hidden", "grade": true, "points": 4}
# Hidden tests run here after you have handed in (4 points).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.architectures.Bottleneck.grade(Bottleneck)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "Bottleneck-picture-text"}
# What your bottleneck costs on 256 maps of 14 × 14 positions. The totals must be 69.6 thousand weights and 13.6 million multiplications. Two 3×3 convolutions with 256 channels would have 1.18 million weights, which is 17 times as many.

# %% nbgrader={"grade_id": "Bottleneck-picture"}
with needs("Bottleneck"):
    with torch.device("meta"):
        network = Bottleneck(256, 64)
    pictures.costs(network, (1, 256, 14, 14))

# %% [markdown] nbgrader={"grade_id": "ResNet-text"}
# ## 7. ResNet
#
# A ResNet is a short start, four stages of blocks, and one linear layer. Each stage after the first works at half the size of the one before, with twice as many channels.
#
# ```text
#  images ─► conv1 7×7, stride 2, padding 3 ─► bn1 ─► ReLU
#         ─► maxpool 3×3, stride 2, padding 1 ─► layer1 ─► layer2 ─► layer3 ─► layer4
#         ─► adaptive average pooling to 1×1 ─► flatten ─► fc ─► logits
#
#  (N, 3, H, W)                                             (N, num_classes)
# ```
#
# Write `ResNet(block, layers, num_classes)`.
#
# - **`block`** is a class such as `BasicBlock` or `Bottleneck`. Make all blocks by `block(inplanes, planes, stride, downsample)`, by position or by name. Arguments with their default value may be left out. A block takes `inplanes` channels and returns `planes * block.expansion`, and `expansion` is any whole number from 1 on.
# - **`layers`** are four whole numbers from 1 on: how many blocks each stage has. ResNet-18 is `ResNet(BasicBlock, [2, 2, 2, 2], 1000)`, and ResNet-50 is `ResNet(Bottleneck, [3, 4, 6, 3], 1000)`.
# - **Stages.** `layer1` to `layer4` are an `nn.Sequential` of blocks each, with 64, 128, 256 and 512 `planes`. The *first* block of `layer2`, `layer3` and `layer4` has stride 2. All other blocks have stride 1.
# - **Shortcuts.** A block whose stride is not 1, or whose `inplanes` differ from `planes * block.expansion`, gets a `downsample`: an `nn.Sequential` of a 1×1 convolution without bias, with the block's stride, and an `nn.BatchNorm2d`. So only the first block of a stage can have one. With bottlenecks the first block of `layer1` has one too, because 64 is not 256. All other blocks get `None`.
#
# | names | shapes |
# |---|---|
# | `conv1.weight` | (64, 3, 7, 7), without bias |
# | `bn1. …` | an `nn.BatchNorm2d` of 64 channels |
# | `layer1.0. …`, `layer1.1. …`, … `layer4. …` | what the blocks have, numbered from 0 in each stage |
# | `layerN.0.downsample.0.weight` | (planes · expansion, inplanes, 1, 1) |
# | `layerN.0.downsample.1. …` | an `nn.BatchNorm2d` of planes · expansion channels |
# | `fc.weight`, `fc.bias` | (num_classes, 512 · expansion) and (num_classes,) |
#
# Images have any size from 32 × 32 up. The visible checks and the hidden tests build your ResNet of torchvision's blocks, so a mistake in part 5 or 6 costs nothing here.


# %% nbgrader={"grade_id": "ResNet", "solution": true}
class ResNet(nn.Module):
    """A residual network of any block: images (N, 3, H, W) → logits (N, num_classes)."""

    def __init__(self, block, layers, num_classes):
        super().__init__()
        ### BEGIN SOLUTION
        self.conv1 = nn.Conv2d(3, 64, kernel_size=7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        channels = 64

        def stage(planes, count, stride):
            nonlocal channels
            blocks, width = [], planes * block.expansion
            for first in [True] + [False] * (count - 1):
                step = stride if first else 1
                downsample = None
                if step != 1 or channels != width:
                    downsample = nn.Sequential(
                        nn.Conv2d(channels, width, kernel_size=1, stride=step, bias=False), nn.BatchNorm2d(width)
                    )
                blocks.append(block(channels, planes, step, downsample))
                channels = width
            return nn.Sequential(*blocks)

        self.layer1 = stage(64, layers[0], stride=1)
        self.layer2 = stage(128, layers[1], stride=2)
        self.layer3 = stage(256, layers[2], stride=2)
        self.layer4 = stage(512, layers[3], stride=2)
        self.fc = nn.Linear(512 * block.expansion, num_classes)
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        x = self.maxpool(F.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(x.mean(dim=(2, 3)))
        ### END SOLUTION


# %% nbgrader={"grade_id": "ResNet-visible", "grade": true, "points": 0}
checks.architectures.ResNet(ResNet)

# %% nbgrader={"grade_id": "ResNet-hidden", "grade": true, "points": 6}
# Hidden tests run here after you have handed in (6 points).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.architectures.ResNet.grade(ResNet)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "ResNet-picture-text"}
# What your ResNet-18 costs for one image of 224 × 224 pixels, block by block. It has a twelfth of VGG-16's parameters and less than an eighth of its multiplications, because there are no large linear layers and the size is halved twice before the first block. The totals must be 11.7 million parameters and 1.81 billion multiplications (G).

# %% nbgrader={"grade_id": "ResNet-picture"}
with needs("ResNet", "BasicBlock"):
    with torch.device("meta"):
        network = ResNet(BasicBlock, [2, 2, 2, 2], 1000)
    pictures.costs(network, (1, 3, 224, 224))

# %% [markdown] nbgrader={"grade_id": "weights-text"}
# ### Their weights in your network
#
# Now your ResNet-18, made of your own blocks, loads all weights of torchvision's. Both get the photograph of the cat. The two curves of 1000 logits must lie on top of each other. Nothing in this cell is graded.

# %% nbgrader={"grade_id": "weights"}
with needs("ResNet", "BasicBlock"):
    torch.manual_seed(0)
    theirs = torchvision.models.resnet18().eval()
    yours = ResNet(BasicBlock, [2, 2, 2, 2], 1000).eval()
    print(yours.load_state_dict(theirs.state_dict()))
    cat = data.photograph("chelsea", 224)[None]  # (1, 3, H, 224)
    with torch.inference_mode():
        logits = theirs(cat)[0], yours(cat)[0]
    pictures.logits(*logits)

# %% [markdown] nbgrader={"grade_id": "pretrained-text"}
# The weights above are random, because the course needs no network connection. If you have one, put this into a cell of your own. It loads 98 MB of weights that were trained on a million photographs into *your* ResNet-50. (Delete the cell before you hand in, because the grader has no connection.)
#
# ```python
# weights = torchvision.models.ResNet50_Weights.DEFAULT
# network = ResNet(Bottleneck, [3, 4, 6, 3], 1000).eval()
# network.load_state_dict(weights.get_state_dict())
# for name in ("chelsea", "coffee"):
#     image = weights.transforms()(data.photograph(name, 400))[None]
#     with torch.inference_mode():
#         print(name, "is", weights.meta["categories"][network(image).argmax()])
# ```

# %% [markdown] nbgrader={"grade_id": "training-text"}
# ### Your ResNet reads
#
# A ResNet-18 is too large for 1,198 small digits. `small` makes your ResNet with one block per stage, or as many as you say, and leaves out the last two stages. (Modules can be replaced after a network is made.) `read_digits` trains it for some seconds, and lets it read 599 other digits. The table shows its errors. A row is the digit that was written, and a column is the digit that was read. Nothing here is graded, and part 9 asks for an experiment with it.

# %% nbgrader={"grade_id": "training-given"}
# Given: the digits as colour images of 16 × 16, a small ResNet, and its training.
digits, labels = data.digits()  # (1797, 1, 8, 8) in 0…1, and (1797,)
digits = F.interpolate(digits.expand(-1, 3, -1, -1), scale_factor=2, mode="bilinear")  # (1797, 3, 16, 16)
held_back = torch.arange(len(labels)) % 3 == 0


def small(block, layers):
    """Your ResNet with two stages of so many blocks, for ten classes."""
    network = ResNet(block, [*layers, 1, 1], 10)
    network.layer3 = network.layer4 = nn.Identity()
    network.fc = nn.Linear(128 * block.expansion, 10)
    return network


def read_digits(block, layers=(1, 1), seed=0, epochs=8):
    """Trains a small ResNet on two thirds of the digits; returns what it reads on the others, and its losses."""
    torch.manual_seed(seed)
    network = small(block, layers)
    loader = DataLoader(TensorDataset(digits[~held_back], labels[~held_back]), batch_size=64, shuffle=True)
    optimizer = torch.optim.Adam(network.parameters())
    steps = convcourse.epochs(epochs) * len(loader)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1e-2, total_steps=steps)
    losses = []
    for _ in range(convcourse.epochs(epochs)):
        network.train()
        losses.append(0.0)
        for images, targets in loader:
            loss = F.cross_entropy(network(images), targets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            losses[-1] += loss.item() / len(loader)
    network.eval()
    with torch.inference_mode():
        return network(digits[held_back]).argmax(1), losses


# %% nbgrader={"grade_id": "training"}
with needs("ResNet", "BasicBlock"):
    guesses, losses = read_digits(BasicBlock)
    print("losses:", ", ".join(f"{loss:.2f}" for loss in losses))
    print(f"{(guesses == labels[held_back]).float().mean():.1%} of the images that were held back are read right")
    pictures.confusions(digits[held_back][:, :1], labels[held_back], guesses)

# %% [markdown] nbgrader={"grade_id": "bonus-text"}
# ## 8. Optional: squeeze and excitation
#
# A convolution sees a neighbourhood, and cannot know what is in the rest of the image. A squeeze-and-excitation module takes the mean of each map, and computes from all means how much each map counts (Hu, Shen and Sun, 2018).
#
# ```text
#  x ─────► mean over H × W ─► layer 1 ─► ReLU ─► layer 2 ─► sigmoid ─► times x ─► out
#  (N, C, H, W)        (N, C)  (N, C // r)          (N, C)              (N, C, H, W)
# ```
#
# Write `SqueezeExcitation(channels, reduction)`, with $C$ = `channels` and $r$ = `reduction`. Both are whole numbers, and `reduction` divides `channels`. Layer 1 goes from `channels` to `channels // reduction`, layer 2 goes back. Both have a bias. They are either `nn.Linear` or `nn.Conv2d` with 1×1 kernels, and there are no other parameters. Names are free. Each map of `x` is multiplied by its own number. (It gives 2 bonus points, which are counted separately from the 40.)


# %% nbgrader={"grade_id": "bonus", "solution": true}
class SqueezeExcitation(nn.Module):
    """Each map times a number between 0 and 1 that depends on all maps: (N, channels, H, W) → the same shape."""

    def __init__(self, channels, reduction):
        super().__init__()
        ### BEGIN SOLUTION
        self.squeeze = nn.Linear(channels, channels // reduction)
        self.excite = nn.Linear(channels // reduction, channels)
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        hidden = F.relu(self.squeeze(x.mean(dim=(2, 3))))
        return x * torch.sigmoid(self.excite(hidden))[:, :, None, None]
        ### END SOLUTION


# %% nbgrader={"grade_id": "bonus-visible", "grade": true, "points": 0}
checks.architectures.SqueezeExcitation(SqueezeExcitation)

# %% nbgrader={"grade_id": "bonus-hidden", "grade": true, "points": 0}
# Hidden tests run here after you have handed in (2 bonus points).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.architectures.bonus.grade(SqueezeExcitation)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "question_3-text"}
# **Question 3.** In a `BasicBlock(64, 64)` the last batch norm (`bn2`) has weight 0 and bias 0. All other parameters have any values. The input has no negative numbers. What does the block return?
# - A: zeros, because the last norm multiplies by 0;
# - B: its input;
# - C: twice its input;
# - D: it depends on the weights of the convolutions.
#
# Set `answer_3` to one of the letters, such as `"A"`.

# %% nbgrader={"grade_id": "question_3", "solution": true}
# answer_3 = "…"
### BEGIN SOLUTION
answer_3 = "B"
### END SOLUTION

# %% nbgrader={"grade_id": "question_3-visible", "grade": true, "points": 0}
checks.architectures.question_3(answer_3)

# %% nbgrader={"grade_id": "question_3-hidden", "grade": true, "points": 1}
# Hidden tests run here after you have handed in (1 point).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.architectures.question_3.grade(answer_3)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "discussion-text"}
# ## 9. Discuss
#
# Write 100 to 200 words. Change *one* thing in your blocks, for example cut the shortcuts, leave out the batch norms, or add your `SqueezeExcitation`, in a class of your own such as `class Plain(BasicBlock)`. Call `read_digits(Plain, (5, 5), seed)` and `read_digits(BasicBlock, (5, 5), seed)` with three seeds each. (Such a training takes about half a minute.) Say what you expected, what you saw, and what the cause is. Say also what your experiment cannot show. A person reads this, and gives up to 4 points beyond the 40.

# %% [markdown] nbgrader={"grade_id": "discussion", "grade": true, "solution": true, "points": 4}
# I cut the shortcuts (`Plain` returns the ReLU of `bn2` alone) in a network of ten blocks. I expected that it would not learn at all, as the cat that vanished suggests. It did learn. With seeds 0, 1 and 2 it read 95.5, 96.7 and 96.0 % of the digits, and with shortcuts 97.3, 99.0 and 98.0 %. In the last epoch the mean losses on the *training* digits were 0.10 to 0.18 without shortcuts and 0.02 with them. So the plain network does not overfit. It is harder to train, which is the observation of the paper. It does not fail completely because each block has two batch norms in train mode. They bring every map back to the same size, and the cat passed through blocks in eval mode. With two blocks there was hardly a difference, 98.2 to 98.8 against 99.0 to 99.5 %, so depth matters. The experiment cannot show that the plain network is worse for good. Its losses still fell, and 16 or 30 epochs might close the gap. I also kept the learning rate that suits the ResNet.
