"""What assignment 04 bans in its functions on images: the libraries that change images."""

from autograder.objects.bans.families import FAMILIES
from autograder.objects.rule import Rule

FREE = "The text bans libraries that change images; PyTorch's own operators are allowed."
LISTS = {
    "augmentation": Rule(
        refused=(),
        allowed=dict.fromkeys(FAMILIES, FREE),
        sentence=(
            "Do not call `torchvision.transforms`, scikit-image, SciPy or OpenCV here, but change the image yourself. "
            "Everything of PyTorch and NumPy is allowed."
        ),
        library=(
            *(f"torchvision.transforms.{module}" for module in ("functional", "_functional_tensor", "_functional_pil")),
            "torchvision.transforms.transforms:*.forward",
            "torchvision.transforms.transforms:*.__call__",
            "torchvision.transforms.v2._transform:*.forward",
            *(f"torchvision.transforms.v2.functional._{module}" for module in ("color", "geometry", "misc", "augment")),
            *("scipy.ndimage._interpolation", "scipy.ndimage._filters", "scipy.ndimage._nd_image"),
            *("scipy.signal._signaltools", "scipy.signal._sigtools", "scipy.signal.windows._windows"),
            *("skimage.transform._warps", "skimage._shared.filters", "skimage.filters._gaussian"),
            *("skimage.exposure.exposure", "skimage.util.noise", "skimage.filters.edges"),
            *(f"cv2:{name}" for name in ("warpAffine", "GaussianBlur", "sepFilter2D", "filter2D", "remap", "rotate")),
        ),
    ),
}
