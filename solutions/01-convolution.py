# %% [markdown] nbgrader={"grade_id": "intro"}
# # Assignment 1: convolution from scratch
#
# You write the operation that convolutional networks are made of. You write it first as in the formula, then fast, then with its gradient, and finally as a layer that can replace PyTorch's. The parts follow chapter 1 of the book, and no part needs another one to be right.
#
# **How to work.** Each part has a cell for your code, with a first line and `raise NotImplementedError()`. Replace the `raise`. The cell below it holds *visible checks*. They take a second, say what is wrong, and give no points. After them a picture shows what you have made. The *hidden tests* run after you have handed in, and give the points. They require only what the text says, but they look at many more cases than the visible checks. You may add cells of your own anywhere, with helpers or with experiments. Locked cells stay as they are. Before you hand in, choose *Restart Kernel and Run All Cells*, save, and run in a terminal
#
# ```bash
# python -m convcourse check 01-convolution.ipynb
# ```
#
# **What is not allowed.** You should write the convolution yourself. So inside the functions and the layer that are graded, `F.conv2d` and the other `conv` functions, `nn.Conv2d` and its relatives (also as a base class), `F.unfold`, `F.fold`, and the filters of SciPy (`scipy.signal`, `scipy.ndimage`), scikit-image and OpenCV are forbidden, under whatever name, forward and backward. The grader refuses such a call and says so. The visible checks already refuse PyTorch's. Everything else is allowed, such as loops, indexing, `F.pad` and the padding modules, `Tensor.unfold`, `as_strided`, `einsum`, matrix products and Fourier transforms. In cells of your own you may use `F.conv2d`. A comparison with it is the best test that you can write.
#
# **What holds everywhere.**
#
# - *Images* come as tensors of shape $(N, C, H, W)$: a batch of $N$ images with $C$ channels, $H$ rows and $W$ columns. Only part 4 has images without a batch.
# - A *pair* is always a tuple *(down, right)*, that is (H, W).
# - *Types.* Results keep the input's dtype, float32 or float64. Where you return or set a single number, Python's numbers, NumPy's and tensors with one element are all right.
# - *Gradients.* Results are differentiable wherever a tensor goes in, so gradients reach every tensor argument. Only the gradient to an *expanded* tensor is not examined, because its elements share memory.
# - *Memory.* Arguments are never changed. The result may share memory with them. Nothing is kept from one call to the next: every call computes anew, and an earlier result stays as it is. Tensors that come in need not be contiguous. Transposed, expanded and channels-last ones come too.
# - *Refusals.* Where arguments must be refused, raise a `ValueError` (a `RuntimeError` is accepted too).
# - What is not named is not examined. For example, you may do as you like with half precision, with whole numbers as pixels, and with empty batches.
# - Your own cells run again when the notebook is graded. A cell may take 20 seconds of processor time, the whole notebook 120, and all of it 2 GB of memory. What a cell shows may be 2 MiB and 1,000 outputs, and what the whole notebook shows 16 MiB.
# - Your other cells may set the default dtype, switch gradients off, or set a seed. All of this is put back before the hidden tests.
#
# You decide how to write it. The images of the hidden tests are so small that plain loops are fast enough. One test makes up to fifty calls, which may take ten seconds of processor time together.

# %% nbgrader={"grade_id": "setup"}
# Given: what all parts use. Run it first.
import importlib.util
import math

if importlib.util.find_spec("convcourse") is None:
    raise SystemExit(
        "The package `convcourse` is not installed here. Your course gave you its file with this notebook. Put the file "
        "beside the notebook (on Colab: Files, Upload), and run this line in a new cell above this one:\n\n"
        "%pip install ./convcourse-0.1.0-py3-none-any.whl"
    )

import torch
import torch.nn.functional as F
from torch import nn

from convcourse import checks, data, needs, plots

plots.style()


def pair(value):
    """One number for both axes, or a pair (down, right): (value, value) or the pair itself."""
    return (value, value) if isinstance(value, int) else tuple(value)


# %% [markdown] nbgrader={"grade_id": "output_size-text"}
# ## 1. How many windows fit?
#
# A convolution lays a window on the image, turns its pixels into one number, and moves on. So the size of the output is the number of windows. Count them along one axis. You will meet this number again in all later parts.
#
# A row of $n$ pixels gets $p$ zeros on *both* ends. A kernel of $k$ taps that stand $d$ pixels apart reaches over $d\,(k-1)+1$ pixels. The first window starts at the very left, and the others follow $\sigma$ pixels apart. A window that does not fit completely is dropped.
#
# ```text
# n = 7, k = 3, σ = 2, p = 1, d = 1          0 1 2 3 4 5 6 7 0      padded row
#                                            [———]
#                                                [———]              4 windows
#                                                    [———]
#                                                        [———]
# ```
#
# Write `output_size`. It gets whole numbers, and `stride` is $\sigma$. It returns a number of a whole type, so `3` is right and `3.0` is not. You may assume that at least one window fits.


