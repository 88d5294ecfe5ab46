"""What assignment 01 bans."""

from dataclasses import replace

from torch.nn.modules.conv import _ConvNd

from autograder.objects.rule import Rule

RULE = Rule(
    refused=(
        *("convolution of either kind", "convolution", "transposed convolution", "deformable convolution"),
        *("columns", "columns put back", "tensors in oneDNN's layout"),
    ),
    allowed={
        "windows": "`Tensor.unfold` is allowed by the text: a view, whose sums are left to be written.",
        "gradient of windows": "The gradient of `Tensor.unfold`.",
        "pooling": "Sums and maxima of a window, with no weights.",
        "unpooling": "It puts values in their places, and sums nothing.",
        "resizing": "Its weights follow from the sizes; no kernel can be given.",
        "pixels at given places": "It moves pixels; the sum over a window is left to be written.",
        "pooling of regions": "Maxima and means, with no weights.",
        "regions resized": "Means of moved pixels, with no weights.",
    },
    sentence=(
        "Do not call a convolution (or `unfold`, `fold`) of PyTorch, SciPy, scikit-image or OpenCV here, but "
        "write it yourself. `Tensor.unfold`, `as_strided`, FFT and matrix products are allowed."
    ),
    library=(
        *("torch._decomp.decompositions:im2col", "torch._decomp.decompositions:col2im"),
        "torch.nn.utils._expanded_weights.conv_utils:unfold3d",
        "torch.nn.modules.conv:_ConvNd.*",  # whose constructor draws the weights and refuses what cannot be right
        *("scipy.ndimage._filters", "scipy.ndimage._nd_image", "scipy.signal._signaltools"),
        *("scipy.signal._savitzky_golay", "scipy.signal._upfirdn", "scipy.signal._spline_filters"),
        *("scipy.signal._sigtools", "scipy.signal._spline", "scipy.signal:sepfir2d", "scipy.signal._upfirdn_apply"),
        *("skimage.filters.edges", "skimage._shared.filters", "skimage.filters._gaussian", "skimage.filters._gabor"),
        *("skimage.filters._unsharp_mask", "skimage.filters.lpi_filter", "skimage.filters._sparse"),
        *("cv2:filter2D", "cv2:sepFilter2D", "cv2:GaussianBlur", "cv2:blur", "cv2:boxFilter", "cv2:Sobel"),
        *("cv2:Scharr", "cv2:Laplacian", "cv2:matchTemplate"),
    ),
    bases=(_ConvNd,),
)
WITHOUT_AUTOGRAD = replace(
    RULE,
    refused=(*RULE.refused, "gradient of windows"),
    allowed={family: reason for family, reason in RULE.allowed.items() if family != "gradient of windows"},
    autograd=True,
)
LISTS = {"convolution": RULE, "convolution and autograd": WITHOUT_AUTOGRAD}
