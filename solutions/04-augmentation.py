# %% [markdown] nbgrader={"grade_id": "intro"}
# # Assignment 4: change the picture, keep the label
#
# A photograph of a cat still shows a cat when it is shifted, turned a little, or darker. A network does not know this, unless it sees such changes while it learns. In this assignment you write the changes of pictures in which something can go wrong. Then you write what a course on segmentation needs: a transform that moves an image and its mask together, and a dataset that reads both from files and says what is missing. At the end you see a cat six times, each time changed at random and before another background. The parts follow chapter 4 of the book, and no part needs another one to be right.
#
# **How to work.** Each part has a cell for your code, with a first line and `raise NotImplementedError()`. Replace the `raise`. The cell below it holds *visible checks*. They take a second, say what is wrong, and give no points. After them a picture shows what you have made. The *hidden tests* run after you have handed in, and give the points. They require only what the text says, but they look at many more cases than the visible checks. You may add cells of your own anywhere, with helpers or with experiments. Locked cells stay as they are. Before you hand in, choose *Restart Kernel and Run All Cells*, save, and run in a terminal
#
# ```bash
# python -m convcourse check 04-augmentation.ipynb
# ```
#
# **What is not allowed.** You write the seven functions of parts 1 to 7 without a library that changes images. In them `torchvision.transforms`, scikit-image, OpenCV and those parts of SciPy that work on images and signals (`scipy.ndimage`, `scipy.signal`, `scipy.interpolate`, `scipy.fft`) are forbidden. The grader refuses such a call and says so. The rest of SciPy is allowed, such as `scipy.special`. A helper that one of them calls is a part of it. PyTorch is allowed there, for example indexing, `F.pad`, `F.conv2d` and `F.grid_sample`, and so is NumPy. In parts 8 to 11 nothing is forbidden, and in cells of your own neither. A comparison with `torchvision.transforms.v2.functional` is the best test that you can write.
#
# **What holds everywhere.**
#
# - An *image* is a float32 tensor of shape $(C, H, W)$ with $C=3$ or $C=1$ channels, $H$ rows and $W$ columns, and values in 0…1. It is not a batch. A *mask* is an int64 tensor of shape $(H, W)$ which holds the label of each pixel.
# - *Results* are images of the same shape and dtype, unless the text says otherwise.
# - *Memory.* Arguments are never changed. The result may share memory with them, unless the text says otherwise. Tensors that come in need not be contiguous. Transposed and expanded ones come too.
# - *Arguments* are given by position or by name. So use the names of the text.
# - *Numbers* are Python's. Angles and strengths are ints or floats, and positions and sizes are ints.
# - *Randomness.* Where a part says that it draws, it draws from the generator that the text names, and from nothing else. So the same seed gives the same result.
# - *Gradients* are not examined.
# - Your own cells run again when the notebook is graded. A cell may take 20 seconds of processor time, the whole notebook 120, and all of it 2 GB of memory. What a cell shows may be 2 MiB and 1,000 outputs, and what the whole notebook shows 16 MiB.
# - Your other cells may set the default dtype, switch gradients off, or set a seed. All of this is put back before the hidden tests.
#
# You decide how to write it. The images of the hidden tests are so small that plain loops are fast enough.

# %% nbgrader={"grade_id": "setup"}
# Given: what all parts use. Run it first.
import importlib.util

if importlib.util.find_spec("convcourse") is None:
    raise SystemExit(
        "The package `convcourse` is not installed here. Your course gave you its file with this notebook. Put the file "
        "beside the notebook (on Colab: Files, Upload), and run this line in a new cell above this one:\n\n"
        "%pip install ./convcourse-0.1.0-py3-none-any.whl"
    )

import math
import tempfile
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch.utils.data import Dataset

from convcourse import checks, data, needs, pictures, plots

plots.style()
torch.set_num_threads(1)  # these images are small: with more threads they wait for one another
cat = data.photograph("chelsea", 96)  # (3, 96, 144)
cat_mask = data.photograph_mask("chelsea", 96)  # (96, 144), 1 on the cat

# %% [markdown] nbgrader={"grade_id": "given-text"}
# ## Given
#
# Five of the changes are a line each. They are used in the pictures below, and you may use them everywhere.


# %% nbgrader={"grade_id": "given"}
# Given: changes that are a line each. Images and masks (C, H, W).
def hflip(image):
    """Left and right exchanged."""
    return image.flip(-1)


def vflip(image):
    """Top and bottom exchanged."""
    return image.flip(-2)


def crop(image, top, left, height, width):
    """A part of the image, from row `top` and column `left` on."""
    return image[..., top : top + height, left : left + width]


def permute_channels(image, order):
    """The channels in another order, such as (2, 1, 0)."""
    return image[list(order)]


def adjust_brightness(image, factor):
    """Every pixel times the factor, and at most 1."""
    return (factor * image).clamp(0, 1)


