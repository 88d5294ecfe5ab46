# %% [markdown] nbgrader={"grade_id": "intro"}
# # Assignment 6: segmentation
#
# Until now a network gave one output for a whole image. Here it gives one for *every pixel*. You write everything that this needs. There are two ways to make feature maps larger, and the layer that learns to do it. Then come a metric, a loss, and the loop that trains a network. With these you train the U-Net of the paper, and you write a second one on a pretrained encoder. The parts follow chapter 6 of the book, and no part needs another one to be right.
#
# **How to work.** Each part has a cell for your code, with a first line and `raise NotImplementedError()`. Replace the `raise`. The cell below it holds *visible checks*. They take a second, say what is wrong, and give no points. The *hidden tests* run after you have handed in, and give the points. They require only what the text says, but they look at many more cases than the visible checks. You may add cells of your own anywhere, with helpers or with experiments. Locked cells stay as they are. Before you hand in, choose *Restart Kernel and Run All Cells*, save, and run in a terminal
#
# ```bash
# python -m convcourse check 06-segmentation.ipynb
# ```
#
# **What is not allowed.** You write three functions without the library function that does the same. `upsample_nearest` and `upsample_bilinear` may not use `F.interpolate`, `nn.Upsample`, or anything of a library for images or signals (Pillow, SciPy, scikit-image, OpenCV). `conv_transpose2d` may not use `F.conv_transpose2d`, `nn.ConvTranspose2d` or `F.fold`, under whatever name. The grader refuses such a call and says so. The visible checks already refuse PyTorch's. Everything else of PyTorch is allowed there, such as indexing, `einsum`, `F.pad`, `F.grid_sample`, `F.conv2d` and its gradient. In all other parts you may use all of PyTorch, and in cells of your own anything. A comparison is the best test that you can write.
#
# **What holds everywhere.**
#
# - *Images* come as tensors of shape $(N, C, H, W)$: a batch of $N$ images with $C$ channels, $H$ rows and $W$ columns. A batch is never empty.
# - A *pair* is always a tuple *(down, right)*, that is (H, W).
# - *Types.* Results keep the input's dtype, float32 or float64. Where you return or set a number, a Python number, a NumPy number and a tensor with one element are all right.
# - *Gradients.* Results are differentiable wherever the mathematics is. Gradients are not examined at corners of a function (such as ReLU at 0), at logits beyond ±80, where a sum is empty, and to *expanded* tensors, whose elements share memory. The values count there too.
# - *Memory.* Arguments are never changed. The result may share memory with them. Nothing is kept from one call to the next: every call computes anew, and an earlier result stays as it is. Tensors that come in need not be contiguous. Transposed, expanded and channels-last ones come too.
# - *Refusals.* Where arguments must be refused, raise a `ValueError` (a `RuntimeError` is accepted too).
# - *Networks* give raw logits, without softmax or sigmoid. In eval mode two calls give the same. In either mode the images of a batch do not mix, and a call changes nothing in the network. Gradients reach every parameter.
# - What is not named is not examined. For example, you may do as you like with half precision, with NaN, with `epochs=0` and with `depth=0`.
# - Your own cells run again when the notebook is graded. A cell may take 90 seconds of processor time, the whole notebook 400, and all of it 2 GB of memory. What a cell shows may be 2 MiB and 1,000 outputs, and what the whole notebook shows 16 MiB. In trainings of your own write `epochs=convcourse.epochs(n)`, which is `n` for you and 1 for the grader.
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
from torch import nn
from torch.utils.data import DataLoader

import convcourse
from convcourse import checks, data, needs, plots

plots.style()
torch.set_num_threads(1)  # these networks are small: with more threads they wait for one another


def pair(value):
    """One number for both axes, or a pair (down, right): (value, value) or the pair itself."""
    return (value, value) if isinstance(value, int) else tuple(value)


# %% [markdown] nbgrader={"grade_id": "upsample_nearest-text"}
# ## 1. Larger, by repeating
#
# A network that has made its feature maps smaller by pooling must bring them back to the size of the image. The simplest way repeats every pixel, so that it fills a cell of $s_h \times s_w$ pixels.
#
# $$\text{out}[n,c,i,j]=x\bigl[n,\,c,\,\lfloor i/s_h\rfloor,\,\lfloor j/s_w\rfloor\bigr]$$
#
# ```text
#             1 1 1 2 2 2
#  1 2        1 1 1 2 2 2
#  3 4   →    3 3 3 4 4 4        scale = (2, 3)
#             3 3 3 4 4 4
# ```
#
# Write `upsample_nearest`. `x` is $(N, C, H, W)$, and `scale` is a whole number from 1 on, or a pair of them. The result is $(N, C, s_h H, s_w W)$.


# %% nbgrader={"grade_id": "upsample_nearest", "solution": true}
def upsample_nearest(x, scale):
    """Every pixel of images (N, C, H, W) repeated: scale, an int or a pair (down, right), says how often."""
    ### BEGIN SOLUTION
    down, right = pair(scale)
    return x.repeat_interleave(down, dim=2).repeat_interleave(right, dim=3)
    ### END SOLUTION


# %% nbgrader={"grade_id": "upsample_nearest-visible", "grade": true, "points": 0}
checks.segmentation.upsample_nearest(upsample_nearest)

