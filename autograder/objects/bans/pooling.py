"""What assignment 02 bans."""

from autograder.objects.rule import Rule

WEIGHTS = "`F.conv2d` is allowed by the text: its weights, and what is done at the border, are the student's to find."
LISTS = {
    "pooling": Rule(
        refused=("pooling", "unpooling", "pooling of regions", "regions resized"),
        allowed={
            "convolution of either kind": WEIGHTS,
            "convolution": WEIGHTS,
            "transposed convolution": WEIGHTS,
            "deformable convolution": WEIGHTS,
            "columns": "`F.unfold` is allowed by the text.",
            "columns put back": "It adds pieces up; their places are the student's to find.",
            "tensors in oneDNN's layout": "Another layout of the same numbers.",
            "windows": "`Tensor.unfold` is allowed by the text.",
            "gradient of windows": "Gradients of what is allowed are allowed.",
            "resizing": 'The text bans `mode="area"`, which is an adaptive pooling; others mix two neighbours.',
            "pixels at given places": "It moves pixels; windows are the student's to find.",
        },
        sentence=(
            "Do not call a pooling or unpooling of PyTorch, torchvision, SciPy, scikit-image or OpenCV here, but write "
            "it yourself. `Tensor.unfold`, `F.unfold`, `F.pad` and `F.conv2d` are allowed."
        ),
        library=(
            *("torch._decomp.decompositions:*pool*", "scipy.ndimage._filters", "scipy.ndimage._nd_image"),
            *("skimage.measure.block", "skimage.filters.rank.generic"),
            *("cv2:blur", "cv2:boxFilter", "cv2:dilate", "cv2:resize"),
        ),
    ),
}