plots.show_row(
    [
        cat,
        hflip(cat),
        vflip(cat),
        F.pad(crop(cat, 8, 30, 72, 90), (27, 27, 12, 12), value=1),
        permute_channels(cat, (2, 1, 0)),
        adjust_brightness(cat, 1.6),
    ],
    ["cat", "hflip", "vflip", "crop", "permute_channels", "adjust_brightness"],
    height=1.3,
)

# %% [markdown] nbgrader={"grade_id": "shift-text"}
# ## 1. Shift
#
# A shift simulates a camera that points elsewhere. It moves the object, and the part of the scene that the camera did not see is unknown. Here it becomes 0.
#
# $$\text{out}[c,r,s]=\begin{cases}\text{image}[c,\;r-d_y,\;s-d_x]&\text{where this pixel exists}\\0&\text{elsewhere}\end{cases}$$
#
# ```text
#   1 2 3      shift(image, dx=1, dy=0)      0 1 2
#   4 5 6     ─────────────────────────►     0 4 5
#   7 8 9                                    0 7 8
# ```
#
# Write `shift(image, dx, dy)`. `dx` pixels to the right and `dy` pixels down are whole numbers. They may be negative, and larger than the image, which leaves zeros alone. Masks come too, as int64 tensors $(1, H, W)$, and stay int64.


# %% nbgrader={"grade_id": "shift", "solution": true}
def shift(image, dx, dy):
    """The image (C, H, W) moved dx pixels to the right and dy pixels down. Zeros follow."""
    ### BEGIN SOLUTION
    height, width = image.shape[-2:]
    moved = torch.zeros_like(image)
    if abs(dx) < width and abs(dy) < height:
        rows, columns = slice(max(0, dy), height + min(0, dy)), slice(max(0, dx), width + min(0, dx))
        from_rows, from_columns = slice(max(0, -dy), height - max(0, dy)), slice(max(0, -dx), width - max(0, dx))
        moved[..., rows, columns] = image[..., from_rows, from_columns]
    return moved
    ### END SOLUTION


# %% nbgrader={"grade_id": "shift-visible", "grade": true, "points": 0}
checks.augmentation.shift(shift)

# %% nbgrader={"grade_id": "shift-hidden", "grade": true, "points": 2}
# Hidden tests run here after you have handed in (2 points).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.augmentation.shift.grade(shift)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "shift-picture-text"}
# The cat must move to the right and down in the second picture, and to the left and up in the third. The black border is where nothing is known.

# %% nbgrader={"grade_id": "shift-picture"}
with needs("shift"):
    titles = ["image", "dx=40, dy=20", "dx=-40, dy=-20"]
    plots.show_row([cat, shift(cat, 40, 20), shift(cat, -40, -20)], titles, height=1.6)

# %% [markdown] nbgrader={"grade_id": "cutout-text"}
# ## 2. Cutout
#
# Something stands before the object. If a network has learned that a cat is a face and nothing else, it fails when the face is covered. So a rectangle of the training images is removed (DeVries and Taylor, 2017).
#
# Write `cutout(image, top, left, height, width)`. It sets all channels to 0 in `height` rows from row `top` on and `width` columns from column `left` on. `top` and `left` may be negative, `height` and `width` may be 0, and the rectangle may reach over the end of the image. Then only the part on the image is set to 0, and this part may be empty. The result is *always a copy*, also where nothing is removed: who changes the result later must not change the image.
#
# ```text
#   image of 4 × 5, cutout(image, top=-1, left=3, height=3, width=9)
#
#   row −1                 0 0 0 0 0 0 …      outside the image
#   row  0        1 1 1    0 0
#   row  1        1 1 1    0 0
#   row  2        1 1 1    1 1
#   row  3        1 1 1    1 1
# ```


# %% nbgrader={"grade_id": "cutout", "solution": true}
def cutout(image, top, left, height, width):
    """A copy of the image (C, H, W) which is 0 in a rectangle, as far as that lies on the image."""
    ### BEGIN SOLUTION
    result = image.clone()
    result[..., max(0, top) : max(0, top + height), max(0, left) : max(0, left + width)] = 0
    return result
    ### END SOLUTION


# %% nbgrader={"grade_id": "cutout-visible", "grade": true, "points": 0}
checks.augmentation.cutout(cutout)

# %% nbgrader={"grade_id": "cutout-hidden", "grade": true, "points": 2}
# Hidden tests run here after you have handed in (2 points).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.augmentation.cutout.grade(cutout)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "cutout-picture-text"}
# In the second picture the face is covered, and the third one shows a rectangle that begins above and to the left of the image.

# %% nbgrader={"grade_id": "cutout-picture"}
with needs("cutout"):
    covered = [cutout(cat, 18, 45, 44, 56), cutout(cat, -20, -30, 60, 80)]
    plots.show_row([cat, *covered], ["image", "top=18, left=45", "top=-20, left=-30"], height=1.6)

