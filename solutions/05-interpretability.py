# %% [markdown] nbgrader={"grade_id": "intro"}
# # Assignment 5: what did it look at?
#
# A network says *Egyptian cat*. Did it recognise the eyes, the ears, or something in the background? In this assignment you write five functions that find out. You cover parts of a photograph and see when the answer changes. You look for the parts of photographs to which one channel of a layer responds most. You use gradients to see which pixels and which positions of a layer matter. All of these functions work with any network. Here you use them on one that was trained on a million photographs, and that comes with the course. The parts follow chapter 5 of the book, and no part needs another one to be right.
#
# **How to work.** Each part has a cell for your code, with a first line and `raise NotImplementedError()`. Replace the `raise`. The cell below it holds *visible checks*. They take a second, say what is wrong, and give no points. After them a picture shows what you have made. The *hidden tests* run after you have handed in, and give the points. They require only what the text says, but they look at many more cases than the visible checks. You may add cells of your own anywhere, with helpers or with experiments. Locked cells stay as they are. Before you hand in, choose *Restart Kernel and Run All Cells*, save, and run in a terminal
#
# ```bash
# python -m convcourse check 05-interpretability.ipynb
# ```
#
# **What holds everywhere.**
#
# - An *image* is a float32 tensor of shape $(C, H, W)$ with values in 0…1. It is not a batch. A batch of images is $(N, C, H, W)$.
# - A `model` is an `nn.Module` that takes a batch of images. A classifier returns *logits* $(N, K)$, one for each class, and `target` is the number of a class, an int. A `layer` is a module of the model, at whatever depth, that runs once a pass.
# - *Eval mode.* Your functions run the model in eval mode, whatever mode it comes in. It comes wholly in train mode or wholly in eval mode.
# - *As found.* After a call the model is as it was before: its mode, its parameters, their `requires_grad` and `.grad`, its buffers such as the statistics of batch norms, and its hooks. So is the image, which requires no gradient and has none. The parameters of a model may all have `requires_grad=False`. Your functions work with them, too. They may also have a `.grad` already, which stays.
# - *Arguments* are given by position or by name. So use the names of the text.
# - *Memory.* Arguments are never changed. Nothing is kept from one call to the next: every call computes anew, and an earlier result stays as it is. Images need not be contiguous. Transposed, expanded and channels-last ones come too.
# - *Results* have the dtype of the image. Whether they require a gradient is your decision, unless the text says otherwise.
# - What your functions do under `torch.no_grad()`, and how they leave a model that raises an error, is examined only where the text says so.
# - Your own cells run again when the notebook is graded. A cell may take 20 seconds of processor time, the whole notebook 120, and all of it 2 GB of memory. What a cell shows may be 2 MiB and 1,000 outputs, and what the whole notebook shows 16 MiB.
# - Your other cells may set the default dtype, switch gradients off, or set a seed. All of this is put back before the hidden tests.
#
# You decide how to write it. The networks of the hidden tests are so small that plain loops are fast enough.

# %% nbgrader={"grade_id": "setup"}
# Given: what all parts use. Run it first.
import importlib.util

if importlib.util.find_spec("convcourse") is None:
    raise SystemExit(
        "The package `convcourse` is not installed here. Your course gave you its file with this notebook. Put the file "
        "beside the notebook (on Colab: Files, Upload), and run this line in a new cell above this one:\n\n"
        "%pip install ./convcourse-0.1.0-py3-none-any.whl"
    )

from contextlib import contextmanager

import torch
import torch.nn.functional as F
from torch import nn

from convcourse import checks, data, needs, pictures, plots, pretrained

plots.style()
torch.set_num_threads(1)  # these images are small: with more threads they wait for one another