# %% nbgrader={"grade_id": "output_size", "solution": true}
def output_size(n, kernel_size, stride=1, padding=0, dilation=1):
    """The number of windows along an axis of n pixels.

    n, kernel_size, stride, padding, dilation: ints, for this axis. Returns an int.
    """
    ### BEGIN SOLUTION
    reach = dilation * (kernel_size - 1) + 1
    return (n + 2 * padding - reach) // stride + 1
    ### END SOLUTION


# %% nbgrader={"grade_id": "output_size-visible", "grade": true, "points": 0}
checks.convolution.output_size(output_size)

# %% nbgrader={"grade_id": "output_size-hidden", "grade": true, "points": 3}
# Hidden tests run here after you have handed in (3 points).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.convolution.output_size.grade(output_size)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "question_1-text"}
# **Question 1.** An image of 96 × 96 pixels passes three layers, one after the other: the first has `kernel_size=7, stride=2, padding=3`, the second `kernel_size=3, stride=3`, the third `kernel_size=3, padding=3, dilation=3`. How many pixels high is the output of the last one? Set `answer_1` to this number.

# %% nbgrader={"grade_id": "question_1", "solution": true}
# answer_1 = …
### BEGIN SOLUTION
answer_1 = 16
### END SOLUTION

# %% nbgrader={"grade_id": "question_1-visible", "grade": true, "points": 0}
checks.convolution.question_1(answer_1)

# %% nbgrader={"grade_id": "question_1-hidden", "grade": true, "points": 1.5}
# Hidden tests run here after you have handed in (1.5 points).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.convolution.question_1.grade(answer_1)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "conv2d_naive-text"}
# ## 2. As in the formula
#
# Each output channel has a kernel with one slice for each input channel. Lay it on a window, multiply, add everything up, and add the channel's bias. Write this with loops first. It is slow and easy to get right, and later you can compare with it.
#
# $$\text{out}[n,t,r,c]=\text{bias}[t]+\sum_{s=0}^{S-1}\;\sum_{u=0}^{k_h-1}\;\sum_{v=0}^{k_w-1}\text{weight}[t,s,u,v]\cdot x[n,\,s,\,r+u,\,c+v]$$
#
# | | shape |
# |---|---|
# | `x` | $(N, S, H, W)$ |
# | `weight` | $(T, S, k_h, k_w)$, any height and width up to the image's |
# | `bias` | $(T,)$, or `None` for none |
# | result | $(N, T, H-k_h+1, W-k_w+1)$ |
#
# The kernel is *not* rotated by 180°, because networks compute cross-correlation and call it convolution. The stride is 1, and there is no padding.


# %% nbgrader={"grade_id": "conv2d_naive", "solution": true}
def conv2d_naive(x, weight, bias=None):
    """Cross-correlation of images (N, S, H, W) with kernels (T, S, kH, kW); bias (T,) or None."""
    ### BEGIN SOLUTION
    batch, _, height, width = x.shape
    out_channels, _, kernel_height, kernel_width = weight.shape
    out = x.new_zeros(batch, out_channels, height - kernel_height + 1, width - kernel_width + 1)
    for r in range(out.shape[2]):
        for c in range(out.shape[3]):
            window = x[:, :, r : r + kernel_height, c : c + kernel_width]  # (N, S, kH, kW)
            out[:, :, r, c] = torch.einsum("nsuv,tsuv->nt", window, weight)
    return out if bias is None else out + bias.reshape(1, -1, 1, 1)
    ### END SOLUTION


# %% nbgrader={"grade_id": "conv2d_naive-visible", "grade": true, "points": 0}
checks.convolution.conv2d_naive(conv2d_naive)

# %% nbgrader={"grade_id": "conv2d_naive-hidden", "grade": true, "points": 4}
# Hidden tests run here after you have handed in (4 points).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.convolution.conv2d_naive.grade(conv2d_naive)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "conv2d_naive-picture-text"}
# What have you made? This kernel compares the top left of a window with its bottom right, so that the coins look like a relief that is lit from the top left. If yours is lit from the other side, the kernel is flipped somewhere. The two pictures on the right must look the same.