# %% [markdown] nbgrader={"grade_id": "rotate-text"}
# ## 3. Rotate
#
# Nobody holds a camera exactly level. If you move each pixel of the image to its new position, positions between them stay empty, and the result has holes. So go the other way: for each pixel of the *result*, ask which pixel of the image it shows.
#
# ```text
#        image                        result, counter-clockwise by α
#      ┌─────────────┐              ┌─────────────┐
#      │        s ●  │              │   ● p       │        p = s, rotated by α about the centre
#      │       ·     │   ◄───────   │     ·       │        s = p, rotated by −α about the centre
#      │      ×      │              │      ×      │
#      └─────────────┘              └─────────────┘
# ```
#
# The centre × is $\left(\frac{H-1}2,\frac{W-1}2\right)$, and a position $p$ lies $x$ columns to the right of it and $y$ rows *below* it. Rows are counted downwards. So the position that it shows lies $x'$ to the right and $y'$ below, with
#
# $$x'=x\cos\alpha-y\sin\alpha\qquad\quad y'=x\sin\alpha+y\cos\alpha$$
#
# Write `rotate(image, angle)`.
#
# - `angle` is in degrees. A positive one rotates **counter-clockwise**, as you see the image. Negative angles and angles over 360° come too.
# - The result has the size of the image. Pixels that show nothing of the image are 0.
# - The position that you look up is in general no whole number. For an *image* take the nearest pixel, or interpolate between the four around it (*bilinear*). Both are right. Two rows and columns along each border of the result are not compared, nor are pixels that show something from within two pixels of the image's border.
# - A *mask* comes as an int64 tensor $(1, H, W)$ and stays int64. Take the *nearest* pixel for it. The mean of the labels 0 and 2 is 1, which is the label of something else.
# - By 0° and by 180° the result is exact, and on squares by every multiple of 90°.


# %% nbgrader={"grade_id": "rotate", "solution": true}
def rotate(image, angle):
    """The image or mask (C, H, W) rotated counter-clockwise by `angle` degrees about its centre. Zeros outside."""
    ### BEGIN SOLUTION
    height, width = image.shape[-2:]
    turn = math.radians(angle)
    below = torch.arange(height, dtype=torch.float64)[:, None] - (height - 1) / 2  # (H, 1)
    right = torch.arange(width, dtype=torch.float64) - (width - 1) / 2  # (W,)
    columns = (right * math.cos(turn) - below * math.sin(turn) + (width - 1) / 2).round().long()  # (H, W)
    rows = (right * math.sin(turn) + below * math.cos(turn) + (height - 1) / 2).round().long()
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    return image[..., rows.clamp(0, height - 1), columns.clamp(0, width - 1)].masked_fill(~inside, 0)
    ### END SOLUTION


# %% nbgrader={"grade_id": "rotate-visible", "grade": true, "points": 0}
checks.augmentation.rotate(rotate)

# %% nbgrader={"grade_id": "rotate-hidden", "grade": true, "points": 6}
# Hidden tests run here after you have handed in (6 points).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.augmentation.rotate.grade(rotate)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "rotate-picture-text"}
# By 30° the cat leans to the left, without holes, and keeps its shape. The mask in the third picture is rotated by the same angle, and must have two labels only.

# %% nbgrader={"grade_id": "rotate-picture"}
with needs("rotate"):
    turned = rotate(cat_mask[None], 30)
    titles = ["image", "rotate(image, 30)", f"mask: labels {turned.unique().tolist()}", "rotate(image, -120)"]
    plots.show_row([cat, rotate(cat, 30), turned.float(), rotate(cat, -120)], titles, height=1.6)

# %% [markdown] nbgrader={"grade_id": "adjust_contrast-text"}
# ## 4. Contrast
#
# Fog makes dark pixels brighter and bright ones darker. All of them come closer to the mean. A change of contrast moves them towards the mean or away from it, and keeps the mean.
#
# $$\text{out}=\mu+f\,(\text{image}-\mu)$$
#
# $\mu$ is *one* number for the whole image: the mean of the grey image $0.2989\,R+0.587\,G+0.114\,B$. An image of one channel is its own grey image. The result is clamped to 0…1.
#
# Write `adjust_contrast(image, factor)` with a factor $f\ge0$. So a factor of 1 leaves the image as it is, and a factor of 0 leaves grey alone. (The weights are torchvision's. With 0.299 instead of 0.2989 you are right, too.)


# %% nbgrader={"grade_id": "adjust_contrast", "solution": true}
def adjust_contrast(image, factor):
    """The image (C, H, W) with every pixel `factor` times as far from the mean of the grey image, in 0…1."""
    ### BEGIN SOLUTION
    grey = image if len(image) == 1 else 0.2989 * image[0] + 0.587 * image[1] + 0.114 * image[2]
    mean = grey.mean()
    return (mean + factor * (image - mean)).clamp(0, 1)
    ### END SOLUTION


# %% nbgrader={"grade_id": "adjust_contrast-visible", "grade": true, "points": 0}
checks.augmentation.adjust_contrast(adjust_contrast)

# %% nbgrader={"grade_id": "adjust_contrast-hidden", "grade": true, "points": 3}
# Hidden tests run here after you have handed in (3 points).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.augmentation.adjust_contrast.grade(adjust_contrast)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "adjust_contrast-picture-text"}
# With a factor of 0.3 you see the cat in fog, with its colours. With a factor of 2 the darkest and the brightest parts lose their details, because they are clamped.