# %% [markdown] nbgrader={"grade_id": "given-text"}
# ## Given
#
# - `net` is EfficientNet-Lite0 (Tan and Le, 2019). It takes images in 0…1 of any size and returns the logits of 1,000 classes. Its first layers are `net.stem`, then come seven stages, `net.stages[0]` to `net.stages[6]`, and `net.top` makes 1,280 maps, whose means a linear layer reads.
# - `cat` is a photograph, and the table says what the network makes of it. `both` shows two things.
# - `first_layers` is the stem of `net` and its first three stages, written as a flat `nn.Sequential`. On images of 97 × 97 pixels it gives the same numbers. `tiles` are 69 such squares, cut from seven photographs.
# - `with evaluating(model):` switches a model to eval mode, and puts its mode back at the end, also after an error. All your functions need this.


# %% nbgrader={"grade_id": "given"}
# Given: a network, a photograph, and eval mode for as long as it is needed.
@contextmanager
def evaluating(model):
    """Within it the model is in eval mode. Afterwards it is in the mode in which it came."""
    came_in_train_mode = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(came_in_train_mode)


net = pretrained.efficientnet_lite0()
EGYPTIAN_CAT, ESPRESSO = pretrained.class_number("Egyptian cat"), pretrained.class_number("espresso")
cat = data.photograph("chelsea", 128)  # (3, 128, 192)
for name, probability in pretrained.classify(net, cat):
    print(f"{probability:6.1%}  {name}")

# Two things in one image: (3, 128, 256).
both = torch.cat([pretrained.square(data.photograph(name), 128) for name in ("chelsea", "coffee")], dim=2)

# The start of the same network as a flat nn.Sequential, and a set S of small squares: (69, 3, 97, 97).
first_layers = pretrained.flat_start(net)
tiles = torch.cat(
    [
        data.photograph(name, 291).unfold(1, 97, 97).unfold(2, 97, 97).permute(1, 2, 0, 3, 4).flatten(0, 1)
        for name in ("coins", "astronaut", "camera", "cell", "chelsea", "coffee", "retina")[: 1 if plots.GRADED else 7]
    ]
)  # where it is graded a few are enough, because nobody looks at the pictures
plots.show_row([cat, both, *tiles[::14]], height=1.0)

# %% [markdown] nbgrader={"grade_id": "occlusion_map-text"}
# ## 1. Occlusion
#
# If the network recognises the cat by its face, the probability of *cat* must fall when the face is covered. So cover a square, compute the probability of the class, move the square, and do it again (Zeiler and Fergus, 2014). A *low* number in the map says that the square covered something that the network needs.
#
# ```text
#        image (C, H, W)                       map
#      ┌───┬───────────────┐                 ┌─────────┐
#      │▓▓▓│               │    the model    │ 0.9 0.9 │      map[i, j]: the probability when the square
#      │▓▓▓│  ──► stride   │ ────────►       │ 0.9 0.2 │      from row i · stride and column j · stride on
#      ├───┘               │                 │ 0.8 0.4 │      is covered
#      └───────────────────┘                 └─────────┘
# ```
#
# Write `occlusion_map(model, image, target, patch_size, stride, fill=0.0)`.
#
# - The square has `patch_size` × `patch_size` pixels. In it *all* channels are set to `fill`.
# - The result has shape $\left(\left\lfloor\frac{H-\text{patch\_size}}{\text{stride}}\right\rfloor+1,\;\left\lfloor\frac{W-\text{patch\_size}}{\text{stride}}\right\rfloor+1\right)$. So every square lies on the image.
# - Its entry $(i, j)$ is the probability of `target`, that is the softmax of the logits, for the image with the square that begins at row $i\cdot$`stride` and column $j\cdot$`stride`. All other squares are uncovered again.
# - `patch_size` and `stride` are ints from 1 on, and `patch_size` is at most $H$ and $W$.
#
# For the large network below, give it one row of squares as a batch, and use `torch.no_grad()`. All squares at once need too much memory.


