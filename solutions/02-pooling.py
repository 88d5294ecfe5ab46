# %% [markdown] nbgrader={"grade_id": "intro"}
# # Assignment 2: pooling, and a network that reads digits
#
# Pooling makes feature maps smaller. It keeps what was found and forgets a little of where it was found. You write four poolings with every option that PyTorch's have. Then you build a small convolutional network, train it with a loop of your own, and look at the handwritten digits that it confuses. The parts follow chapter 2 of the book, and no part needs another one to be right.
#
# **How to work.** Each part has a cell for your code, with a first line and `raise NotImplementedError()`. Replace the `raise`. The cell below it holds *visible checks*. They take a second, say what is wrong, and give no points. After them a picture shows what you have made. The *hidden tests* run after you have handed in, and give the points. They require only what the text says, but they look at many more cases than the visible checks. You may add cells of your own anywhere, with helpers or with experiments. Locked cells stay as they are. Before you hand in, choose *Restart Kernel and Run All Cells*, save, and run in a terminal
#
# ```bash
# python -m convcourse check 02-pooling.ipynb
# ```
#
# **What is not allowed.** You write the four functions of parts 1 to 4 without the library function that does the same. In them `F.max_pool2d`, `F.avg_pool2d`, `F.max_unpool2d` and all other poolings and unpoolings of PyTorch are forbidden, under whatever name, and so are `F.interpolate` with `mode="area"`, torchvision's poolings of regions, and the filters of SciPy (`scipy.ndimage`), scikit-image (`block_reduce`, rank filters) and OpenCV. The grader refuses such a call and says so. The visible checks already refuse PyTorch's. Everything else is allowed there, such as loops, indexing, `F.pad`, `Tensor.unfold`, `F.unfold`, `F.conv2d`, `amax` and `scatter`. In parts 5 to 7 you may use all of PyTorch, and in cells of your own anything. A comparison is the best test that you can write.
#
# **What holds everywhere.**
#
# - *Images* come as tensors of shape $(N, C, H, W)$: a batch of $N$ images with $C$ channels, $H$ rows and $W$ columns. A batch is never empty.
# - A *pair* is always a tuple *(down, right)*, that is (H, W).
# - *Types.* Results keep the input's dtype, float32 or float64. Where you return or set a single number, Python's numbers, NumPy's and tensors with one element are all right.
# - *Gradients.* Results are differentiable in the images. Gradients are not examined where several pixels of a window are equally large, where indices are equal, nor to *expanded* tensors, whose elements share memory. The values count there too.
# - *Memory.* Arguments are never changed. The result may share memory with them. Nothing is kept from one call to the next: every call computes anew, and an earlier result stays as it is. Tensors that come in need not be contiguous. Transposed, expanded and channels-last ones come too.
# - *Refusals.* Where a part says **refuse**, raise a `ValueError` (a `RuntimeError` is accepted too). All other arguments that come are good ones.
# - What is not named is not examined. For example, you may do as you like with half precision, with NaN and infinite pixels, with a stride below 1, with a kernel that is larger than the padded image, and with `epochs=0`.
# - Your own cells run again when the notebook is graded. A cell may take 90 seconds of processor time, the whole notebook 400, and all of it 2 GB of memory. What a cell shows may be 2 MiB and 1,000 outputs, and what the whole notebook shows 16 MiB. In trainings of your own write `epochs=convcourse.epochs(n)`, which is `n` for you and 1 for the grader.
# - Your other cells may set the default dtype, switch gradients off, or set a seed. All of this is put back before the hidden tests.
#
# You decide how to write it. The images of the hidden tests of parts 1 to 4 are so small that plain loops are fast enough.

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
from torch.utils.data import DataLoader, TensorDataset

import convcourse
from convcourse import checks, data, needs, pictures, plots

plots.style()
torch.set_num_threads(1)  # these networks are small: with more threads they wait for one another


def pair(value):
    """One number for both axes, or a pair (down, right): (value, value) or the pair itself."""
    return (value, value) if isinstance(value, int) else tuple(value)