# %% nbgrader={"grade_id": "adjust_contrast-picture"}
with needs("adjust_contrast"):
    factors = (0, 0.3, 1, 2)
    plots.show_row([adjust_contrast(cat, f) for f in factors], [f"factor {f}" for f in factors], height=1.6)

# %% [markdown] nbgrader={"grade_id": "gaussian_blur-text"}
# ## 5. Gaussian blur
#
# A picture that is out of focus shows the mean of the pixels around each pixel. Near ones count more than distant ones.
#
# $$w[d]=\frac{e^{-d^2/2\sigma^2}}{\sum_{j=-m}^{m}e^{-j^2/2\sigma^2}}\quad(-m\le d\le m)\qquad\quad
# \text{out}[c,r,s]=\sum_{u=-m}^{m}\sum_{v=-m}^{m}w[u]\,w[v]\;\text{image}[c,\,r+u,\,s+v]$$
#
# | | |
# |---|---|
# | `kernel_size` | $2m+1$, an odd number, the side of the window |
# | `sigma` | $\sigma>0$. The larger it is, the more the distant pixels count |
#
# At the border the window reaches out of the image. There the image is continued by *reflection*, and the pixel at the edge is not repeated:
#
# ```text
#    d c b │ a b c d e │ d c b        m = 3
# ```
#
# Write `gaussian_blur(image, kernel_size, sigma)`. The window is always so small that one reflection is enough, that is $m<H$ and $m<W$. Even sizes do not come.


# %% nbgrader={"grade_id": "gaussian_blur", "solution": true}
def gaussian_blur(image, kernel_size, sigma):
    """Each channel of the image (C, H, W) blurred by a Gaussian window. Reflected borders."""
    ### BEGIN SOLUTION
    m = kernel_size // 2
    weights = torch.exp(-(torch.arange(-m, m + 1, dtype=torch.float64) ** 2) / (2 * sigma**2))
    weights = (weights / weights.sum()).to(image.dtype)
    planes = F.pad(image[:, None], (m, m, m, m), mode="reflect")  # (C, 1, H + 2m, W + 2m)
    planes = F.conv2d(planes, weights.reshape(1, 1, -1, 1))
    return F.conv2d(planes, weights.reshape(1, 1, 1, -1))[:, 0]
    ### END SOLUTION


# %% nbgrader={"grade_id": "gaussian_blur-visible", "grade": true, "points": 0}
checks.augmentation.gaussian_blur(gaussian_blur)

# %% nbgrader={"grade_id": "gaussian_blur-hidden", "grade": true, "points": 5}
# Hidden tests run here after you have handed in (5 points).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.augmentation.gaussian_blur.grade(gaussian_blur)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "gaussian_blur-picture-text"}
# The second picture is a little out of focus. In the third one the eyes have no edges any more. The border must be neither darker nor brighter than what is beside it.

# %% nbgrader={"grade_id": "gaussian_blur-picture"}
with needs("gaussian_blur"):
    blurred = [gaussian_blur(cat, 5, 1.0), gaussian_blur(cat, 17, 4.0)]
    plots.show_row([cat, *blurred], ["image", "kernel_size 5, sigma 1", "kernel_size 17, sigma 4"], height=1.6)

# %% [markdown] nbgrader={"grade_id": "gaussian_noise-text"}
# ## 6. Gaussian noise
#
# In the dark a sensor adds a random number to each pixel. A network that has never seen noise can lose half of its right answers by noise that people hardly see.
#
# Write `gaussian_noise(image, sigma, generator)`. It adds normal noise with mean 0 and standard deviation `sigma` $\ge0$, a *new* number for each pixel and each channel, and clamps the result to 0…1. All numbers come from `generator`, a `torch.Generator`, and from nothing else. So the same seed gives the same noise, a second call with the same generator gives other noise, and the global generator stays where it was.


# %% nbgrader={"grade_id": "gaussian_noise", "solution": true}
def gaussian_noise(image, sigma, generator):
    """The image (C, H, W) with normal noise of standard deviation `sigma` from the generator, in 0…1."""
    ### BEGIN SOLUTION
    return (image + sigma * torch.randn(image.shape, generator=generator)).clamp(0, 1)
    ### END SOLUTION


# %% nbgrader={"grade_id": "gaussian_noise-visible", "grade": true, "points": 0}
checks.augmentation.gaussian_noise(gaussian_noise)

# %% nbgrader={"grade_id": "gaussian_noise-hidden", "grade": true, "points": 3}
# Hidden tests run here after you have handed in (3 points).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.augmentation.gaussian_noise.grade(gaussian_noise)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "gaussian_noise-picture-text"}
# The noise must be coloured, because each channel has its own. The last picture shows the difference between two calls with one generator. It must not be black.