# %% nbgrader={"grade_id": "occlusion_map", "solution": true}
def occlusion_map(model, image, target, patch_size, stride, fill=0.0):
    """The probability of class `target` for the image (C, H, W) with a square covered, for each place of the square.

    Returns (⌊(H - patch_size) / stride⌋ + 1, ⌊(W - patch_size) / stride⌋ + 1).
    """
    ### BEGIN SOLUTION
    height, width = image.shape[1:]
    tops, lefts = range(0, height - patch_size + 1, stride), range(0, width - patch_size + 1, stride)
    rows = []
    with evaluating(model), torch.no_grad():
        for top in tops:
            covered = image.repeat(len(lefts), 1, 1, 1)  # (squares, C, H, W)
            for one, left in zip(covered, lefts):
                one[:, top : top + patch_size, left : left + patch_size] = fill
            rows.append(model(covered).softmax(1)[:, target])
    return torch.stack(rows)
    ### END SOLUTION


# %% nbgrader={"grade_id": "occlusion_map-visible", "grade": true, "points": 0}
checks.interpretability.occlusion_map(occlusion_map)

# %% nbgrader={"grade_id": "occlusion_map-hidden", "grade": true, "points": 7}
# Hidden tests run here after you have handed in (7 points).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.interpretability.occlusion_map.grade(occlusion_map)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "occlusion_map-picture-text"}
# The pictures are orange where a square of 64 × 64 pixels costs much probability. The first one is for black squares, and the second one for grey ones. The titles say between which values the probability lies. A black square over the lower half of the face makes *Egyptian cat* fall far, and a grey one at the same position hardly does. So such a map depends on the *fill*, too. No photograph has a black square in it, and the network may take it for something. Copy the cell and try a square of 32 pixels. It does little anywhere, since what is left of the cat is enough.

# %% nbgrader={"grade_id": "occlusion_map-picture"}
with needs("occlusion_map"):
    patch_size, stride = (64, 16) if not plots.GRADED else (64, 64)
    panels, titles = [cat], [f"Egyptian cat {net(cat[None]).softmax(1)[0, EGYPTIAN_CAT]:.0%}"]
    for fill in (0.0, 0.5):
        found = occlusion_map(net, cat, EGYPTIAN_CAT, patch_size, stride, fill)
        panels.append(pictures.heated(cat, -pictures.spread(found, patch_size, stride, cat.shape[1:])))
        titles.append(f"fill={fill}: {found.min():.0%} to {found.max():.0%}")
    plots.show_row(panels, titles, height=1.7)

# %% [markdown] nbgrader={"grade_id": "activations-text"}
# ## 2. The output of a layer
#
# The probability is the last of many results. To see an earlier one, you need not change the network. PyTorch calls a *forward hook* after a module has run, with the module, its input and its output:
#
# ```python
# handle = layer.register_forward_hook(lambda module, inputs, output: ...)
# model(images)
# handle.remove()
# ```
#
# Write `activations(model, layer, images)`. The result is the layer's output for the batch `images` $(N, C, H, W)$.
#
# - It is the layer's *own* output. Many networks have an activation such as `nn.ReLU(inplace=True)` behind a layer. It writes into the same memory, so the tensor that you have kept changes. Keep a copy.
# - It is detached: nothing can be differentiated through it.
# - The hook is gone afterwards, *also if the model raises an error*, which goes on to the caller. A hook that stays is called in all later passes.


# %% nbgrader={"grade_id": "activations", "solution": true}
def activations(model, layer, images):
    """The output of a layer of the model for a batch of images (N, C, H, W), detached."""
    ### BEGIN SOLUTION
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output.detach().clone()))
    try:
        with evaluating(model), torch.no_grad():
            model(images)
    finally:
        handle.remove()
    return kept[0]
    ### END SOLUTION


# %% nbgrader={"grade_id": "activations-visible", "grade": true, "points": 0}
checks.interpretability.activations(activations)

# %% nbgrader={"grade_id": "activations-hidden", "grade": true, "points": 4}
# Hidden tests run here after you have handed in (4 points).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.interpretability.activations.grade(activations)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "activations-picture-text"}
# Six of the 32 channels of the first layer. Channel 15 is bright where an edge is vertical, and channel 21 where one is horizontal. Others respond to dark parts, to bright parts, or to a colour. Copy the cell, and look at later layers, such as `net.stages[3]` with its 80 channels. What is left of the cat there?