# %% nbgrader={"grade_id": "conv2d_naive-picture"}
@needs("conv2d_naive")
def picture():
    coins = data.photograph("coins", 56, grey=True)[None, :, :22, 40:70]  # (1, 1, 22, 30)
    emboss = torch.tensor([[-2.0, -1, 0], [-1, 0, 1], [0, 1, 2]])
    yours = conv2d_naive(coins, emboss[None, None])
    pytorch = F.conv2d(coins, emboss[None, None])
    plots.show_row([coins[0], emboss, yours[0], pytorch[0]], ["coins", "kernel", "yours", "PyTorch's"])


picture()

# %% [markdown] nbgrader={"grade_id": "KERNELS-text"}
# ## 3. Nine kernels
#
# Before networks learned their kernels, people designed them. Build the nine of the lecture's table. `KERNELS` is a dict from these names to float32 tensors of shape $(3, 3)$.
#
# | `identity` | `edge1` | `edge2` | `edge3` | `sharpen` |
# |:---:|:---:|:---:|:---:|:---:|
# | $\begin{pmatrix}0&0&0\\0&1&0\\0&0&0\end{pmatrix}$ | $\begin{pmatrix}1&0&-1\\0&0&0\\-1&0&1\end{pmatrix}$ | $\begin{pmatrix}0&1&0\\1&-4&1\\0&1&0\end{pmatrix}$ | $\begin{pmatrix}-1&-1&-1\\-1&8&-1\\-1&-1&-1\end{pmatrix}$ | $\begin{pmatrix}0&-1&0\\-1&5&-1\\0&-1&0\end{pmatrix}$ |
#
# | `box_blur` | `gaussian_blur` | `sobel_x` | `sobel_y` |
# |:---:|:---:|:---:|:---:|
# | $\dfrac19\begin{pmatrix}1&1&1\\1&1&1\\1&1&1\end{pmatrix}$ | $\dfrac1{16}\begin{pmatrix}1&2&1\\2&4&2\\1&2&1\end{pmatrix}$ | $\begin{pmatrix}-1&0&1\\-2&0&2\\-1&0&1\end{pmatrix}$ | $\begin{pmatrix}1&2&1\\0&0&0\\-1&-2&-1\end{pmatrix}$ |
#
# You need not type 81 numbers. `torch.outer` of the column $(1, 2, 1)$ and the row $(-1, 0, 1)$ is `sobel_x`. Five others are products of this kind too. `sharpen` and `edge3` are each a multiple of `identity` minus a multiple of another kernel. Look for such relations, because part 8 is about them.
#
# Check the signs. `sobel_x` is positive where the image gets brighter to the right, and `sobel_y` where it gets brighter upwards.

# %% nbgrader={"grade_id": "KERNELS", "solution": true}
# KERNELS = {"identity": torch.tensor(…), …}
### BEGIN SOLUTION
KERNELS = {
    "identity": torch.tensor([[0.0, 0, 0], [0, 1, 0], [0, 0, 0]]),
    "edge1": torch.tensor([[1.0, 0, -1], [0, 0, 0], [-1, 0, 1]]),
    "edge2": torch.tensor([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]]),
    "edge3": torch.tensor([[-1.0, -1, -1], [-1, 8, -1], [-1, -1, -1]]),
    "sharpen": torch.tensor([[0.0, -1, 0], [-1, 5, -1], [0, -1, 0]]),
    "box_blur": torch.full((3, 3), 1 / 9),
    "gaussian_blur": torch.tensor([[1.0, 2, 1], [2, 4, 2], [1, 2, 1]]) / 16,
    "sobel_x": torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]]),
    "sobel_y": torch.tensor([[1.0, 2, 1], [0, 0, 0], [-1, -2, -1]]),
}
### END SOLUTION

# %% nbgrader={"grade_id": "KERNELS-visible", "grade": true, "points": 0}
checks.convolution.KERNELS(KERNELS)

# %% nbgrader={"grade_id": "KERNELS-hidden", "grade": true, "points": 2}
# Hidden tests run here after you have handed in (2 points).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.convolution.KERNELS.grade(KERNELS)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "apply_kernel-text"}
# ## 4. Kernels on photographs
#
# A filter keeps the size of an image and treats red, green and blue alike. It filters each channel alone, with the same kernel. Write `apply_kernel`, which cross-correlates one image with one kernel.
#
# $$\text{out}[s,r,c]=\sum_{u=0}^{k_h-1}\;\sum_{v=0}^{k_w-1}\text{kernel}[u,v]\cdot\text{image}\Bigl[s,\;r+u-\tfrac{k_h-1}2,\;c+v-\tfrac{k_w-1}2\Bigr]$$
#
# - `image` is $(C, H, W)$ with any number of channels, or $(H, W)$. The result has its shape and its dtype, float32 or float64.
# - `kernel` is $(k_h, k_w)$ with odd sides, which need not be equal. It is converted to the image's dtype and used as it is. It is neither flipped nor divided by anything.
# - What lies outside the image counts as zero.
# - Values stay as they are, also below 0 and above 1. Do not clamp them.