# %% [markdown] nbgrader={"grade_id": "max_pool2d-text"}
# ## 1. The largest pixel
#
# A window slides over each channel, and only the largest of its pixels is kept. A feature that was found anywhere in the window is still found afterwards, wherever exactly it stood.
#
# $$\text{out}[n,c,r,s]=\max_{0\le u<k_h,\;0\le v<k_w} x\bigl[n,\;c,\;r\,\sigma_h+u\,d_h-p_h,\;s\,\sigma_w+v\,d_w-p_w\bigr]$$
#
# | | |
# |---|---|
# | `x` | $(N, C, H, W)$ |
# | `kernel_size` | $k$, the sides of the window |
# | `stride` | $\sigma$, the distance of neighbouring windows. If it is left out or `None`, it is the kernel's size |
# | `padding` | $p$ rows or columns on both ends of an axis. Pixels outside the image are $-\infty$, so they are never the largest |
# | `dilation` | $d$, the distance of neighbouring pixels of a window, which reaches over $d\,(k-1)+1$ pixels |
# | `ceil_mode` | `False` drops a window that does not fit completely. `True` keeps windows that hang over the end, see below |
# | `return_indices` | `True` returns `(values, indices)`, see below |
# | result | $(N, C, H', W')$ with $H'=\left\lfloor\dfrac{H+2p_h-d_h(k_h-1)-1}{\sigma_h}\right\rfloor+1$ |
#
# The first four numbers are each an int or a pair (down, right).
#
# **`ceil_mode=True`** rounds up where the formula for $H'$ rounds down. The last window then hangs over the end. What lies beyond the end is $-\infty$ as well. There is one exception. The last window must *start* before the image ends, so a window with $r\,\sigma_h-p_h\ge H$ is dropped again.
#
# ```text
# n = 8, k = 3, σ = 2         0 1 2 3 4 5 6 7
#                             [———]
#                                 [———]
#                                     [———]
#                                         [—— ·     hangs over: only with ceil_mode
#
# n = 6, k = 2, σ = 3         0 1 2 3 4 5
#                             [—]   [—]   · ·       starts after the end: never
# ```
#
# **`indices`** is an int64 tensor of the shape of `values`. It says where each value comes from, as row · $W$ + column in the plane $H\times W$ of its channel. The plane is the image's, *without* padding. If several pixels of a window are equally large, it names the first of them, row by row.
#
# Write `max_pool2d`. **Refuse** a padding over half the window, $p>\frac{d(k-1)+1}2$ on either axis. (A window that a dilation stretches is larger than the kernel. Paddings over half the kernel and not over half the window are not examined.) Windows that contain no pixel of the image are not examined either.