# %% nbgrader={"grade_id": "activations-picture"}
with needs("activations"):
    maps = activations(net, net.stem, cat[None])[0]  # (32, 64, 96)
    channels = (2, 7, 15, 18, 21, 26)
    plots.show_row([maps[channel] for channel in channels], [f"channel {c}" for c in channels], height=1.0)

# %% [markdown] nbgrader={"grade_id": "top_patches-text"}
# ## 3. What a channel looks for
#
# A channel $t$ of a layer is a map: one number $\Phi(x)^t[p,q]$ for each position. It is large where the image $x$ shows what this channel responds to. Nobody has decided what that is, because the network has learned it. To find out, search a set $S$ of images for the one whose map has the largest value. The lecture calls this *filter sensitivity*:
#
# $$\arg\max_{x\in S}\;\max_{p,q}\;\Phi(x)^t[p,q]$$
#
# The unit at position $(p, q)$ does not see the whole image. It sees a window, its *receptive field*, and this window shows what the channel responds to. Chapter 3 computes the size of the window. Here you need its position, too. Start with one pixel, and follow the layers from the input to `layer`. A convolution or pooling with kernel size $k$, stride $s$, padding $\pi$ and dilation $d$ changes three numbers:
#
# | | before the first layer | after a layer |
# |---|---|---|
# | `size`, the pixels that a unit sees along an axis | 1 | `size` $+\;d\,(k-1)\cdot$`jump` |
# | `start`, the first of these pixels for the unit at 0 | 0 | `start` $-\;\pi\cdot$`jump` |
# | `jump`, the pixels between two neighbouring units | 1 | `jump` $\cdot\;s$ |
#
# (The `jump` in the first two rows is the one *before* the layer.) Activations change none of them. The unit at $p$ then sees `size` pixels, from `start` $+\;p\cdot$`jump` on. Some of them may lie in the padding, outside the image.
#
# Write `top_patches(model, layer, channel, images, k)`.
#
# - `images` $(N, C, H, W)$ is the set $S$. For each image take the largest value of the channel in the output of `layer`. Return the `k` images with the largest values, the best first, as a list. `k` is at most $N$, and each image comes at most once.
# - Each entry is `(image_index, (top, left, bottom, right), value)`: an int, four ints and a float. The window is what the unit with the largest value sees, as `images[image_index][:, top:bottom, left:right]` cuts it out, *clipped to the image*.
# - It is the theoretical window, by the table. Padding counts as seen, and is then clipped away.
# - `model` is a flat `nn.Sequential` of `nn.Conv2d`, `nn.MaxPool2d` and activations, and `layer` is one of these modules. Kernel sizes, strides, paddings and dilations may differ between the two axes. `nn.Conv2d` keeps them as pairs, and `nn.MaxPool2d` keeps what it was given, an int or a pair. Where a pooling was given no stride, its `stride` is its `kernel_size`.
# - Largest values of different images differ. Where several units of one image have the largest value, the window may be that of any of them.
# - Average pooling, `ceil_mode` and `padding="same"` do not come.


# %% nbgrader={"grade_id": "top_patches", "solution": true}
def top_patches(model, layer, channel, images, k):
    """The k images (N, C, H, W) to which a channel of the layer responds most, and the windows it responds to.

    Returns a list of (image_index, (top, left, bottom, right), value), best first.
    """
    ### BEGIN SOLUTION
    sizes, starts, jumps = [1, 1], [0, 0], [1, 1]
    x = images.clone()
    with evaluating(model), torch.no_grad():
        for module in model:
            x = module(x)
            if isinstance(module, nn.Conv2d | nn.MaxPool2d):
                given = (module.kernel_size, module.stride, module.padding, module.dilation)
                pairs = [pair if isinstance(pair, tuple) else (pair, pair) for pair in given]
                for axis, (kernel, stride, padding, dilation) in enumerate(zip(*pairs)):
                    sizes[axis] += dilation * (kernel - 1) * jumps[axis]
                    starts[axis] -= padding * jumps[axis]
                    jumps[axis] *= stride
            if module is layer:
                break
    values, places = x[:, channel].flatten(1).max(1)
    found = []
    for index in values.argsort(descending=True)[:k].tolist():
        unit = divmod(places[index].item(), x.shape[3])
        first = [start + place * jump for start, place, jump in zip(starts, unit, jumps)]
        top, left = (max(0, begin) for begin in first)
        bottom, right = (min(side, begin + size) for side, begin, size in zip(images.shape[2:], first, sizes))
        found.append((index, (top, left, bottom, right), values[index].item()))
    return found
    ### END SOLUTION