# %% nbgrader={"grade_id": "upsample_nearest-hidden", "grade": true, "points": 2.5}
# Hidden tests run here after you have handed in (2.5 points).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.segmentation.upsample_nearest.grade(upsample_nearest)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "upsample_bilinear-text"}
# ## 2. Larger, by mixing
#
# Repeated pixels make staircases. Bilinear upsampling asks where in the old image a new pixel lies, and mixes the old pixels around this position by their distances. Along one axis these are the two neighbours, and along both axes four.
#
# A new row $i$ of $m$ lies at position $p$ among the $n$ old rows:
#
# | | position of new row $i$ | first and last row |
# |---|---|---|
# | `align_corners=False` | $p=\left(i+\tfrac12\right)\dfrac nm-\tfrac12$ | pixels are squares, and the *edges* of the images lie on each other. A position beyond the outermost pixel centres, $p<0$ or $p>n-1$, gets the outermost pixel |
# | `align_corners=True` | $p=i\,\dfrac{n-1}{m-1}$, and $0$ if $m=1$ | the *centres* of the corner pixels lie on each other |
#
# With $a=\lfloor p\rfloor$ and the remainder $t=p-a$, the new row is $(1-t)\cdot\text{row}_a+t\cdot\text{row}_{a+1}$. Columns work in the same way.
#
# Write `upsample_bilinear`. `size` is the new size, an int for a square or a pair (down, right). It may be larger or smaller than the old size, and a side may be a single pixel, before or after. If the image gets smaller, only the four neighbours are mixed (no antialiasing).


# %% nbgrader={"grade_id": "upsample_bilinear", "solution": true}
def upsample_bilinear(x, size, align_corners=False):
    """Images (N, C, H, W) at a new size, an int or a pair (down, right), by mixing the four nearest pixels."""
    ### BEGIN SOLUTION

    def shares(n, m):
        """How much of each of n old pixels is in each of m new ones: (m, n)."""
        new = torch.arange(m, dtype=x.dtype, device=x.device)
        place = new * ((n - 1) / max(m - 1, 1)) if align_corners else (new + 0.5) * (n / m) - 0.5
        distance = place.clamp(0, n - 1)[:, None] - torch.arange(n, dtype=x.dtype, device=x.device)
        return (1 - distance.abs()).clamp(min=0)

    height, width = pair(size)
    return shares(x.shape[2], height) @ x @ shares(x.shape[3], width).T
    ### END SOLUTION


# %% nbgrader={"grade_id": "upsample_bilinear-visible", "grade": true, "points": 0}
checks.segmentation.upsample_bilinear(upsample_bilinear)

# %% nbgrader={"grade_id": "upsample_bilinear-hidden", "grade": true, "points": 4}
# Hidden tests run here after you have handed in (4 points).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.segmentation.upsample_bilinear.grade(upsample_bilinear)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "upsample-picture-text"}
# An eye of 24 × 24 pixels, nine times as large, by your two ways and by PyTorch's two. Left and right of each pair must look the same.

# %% nbgrader={"grade_id": "upsample-picture"}
with needs("upsample_nearest", "upsample_bilinear"):
    eye = data.photograph("chelsea", 150, grey=True)[None, :, 44:68, 66:90]  # (1, 1, 24, 24)
    panels = {
        "yours, nearest": upsample_nearest(eye, 9),
        "PyTorch's": F.interpolate(eye, scale_factor=9, mode="nearest"),
        "yours, bilinear": upsample_bilinear(eye, 9 * 24),
        "PyTorch's ": F.interpolate(eye, 9 * 24, mode="bilinear"),
    }
    plots.show_row([panel[0] for panel in panels.values()], list(panels), vmin=0, vmax=1)

# %% [markdown] nbgrader={"grade_id": "conv_transpose2d-text"}
# ## 3. Larger, by learning
#
# A transposed convolution makes feature maps larger with weights that are learned. Every input pixel *stamps* the kernel, multiplied by its value, onto the output. The stamps stand $\sigma$ pixels apart, and where they overlap they add up. The name says what it is. Its matrix is the transpose of the matrix of the convolution with the same weight, and it takes gradients back.
#
# $$\text{full}[n,\,t,\;r\sigma_h+u\,d_h,\;c\,\sigma_w+v\,d_w]\mathrel{+}=x[n,s,r,c]\cdot\text{weight}[s,\,t-\text{first}(s),\,u,\,v]\qquad\text{for all } n,s,r,c,t,u,v$$
#
# ```text
#  x = a b,  kernel k of 3,  stride 2:      a·k   a·k   a·k
#                                                       b·k   b·k   b·k
#                                           ————————————————————————————
#  5 = (2 − 1)·2 + 3 pixels                  ·     ·     +     ·     ·
# ```
#
# | | |
# |---|---|
# | `x` | $(N, S, H, W)$ |
# | `weight` | $(S, T/g, k_h, k_w)$: *input* channels come first |
# | `bias` | $(T,)$, or `None`: added once to every pixel of the output |
# | `stride`, `padding`, `output_padding`, `dilation` | $\sigma$, $p$, $o$, $d$: each an int, or a pair (down, right); $o$ comes *before* groups, $d$ after it |
# | `groups` | $g$: channels are cut into $g$ blocks of neighbours, in order. Input channels of a block reach only the output channels of the same block; $\text{first}(s)=\lfloor s\,g/S\rfloor\cdot T/g$ is the block's first |
# | result | $(N, T, H', W')$ with $H'=(H-1)\,\sigma_h-2p_h+d_h\,(k_h-1)+o_h+1$ |
#
# `padding` makes the result *smaller*. It cuts $p$ rows and columns off all four sides of the full map, because they were padding in the convolution that is transposed here. `output_padding` makes the result larger, by $o$ rows at the bottom and $o$ columns at the right. Under a stride, several sizes of input shrink to the same size, and $o$ says which of them is meant. The added rows belong to the full map. If stamps reach into them (because `padding` would have cut them off), they contain what the stamps wrote there. (Where the dilation is larger than the stride, $o$ may lie between the two. Then it says no longer which size is meant, and only adds rows.)
#
# **Refuse** these with a `ValueError`, and nothing else:
#
# - an `output_padding` that is not below the larger of stride and dilation, on either axis
# - channels that do not fit the weight ($S\ne$ `weight.shape[0]`, or $g$ does not divide $S$)