# %% nbgrader={"grade_id": "gaussian_noise-picture"}
with needs("gaussian_noise"):
    generator = torch.Generator().manual_seed(0)
    one, two = gaussian_noise(cat, 0.1, generator), gaussian_noise(cat, 0.1, generator)
    noisy = [one, gaussian_noise(cat, 0.3, generator), (one - two).abs()]
    plots.show_row([cat, *noisy], ["image", "sigma 0.1", "sigma 0.3", "difference"], height=1.6)

# %% [markdown] nbgrader={"grade_id": "replace_background-text"}
# ## 7. Another background
#
# Cats are often photographed on sofas. A network that has seen nothing else may learn the sofa. If you know the object's mask, you can put the object before any background.
#
# Write `replace_background(image, mask, background)`. The mask is an int64 tensor $(H, W)$ of 0 and 1. Where it is 1 the image is kept, and where it is 0 the background shows. Image and background have the same shape $(C, H, W)$.


# %% nbgrader={"grade_id": "replace_background", "solution": true}
def replace_background(image, mask, background):
    """The image (C, H, W) where the mask (H, W) is 1, and the background (C, H, W) where it is 0."""
    ### BEGIN SOLUTION
    return torch.where(mask == 1, image, background)
    ### END SOLUTION


# %% nbgrader={"grade_id": "replace_background-visible", "grade": true, "points": 0}
checks.augmentation.replace_background(replace_background)

# %% nbgrader={"grade_id": "replace_background-hidden", "grade": true, "points": 2}
# Hidden tests run here after you have handed in (2 points).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.augmentation.replace_background.grade(replace_background)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "replace_background-picture-text"}
# The cat before a cup of coffee and before the coins of a museum. Its outline was drawn by hand, so a little of the old background is left around it.

# %% nbgrader={"grade_id": "replace_background-picture"}
with needs("replace_background"):
    backgrounds = [data.photograph(name, 144)[:, :96, :144] for name in ("coffee", "coins")]  # (3, 96, 144)
    replaced = [replace_background(cat, cat_mask, background) for background in backgrounds]
    plots.show_row([cat, cat_mask.float(), *replaced], ["image", "mask", "coffee", "coins"], height=1.6)

# %% [markdown] nbgrader={"grade_id": "question_1-text"}
# **Question 1.** Which of these changes keeps the label of *every* handwritten digit from 0 to 9, if the digits are drawn upright in images of 28 × 28 pixels and leave 4 pixels free on all sides?
# - A: a rotation by any angle between −180° and 180°;
# - B: a horizontal flip;
# - C: a shift by up to 3 pixels in any direction;
# - D: a cutout of 14 × 14 pixels anywhere.
#
# Set `answer_1` to one of the letters, such as `"A"`.

# %% nbgrader={"grade_id": "question_1", "solution": true}
# answer_1 = "…"
### BEGIN SOLUTION
answer_1 = "C"
### END SOLUTION

# %% nbgrader={"grade_id": "question_1-visible", "grade": true, "points": 0}
checks.augmentation.question_1(answer_1)

# %% nbgrader={"grade_id": "question_1-hidden", "grade": true, "points": 1}
# Hidden tests run here after you have handed in (1 point).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.augmentation.question_1.grade(answer_1)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "Compose-text"}
# ## 8. One after the other, and only sometimes
#
# A pipeline of changes is a change itself. Two small classes are enough to build one. Both are made once and then called often, with an image.
#
# Write `Compose(transforms)`. `transforms` is a list of callables, each of which takes an image and returns one. A call gives the image to the first, its result to the second, and so on, and returns the last result. If the list is empty, it returns the image.


# %% nbgrader={"grade_id": "Compose", "solution": true}
class Compose:
    """Callables on an image, called in order: Compose([f, g])(image) is g(f(image))."""

    def __init__(self, transforms):
        ### BEGIN SOLUTION
        self.transforms = list(transforms)
        ### END SOLUTION

    def __call__(self, image):
        ### BEGIN SOLUTION
        for transform in self.transforms:
            image = transform(image)
        return image
        ### END SOLUTION


# %% nbgrader={"grade_id": "Compose-visible", "grade": true, "points": 0}
checks.augmentation.Compose(Compose)

# %% nbgrader={"grade_id": "Compose-hidden", "grade": true, "points": 1}
# Hidden tests run here after you have handed in (1 point).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.augmentation.Compose.grade(Compose)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "RandomApply-text"}
# Write `RandomApply(transform, p)`. With probability `p` a call returns `transform(image)`, and otherwise the image itself. *Each call decides anew*, and independently of the calls before it. The decision is drawn from torch's global generator, for example by `torch.rand(())`. So the same decisions follow the same `torch.manual_seed`. Python's `random` and NumPy's generators do not follow it. With `p=0` the transform is never called, and with `p=1` always.


# %% nbgrader={"grade_id": "RandomApply", "solution": true}
class RandomApply:
    """A callable on an image which calls `transform` with probability p, decided anew at each call."""

    def __init__(self, transform, p):
        ### BEGIN SOLUTION
        self.transform, self.p = transform, p
        ### END SOLUTION

    def __call__(self, image):
        ### BEGIN SOLUTION
        return self.transform(image) if torch.rand(()) < self.p else image
        ### END SOLUTION