# %% nbgrader={"grade_id": "top_patches-visible", "grade": true, "points": 0}
checks.interpretability.top_patches(top_patches)

# %% nbgrader={"grade_id": "top_patches-hidden", "grade": true, "points": 8}
# Hidden tests run here after you have handed in (8 points).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.interpretability.top_patches.grade(top_patches)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "top_patches-picture-text"}
# For a channel in each of three depths, the nine best windows among the 69 tiles, with their values. A unit of the stem sees 3 × 3 pixels, and the windows are dark on the left and bright on the right. One behind `net.stages[1]` sees 19 × 19 pixels. This channel responds to thin dark lines on red, such as the vessels of the eye. One behind `net.stages[2]` sees 67 × 67, a large part of a tile. This one likes the rims of coins, but also other things. Windows at the border of a tile are clipped. Copy the cell, and look at other channels. Is there one whose windows all show the same thing?

# %% nbgrader={"grade_id": "top_patches-picture"}
with needs("top_patches"):
    for place, channel in ((2, 29), (15, 17), (25, 25)):
        found = top_patches(first_layers, first_layers[place], channel, tiles, 9)
        shown = [tiles[i][:, top:bottom, left:right] for i, (top, left, bottom, right), _ in found]
        plots.show_row(shown, [f"{value:.1f}" for *_, value in found], height=0.75)

# %% [markdown] nbgrader={"grade_id": "question_1-text"}
# **Question 1.** A network has these layers, in this order, and ReLUs between them:
#
# - a 5 × 5 convolution with stride 2 and padding 2,
# - a 3 × 3 max pooling with stride 2 and without padding,
# - a 3 × 3 convolution with stride 1 and padding 1,
# - a 3 × 3 convolution with stride 2 and padding 1.
#
# The input is an image of 64 × 64 pixels. How many pixels does the window hold that `top_patches` returns for the unit of the last layer in row 0 and column 3? Set `answer_1` to this number, the height of the clipped window times its width.

# %% nbgrader={"grade_id": "question_1", "solution": true}
# answer_1 = …
### BEGIN SOLUTION
answer_1 = 15 * 25
### END SOLUTION

# %% nbgrader={"grade_id": "question_1-visible", "grade": true, "points": 0}
checks.interpretability.question_1(answer_1)

# %% nbgrader={"grade_id": "question_1-hidden", "grade": true, "points": 3}
# Hidden tests run here after you have handed in (3 points).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.interpretability.question_1.grade(answer_1)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "saliency-text"}
# ## 4. Saliency
#
# Occlusion needs one pass for each square. The gradient needs one pass forward and one backward for all pixels. It says how much the logit of the class would change if one pixel became a little brighter (Simonyan and others, 2014).
#
# $$\text{map}[r,s]=\max_c\left|\frac{\partial\,\text{logit}_\text{target}}{\partial\,\text{image}[c,r,s]}\right|$$
#
# Write `saliency(model, image, target)`, which returns the map $(H, W)$.
#
# - It is the derivative of the *logit*, not of the probability. A probability near 1 hardly changes, so its derivative is nearly 0.
# - The absolute value comes first, then the largest over the channels. The map is not scaled.
# - Only a copy `x` of the image needs a gradient. `torch.autograd.grad(logit, x)` returns a tuple that holds the derivative by `x`, and writes into no `.grad`. `logit.backward()` writes into that of every parameter.


