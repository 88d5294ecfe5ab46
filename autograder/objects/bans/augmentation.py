"""What assignment 04 bans in its functions on images: the libraries that change images.

Of SciPy these are the parts that work on images and signals. The rest is numbers: `scipy.special`, `scipy.stats`.
"""

from autograder.objects.bans.families import FAMILIES
from autograder.objects.rule import Rule

FREE = "The text bans libraries that change images; PyTorch's own operators are allowed."
LISTS = {
    "augmentation": Rule(
        refused=(),
        allowed=dict.fromkeys(FAMILIES, FREE),
        sentence=(
            "Do not call `torchvision.transforms`, scikit-image, OpenCV or SciPy's functions for images and signals "
            "here, but change the image yourself. Everything of PyTorch and NumPy is allowed."
        ),
        library=(
            *(f"torchvision.transforms.{module}" for module in ("functional", "_functional_tensor", "_functional_pil")),
            "torchvision.transforms.transforms:*.forward",
            "torchvision.transforms.transforms:*.__call__",
            "torchvision.transforms.v2._transform:*.forward",
            *(f"torchvision.transforms.v2.functional._{module}" for module in ("color", "geometry", "misc", "augment")),
            *(f"scipy.ndimage._{module}" for module in ("interpolation", "filters", "fourier", "nd_image")),
            *(f"scipy.ndimage._{module}" for module in ("measurements", "morphology")),
            *(
                f"scipy.signal._{module}"
                for module in ("signaltools", "sigtools", "upfirdn", "upfirdn_apply", "spline")
            ),
            *(f"scipy.signal._{module}" for module in ("spline_filters", "savitzky_golay", "czt", "fir_filter_design")),
            *("scipy.signal:sepfir2d", "scipy.signal.windows._windows"),
            *(f"scipy.interpolate._{module}" for module in ("rgi", "ndgriddata", "interpnd", "fitpack2", "fitpack_py")),
            *(
                f"scipy.interpolate._{module}"
                for module in ("interpolate", "bsplines", "ndbspline", "rbfinterp", "rbf")
            ),
            *(f"scipy.fft._pocketfft.{module}" for module in ("basic", "realtransforms", "pypocketfft")),
            *(f"skimage.transform.{module}" for module in ("_warps", "_geometric")),
            *("skimage._shared.filters", "skimage.filters._gaussian", "skimage.filters.edges"),
            *("skimage.filters.lpi_filter", "skimage.exposure.exposure", "skimage.color.colorconv"),
            *("skimage.util.noise", "skimage.util.arraycrop", "skimage.draw.draw", "skimage.draw.draw_nd"),
            *(f"cv2:{name}" for name in ("warpAffine", "GaussianBlur", "sepFilter2D", "filter2D", "remap", "rotate")),
        ),
    ),
}