# %% nbgrader={"grade_id": "RandomApply-visible", "grade": true, "points": 0}
checks.augmentation.RandomApply(RandomApply)

# %% nbgrader={"grade_id": "RandomApply-hidden", "grade": true, "points": 3}
# Hidden tests run here after you have handed in (3 points).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.augmentation.RandomApply.grade(RandomApply)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "RandomApply-picture-text"}
# One pipeline, called six times. Some of the cats look to the other side, some are darker, some are both, and some are as they were.

# %% nbgrader={"grade_id": "RandomApply-picture"}
with needs("Compose", "RandomApply"):
    sometimes = Compose([RandomApply(hflip, 0.5), RandomApply(lambda image: adjust_brightness(image, 0.5), 0.5)])
    torch.manual_seed(1)
    plots.show_row([sometimes(cat) for _ in range(6)], [f"call {i}" for i in range(1, 7)], height=1.3)

# %% [markdown] nbgrader={"grade_id": "question_2-text"}
# **Question 2.** A pipeline holds five transforms in a `Compose`. Each of them is wrapped in a `RandomApply` with `p=0.5`, and each of them changes the image visibly. It is called once for each of 3,200 images. How many images come out unchanged, on average? Set `answer_2` to this number.

# %% nbgrader={"grade_id": "question_2", "solution": true}
# answer_2 = …
### BEGIN SOLUTION
answer_2 = 3200 // 2**5
### END SOLUTION

# %% nbgrader={"grade_id": "question_2-visible", "grade": true, "points": 0}
checks.augmentation.question_2(answer_2)

# %% nbgrader={"grade_id": "question_2-hidden", "grade": true, "points": 1.5}
# Hidden tests run here after you have handed in (1.5 points).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.augmentation.question_2.grade(answer_2)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "SegmentationTransform-text"}
# ## 9. The mask moves along
#
# In segmentation the mask is the label, one for each pixel. If the image is rotated and the mask is not, every label is wrong, and the network learns nothing without a warning. If the image becomes darker, the mask stays as it is. So there are two kinds of changes. *Geometric* ones move pixels, and *photometric* ones change their values.
#
# ```text
#   image (C, H, W) ─► geometric[0] ─► geometric[1] ─► … ─► photometric[0] ─► … ─► image
#                          │ same          │ same
#                          │ random        │ random
#                          ▼ numbers       ▼ numbers
#   mask     (H, W) ─► geometric[0] ─► geometric[1] ─► … ───────────────────────► mask
# ```
#
# A random change draws its numbers (the angle, or whether to flip) when it is called. It is called twice, once with the image and once with the mask, and both calls must draw *the same* numbers. All callables draw from torch's global generator and from nothing else. So the generator must be in the same state at both calls. `torch.get_rng_state()` returns this state, and `torch.set_rng_state(state)` puts it back. (`torch.manual_seed` with a number that you draw is right, too.)
#
# Write `SegmentationTransform(geometric, photometric)`.
#
# - `geometric` and `photometric` are lists of callables, each of which takes one tensor and returns one. A list may be empty.
# - A call with `(image, mask)` returns `(image, mask)`, with the mask as an int64 tensor $(H, W)$ before and after.
# - First come the geometric ones, in their order. Each is called with the image and, separately, with the mask as an int64 tensor $(1, H, W)$. Do not join both into one tensor: the mask would become float, and a callable treats images and masks differently.
# - Then come the photometric ones, in their order, on the image alone.
# - Two calls draw different numbers.
#
# Callables draw as much for a mask as for an image, and change nothing in place. You decide whether the state is put back after each callable or after the list, whether the image or the mask comes first, and in which state the generator is left, as long as two calls differ.


# %% nbgrader={"grade_id": "SegmentationTransform", "solution": true}
class SegmentationTransform:
    """A callable (image, mask) → (image, mask): geometric changes on both alike, photometric ones on the image."""

    def __init__(self, geometric, photometric):
        ### BEGIN SOLUTION
        self.geometric, self.photometric = list(geometric), list(photometric)
        ### END SOLUTION

    def __call__(self, image, mask):
        ### BEGIN SOLUTION
        mask = mask[None]
        for transform in self.geometric:
            state = torch.get_rng_state()
            image = transform(image)
            torch.set_rng_state(state)
            mask = transform(mask)
        for transform in self.photometric:
            image = transform(image)
        return image, mask[0]
        ### END SOLUTION


# %% nbgrader={"grade_id": "SegmentationTransform-visible", "grade": true, "points": 0}
checks.augmentation.SegmentationTransform(SegmentationTransform)

# %% nbgrader={"grade_id": "SegmentationTransform-hidden", "grade": true, "points": 5}
# Hidden tests run here after you have handed in (5 points).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.augmentation.SegmentationTransform.grade(SegmentationTransform)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "question_3-text"}
# **Question 3.** A mask has the labels 0 for background, 1 for dogs and 2 for cats. It shows one cat and no dog. Somebody makes it smaller with bilinear interpolation and rounds the result to whole numbers. What does the new mask say?
# - A: the same as before, because rounding brings the labels back;
# - B: there is a thin dog around the cat;
# - C: the cat is a little larger, and the rest is as before;
# - D: nothing that is certain, because the result depends on the image.
#
# Set `answer_3` to one of the letters, such as `"A"`.