# %% nbgrader={"grade_id": "saliency", "solution": true}
def saliency(model, image, target):
    """The largest absolute derivative over channels of the target's logit by the pixels of the image (C, H, W): (H, W)."""
    ### BEGIN SOLUTION
    x = image.detach().clone().requires_grad_()
    with evaluating(model):
        (gradient,) = torch.autograd.grad(model(x[None])[0, target], x)
    return gradient.abs().amax(0)
    ### END SOLUTION


# %% nbgrader={"grade_id": "saliency-visible", "grade": true, "points": 0}
checks.interpretability.saliency(saliency)

# %% nbgrader={"grade_id": "saliency-hidden", "grade": true, "points": 5}
# Hidden tests run here after you have handed in (5 points).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.interpretability.saliency.grade(saliency)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "saliency-picture-text"}
# White pixels are those that change the logit of a class most. The second map is the mean of the first one around each pixel, over 7 × 7 pixels. Do you see the cat in it? The last map is for *espresso*, of which there is none in the picture, and its pixels are just as white somewhere. So a large derivative does not say that a pixel speaks *for* a class.

# %% nbgrader={"grade_id": "saliency-picture"}
with needs("saliency"):
    found = [saliency(net, cat, target) for target in (EGYPTIAN_CAT, ESPRESSO)]
    found.insert(1, F.avg_pool2d(found[0][None], 7, stride=1, padding=3)[0])
    titles = ["image", "Egyptian cat", "its mean around each pixel", "espresso"]
    plots.show_row([cat, *(one.clamp(max=one.quantile(0.99)) for one in found)], titles, height=1.4)

# %% [markdown] nbgrader={"grade_id": "grad_cam-text"}
# ## 5. Grad-CAM
#
# The gradient with respect to pixels is noisy. The maps of a late layer are coarse, but each of their channels responds to something larger than an edge. Grad-CAM (Selvaraju and others, 2017) adds up the maps $A_c$ of a layer, each with a weight that says how much this channel raises the logit of the class:
#
# $$\alpha_c=\frac1{hw}\sum_{p,q}\frac{\partial\,\text{logit}_\text{target}}{\partial A_c[p,q]}\qquad\qquad
# \text{map}=\mathrm{ReLU}\Bigl(\sum_c\alpha_c\,A_c\Bigr)$$
#
# Write `grad_cam(model, layer, image, target)`, which returns a map $(H, W)$ of the image's size.
#
# - $A$ is the layer's *own* output, $(1, C', h, w)$ for this one image. As in part 2, an in-place module may follow. A forward hook may *return* a tensor, and the pass then goes on with it in place of the output. So keep the output, and return `output.clone()`: then the module behind it writes into the copy.
# - The derivative is that of the *logit* by $A$. Ask for it by `torch.autograd.grad`. If no parameter requires a gradient, then $A$ does not require one either, unless the image does. So give the model a copy of the image that requires one.
# - The ReLU comes after the sum. Then the map is enlarged to the image's size by `F.interpolate(…, mode="bilinear", align_corners=False)`. Then it is divided by its maximum. If it is 0 everywhere, it stays 0.
# - The hook is gone afterwards.


# %% nbgrader={"grade_id": "grad_cam", "solution": true}
def grad_cam(model, layer, image, target):
    """Where the layer's maps speak for class `target` in the image (C, H, W): a map (H, W) in 0…1."""
    ### BEGIN SOLUTION
    kept = []

    def keep(module, inputs, output):
        kept.append(output)
        return output.clone()

    handle = layer.register_forward_hook(keep)
    try:
        with evaluating(model):
            logit = model(image.detach().clone()[None].requires_grad_())[0, target]
    finally:
        handle.remove()
    maps = kept[0]  # (1, C', h, w)
    (gradient,) = torch.autograd.grad(logit, maps)
    weights = gradient.mean((2, 3), keepdim=True)
    found = F.relu((weights * maps).sum(1, keepdim=True)).detach()
    found = F.interpolate(found, image.shape[1:], mode="bilinear", align_corners=False)[0, 0]
    return found / found.max() if found.max() > 0 else found
    ### END SOLUTION