# %% nbgrader={"grade_id": "apply_kernel", "solution": true}
def apply_kernel(image, kernel):
    """An image (C, H, W) or (H, W), each channel cross-correlated with a kernel (kH, kW), in its size."""
    ### BEGIN SOLUTION
    height, width = kernel.shape
    padded = F.pad(image, (width // 2, width // 2, height // 2, height // 2))
    windows = padded.unfold(-2, height, 1).unfold(-2, width, 1)  # (..., H, W, kH, kW)
    return torch.einsum("...uv,uv->...", windows, kernel.to(image.dtype))
    ### END SOLUTION


# %% nbgrader={"grade_id": "apply_kernel-visible", "grade": true, "points": 0}
checks.convolution.apply_kernel(apply_kernel)

# %% nbgrader={"grade_id": "apply_kernel-hidden", "grade": true, "points": 4}
# Hidden tests run here after you have handed in (4 points).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.convolution.apply_kernel.grade(apply_kernel)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "apply_kernel-picture-text"}
# Your nine kernels on a photograph. The upper row is from your `apply_kernel`, the lower row from PyTorch. A blur softens, and `sharpen` exaggerates edges. Five others respond to edges, with both signs, and zero is drawn as mid-grey. Find what `sobel_x` sees and `sobel_y` does not.


# %% nbgrader={"grade_id": "apply_kernel-picture"}
@needs("KERNELS", "apply_kernel")
def picture():
    cat = data.photograph("chelsea", 64, grey=True)[:, :56, 29:85]  # (1, 56, 56)
    panels = []
    for kernel in KERNELS.values():
        pytorch = F.conv2d(cat, kernel[None, None], padding=1)
        stacked = torch.cat([apply_kernel(cat, kernel), pytorch], dim=1)
        panels.append(stacked if kernel.sum() > 0.5 else 0.5 + stacked / 2)
    plots.show_row(panels, list(KERNELS), height=2.2, vmin=0, vmax=1)


picture()

# %% [markdown] nbgrader={"grade_id": "conv2d-text"}
# ## 5. `conv2d`, with everything
#
# Now write the complete function, with every option of `torch.nn.functional.conv2d`. It should be fast enough for a network, which in Python means no loop over pixels. This is advice, and the hidden tests give loops the same points. Pixels outside the image count as zero.
#
# $$\text{out}[n,t,r,c]=\text{bias}[t]+\sum_{s}\sum_{u}\sum_{v}\text{weight}[t,s,u,v]\cdot x\bigl[n,\;s+\text{first}(t),\;r\,\sigma_h+u\,d_h-p_h,\;c\,\sigma_w+v\,d_w-p_w\bigr]$$
#
# | | |
# |---|---|
# | `x` | $(N, S, H, W)$ |
# | `weight` | $(T, S/g, k_h, k_w)$ |
# | `bias` | $(T,)$, or `None` |
# | `stride`, `padding`, `dilation` | $\sigma$, $p$, $d$: each an int, or a pair (down, right) |
# | `groups` | $g$: channels are cut into $g$ blocks of neighbours, in order. The $T/g$ output channels of a block see only the $S/g$ input channels of the same block; $\text{first}(t)=\lfloor t\,g/T\rfloor\cdot S/g$ is the block's first |
# | result | $(N, T, H', W')$, where $H'$ and $W'$ follow from part 1 |
#
# `padding` may also be a word. `"valid"` means no padding. `"same"` keeps the size. It pads $d\,(k-1)$ zeros along each axis, half of them at each end. If this number is odd, there is one more at the *end* (bottom, right). `"same"` needs stride 1.
#
# **Refuse** these with a `ValueError`, and nothing else:
#
# - channels that do not fit the weight ($S \ne g \cdot$ `weight.shape[1]`)
# - groups that do not divide $S$ or $T$
# - a kernel that, dilated, is larger than the padded image
# - a bias whose length is not $T$
# - a stride or a number of groups below 1
# - any other padding word, and `"same"` with another stride than 1
#
# Part 7 needs the widths of `"same"` and its refusals once more. If you put them into a function, in a cell of your own above this one, then both parts can call it. A dilation below 1 and a negative padding are not examined.


# %% nbgrader={"grade_id": "conv2d", "solution": true}
def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Cross-correlation of images (N, S, H, W) with kernels (T, S/groups, kH, kW): F.conv2d.

    stride, padding, dilation: an int or a pair (down, right); padding may be "same" or "valid" too.
    Raises ValueError for what cannot be right.
    """
    ### BEGIN SOLUTION
    out_channels, channels_per_group, *kernel_size = weight.shape
    stride, dilation = pair(stride), pair(dilation)
    if min(*stride, groups) < 1:
        raise ValueError(f"stride and groups must be at least 1, they are {stride} and {groups}")
    if x.shape[1] != groups * channels_per_group or out_channels % groups:
        raise ValueError(f"a weight {tuple(weight.shape)} in {groups} groups does not fit {x.shape[1]} channels")
    if bias is not None and bias.shape != (out_channels,):
        raise ValueError(f"the bias must have the shape ({out_channels},), it has {tuple(bias.shape)}")

    gaps = [d * (k - 1) for d, k in zip(dilation, kernel_size)]  # between a window's first and last pixel
    if padding == "same":
        if stride != (1, 1):
            raise ValueError(f'padding="same" wants stride 1, not {stride}')
        ends = [(gap // 2, gap - gap // 2) for gap in gaps]
    elif padding == "valid":
        ends = [(0, 0), (0, 0)]
    elif isinstance(padding, str):
        raise ValueError(f'padding must be numbers, "same" or "valid", not {padding!r}')
    else:
        ends = [(p, p) for p in pair(padding)]
    x = F.pad(x, (*ends[1], *ends[0]))  # F.pad begins with the last axis
    if any(gap >= n for gap, n in zip(gaps, x.shape[2:])):
        raise ValueError(f"the kernel {kernel_size}, dilated by {dilation}, is larger than the padded image")

    windows = x.unfold(2, gaps[0] + 1, stride[0]).unfold(3, gaps[1] + 1, stride[1])
    windows = windows[..., :: dilation[0], :: dilation[1]]  # (N, S, H', W', kH, kW)
    windows = windows.unflatten(1, (groups, channels_per_group))
    out = torch.einsum("ngsrcuv,gtsuv->ngtrc", windows, weight.unflatten(0, (groups, -1))).flatten(1, 2)
    return out if bias is None else out + bias.reshape(1, -1, 1, 1)
    ### END SOLUTION


# %% nbgrader={"grade_id": "conv2d-visible", "grade": true, "points": 0}
checks.convolution.conv2d(conv2d)

# %% nbgrader={"grade_id": "conv2d-hidden", "grade": true, "points": 8}
# Hidden tests run here after you have handed in (8 points).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.convolution.conv2d.grade(conv2d)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "conv2d-picture-text"}
# One kernel, a smoothing Gaussian, with four settings. The upper row is yours, the lower row PyTorch's. Three groups keep red, green and blue apart, and one group adds them up. With stride 4 the picture becomes small (it is shown enlarged). With dilation 6 the nine pixels of a window lie so far apart that every edge is seen several times.


# %% nbgrader={"grade_id": "conv2d-picture"}
@needs("conv2d")
def picture():
    coffee = data.photograph("coffee", 56)[None, :, :, :56]  # (1, 3, 56, 56)
    blur = torch.tensor([[1.0, 2, 1], [2, 4, 2], [1, 2, 1]]) / 16
    colours = blur.repeat(3, 1, 1, 1)  # (3, 1, 3, 3): the same kernel for red, green and blue
    settings = {
        "groups=3": (colours, dict(padding=1, groups=3)),
        "groups=1": (colours.transpose(0, 1) / 3, dict(padding=1)),
        "stride=4": (colours, dict(padding=1, stride=4, groups=3)),
        "dilation=6": (colours, dict(padding=6, dilation=6, groups=3)),
    }
    panels = [torch.cat([coffee[0], coffee[0]], dim=1)]
    for weight, arguments in settings.values():
        stacked = conv2d(coffee, weight, **arguments), F.conv2d(coffee, weight, **arguments)
        panels.append(torch.cat(stacked, dim=2)[0])
    plots.show_row(panels, ["the picture", *settings], height=2.2)


picture()

# %% [markdown] nbgrader={"grade_id": "question_2-text"}
# **Question 2.** One image of 56 × 56 pixels with 16 channels passes `nn.Conv2d(16, 32, kernel_size=3, stride=2, padding=1, groups=2)`. How many multiplications of a weight with a pixel does that take, those with the zeros of the padding counted? Set `answer_2` to this number.

# %% nbgrader={"grade_id": "question_2", "solution": true}
# answer_2 = …
### BEGIN SOLUTION
answer_2 = (28 * 28 * 32) * (16 // 2 * 3 * 3)
### END SOLUTION

# %% nbgrader={"grade_id": "question_2-visible", "grade": true, "points": 0}
checks.convolution.question_2(answer_2)

# %% nbgrader={"grade_id": "question_2-hidden", "grade": true, "points": 1.5}
# Hidden tests run here after you have handed in (1.5 points).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.convolution.question_2.grade(answer_2)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "conv2d_backward-text"}
# ## 6. Backwards
#
# A layer learns because the loss $L$ tells it, through $G=\partial L/\partial\,\text{out}$, how each of its outputs should change. Write the step from $G$ to the three gradients that a layer passes on. Use the formulas, without `torch.autograd`.
#
# To keep the formulas short, the image is padded already and the stride is one number $\sigma$ for both axes. Then each product of the forward formula gives one term of a sum:
#
# $$\frac{\partial L}{\partial\,\text{weight}[t,s,u,v]}=\sum_{n,r,c}G[n,t,r,c]\cdot x[n,\,s,\,r\,\sigma+u,\,c\,\sigma+v]$$
#
# $$\frac{\partial L}{\partial x[n,s,i,j]}=\sum_{t}\;\sum_{\substack{r,u:\\ r\sigma+u=i}}\;\sum_{\substack{c,v:\\ c\sigma+v=j}}G[n,t,r,c]\cdot\text{weight}[t,s,u,v]\qquad\qquad\frac{\partial L}{\partial\,\text{bias}[t]}=\sum_{n,r,c}G[n,t,r,c]$$
#
# For stride 1 the second one is a convolution again, with the kernel rotated by 180°. The chapter says why.
#
# | | shape |
# |---|---|
# | `grad_out`, $G$ | $(N, T, H', W')$ |
# | `x` | $(N, S, H, W)$, not padded yet |
# | `weight` | $(T, S, k_h, k_w)$ |
# | `stride`, `padding` | each an int, or a pair (down, right); zeros are padded |
# | result | `(grad_x, grad_weight, grad_bias)`, of the shapes of `x`, of `weight`, and $(T,)$ |
#
# The share of the padding is cut off, because `grad_x` is for `x` without padding. Pixels that no window touches get 0. Gradients are sums over images and positions, never means. There are no groups and no dilation here. The function is called under `torch.no_grad()`, and calls of `torch.autograd` are refused in it. The function itself need not be differentiable.


# %% nbgrader={"grade_id": "conv2d_backward", "solution": true}
def conv2d_backward(grad_out, x, weight, stride=1, padding=0):
    """The gradients of sum(grad_out * conv2d(x, weight, bias, stride, padding)) to x, weight and bias."""
    ### BEGIN SOLUTION
    (stride_h, stride_w), (padding_h, padding_w) = pair(stride), pair(padding)
    rows, columns = grad_out.shape[2:]
    x = F.pad(x, (padding_w, padding_w, padding_h, padding_h))
    grad_x, grad_weight = torch.zeros_like(x), torch.zeros_like(weight)
    for u in range(weight.shape[2]):
        for v in range(weight.shape[3]):
            # The pixels that tap (u, v) meets, one for each window.
            down = slice(u, u + stride_h * (rows - 1) + 1, stride_h)
            right = slice(v, v + stride_w * (columns - 1) + 1, stride_w)
            grad_weight[:, :, u, v] = torch.einsum("ntrc,nsrc->ts", grad_out, x[:, :, down, right])
            grad_x[:, :, down, right] += torch.einsum("ntrc,ts->nsrc", grad_out, weight[:, :, u, v])
    grad_x = F.pad(grad_x, (-padding_w, -padding_w, -padding_h, -padding_h))  # negative padding crops
    return grad_x, grad_weight, grad_out.sum((0, 2, 3))
    ### END SOLUTION


# %% nbgrader={"grade_id": "conv2d_backward-visible", "grade": true, "points": 0}
checks.convolution.conv2d_backward(conv2d_backward)

# %% nbgrader={"grade_id": "conv2d_backward-hidden", "grade": true, "points": 7}
# Hidden tests run here after you have handed in (7 points).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.convolution.conv2d_backward.grade(conv2d_backward)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "conv2d_backward-picture-text"}
# How often is a pixel used? With a kernel of ones and $G=1$ everywhere, the gradient to the image counts the windows that see each pixel. With stride 1 only the border is seen less often. With stride 3 and a kernel of 4 the windows overlap in a grid, and no window sees the last row and column (black). With stride 3 and a kernel of 2 there are gaps between the windows. In chapter 6 you meet these patterns again as checkerboards.


# %% nbgrader={"grade_id": "conv2d_backward-picture"}
@needs("conv2d_backward")
def picture():
    panels, plane = [], torch.zeros(1, 1, 17, 17)
    for size, stride in ((4, 1), (4, 3), (2, 3)):
        windows = (17 - size) // stride + 1
        ones, kernel = torch.ones(1, 1, windows, windows), torch.ones(1, 1, size, size)
        panels.append(conv2d_backward(ones, plane, kernel, stride)[0][0])
    plots.show_row(panels, ["kernel 4, stride 1", "kernel 4, stride 3", "kernel 2, stride 3"], vmin=0)


picture()

# %% [markdown] nbgrader={"grade_id": "Conv2d-text"}
# ## 7. A layer
#
# A layer is the operation together with the numbers that it learns. Write `Conv2d`, which can replace `torch.nn.Conv2d` in any network that works on batches. It has the same arguments, parameters, first weights and outputs, and it is an `nn.Module`. Its `forward` may call your `conv2d`. If yours is missing or wrong, PyTorch's own replaces it while this part is examined.
#
# - **Arguments**, in this order: `in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True, padding_mode="zeros", device=None, dtype=None`. As in PyTorch, `kernel_size`, `stride`, `padding` and `dilation` are an int or a pair, `padding` also `"same"` or `"valid"`.
# - **Parameters**: `weight` of shape $(T, S/g, k_h, k_w)$ and `bias` of shape $(T,)$. Both are `nn.Parameter`s, made once, with the given `device` and `dtype`. There is nothing else in the `state_dict()`, so it loads into `torch.nn.Conv2d` and the other way round. With `bias=False` the attribute `bias` is `None`, registered or not. Every layer draws its own parameters.
# - **First weights**: `weight` and `bias` alike are drawn uniformly from $-b\dots b$ with $b=1/\sqrt{\text{fan\_in}}$, where fan_in $=S/g\cdot k_h\cdot k_w$ is the number of inputs that one output sees. The order in which they are drawn is free, so the numbers themselves need not be PyTorch's.
# - **`padding_mode`**: `"zeros"`, or what `F.pad` does in the modes `"reflect"`, `"replicate"` and `"circular"` (the border is then padded in that mode and not once more with zeros). It works with numbers and with words alike.
# - **Refuse** with a `ValueError` *when the layer is made*: groups that do not divide both numbers of channels, `"same"` with another stride than 1, an unknown padding word, an unknown padding mode. An image whose channels do not fit is refused when the layer is called.
# - Like every layer it follows `.to(dtype)`, gives the same answers in `train()` and in `eval()`, passes gradients to its input and its parameters, and does not change its input.


# %% nbgrader={"grade_id": "Conv2d", "solution": true}
class Conv2d(nn.Module):
    """Convolution as a layer: takes the place of torch.nn.Conv2d."""

    def __init__(
        self, in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True,
        padding_mode="zeros", device=None, dtype=None,
    ):  # fmt: skip
        super().__init__()
        ### BEGIN SOLUTION
        if groups < 1 or in_channels % groups or out_channels % groups:
            raise ValueError(f"{groups} groups do not divide {in_channels} and {out_channels} channels")
        if padding_mode not in ("zeros", "reflect", "replicate", "circular"):
            raise ValueError(f"padding_mode must be zeros, reflect, replicate or circular, not {padding_mode!r}")
        kernel_size = pair(kernel_size)
        self.stride, self.dilation = pair(stride), pair(dilation)
        self.groups, self.padding_mode = groups, padding_mode

        gaps = [d * (k - 1) for d, k in zip(self.dilation, kernel_size)]
        if padding == "same":
            if self.stride != (1, 1):
                raise ValueError(f'padding="same" wants stride 1, not {self.stride}')
            ends = [(gap // 2, gap - gap // 2) for gap in gaps]
        elif padding == "valid":
            ends = [(0, 0), (0, 0)]
        elif isinstance(padding, str):
            raise ValueError(f'padding must be numbers, "same" or "valid", not {padding!r}')
        else:
            ends = [(p, p) for p in pair(padding)]
        self.border = (*ends[1], *ends[0])  # in the order of F.pad: left, right, top, bottom

        shape = (out_channels, in_channels // groups, *kernel_size)
        self.weight = nn.Parameter(torch.empty(shape, device=device, dtype=dtype))
        self.register_parameter("bias", None)
        if bias:
            self.bias = nn.Parameter(torch.empty(out_channels, device=device, dtype=dtype))
        bound = 1 / math.sqrt(math.prod(shape[1:]))
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -bound, bound)
        ### END SOLUTION

    def forward(self, x):
        """(N, in_channels, H, W) → (N, out_channels, H', W')"""
        ### BEGIN SOLUTION
        mode = "constant" if self.padding_mode == "zeros" else self.padding_mode
        x = F.pad(x, self.border, mode=mode)
        return conv2d(x, self.weight, self.bias, self.stride, 0, self.dilation, self.groups)
        ### END SOLUTION


# %% nbgrader={"grade_id": "Conv2d-visible", "grade": true, "points": 0}
checks.convolution.Conv2d(Conv2d)

# %% nbgrader={"grade_id": "Conv2d-hidden", "grade": true, "points": 8}
# Hidden tests run here after you have handed in (8 points).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.convolution.Conv2d.grade(Conv2d)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "bonus-text"}
# ## 8. Optional: separable kernels
#
# A 2-D Gaussian blur is a blur down followed by a blur to the right. This needs $k_h+k_w$ multiplications per pixel instead of $k_h\cdot k_w$. Write `separate(kernel)`, which finds for a kernel of shape $(k_h, k_w)$, with any sides, a `column` of shape $(k_h,)$ and a `row` of shape $(k_w,)$ with
#
# $$\text{kernel}[u,v]=\text{column}[u]\cdot\text{row}[v]$$
#
# up to rounding, and returns `(column, row)` in the kernel's dtype. A factor may stand in either: `(2 * column, row / 2)` is as right as `(column, row)`. If there are no such two, raise a `ValueError`. Rounding is relative to the kernel's largest entry, so the answer must be the same for entries in the thousands and for millionths. Kernels may have zeros anywhere, also in the middle, and entries that sum to 0. A kernel of zeros alone is not examined, and gradients are not either. (This part gives 2 bonus points, which are counted separately from the 40. A hint: think of the kernel as a matrix, and of its rank.)


# %% nbgrader={"grade_id": "bonus", "solution": true}
def separate(kernel):
    """(column, row) whose outer product is the kernel (kH, kW). Raises ValueError if there are none."""
    ### BEGIN SOLUTION
    columns, sizes, rows = torch.linalg.svd(kernel)
    if (sizes[1:] > 1e-5 * sizes[0]).any():
        raise ValueError("this kernel is no product of a column and a row")
    return columns[:, 0] * sizes[0], rows[0]
    ### END SOLUTION


# %% nbgrader={"grade_id": "bonus-visible", "grade": true, "points": 0}
checks.convolution.separate(separate)

# %% nbgrader={"grade_id": "bonus-hidden", "grade": true, "points": 0}
# Hidden tests run here after you have handed in (2 bonus points).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.convolution.bonus.grade(separate)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "question_3-text"}
# ## 9. What it assumes
#
# **Question 3.** A fully connected layer becomes a convolution by two restrictions: an output sees only a small window of its input, and all outputs share one set of weights. What does the *second* restriction assume?
# - A: that pixels far apart do not matter for the same output;
# - B: that a pattern means the same wherever in the picture it stands;
# - C: that neighbouring pixels have similar values;
# - D: that the picture is as high as it is wide.
#
# Set `answer_3` to one of the letters, such as `"A"`.

# %% nbgrader={"grade_id": "question_3", "solution": true}
# answer_3 = "…"
### BEGIN SOLUTION
answer_3 = "B"
### END SOLUTION

# %% nbgrader={"grade_id": "question_3-visible", "grade": true, "points": 0}
checks.convolution.question_3(answer_3)

# %% nbgrader={"grade_id": "question_3-hidden", "grade": true, "points": 1}
# Hidden tests run here after you have handed in (1 point).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.convolution.question_3.grade(answer_3)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "discussion-text"}
# ## 10. Discuss
#
# Write about a hundred words. Name a kind of image, or of other data on a grid, for which *locality* or the *translation assumption* is false. Say what a convolution would get wrong there, and what you would change in the layer or in its input. An example from your own field counts more than one from the chapter. A person reads this, and gives up to 4 points beyond the 40.

# %% [markdown] nbgrader={"grade_id": "discussion", "grade": true, "solution": true, "points": 4}
# Spectrograms: up and down are frequencies, left and right is time. The same rule at all times is right, but the same rule at all frequencies is not, since a hiss and a hum are different things; and a tone's overtones lie far apart, so that no small window sees them together. I would keep the kernel's sliding along time, give the layer a channel which holds the frequency of each row, and put in a logarithmic axis, on which a tone an octave higher is the same pattern moved.