# %% nbgrader={"grade_id": "question_3", "solution": true}
# answer_3 = "…"
### BEGIN SOLUTION
answer_3 = "B"
### END SOLUTION

# %% nbgrader={"grade_id": "question_3-visible", "grade": true, "points": 0}
checks.augmentation.question_3(answer_3)

# %% nbgrader={"grade_id": "question_3-hidden", "grade": true, "points": 1.5}
# Hidden tests run here after you have handed in (1.5 points).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.augmentation.question_3.grade(answer_3)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "SegmentationDataset-text"}
# ## 10. From files
#
# Datasets for segmentation come as two folders. One holds the images, and the other holds the masks under the same names. Most errors in such data are quiet. A mask is missing, the two lists are sorted differently, or the numbers in a mask are read as colours.
#
# ```text
#   images/                    masks/
#     ada.jpg                    ada.png
#     bob.png                    bob.png
# ```
#
# Write `SegmentationDataset(images_dir, masks_dir, transform=None)`, a `torch.utils.data.Dataset`.
#
# - The folders are given as text or as `Path`. A *stem* is a file's name without its suffix (`Path(…).stem`). An image and a mask belong together if their stems are equal, whatever their suffixes are. The pairs are sorted by stem, as text.
# - `len(dataset)` is the number of pairs. `dataset[i]` is `(image, mask)`, and if there is a `transform`, it is `transform(image, mask)`.
# - Images are PNG or JPEG files in grey, RGB or RGBA. An image comes as a float32 tensor $(3, H, W)$ in 0…1. Grey becomes three equal channels, and the fourth channel of RGBA is left out.
# - Masks are PNG files with one byte for each pixel, grey or with a *palette*. The label is the stored byte, and a mask comes as an int64 tensor $(H, W)$. A palette gives each number a colour for people to look at. `np.array(Image.open(path))` gives the stored numbers, and `.convert("L")` gives the brightness of the colours.
# - If a stem has no partner, on either side, **refuse** when the dataset is made: raise one `ValueError` whose text names *all* such stems and no others.
#
# Sub-folders, hidden files, two files with one stem, and empty folders do not come.


# %% nbgrader={"grade_id": "SegmentationDataset", "solution": true}
class SegmentationDataset(Dataset):
    """Pairs (image, mask) from two folders, sorted by stem, through transform(image, mask) if there is one."""

    def __init__(self, images_dir, masks_dir, transform=None):
        ### BEGIN SOLUTION
        images, masks = ({path.stem: path for path in Path(folder).iterdir()} for folder in (images_dir, masks_dir))
        alone = sorted(images.keys() ^ masks.keys())
        if alone:
            raise ValueError(f"without an image or without a mask: {', '.join(alone)}")
        self.pairs = [(images[stem], masks[stem]) for stem in sorted(images)]
        self.transform = transform
        ### END SOLUTION

    def __len__(self):
        ### BEGIN SOLUTION
        return len(self.pairs)
        ### END SOLUTION

    def __getitem__(self, index):
        ### BEGIN SOLUTION
        image_path, mask_path = self.pairs[index]
        image = torch.from_numpy(np.array(Image.open(image_path).convert("RGB"))).permute(2, 0, 1).float() / 255
        mask = torch.from_numpy(np.array(Image.open(mask_path))).long()
        return (image, mask) if self.transform is None else self.transform(image, mask)
        ### END SOLUTION


# %% nbgrader={"grade_id": "SegmentationDataset-visible", "grade": true, "points": 0}
checks.augmentation.SegmentationDataset(SegmentationDataset)

# %% nbgrader={"grade_id": "SegmentationDataset-hidden", "grade": true, "points": 4}
# Hidden tests run here after you have handed in (4 points).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.augmentation.SegmentationDataset.grade(SegmentationDataset)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "pipeline-text"}
# ## 11. Your pipeline
#
# Everything together. The cell writes two photographs and their masks into folders, reads them with your dataset, puts the cat before another background, and changes image and mask with your transform. It does so six times. The blue line is the border of the mask, and it must lie on the border of the cat each time. Copy the cell into one of your own, and change the two lists. What can you do to a cat until you would not call it a cat?


# %% nbgrader={"grade_id": "pipeline"}
def randomly(change, low, high):
    """change(image, number) with a number from low…high, drawn at each call from torch's global generator."""
    return lambda image: change(image, low + (high - low) * torch.rand(()).item())