# %% nbgrader={"grade_id": "conv_transpose2d", "solution": true}
def conv_transpose2d(x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    """Transposed convolution of maps (N, S, H, W) with a weight (S, T/groups, kH, kW): F.conv_transpose2d.

    stride, padding, output_padding, dilation: an int or a pair (down, right). Raises ValueError for what cannot be right.
    """
    ### BEGIN SOLUTION
    batch, channels, height, width = x.shape
    _, channels_per_group, kernel_height, kernel_width = weight.shape
    (stride_h, stride_w), (dilation_h, dilation_w) = pair(stride), pair(dilation)
    (padding_h, padding_w), (more_h, more_w) = pair(padding), pair(output_padding)
    if channels != weight.shape[0] or channels % groups:
        raise ValueError(f"a weight {tuple(weight.shape)} in {groups} groups does not fit {channels} channels")
    if more_h >= max(stride_h, dilation_h) or more_w >= max(stride_w, dilation_w):
        raise ValueError(f"output_padding {(more_h, more_w)} must be below the larger of stride and dilation")

    full_height = (height - 1) * stride_h + dilation_h * (kernel_height - 1) + more_h + 1
    full_width = (width - 1) * stride_w + dilation_w * (kernel_width - 1) + more_w + 1
    full = x.new_zeros(batch, groups, channels_per_group, full_height, full_width)
    x = x.unflatten(1, (groups, -1))
    weight = weight.unflatten(0, (groups, -1))
    for u in range(kernel_height):
        for v in range(kernel_width):
            # The pixels that tap (u, v) of every stamp meets.
            down = slice(u * dilation_h, u * dilation_h + stride_h * (height - 1) + 1, stride_h)
            right = slice(v * dilation_w, v * dilation_w + stride_w * (width - 1) + 1, stride_w)
            full[..., down, right] += torch.einsum("ngsrc,gst->ngtrc", x, weight[..., u, v])
    out = full.flatten(1, 2)[:, :, padding_h : full_height - padding_h, padding_w : full_width - padding_w]
    return out if bias is None else out + bias.reshape(1, -1, 1, 1)
    ### END SOLUTION


# %% nbgrader={"grade_id": "conv_transpose2d-visible", "grade": true, "points": 0}
checks.segmentation.conv_transpose2d(conv_transpose2d)

# %% nbgrader={"grade_id": "conv_transpose2d-hidden", "grade": true, "points": 6}
# Hidden tests run here after you have handed in (6 points).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.segmentation.conv_transpose2d.grade(conv_transpose2d)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "conv_transpose2d-picture-text"}
# How often is an output pixel stamped? Here all weights and all inputs are 1, so the picture counts. Kernel 2 with stride 2, U-Net's choice, stamps every pixel once. Kernel 3 with stride 2 stamps some once, some twice and some four times. This is a checkerboard, and networks with such a layer tend to show it in their outputs.

# %% nbgrader={"grade_id": "conv_transpose2d-picture"}
with needs("conv_transpose2d"):
    ones = torch.ones(1, 1, 7, 7)
    counts = {(k, s): conv_transpose2d(ones, torch.ones(1, 1, k, k), stride=s)[0] for k, s in ((2, 2), (3, 2), (4, 2))}
    plots.show_row(list(counts.values()), [f"kernel {k}, stride {s}" for k, s in counts], vmin=0, vmax=4)

# %% [markdown] nbgrader={"grade_id": "iou-text"}
# ## 4. How good is a segmentation?
#
# The share of right pixels can be too kind. If nine pixels of ten are background, the prediction "background everywhere" is right for nine of ten. The intersection over union looks at one class at a time, and only at pixels that prediction or truth give to this class.
#
# $$\text{IoU}[k]=\frac{\bigl|\{\text{pixels}:\text{pred}=k\ \text{and}\ \text{target}=k\}\bigr|}{\bigl|\{\text{pixels}:\text{pred}=k\ \text{or}\ \text{target}=k\}\bigr|}$$
#
# ```text
#  pred    1 1 0 0     target  1 0 0 0     class 0: 4 pixels of 5;  class 1: 1 of 2;  class 2: 2 of 2
#          0 2 2 0             0 2 2 0
# ```
#
# Write `iou`. `pred` and `target` are int64 tensors of labels with the same shape, $(N, H, W)$ or any other. Labels are $0,\dots,$ `num_classes` $-1$, and targets may also be `ignore_index`, which can be any other number. The result is a float tensor of shape (`num_classes`,). Count pixels over the whole batch at once, and do not average over images. A class that neither of the two has is $0/0$, which is NaN, because nothing can be said about it. A class that only one of them has gets 0. Pixels whose *target* is `ignore_index` are left out of both, whatever the prediction is. Nobody knows what they show.


# %% nbgrader={"grade_id": "iou", "solution": true}
def iou(pred, target, num_classes, ignore_index=255):
    """Intersection over union of each class: labels pred and target of one shape → (num_classes,)."""
    ### BEGIN SOLUTION
    known = target != ignore_index
    pred = F.one_hot(pred[known], num_classes).bool()  # (pixels, num_classes)
    target = F.one_hot(target[known], num_classes).bool()
    return (pred & target).sum(0) / (pred | target).sum(0)
    ### END SOLUTION


# %% nbgrader={"grade_id": "iou-visible", "grade": true, "points": 0}
checks.segmentation.iou(iou)

# %% nbgrader={"grade_id": "iou-hidden", "grade": true, "points": 2.5}
# Hidden tests run here after you have handed in (2.5 points).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.segmentation.iou.grade(iou)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "DiceLoss-text"}
# ## 5. A loss that looks at overlap
#
# Cross-entropy adds up pixels, so a small object has little weight in it. The Dice coefficient measures overlap, as the IoU does. It also works for probabilities, so it can be a loss. For an image with probabilities $a$ and a mask $b$ of zeros and ones
#
# $$L=1-\frac{2\sum_i a_i b_i}{\sum_i (a_i+b_i)+\varepsilon}\qquad\text{the sums run over the pixels } i \text{ of } \textit{one}\text{ image}$$
#
# 0 is perfect, and 1 is no overlap. The small $\varepsilon$ stands only in the denominator. It prevents 0/0, so an empty prediction of an empty mask has the loss 1.
#
# Write `DiceLoss(eps=1e-7, reduction="mean", with_logits=True)`, a module that is called as `loss(prediction, target)`.
#
# - `prediction` and `target` are $(N, 1, H, W)$ or $(N, H, W)$, both of the same shape and dtype. The target holds 0 and 1. More than one channel is not examined.
# - With `with_logits=True` the prediction holds logits, and $a$ is their sigmoid. With `with_logits=False` it holds probabilities already.
# - The `reduction` `"none"` gives one loss for each image, $(N,)$, and `"mean"` and `"sum"` give their mean and their sum. Refuse other words with a `ValueError`, when the loss is made or when it is called.
#
# In the same cell write `dice_loss(logits, target)`, a function that gives the same as `DiceLoss()(logits, target)`.


# %% nbgrader={"grade_id": "DiceLoss", "solution": true}
class DiceLoss(nn.Module):
    """1 minus the Dice coefficient of binary maps (N, 1, H, W) or (N, H, W), image by image."""

    def __init__(self, eps=1e-7, reduction="mean", with_logits=True):
        super().__init__()
        ### BEGIN SOLUTION
        if reduction not in ("mean", "sum", "none"):
            raise ValueError(f'reduction must be "mean", "sum" or "none", not {reduction!r}')
        self.eps, self.reduction, self.with_logits = eps, reduction, with_logits
        ### END SOLUTION

    def forward(self, prediction, target):
        """A number, or with reduction="none" one for each image."""
        ### BEGIN SOLUTION
        a = (prediction.sigmoid() if self.with_logits else prediction).flatten(1)
        b = target.flatten(1)
        losses = 1 - 2 * (a * b).sum(1) / ((a + b).sum(1) + self.eps)
        return losses if self.reduction == "none" else getattr(losses, self.reduction)()
        ### END SOLUTION


def dice_loss(logits, target):
    """The mean Dice loss of logits."""
    ### BEGIN SOLUTION
    return DiceLoss()(logits, target)
    ### END SOLUTION


# %% nbgrader={"grade_id": "DiceLoss-visible", "grade": true, "points": 0}
checks.segmentation.DiceLoss(DiceLoss, dice_loss)

# %% nbgrader={"grade_id": "DiceLoss-hidden", "grade": true, "points": 4}
# Hidden tests run here after you have handed in (4 points).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.segmentation.DiceLoss.grade(DiceLoss)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "fit-text"}
# ## 6. Training
#
# A network learns from images in which somebody has named every pixel. The loop is the one you know from classification. Only the loss is new, because it compares maps.
#
# Write `fit(model, loader, epochs)`. It trains `model` *in place* and returns a list of `epochs` numbers, for each epoch the mean of the losses of its batches (or of its images).
#
# - The `loader` gives pairs (images, masks), float32 $(N, C, H, W)$ and int64 $(N, H, W)$. It need not be a `DataLoader`: use it in a `for` loop and in `len(loader)` only. In each epoch it is read once, from start to end. Every batch leads to one step of the optimiser along its own gradient, so gradients of earlier batches are cleared.
# - The model's logits are $(N, K, H, W)$. With more than one class, $K>1$, the loss is the cross-entropy between logits and mask. With one, $K=1$, masks hold 0 and 1, and the loss is binary cross-entropy on the logits, or its sum with the Dice loss. (The Dice loss alone is not enough: with these learning rates it often stands still.)
# - The model is set to train mode before it is trained. (`fit` need not set it back.)
# - You may choose the optimiser and its learning rate. `torch.optim.Adam` with a learning rate between 1e-3 and 1e-2 works well here.
#
# The hidden tests also train a small given network, `data.training_network(1)`, by your `fit`. It has two attempts, each from other first weights, and one of them is enough. The cell below prints how good the network must be. Below the visible check you can try it.

# %% nbgrader={"grade_id": "fit-bar"}
# Given: how good the network must be, beside the rules above; and a network for the visible checks.
print(data.training("exam").rule)


def small_network(classes):
    """One layer and a batch norm, for images of 3 channels."""
    return nn.Sequential(nn.Conv2d(3, classes, kernel_size=1), nn.BatchNorm2d(classes))


# %% nbgrader={"grade_id": "fit", "solution": true}
def fit(model, loader, epochs):
    """Trains a model on batches of (images, masks) in place; returns each epoch's mean loss."""
    ### BEGIN SOLUTION
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    model.train()
    history = []
    for _ in range(epochs):
        losses = []
        for images, masks in loader:
            logits = model(images)
            if logits.shape[1] == 1:
                loss = F.binary_cross_entropy_with_logits(logits[:, 0], masks.to(logits.dtype))
            else:
                loss = F.cross_entropy(logits, masks)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        history.append(sum(losses) / len(losses))
    return history
    ### END SOLUTION


# %% nbgrader={"grade_id": "fit-visible", "grade": true, "points": 0}
checks.segmentation.fit(fit, small_network)

# %% nbgrader={"grade_id": "fit-hidden", "grade": true, "points": 4}
# Hidden tests run here after you have handed in (4 points).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.segmentation.fit.grade(fit)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "fit-rehearsal"}
# Given: the training of the hidden tests, on other scenes.
with needs("fit", "iou"):
    plan = data.training("exam")
    seen, unseen = (
        [(image, (mask > 0).long()) for image, mask in data.ShapeScenes(count, plan.size, seed=seed)]
        for count, seed in ((plan.scenes, 3), (plan.unseen, 4))
    )
    torch.manual_seed(0)
    finder = data.training_network(1)
    losses = fit(finder, DataLoader(seen, plan.batch_size), plan.epochs)

    images, truth = (torch.stack(part) for part in zip(*unseen))
    finder.eval()
    with torch.inference_mode():
        found = (finder(images)[:, 0] > 0).long()
    print(f"loss {losses[0]:.2f} → {losses[-1]:.2f}, mean IoU {iou(found, truth, 2).mean():.2f} (the bar: {plan.bar})")

# %% [markdown] nbgrader={"grade_id": "UNet-text"}
# ## 7. U-Net
#
# Pooling tells a network *what* there is and makes it forget *where*. U-Net (Ronneberger, Fischer and Brox, 2015) goes down as a classifier does and comes up again by transposed convolutions. On each level it passes on what it knew there on the way down. Write the network of the paper, in any depth and width. In the drawing $b$ is `base_channels`, and `depth` counts the poolings.
#
# ```text
#  x                                                             logits
#  │                                                               ▲ conv 1×1: b → num_classes
#  2 × conv 3×3: b  ──────────────── skip ──────────────► 2b ─► 2 × conv 3×3: b
#  │ max pool 2×2                                        ▲ up-conv 2×2, stride 2: 2b → b
#  2 × conv 3×3: 2b ───────── skip ─────────► 4b ─► 2 × conv 3×3: 2b
#  │ max pool 2×2                            ▲ up-conv 2×2, stride 2: 4b → 2b
#  ⋮                                         ⋮
#  2 × conv 3×3: 2^depth · b ────────────────┘       (the bottom: no pooling after it)
# ```
#
# Write `UNet(in_channels, num_classes, base_channels=64, depth=4, padding="valid")`.
#
# - **Two 3×3 convolutions per level**, on the way down and up, each followed by a ReLU. All layers have biases and parameters of their own. There is no normalisation. Everything that the network has learned is in its `state_dict()`, so a second network that loads it gives the same outputs.
# - **Down**: 2×2 max pooling between levels, and twice as many channels on the next level.
# - **Up**: a 2×2 transposed convolution with stride 2 halves the channels. Then the skip is concatenated, in either order.
# - **Skips** are a level's maps *before* pooling, after both convolutions. If they are larger than what comes from below, they are cropped to its size around the centre, with the same number of rows off the top and the bottom, and the same for columns. (The difference is always even. Images need not be square.)
# - **At the end** a 1×1 convolution to `num_classes`, and nothing after it.
# - **`padding`**: `"valid"` pads nothing, so each 3×3 convolution costs two rows and columns. `UNet(1, 2)` turns 572 × 572 pixels into 388 × 388, and it has 31,030,658 parameters. `"same"` pads each 3×3 convolution with one row or column of zeros on every side, so the size stays. You may assume one of the two words, `depth` from 1 on, and sizes that the poolings divide without remainder.
#
# You are free in all names, in the order of your modules, in dropout (as long as `eval()` switches it off), and in a ReLU after the up-convolution. You may use `nn.ConvTranspose2d` here.
#
# Shapes and numbers of parameters do not show every mistake. Try this: change one pixel of an image, and find the pixels of the output that change. They lie around it, about as far up as down and as far left as right.


# %% nbgrader={"grade_id": "UNet", "solution": true}
class UNet(nn.Module):
    """U-Net: images (N, in_channels, H, W) → logits (N, num_classes, H', W')."""

    def __init__(self, in_channels, num_classes, base_channels=64, depth=4, padding="valid"):
        super().__init__()
        ### BEGIN SOLUTION

        def two_convolutions(channels, width):
            return nn.Sequential(
                nn.Conv2d(channels, width, kernel_size=3, padding=padding),
                nn.ReLU(),
                nn.Conv2d(width, width, kernel_size=3, padding=padding),
                nn.ReLU(),
            )

        widths = [base_channels * 2**level for level in range(depth + 1)]
        inputs = [in_channels, *widths[:-1]]
        self.down = nn.ModuleList(two_convolutions(c, width) for c, width in zip(inputs, widths))
        self.enlarge = nn.ModuleList(nn.ConvTranspose2d(2 * c, c, kernel_size=2, stride=2) for c in widths[-2::-1])
        self.up = nn.ModuleList(two_convolutions(2 * c, c) for c in widths[-2::-1])
        self.classify = nn.Conv2d(base_channels, num_classes, kernel_size=1)
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        skips = []
        for level in self.down[:-1]:
            skips.append(level(x))
            x = F.max_pool2d(skips[-1], 2)
        x = self.down[-1](x)
        for enlarge, level in zip(self.enlarge, self.up):
            x = enlarge(x)
            skip = skips.pop()
            top, left = (skip.shape[2] - x.shape[2]) // 2, (skip.shape[3] - x.shape[3]) // 2
            skip = skip[:, :, top : top + x.shape[2], left : left + x.shape[3]]
            x = level(torch.cat([skip, x], dim=1))
        return self.classify(x)
        ### END SOLUTION


# %% nbgrader={"grade_id": "UNet-visible", "grade": true, "points": 0}
checks.segmentation.UNet(UNet)

# %% nbgrader={"grade_id": "UNet-hidden", "grade": true, "points": 8}
# Hidden tests run here after you have handed in (8 points).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.segmentation.UNet.grade(UNet)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "question_1-text"}
# **Question 1.** A U-Net of depth 3 without padding (`UNet(1, 2, depth=3)`) gets an image of 700 × 700 pixels. How many pixels wide is its output? Set `answer_1` to this number.

# %% nbgrader={"grade_id": "question_1", "solution": true}
# answer_1 = …
### BEGIN SOLUTION
answer_1 = 612
### END SOLUTION

# %% nbgrader={"grade_id": "question_1-visible", "grade": true, "points": 0}
checks.segmentation.question_1(answer_1)

# %% nbgrader={"grade_id": "question_1-hidden", "grade": true, "points": 1}
# Hidden tests run here after you have handed in (1 point).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.segmentation.question_1.grade(answer_1)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "question_2-text"}
# **Question 2.** A U-Net has depth 4 and padding "same". Take one position at its bottom, after both convolutions there. How many pixels of the image does it see across? (This is its receptive field. A live figure of chapter 6 shows that of a U-Net of depth 3, such as you train below.) Set `answer_2` to this number.

# %% nbgrader={"grade_id": "question_2", "solution": true}
# answer_2 = …
### BEGIN SOLUTION
answer_2 = 1 + 2 * 2 * (1 + 2 + 4 + 8 + 16) + (1 + 2 + 4 + 8)
### END SOLUTION

# %% nbgrader={"grade_id": "question_2-visible", "grade": true, "points": 0}
checks.segmentation.question_2(answer_2)

# %% nbgrader={"grade_id": "question_2-hidden", "grade": true, "points": 1}
# Hidden tests run here after you have handed in (1 point).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.segmentation.question_2.grade(answer_2)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "question_3-text"}
# **Question 3.** The input of a U-Net of depth 4 with padding "same" is shifted 8 pixels to the right. What happens to its output, far away from the borders?
# - A: it shifts by exactly 8 pixels, since all layers are convolutions;
# - B: it stays where it is;
# - C: it need not be a shifted copy: pooling cuts the image into other cells, and only shifts by multiples of 16 give the same cells;
# - D: it shifts by 16 pixels.
#
# Set `answer_3` to one of the letters, such as `"A"`.

# %% nbgrader={"grade_id": "question_3", "solution": true}
# answer_3 = "…"
### BEGIN SOLUTION
answer_3 = "C"
### END SOLUTION

# %% nbgrader={"grade_id": "question_3-visible", "grade": true, "points": 0}
checks.segmentation.question_3(answer_3)

# %% nbgrader={"grade_id": "question_3-hidden", "grade": true, "points": 1}
# Hidden tests run here after you have handed in (1 point).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.segmentation.question_3.grade(answer_3)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "training-text"}
# Now train your U-Net on all classes. Nothing in this cell is graded, and part 10 asks about it. `data.ShapeScenes` draws scenes of discs, squares, triangles, rings and wires, in bad light, one on top of the other, and knows the class of every pixel. The colour is a hint at the class, and the shape decides. The cell takes a minute or more, and tells after each epoch how long it will still take. At the end it shows the losses of the epochs and the mean IoU over the classes on scenes that the network has never seen, measured by your `iou`.

# %% nbgrader={"grade_id": "training"}
with needs("UNet", "fit", "iou"):
    plan = data.training("page")
    scenes = data.ShapeScenes(plan.scenes, plan.size, seed=1)
    unseen = data.ShapeScenes(plan.unseen, plan.size, seed=2)
    torch.manual_seed(0)
    loader = DataLoader(list(scenes), plan.batch_size, shuffle=True)
    unet = UNet(3, len(data.CLASSES), plan.base_channels, plan.depth, padding="same")
    epochs = convcourse.epochs(plan.epochs)
    losses = fit(unet, convcourse.Told(loader, epochs), epochs)
    print("losses:", ", ".join(f"{loss:.2f}" for loss in losses))

    images, truth = (torch.stack(part) for part in zip(*unseen))
    unet.eval()
    with torch.inference_mode():
        predicted = torch.cat([unet(part).argmax(1) for part in images.split(25)])
    overlap = iou(predicted, truth, len(data.CLASSES))
    print("IoU:", ", ".join(f"{name} {value:.2f}" for name, value in zip(data.CLASSES, overlap)))
    print(f"mean IoU: {overlap.mean():.2f}; the reference reaches {min(plan.reached):.2f} to {max(plan.reached):.2f}")

# %% [markdown] nbgrader={"grade_id": "training-picture-text"}
# From top to bottom you see scenes, the truth, and the prediction of your network. Look at its errors. Are they thin wires, small shapes, shapes that are nearly hidden, or two classes of the same colour?

# %% nbgrader={"grade_id": "training-picture"}
with needs("predicted"):
    panels = []
    for guess, mask, image in zip(predicted[:5], truth, images):
        panels.append(torch.cat([image] + [plots.labels(m, len(data.CLASSES)) for m in (mask, guess)], dim=1))
    plots.show_row(panels, height=4)

# %% [markdown] nbgrader={"grade_id": "VGGUNet-text"}
# ## 8. A U-Net on a pretrained encoder
#
# Masks are rare, and photographs with a class label are not. So take the way down from VGG13, a network that was trained on a million photographs. Its convolutions are already the first half of a U-Net. This is the network of the practicum, where it learns to find people.
#
# ```text
#                                                              logits
#                                                              ▲ conv 1×1: 64 → num_classes
#  block 1: 2 × conv 3×3: 64  ─────────── skip ─────────► 128 ─► 2 × conv 3×3: 64
#  │ max pool 2×2                                       ▲ ×2, conv 3×3: 128 → 64
#  block 2: 2 × conv 3×3: 128 ─── skip ───► 256 ─► 2 × conv 3×3: 128
#  │ max pool 2×2                         ▲ ×2, conv 3×3: 256 → 128
#  block 3: 2 × conv 3×3: 256 ────────────┘
# ```
#
# Write `VGGUNet(num_classes=1, num_blocks=4, encoder=None)`; the drawing shows `num_blocks=3`.
#
# - **Down**: the first `num_blocks` blocks of VGG13, from 1 to 4. A block has two 3×3 convolutions with padding 1, each followed by a ReLU, to 64, 128, 256 and 512 channels. A 2×2 max pooling stands *between* blocks, none after the last.
# - **Up**, for each block but the last, from the bottom: enlarge to twice the size (nearest or bilinear, without parameters), and apply a 3×3 convolution to the skip's number of channels $c$. Concatenate the skip, which is the block's output before pooling, in either order. Then apply two 3×3 convolutions ($2c\to c\to c$), each followed by a ReLU. A ReLU after the first of the three is optional. All pad by 1.
# - **At the end** a 1×1 convolution to `num_classes`, and nothing after it. With one block there are only this block and the 1×1 convolution.
# - All convolutions have biases, there is no normalisation. `VGGUNet(num_blocks=3)` has 2,067,649 parameters, `VGGUNet()` 8,557,505.
# - **`encoder`**: the `features` of a `torchvision.models.vgg13()`, an `nn.Sequential` of convolutions (`features[0]`, `[2]`, `[5]`, `[7]`, `[10]`, `[12]`, `[15]`, `[17]`, …), ReLUs and poolings. If it is given, the network starts with its weights, copied or used directly, and goes on learning them. If not, it starts with PyTorch's first weights.
# - Images have three channels and sides that the poolings divide, and need not be square. As always, the input is not changed. Be careful with ReLUs that work in place.


# %% nbgrader={"grade_id": "VGGUNet-given"}
# Given: the way down of VGG13 with first weights of no use, to try `encoder` on.
from torchvision.models.vgg import make_layers


def vgg13_features():
    """Built as torchvision builds `vgg13().features`, in a fraction of the time."""
    return make_layers([64, 64, "M", 128, 128, "M", 256, 256, "M", 512, 512, "M", 512, 512, "M"])


# %% nbgrader={"grade_id": "VGGUNet", "solution": true}
class VGGUNet(nn.Module):
    """A U-Net whose way down is VGG13's: images (N, 3, H, W) → logits (N, num_classes, H, W)."""

    def __init__(self, num_classes=1, num_blocks=4, encoder=None):
        super().__init__()
        ### BEGIN SOLUTION

        def two_convolutions(channels, width):
            return nn.Sequential(
                nn.Conv2d(channels, width, kernel_size=3, padding=1),
                nn.ReLU(),
                nn.Conv2d(width, width, kernel_size=3, padding=1),
                nn.ReLU(),
            )

        widths = [64, 128, 256, 512][:num_blocks]
        self.blocks = nn.ModuleList(two_convolutions(c, width) for c, width in zip([3, *widths], widths))
        self.reduce = nn.ModuleList(nn.Conv2d(2 * c, c, kernel_size=3, padding=1) for c in widths[-2::-1])
        self.up = nn.ModuleList(two_convolutions(2 * c, c) for c in widths[-2::-1])
        self.classify = nn.Conv2d(64, num_classes, kernel_size=1)
        if encoder is not None:
            theirs = (layer for layer in encoder if isinstance(layer, nn.Conv2d))
            ours = (layer for block in self.blocks for layer in block if isinstance(layer, nn.Conv2d))
            for our, their in zip(ours, theirs):
                our.load_state_dict(their.state_dict())
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        skips = []
        for block in self.blocks[:-1]:
            skips.append(block(x))
            x = F.max_pool2d(skips[-1], 2)
        x = self.blocks[-1](x)
        for reduce, level in zip(self.reduce, self.up):
            x = F.relu(reduce(F.interpolate(x, scale_factor=2, mode="nearest")))
            x = level(torch.cat([skips.pop(), x], dim=1))
        return self.classify(x)
        ### END SOLUTION


# %% nbgrader={"grade_id": "VGGUNet-visible", "grade": true, "points": 0}
checks.segmentation.VGGUNet(VGGUNet, vgg13_features)

# %% nbgrader={"grade_id": "VGGUNet-hidden", "grade": true, "points": 6}
# Hidden tests run here after you have handed in (6 points).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.segmentation.VGGUNet.grade(VGGUNet)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "bonus-text"}
# ## 9. Optional: look at the edges
#
# Most errors lie where two labels meet, and U-Net's paper gives such pixels more weight in the loss. Write `boundary_weights(mask, width=1, boost=4.0)`, the weight of each pixel: for an int64 mask $(N, H, W)$ a float32 tensor $(N, H, W)$ which is
#
# $$w[n,r,c]=\begin{cases}1+\text{boost}&\text{where another label is near}\\1&\text{elsewhere}\end{cases}$$
#
# Near means that some pixel $[n,r',c']$ of the same image with $|r-r'|\le$ `width` and $|c-c'|\le$ `width`, a square around the pixel, has another label than $[n,r,c]$.
#
# Only pixels inside the image are compared, so its frame is no boundary. (The square may be larger than the image.) (This part gives 2 bonus points, which are counted separately from the 40. The weighted loss is then `(weights * F.cross_entropy(logits, mask, reduction="none")).mean()`.)


# %% nbgrader={"grade_id": "bonus", "solution": true}
def boundary_weights(mask, width=1, boost=4.0):
    """The weight of each pixel of masks (N, H, W): 1 + boost near a boundary, else 1."""
    ### BEGIN SOLUTION
    labels = mask[:, None].float()
    side = 2 * width + 1
    most = F.max_pool2d(labels, side, stride=1, padding=width)[:, 0]
    least = -F.max_pool2d(-labels, side, stride=1, padding=width)[:, 0]
    return 1 + boost * (most != least).float()
    ### END SOLUTION


# %% nbgrader={"grade_id": "bonus-visible", "grade": true, "points": 0}
checks.segmentation.boundary_weights(boundary_weights)

# %% nbgrader={"grade_id": "bonus-hidden", "grade": true, "points": 0}
# Hidden tests run here after you have handed in (2 bonus points).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.segmentation.bonus.grade(boundary_weights)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "bonus-picture"}
with needs("boundary_weights"):
    scene = data.ShapeScenes(size=96, seed=4).scene(0)
    weights = [boundary_weights(scene.mask[None], width)[0] for width in (1, 3)]
    plots.show_row([scene.image, *weights], ["scene", "width 1", "width 3"])

# %% [markdown] nbgrader={"grade_id": "discussion-text"}
# ## 10. Discuss
#
# Write about a hundred words. Look at the pictures of part 7, and at the IoU of each class. Name a kind of error that your network makes. Say which part of the network or of the training causes it, and how you would find out whether you are right. An experiment that you have tried counts more than one you propose. A person reads this, and gives up to 4 points beyond the 40.

# %% [markdown] nbgrader={"grade_id": "discussion", "grade": true, "solution": true, "points": 4}
# Wires have the worst IoU by far: many are missed, and those that are found are chains of pieces, often a pixel to one side. A wire is hardly two pixels thin, so a shift by one pixel already halves its IoU, and its pixels are so few that cross-entropy gains little from them. To tell the two causes apart I would count a pixel as right if the truth is at most one pixel away (if the score jumps, it is the place, not the class), and train once more with boundary weights or with the Dice loss of the wires added (if the gaps close, it was the loss). If neither helps, I would look at the first level, whose skip is the only layer that sees such detail.