# %% nbgrader={"grade_id": "grad_cam-visible", "grade": true, "points": 0}
checks.interpretability.grad_cam(grad_cam)

# %% nbgrader={"grade_id": "grad_cam-hidden", "grade": true, "points": 8}
# Hidden tests run here after you have handed in (8 points).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.interpretability.grad_cam.grade(grad_cam)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "grad_cam-picture-text"}
# One photograph with two things in it. With the last maps of the network, Grad-CAM must find the cat for one class and the cup for the other. With the maps of an early stage it finds edges in both.

# %% nbgrader={"grade_id": "grad_cam-picture"}
with needs("grad_cam"):
    panels = [both]
    for layer in (net.top, net.stages[2]):
        panels += [pictures.heated(both, grad_cam(net, layer, both, target)) for target in (EGYPTIAN_CAT, ESPRESSO)]
    titles = ["image", "top: cat", "top: espresso", "stage 2: cat", "stage 2: espresso"]
    plots.show_row(panels, titles, height=0.9)

# %% [markdown] nbgrader={"grade_id": "question_2-text"}
# **Question 2.** For one image and one class, the map of Grad-CAM is 0 everywhere. The code is right. What does this say?
# - A: the probability of this class is 0;
# - B: the weighted sum of the layer's maps is at no position positive;
# - C: the layer's output is 0 everywhere;
# - D: the derivative of the logit by the layer's output is 0 everywhere.
#
# Set `answer_2` to the letter of what *must* be true, such as `"A"`.

# %% nbgrader={"grade_id": "question_2", "solution": true}
# answer_2 = "…"
### BEGIN SOLUTION
answer_2 = "B"
### END SOLUTION

# %% nbgrader={"grade_id": "question_2-visible", "grade": true, "points": 0}
checks.interpretability.question_2(answer_2)

# %% nbgrader={"grade_id": "question_2-hidden", "grade": true, "points": 2.5}
# Hidden tests run here after you have handed in (2.5 points).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.interpretability.question_2.grade(answer_2)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "question_3-text"}
# **Question 3.** A network has batch norms and no dropout. Somebody forgets `model.eval()` and runs `occlusion_map` in train mode, one row of squares as a batch, under `torch.no_grad()`. What is the consequence?
# - A: none, because without a gradient and an optimiser nothing in the network changes;
# - B: the map is right, but the network's parameters have changed afterwards;
# - C: a number of the map depends on the other squares of its row, and the network's answers in eval mode have changed afterwards;
# - D: a number of the map depends on the other squares of its row, but the network is afterwards as before.
#
# Set `answer_3` to one of the letters, such as `"A"`.

# %% nbgrader={"grade_id": "question_3", "solution": true}
# answer_3 = "…"
### BEGIN SOLUTION
answer_3 = "C"
### END SOLUTION

# %% nbgrader={"grade_id": "question_3-visible", "grade": true, "points": 0}
checks.interpretability.question_3(answer_3)

# %% nbgrader={"grade_id": "question_3-hidden", "grade": true, "points": 2.5}
# Hidden tests run here after you have handed in (2.5 points).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.interpretability.question_3.grade(answer_3)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "bonus-text"}
# ## 6. Optional: integrated gradients
#
# A gradient at the image says what a *small* change would do. Where the output of a ReLU is 0, it is 0, although the pixel may matter. Integrated gradients (Sundararajan and others, 2017) go from a black image to the image in small steps, and take the mean of the gradients on the way. The sum of the map is then the change of the logit from black to the image:
#
# $$\text{map}=\text{image}\cdot\frac1m\sum_{i=0}^{m-1}\nabla\,\text{logit}_\text{target}(\alpha_i\cdot\text{image}),\quad\alpha_i=\frac{i+\frac12}{m}
# \qquad\qquad\sum\text{map}\to\text{logit}(\text{image})-\text{logit}(0)$$
#
# Write `integrated_gradients(model, image, target, steps=50)`, which returns the map $(C, H, W)$, one number for each channel of each pixel. `steps` is $m$, an int from 1 on. The product with the image is pixel by pixel. Take one step after the other, because all of them as one batch need much memory. What holds everywhere holds here, too. (It gives 2 bonus points, which are counted separately from the 40.)