# %% nbgrader={"grade_id": "max_pool2d", "solution": true}
def max_pool2d(x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    """The largest pixel of each window of images (N, C, H, W): F.max_pool2d.

    kernel_size, stride, padding, dilation: an int or a pair (down, right). Returns values (N, C, H', W'), with
    return_indices (values, indices). Raises ValueError for too much padding.
    """
    ### BEGIN SOLUTION
    kernel, stride = pair(kernel_size), pair(kernel_size if stride is None else stride)
    padding, dilation = pair(padding), pair(dilation)
    picked = []  # for each axis: the image's row that each tap of each window meets, and whether there is one
    for n, k, s, p, d in zip(x.shape[2:], kernel, stride, padding, dilation):
        reach = d * (k - 1) + 1
        if 2 * p > reach:
            raise ValueError(f"a padding of {p} is more than half of {reach} pixels")
        left = n + 2 * p - reach
        windows = -(-left // s) + 1 if ceil_mode else left // s + 1
        if ceil_mode and (windows - 1) * s - p >= n:
            windows -= 1
        rows = torch.arange(windows)[:, None] * s - p + torch.arange(k) * d  # (windows, k)
        picked.append((rows.clamp(0, n - 1), (rows >= 0) & (rows < n)))
    (rows, in_height), (columns, in_width) = picked
    rows, columns = rows[:, None, :, None], columns[None, :, None, :]  # (H', 1, kH, 1) and (1, W', 1, kW)
    inside = in_height[:, None, :, None] & in_width[None, :, None, :]
    windows = x[:, :, rows, columns].masked_fill(~inside, -torch.inf).flatten(-2)  # (N, C, H', W', kH · kW)
    values, first = windows.max(-1)
    if not return_indices:
        return values
    places = (rows * x.shape[3] + columns).flatten(-2)  # (H', W', kH · kW)
    return values, places.expand(windows.shape).gather(-1, first[..., None])[..., 0]
    ### END SOLUTION


# %% nbgrader={"grade_id": "max_pool2d-visible", "grade": true, "points": 0}
checks.pooling.max_pool2d(max_pool2d)

# %% nbgrader={"grade_id": "max_pool2d-hidden", "grade": true, "points": 8}
# Hidden tests run here after you have handed in (8 points).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.pooling.max_pool2d.grade(max_pool2d)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "max_pool2d-picture-text"}
# Your indices as arrows. Each arrow starts at the pixel that an output comes from. It must start at the brightest pixel of its window of 3 × 3. Below you see your windows on a row of 8 pixels, without and with `ceil_mode`. The hollow end of the last window hangs over.


# %% nbgrader={"grade_id": "max_pool2d-picture"}
with needs("max_pool2d"):
    eye = data.photograph("chelsea", 75, grey=True)[None, :, 22:34, 33:48]  # (1, 1, 12, 15)
    values, indices = max_pool2d(eye, 3, return_indices=True)
    pictures.arrows([eye[0, 0], values[0, 0]], [indices[0, 0]], ["image", "max_pool2d(image, 3)"])
    row = torch.arange(8.0).reshape(1, 1, 1, 8)
    for mode in (False, True):
        found = max_pool2d(row, (1, 3), 2, ceil_mode=mode).shape[3]
        pictures.windows(8, 3, 2, found, f"kernel 3, stride 2, ceil_mode={mode}")

# %% [markdown] nbgrader={"grade_id": "question_1-text"}
# **Question 1.** One image of 63 × 61 pixels with 8 channels passes `max_pool2d(x, 2, stride=3, ceil_mode=True)`. How many numbers does the result hold? Set `answer_1` to this number.

# %% nbgrader={"grade_id": "question_1", "solution": true}
# answer_1 = …
### BEGIN SOLUTION
answer_1 = 8 * 21 * 21
### END SOLUTION

# %% nbgrader={"grade_id": "question_1-visible", "grade": true, "points": 0}
checks.pooling.question_1(answer_1)

# %% nbgrader={"grade_id": "question_1-hidden", "grade": true, "points": 1}
# Hidden tests run here after you have handed in (1 point).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.pooling.question_1.grade(answer_1)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "avg_pool2d-text"}
# ## 2. The mean
#
# The mean of a window keeps something of each of its pixels. It is a convolution whose weights are all equal, with one question left open. By how many pixels do you divide at the border?
#
# $$\text{out}[n,c,r,s]=\frac1{D[r,s]}\;\sum_{u=0}^{k_h-1}\;\sum_{v=0}^{k_w-1} x\bigl[n,\;c,\;r\,\sigma_h+u-p_h,\;s\,\sigma_w+v-p_w\bigr]$$
#
# Pixels outside the image are 0. `kernel_size`, `stride`, `padding` and `ceil_mode` mean the same as in part 1, and the windows are the same. There is no dilation. The divisor $D[r,s]$ counts pixels of the window:
#
# | `count_include_pad` | $D[r,s]$ counts the pixels of the window that lie |
# |---|---|
# | `True` (the default) | on the image or on its padding of $p$ rows and columns |
# | `False` | on the image |
#
# So a pixel beyond the padding, where `ceil_mode` lets a window hang over, never counts.
#
# ```text
#  n = 4, k = 3, σ = 2, p = 1, ceil_mode          0 [5 7 9 3] 0 ·      [ ] the image, 0 padding, · beyond it
#                                                 [———]
#                                                     [———]
#                                                         [———]
#  count_include_pad=True                          (0+5+7)/3   (7+9+3)/3   (3+0)/2
#  count_include_pad=False                         (5+7)/2     (7+9+3)/3   3/1
# ```
#
# Write `avg_pool2d`. **Refuse** a padding over half the window, $p>\frac k2$ on either axis.


# %% nbgrader={"grade_id": "avg_pool2d", "solution": true}
def avg_pool2d(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    """The mean of each window of images (N, C, H, W): F.avg_pool2d.

    kernel_size, stride, padding: an int or a pair (down, right). Returns (N, C, H', W'). Raises ValueError for too much
    padding.
    """
    ### BEGIN SOLUTION
    kernel, stride, padding = pair(kernel_size), pair(kernel_size if stride is None else stride), pair(padding)
    shares = []  # for each axis: which pixels each window holds (windows, n), and how many count
    for n, k, s, p in zip(x.shape[2:], kernel, stride, padding):
        if 2 * p > k:
            raise ValueError(f"a padding of {p} is more than half of {k} pixels")
        left = n + 2 * p - k
        windows = -(-left // s) + 1 if ceil_mode else left // s + 1
        if ceil_mode and (windows - 1) * s - p >= n:
            windows -= 1
        start = torch.arange(windows)[:, None] * s - p
        first, last = (0, n) if not count_include_pad else (-p, n + p)
        counted = (start + k).clamp(max=last) - start.clamp(min=first)
        pixels = torch.arange(n)
        shares.append((((pixels >= start) & (pixels < start + k)).to(x.dtype), counted.to(x.dtype)))
    (rows, high), (columns, wide) = shares
    return (rows @ x @ columns.T) / (high * wide.T)
    ### END SOLUTION


# %% nbgrader={"grade_id": "avg_pool2d-visible", "grade": true, "points": 0}
checks.pooling.avg_pool2d(avg_pool2d)

# %% nbgrader={"grade_id": "avg_pool2d-hidden", "grade": true, "points": 7}
# Hidden tests run here after you have handed in (7 points).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.pooling.avg_pool2d.grade(avg_pool2d)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "avg_pool2d-picture-text"}
# A light grey image of 11 × 11 pixels, averaged by windows of 5 with stride 1 and padding 2. On the left the zeros of the padding count, and the border gets darker. In the middle they do not count, and the image stays as it is. On the right the stride is 3, with `ceil_mode`. There the last row and column are the darkest, because their windows hold one row or column of the image, two of the padding, and hang over by two more, which do not count.

# %% nbgrader={"grade_id": "avg_pool2d-picture"}
with needs("avg_pool2d"):
    grey = torch.full((1, 1, 11, 11), 0.8)
    panels = {
        "zeros count": avg_pool2d(grey, 5, 1, 2),
        "they do not": avg_pool2d(grey, 5, 1, 2, count_include_pad=False),
        "with ceil_mode": avg_pool2d(grey, 5, 3, 2, ceil_mode=True),
    }
    plots.show_row([panel[0] for panel in panels.values()], list(panels), vmin=0, vmax=1)

# %% [markdown] nbgrader={"grade_id": "adaptive_avg_pool2d-text"}
# ## 3. The mean of bins
#
# A linear layer needs a fixed number of inputs, but images have all sizes. Adaptive pooling is told the size of its *output*. It cuts each axis of $n$ pixels into $m$ bins and takes the mean of each bin. Bin $i$ contains the pixels
#
# $$\Bigl\lfloor\frac{i\,n}m\Bigr\rfloor\;\le\;\text{pixel}\;<\;\Bigl\lceil\frac{(i+1)\,n}m\Bigr\rceil\qquad i=0,\dots,m-1$$
#
# Starts are rounded down and ends are rounded up. So neighbouring bins share a pixel where $m$ does not divide $n$, and there may be more bins than pixels.
#
# ```text
#  n = 7, m = 3     0 1 2 3 4 5 6         n = 2, m = 3     0 1
#                   [———]                                  []
#                       [———]                              [—]
#                           [———]                           []
# ```
#
# Write `adaptive_avg_pool2d`. `output_size` is an int for both axes or a pair (down, right). In a pair `None` leaves that side as it is. The result is $(N, C, m_h, m_w)$. (`None` without a pair is not examined.)


# %% nbgrader={"grade_id": "adaptive_avg_pool2d", "solution": true}
def adaptive_avg_pool2d(x, output_size):
    """The means of bins of images (N, C, H, W): F.adaptive_avg_pool2d.

    output_size: an int or a pair (down, right), in which None leaves a side as it is.
    """
    ### BEGIN SOLUTION
    sizes = (output_size, output_size) if isinstance(output_size, int) else output_size

    def weights(n, m):
        """How much of each of n pixels is in each of m means: (m, n)."""
        bins, pixels = torch.arange(m)[:, None], torch.arange(n)
        inside = (pixels >= bins * n // m) & (pixels < -(-(bins + 1) * n // m))
        return inside.to(x.dtype) / inside.sum(1, keepdim=True)

    height, width = (n if m is None else m for n, m in zip(x.shape[2:], sizes))
    return weights(x.shape[2], height) @ x @ weights(x.shape[3], width).T
    ### END SOLUTION


# %% nbgrader={"grade_id": "adaptive_avg_pool2d-visible", "grade": true, "points": 0}
checks.pooling.adaptive_avg_pool2d(adaptive_avg_pool2d)

# %% nbgrader={"grade_id": "adaptive_avg_pool2d-hidden", "grade": true, "points": 4}
# Hidden tests run here after you have handed in (4 points).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.pooling.adaptive_avg_pool2d.grade(adaptive_avg_pool2d)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "adaptive_avg_pool2d-picture-text"}
# A cat of 45 × 60 pixels in 18 × 24 bins, in 7 × 7, in 2 × 3, and in a single one. The upper row is yours, the lower row is PyTorch's.

# %% nbgrader={"grade_id": "adaptive_avg_pool2d-picture"}
with needs("adaptive_avg_pool2d"):
    cat = data.photograph("chelsea", 60)[None, :, 5:50, :60]  # (1, 3, 45, 60)
    panels = {"the image": torch.cat([cat, cat], dim=2)[0]}
    for size in ((18, 24), 7, (2, 3), 1):
        rows = adaptive_avg_pool2d(cat, size), F.adaptive_avg_pool2d(cat, size)
        panels[str(size)] = torch.cat(rows, dim=2)[0]
    plots.show_row(list(panels.values()), list(panels), height=2.4)

# %% [markdown] nbgrader={"grade_id": "max_unpool2d-text"}
# ## 4. Back to where it was
#
# Pooling forgets where the largest pixel stood, but the indices of part 1 remember it. Unpooling uses them to restore a plane of the old size. Each value returns to its pixel, and all other pixels are 0.
#
# $$\text{out}\bigl[n,\;c,\;\lfloor i/W'\rfloor,\;i\bmod W'\bigr]=x[n,c,r,s]\qquad\text{with } i=\text{indices}[n,c,r,s]$$
#
# ```text
#  x  6 8     indices  5  7                0 0 0 0
#     9 7              8 14        →       0 6 0 8
#                                          9 0 0 0
#                                          0 0 7 0
# ```
#
# | | |
# |---|---|
# | `x`, `indices` | both $(N, C, h, w)$. `indices` is int64, each from 0 on |
# | `kernel_size`, `stride`, `padding` | those of the pooling: each an int or a pair (down, right). If `stride` is left out or `None`, it is the kernel's size. They are used for the size of the result only |
# | `output_size` | the size of the result, $(H', W')$ or all four numbers $(N, C, H', W')$ |
# | result | $(N, C, H', W')$. Without an `output_size` it is $H'=(h-1)\,\sigma_h-2p_h+k_h$ |
#
# Several sizes are pooled to the same size. With kernel 2 both 6 and 7 rows become 3, and `output_size` says which of them is meant. A good one is less than a stride away from the usual size, and only good ones come.
#
# Windows that overlap can have the same largest pixel. Then equal indices bring equal values. Write the value, and add nothing.
#
# Write `max_unpool2d`. **Refuse** an index that lies past the end of the plane into which it is written, $i\ge H'\,W'$.


# %% nbgrader={"grade_id": "max_unpool2d", "solution": true}
def max_unpool2d(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    """Values (N, C, h, w) put back to the pixels that their indices name: F.max_unpool2d.

    kernel_size, stride, padding: an int or a pair (down, right). output_size: (H', W') or four numbers. Returns
    (N, C, H', W'). Raises ValueError for an index past the plane.
    """
    ### BEGIN SOLUTION
    kernel, stride, padding = pair(kernel_size), pair(kernel_size if stride is None else stride), pair(padding)
    if output_size is None:
        output_size = [(n - 1) * s - 2 * p + k for n, k, s, p in zip(x.shape[2:], kernel, stride, padding)]
    height, width = output_size[-2:]
    if (indices >= height * width).any():
        raise ValueError(f"an index lies past the {height} × {width} pixels of the plane")
    flat = x.new_zeros(*x.shape[:2], height * width)
    return flat.scatter(2, indices.flatten(2), x.flatten(2)).unflatten(2, (height, width))
    ### END SOLUTION


# %% nbgrader={"grade_id": "max_unpool2d-visible", "grade": true, "points": 0}
checks.pooling.max_unpool2d(max_unpool2d)

# %% nbgrader={"grade_id": "max_unpool2d-hidden", "grade": true, "points": 5}
# Hidden tests run here after you have handed in (5 points).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.pooling.max_unpool2d.grade(max_unpool2d)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "max_unpool2d-picture-text"}
# There and back. On the left you see the image, in the middle what pooling keeps, and on the right what unpooling restores. The second arrow of each value ends at the pixel where the first one starts.

# %% nbgrader={"grade_id": "max_unpool2d-picture"}
with needs("max_unpool2d"):
    eye = data.photograph("chelsea", 75, grey=True)[None, :, 22:34, 33:45]  # (1, 1, 12, 12)
    values, indices = F.max_pool2d(eye, 4, return_indices=True)
    back = max_unpool2d(values, indices, 4)
    pictures.arrows(
        [eye[0, 0], values[0, 0], back[0, 0]], [indices[0, 0], indices[0, 0]], ["image", "pooled", "unpooled"]
    )

# %% [markdown] nbgrader={"grade_id": "question_2-text"}
# **Question 2.** A network has these layers, one after the other: a 3×3 convolution, a 2×2 pooling with stride 2, a 3×3 convolution, a 2×2 pooling with stride 2, and a 3×3 convolution. All convolutions have stride 1. How many pixels of the image does one position of the last map see along one axis? (This is its receptive field.) Set `answer_2` to this number.

# %% nbgrader={"grade_id": "question_2", "solution": true}
# answer_2 = …
### BEGIN SOLUTION
answer_2 = 1 + 2 + 1 + 2 * 2 + 1 * 2 + 2 * 4
### END SOLUTION

# %% nbgrader={"grade_id": "question_2-visible", "grade": true, "points": 0}
checks.pooling.question_2(answer_2)

# %% nbgrader={"grade_id": "question_2-hidden", "grade": true, "points": 1}
# Hidden tests run here after you have handed in (1 point).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.pooling.question_2.grade(answer_2)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "SimpleCNN-text"}
# ## 5. A simple network
#
# Convolutions find features, poolings make the maps smaller, and at the end one linear layer turns what was found into one number for each class. This is the simple network of the lecture. You decide how many layers it has, and how wide they are.
#
# ```text
#  image ─► convolution, ReLU ─► pooling ─► convolution, ReLU ─► … ─► fixed size ─► linear ─► logits
#  (N, in_channels, H, W)                                                          (N, num_classes)
# ```
#
# Write `SimpleCNN(in_channels, num_classes)`, an `nn.Module`.
#
# - It takes images of *any* size from 8 × 8 up, square or not. A network that flattens the last map has a linear layer for one size only, so make the map one size before (part 3).
# - It returns raw *logits* of shape $(N,$ `num_classes`$)$, without softmax or sigmoid.
# - It has at least one `nn.Conv2d`, and fewer than a million parameters.
# - It sees shapes. If the pixels of an image are shuffled, the logits change.
# - *In eval mode* two calls give the same, and each image is judged for itself, whatever else is in the batch. In either mode it does not change its input. In train mode it takes any batch of two images or more.
# - In train mode gradients reach every parameter, however small they are. All that the network has learned is in its `state_dict()`, so a second network that loads it gives the same logits.
#
# Everything else is free: names, normalisation, dropout, strided convolutions in place of poolings. You may use `nn.MaxPool2d` and all the rest of PyTorch here.


# %% nbgrader={"grade_id": "SimpleCNN", "solution": true}
class SimpleCNN(nn.Module):
    """A classifier: images (N, in_channels, H, W) → logits (N, num_classes)."""

    def __init__(self, in_channels, num_classes):
        super().__init__()
        ### BEGIN SOLUTION
        self.features = nn.Sequential(
            nn.Conv2d(in_channels, 16, kernel_size=3, padding=1), nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(16, 32, kernel_size=3, padding=1), nn.ReLU(),
            nn.AdaptiveAvgPool2d(2),
        )  # fmt: skip
        self.classify = nn.Linear(32 * 2 * 2, num_classes)
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        return self.classify(self.features(x).flatten(1))
        ### END SOLUTION


# %% nbgrader={"grade_id": "SimpleCNN-visible", "grade": true, "points": 0}
checks.pooling.SimpleCNN(SimpleCNN)

# %% nbgrader={"grade_id": "SimpleCNN-hidden", "grade": true, "points": 6}
# Hidden tests run here after you have handed in (6 points).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.pooling.SimpleCNN.grade(SimpleCNN)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "fit-text"}
# ## 6. Training
#
# The network starts with random weights. Each batch of images says in which direction the weights should move, and the optimiser takes a step.
#
# Write `fit(model, loader, epochs)`. It trains `model` *in place* and returns a list of `epochs` numbers, for each epoch the mean of the losses of its batches (or of its images).
#
# - The `loader` gives pairs (images, labels), float32 $(N, C, H, W)$ and int64 $(N,)$. It may be a `DataLoader` or a list of batches: use it in a `for` loop and in `len(loader)` only. In each epoch it is read once, from start to end, and it is not read at any other time.
# - The model's logits are $(N, K)$, and the loss is the cross-entropy between logits and labels. Every batch leads to one step of the optimiser by its own gradient, so gradients of earlier batches are cleared. Momentum, weight decay and clipping are allowed.
# - All parameters of the model are trained. (None of them has `requires_grad=False`.)
# - The model is in train mode while it is trained. (`fit` need not set it back.)
# - It trains any classifier, not only your `SimpleCNN`. You may choose the optimiser, its learning rate and a schedule. `torch.optim.Adam` with a learning rate between 1e-3 and 1e-2 works well here.
#
# The hidden tests also train your `SimpleCNN(1, 10)` by your `fit` for 15 epochs, on two thirds of the 1,797 handwritten digits of scikit-learn in batches of 64. Every third image is held back. In the better of two attempts the network must read 90 % of the images that were held back. (If your `SimpleCNN` is missing or not yet right, a small network replaces it.) Below the visible check you can try this. Aim at 95 %.


# %% nbgrader={"grade_id": "fit", "solution": true}
def fit(model, loader, epochs):
    """Trains a model on batches of (images, labels) in place; returns each epoch's mean loss."""
    ### BEGIN SOLUTION
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    model.train()
    history = []
    for _ in range(epochs):
        losses = []
        for images, labels in loader:
            loss = F.cross_entropy(model(images), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        history.append(sum(losses) / len(losses))
    return history
    ### END SOLUTION


# %% nbgrader={"grade_id": "fit-visible", "grade": true, "points": 0}
checks.pooling.fit(fit)

# %% nbgrader={"grade_id": "fit-hidden", "grade": true, "points": 7}
# Hidden tests run here after you have handed in (7 points).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.pooling.fit.grade(fit)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "training-text"}
# Now your network learns to read, in a few seconds. Nothing in this cell is graded, and part 8 asks about it.

# %% nbgrader={"grade_id": "training"}
with needs("SimpleCNN", "fit"):
    images, labels = data.digits()  # (1797, 1, 8, 8) in 0…1, and (1797,)
    held_back = torch.arange(len(labels)) % 3 == 0
    torch.manual_seed(0)
    network = SimpleCNN(1, 10)
    loader = DataLoader(TensorDataset(images[~held_back], labels[~held_back]), batch_size=64, shuffle=True)
    losses = fit(network, loader, epochs=convcourse.epochs(15))
    print("losses:", ", ".join(f"{loss:.2f}" for loss in losses))

    network.eval()
    with torch.inference_mode():
        guesses = network(images[held_back]).argmax(1)
    print(f"{(guesses == labels[held_back]).float().mean():.1%} of the images that were held back are read right")

# %% [markdown] nbgrader={"grade_id": "training-picture-text"}
# The confusions of your network. In the table a row is the digit that was written, and a column is the digit that your network read. Right answers are on the diagonal and not counted in the colours. Below it you see the first images that were read wrong, each with what was written and what was read.

# %% nbgrader={"grade_id": "training-picture"}
with needs("guesses"):
    pictures.confusions(images[held_back], labels[held_back], guesses)

# %% [markdown] nbgrader={"grade_id": "bonus-text"}
# ## 7. Optional: blur before you sample
#
# A pooling with stride 2 looks at every second position only. If the image is shifted by one pixel, it looks at the others, and its output can be quite different. Zhang (2019) blurs the map before it is sampled, as everyone does who makes photographs smaller. Write `blur_pool(x, size=3, stride=2)`.
#
# - The weights along one axis are the binomial numbers $\binom{\text{size}-1}{i}$, $i=0,\dots,\text{size}-1$, divided by their sum: 1, 2, 1 over 4 for `size=3`, and 1, 4, 6, 4, 1 over 16 for `size=5`. The kernel is the outer product of the weights down and the weights to the right. Any `size` from 1 on may come, as long as the image is larger than what is padded.
# - Each channel is filtered alone. The image is padded by *reflection* (`F.pad(…, mode="reflect")`), with `(size - 1) // 2` rows and columns at the start of each axis and `size // 2` at its end.
# - Only every `stride`-th row and column is kept, from the first one on. `size` and `stride` are whole numbers.
#
# The result keeps the input's dtype, and its height is $\lfloor (H-1)/\text{stride}\rfloor+1$. Nothing is forbidden in this part. (It gives 2 bonus points, which are counted separately from the 40.)


# %% nbgrader={"grade_id": "bonus", "solution": true}
def blur_pool(x, size=3, stride=2):
    """Images (N, C, H, W), blurred by binomial weights and sampled at every stride-th pixel."""
    ### BEGIN SOLUTION
    row = torch.ones(1, dtype=x.dtype)
    for _ in range(size - 1):
        row = (F.pad(row, (0, 1)) + F.pad(row, (1, 0))) / 2
    kernel = torch.outer(row, row).expand(x.shape[1], 1, size, size)
    before, after = (size - 1) // 2, size // 2
    padded = F.pad(x, (before, after, before, after), mode="reflect")
    return F.conv2d(padded, kernel, stride=stride, groups=x.shape[1])
    ### END SOLUTION


# %% nbgrader={"grade_id": "bonus-visible", "grade": true, "points": 0}
checks.pooling.blur_pool(blur_pool)

# %% nbgrader={"grade_id": "bonus-hidden", "grade": true, "points": 0}
# Hidden tests run here after you have handed in (2 bonus points).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.pooling.bonus.grade(blur_pool)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "bonus-picture-text"}
# A board of 32 × 32 pixels whose fields are single pixels, and a photograph with fine stripes. Above you see every second pixel, below your `blur_pool`. Without the blur the board becomes black or white, depending on where it starts.

# %% nbgrader={"grade_id": "bonus-picture"}
with needs("blur_pool"):
    board = (torch.arange(32)[:, None] + torch.arange(32)).remainder(2).float()[None, None]
    camera = data.photograph("camera", 96, grey=True)[None, :, 16:80, 8:72]  # (1, 1, 64, 64)
    panels = [torch.cat([image[..., ::2, ::2], blur_pool(image)], dim=2)[0] for image in (board, camera)]
    plots.show_row(panels, ["board", "photograph"], height=2.4, vmin=0, vmax=1)

# %% [markdown] nbgrader={"grade_id": "question_3-text"}
# **Question 3.** A network has 3×3 convolutions with stride 1 that pad in a circle, two 2×2 max poolings with stride 2, and at the end the mean over all positions of the map and a linear layer. The image of 32 × 32 pixels is shifted to the right, and what leaves it on the right comes in again on the left. When are the logits the same as before?
# - A: always, because convolutions are the same everywhere and the mean forgets all positions;
# - B: never, because each shift moves all features;
# - C: certainly if the shift is a multiple of 4 pixels, and otherwise they change in general;
# - D: certainly if the shift is at most 4 pixels, because max pooling forgets so much.
#
# Set `answer_3` to one of the letters, such as `"A"`.

# %% nbgrader={"grade_id": "question_3", "solution": true}
# answer_3 = "…"
### BEGIN SOLUTION
answer_3 = "C"
### END SOLUTION

# %% nbgrader={"grade_id": "question_3-visible", "grade": true, "points": 0}
checks.pooling.question_3(answer_3)

# %% nbgrader={"grade_id": "question_3-hidden", "grade": true, "points": 1}
# Hidden tests run here after you have handed in (1 point).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.pooling.question_3.grade(answer_3)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "discussion-text"}
# ## 8. Discuss
#
# Write one or two hundred words. Look at the confusions of your network. (If it makes hardly any, look at those of a smaller copy of your class, in a cell of your own.) Choose one pair of digits that it confuses, and say which difference between them it does not see. Say whether pooling is to blame, that is whether the difference is one of *where* something stands, and how you would find out whether you are right. An experiment that you have tried counts more than one you propose. A person reads this, and gives up to 4 points beyond the 40.

# %% [markdown] nbgrader={"grade_id": "discussion", "grade": true, "solution": true, "points": 4}
# My network reads some nines as threes. They differ by one short stroke on the left, which closes the upper loop, and in an image of 8 × 8 this stroke is one or two pixels long. After the pooling by 2 it is a single position. The difference is whether the stroke is there, and hardly where it is, so I doubt that pooling is to blame: the maximum of a window keeps a stroke wherever in the window it lies. To find out I would train the network without the pooling, three times each with other first weights, and count this confusion. If it stays, I would show these images to people. Where a writer has left the loop open, they should err as well, and then the image is to blame.