with needs("rotate", "shift", "adjust_contrast", "gaussian_noise", "replace_background", "RandomApply"):
    geometric = [
        RandomApply(hflip, 0.5),
        randomly(rotate, -25, 25),
        lambda image: shift(image, *torch.randint(-12, 13, (2,)).tolist()),
    ]
    photometric = [
        randomly(adjust_contrast, 0.5, 1.6),
        RandomApply(lambda image: gaussian_noise(image, 0.08, torch.default_generator), 0.5),
    ]
    with needs("SegmentationTransform", "SegmentationDataset"), tempfile.TemporaryDirectory() as folder:
        for name in ("chelsea", "coffee"):
            for kind, pixels in (
                ("images", (255 * data.photograph(name, 96)).byte().permute(1, 2, 0)),
                ("masks", data.photograph_mask(name, 96).byte()),
            ):
                (Path(folder) / kind).mkdir(exist_ok=True)
                Image.fromarray(pixels.numpy()).save(Path(folder) / kind / f"{name}.png")
        photographs = SegmentationDataset(f"{folder}/images", f"{folder}/masks")
        (image, mask), (background, _) = photographs[0], photographs[1]
        background = F.interpolate(background[None], image.shape[1:], mode="bilinear")[0]
        changed = SegmentationTransform(geometric, photometric)
        torch.manual_seed(4)
        pictures.outlined([changed(replace_background(image, mask, background), mask) for _ in range(6)])

# %% [markdown] nbgrader={"grade_id": "bonus-text"}
# ## 12. Optional: CutMix
#
# Mixup (Zhang and others, 2018) trains on the sum of two images, $\lambda a+(1-\lambda)b$, with the label *$\lambda$ of one and $1-\lambda$ of the other*. CutMix (Yun and others, 2019) puts a rectangle of one image into the other. So every pixel is one that a camera has seen, and the label is shared by area.
#
# Write `cutmix(images, labels, order, top, left, height, width)`.
#
# - `images` is a batch $(N, C, H, W)$, and `labels` is a float tensor $(N, K)$ that gives each image a share of each class. A row with a single 1 is an ordinary label.
# - `order` is an int64 tensor $(N,)$. The partner of image $i$ is image `order[i]`.
# - In the result, the pixels of the rectangle come from the partner, and all others from the image itself. The rectangle is clipped as in part 2.
# - The new labels are $\lambda\cdot$`labels[i]` $+\,(1-\lambda)\cdot$`labels[order[i]]`, where $\lambda$ is the share of the pixels that are the image's own, *after* clipping.
#
# It returns `(images, labels)`, both new. Nothing is forbidden in this part. (It gives 2 bonus points, which are counted separately from the 40.)


# %% nbgrader={"grade_id": "bonus", "solution": true}
def cutmix(images, labels, order, top, left, height, width):
    """Images (N, C, H, W) with a rectangle from their partners, and labels (N, K) shared by area."""
    ### BEGIN SOLUTION
    rows, columns = slice(max(0, top), max(0, top + height)), slice(max(0, left), max(0, left + width))
    mixed = images.clone()
    mixed[..., rows, columns] = images[order][..., rows, columns]
    theirs = mixed[0, 0, rows, columns].numel() / mixed[0, 0].numel()
    return mixed, (1 - theirs) * labels + theirs * labels[order]
    ### END SOLUTION


# %% nbgrader={"grade_id": "bonus-visible", "grade": true, "points": 0}
checks.augmentation.cutmix(cutmix)

# %% nbgrader={"grade_id": "bonus-hidden", "grade": true, "points": 0}
# Hidden tests run here after you have handed in (2 bonus points).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.augmentation.bonus.grade(cutmix)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "bonus-picture-text"}
# Two images, each with a rectangle of the other. The title says how much of each label is left.

# %% nbgrader={"grade_id": "bonus-picture"}
with needs("cutmix"):
    pair = torch.stack([cat, data.photograph("coffee", 96)[:, :96, :144]])
    mixed, shares = cutmix(pair, torch.eye(2), torch.tensor([1, 0]), 20, 50, 50, 120)
    plots.show_row(list(mixed), [f"cat {cat_share:.0%}, cup {cup:.0%}" for cat_share, cup in shares], height=1.6)

# %% [markdown] nbgrader={"grade_id": "discussion-text"}
# ## 13. Discuss
#
# Write one or two hundred words. Choose a task that you know, such as reading X-ray images, counting cars from the air, reading handwriting, or recognising birds by their colours. Name two changes of pictures that you would use for it and two that you would not. Say for each which situation it simulates, and why it keeps the label or not. Then say how you would find out whether one of them helps. An experiment that you have tried counts more than one you propose. A person reads this, and gives up to 4 points beyond the 40.

# %% [markdown] nbgrader={"grade_id": "discussion", "grade": true, "solution": true, "points": 4}
# I count cars in photographs from the air. A rotation by any angle keeps the number of cars, because a plane can fly in any direction and nothing in such a picture is up. A change of contrast simulates haze and other hours of the day. I would not use a change of the order of channels, since a car that becomes green on red grass has never been seen, and the network loses the colour of roads, which helps it. I would not use a crop without counting again: it cuts off cars, so the label changes with it. To find out whether rotation helps, I would train the same network five times with it and five times without it, on the same images, until the error on images that were held back does not fall any more, and compare the mean errors with their ranges. The images that were held back must come from other flights, otherwise I test whether the network knows these roads.