# %% nbgrader={"grade_id": "bonus", "solution": true}
def integrated_gradients(model, image, target, steps=50):
    """What each channel of each pixel adds to the target's logit on the way from black to the image (C, H, W)."""
    ### BEGIN SOLUTION
    total = torch.zeros_like(image)
    with evaluating(model):
        for i in range(steps):
            x = ((i + 0.5) / steps * image.detach()).requires_grad_()
            (gradient,) = torch.autograd.grad(model(x[None])[0, target], x)
            total += gradient
    return image * total / steps
    ### END SOLUTION


# %% nbgrader={"grade_id": "bonus-visible", "grade": true, "points": 0}
checks.interpretability.integrated_gradients(integrated_gradients)

# %% nbgrader={"grade_id": "bonus-hidden", "grade": true, "points": 0}
# Hidden tests run here after you have handed in (2 bonus points).
### BEGIN HIDDEN TESTS
from autograder import exam

exam.interpretability.bonus.grade(integrated_gradients)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "bonus-picture-text"}
# The first title says by how much the logit of the image is above that of black, and the others say what the map sums up to. The sum is a test of the map, and here the map fails it. The gradient of this network changes so much along the way that 50 steps are far too few. With 1,000 steps, which take half a minute or more, the sum is right to one decimal. Where the image is black, the map is 0, whatever the network makes of it.

# %% nbgrader={"grade_id": "bonus-picture"}
with needs("integrated_gradients"):
    with torch.no_grad():
        image_logit, black_logit = net(torch.stack([cat, torch.zeros_like(cat)]))[:, EGYPTIAN_CAT].tolist()
    panels, titles = [cat], [f"difference of the logits: {image_logit - black_logit:.1f}"]
    for steps in (5, 50) if not plots.GRADED else (1,):
        found = integrated_gradients(net, cat, EGYPTIAN_CAT, steps)
        strength = F.avg_pool2d(found.abs().sum(0)[None], 5, stride=1, padding=2)[0]
        panels.append(pictures.heated(cat, strength))
        titles.append(f"{steps} steps, sum {found.sum():.1f}")
    plots.show_row(panels, titles, height=1.7)

# %% [markdown] nbgrader={"grade_id": "discussion-text"}
# ## 7. Discuss
#
# Write one or two hundred words. Choose a photograph and two of the methods above, and compare what they say about one class. Where do they agree, and where not? Then say what you would *not* conclude from such a map, and how you could find out whether it shows what the network really uses. An experiment that you have tried counts more than one you propose. A person reads this, and gives up to 4 points beyond the 40.

# %% [markdown] nbgrader={"grade_id": "discussion", "grade": true, "solution": true, "points": 4}
# I compared occlusion and Grad-CAM for *Egyptian cat* on the photograph of the cat. Both mark the face, and most of all its lower half, so they agree about the part that matters. They do not agree about the rest. Grad-CAM with the last maps marks nearly the whole face, without any detail, because these maps have only 4 × 6 positions and are enlarged. Occlusion with black squares makes the probability fall from 93 % to 27 % over the nose. With grey squares it never falls below 74 %, and the left border is marked more than the nose. So I would not conclude from one map that the network needs the nose. It may as well be that a black square looks like something else to it. I would also not conclude that the network recognises cats by their faces, since this is one photograph. To find out, I would cover the noses of many cats with several fills, such as black, grey, the mean colour and a blurred copy, and cover a part of the same size elsewhere for comparison. If the probability falls more over the nose with every fill, the network uses it. I would also look at a network with random weights. If its map looks the same, the map shows the picture and not what was learned.
