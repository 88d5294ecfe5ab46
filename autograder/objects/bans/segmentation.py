"""What assignment 06 bans."""

import torch

from autograder.objects.rule import Rule

# Operator -> the position of its argument `transposed`.
FLAGGED = {
    **dict.fromkeys(("convolution", "_convolution", "convolution_overrideable"), 6),
    **{"convolution_backward": 7, "convolution_backward_overrideable": 6, "_convolution_double_backward": 9},
}
PLAIN = "`F.conv2d` is allowed by the text."


def untransposed(operator: str, arguments: tuple) -> bool:
    """A plain convolution, or autograd at work on one or on `unfold`: its gradients are these operators as well."""
    node = torch._C._current_autograd_node()
    if node is not None and node.name() in ("ConvolutionBackward0", "ConvolutionBackwardBackward0", "Im2ColBackward0"):
        return True
    return operator in FLAGGED and not arguments[FLAGGED[operator]]


LISTS = {
    "transposed": Rule(
        refused=(
            *("convolution of either kind", "transposed convolution", "columns put back", "tensors in oneDNN's layout"),
        ),
        allowed={
            "convolution": PLAIN,
            "deformable convolution": "A plain convolution and its gradient, which the text allows.",
            "columns": "`F.unfold` is allowed by the text.",
            "windows": "`Tensor.unfold` is allowed by the text.",
            "gradient of windows": "Gradients of what is allowed are allowed.",
            "pooling": "It has no weights.",
            "unpooling": "It puts values in their places, and sums nothing.",
            "resizing": "Its weights follow from the sizes; no kernel can be given.",
            "pixels at given places": "It moves pixels; no kernel can be given.",
            "pooling of regions": "It has no weights.",
            "regions resized": "It moves pixels; no kernel can be given.",
        },
        sentence=(
            "Do not call a transposed convolution (or `fold`) of PyTorch here, but write it yourself. "
            "`F.conv2d` and its gradient, `F.unfold`, FFT and matrix products are allowed."
        ),
        library=("torch._decomp.decompositions:col2im",),
        free=untransposed,
    ),
    "upsampling": Rule(
        refused=("resizing", "regions resized"),
        allowed={
            "convolution of either kind": "Weights that enlarge are the student's to find.",
            "convolution": "Weights that enlarge are the student's to find.",
            "transposed convolution": "Weights that enlarge are the student's to find.",
            "deformable convolution": "Places and weights are the student's to find.",
            "columns": "It cuts an image into pieces, and finds no values between pixels.",
            "columns put back": "It adds pieces up; their places and weights are the student's to find.",
            "tensors in oneDNN's layout": "Another layout of the same numbers.",
            "windows": "`Tensor.unfold` is a view.",
            "gradient of windows": "It adds pieces up; their places are the student's to find.",
            "pooling": "The text bans what resizes by name, `mode='area'` of `F.interpolate` included.",
            "unpooling": "The places are the student's to find.",
            "pixels at given places": "`F.grid_sample` is allowed by the text: the places are the student's to find.",
            "pooling of regions": "Maxima of regions, with no values between pixels.",
        },
        sentence=(
            "Do not call a function that resizes (`F.interpolate`, `nn.Upsample`, or one of SciPy, scikit-image, "
            "Pillow or OpenCV) here, but write it yourself."
        ),
        library=(
            *("torch.nn.functional:interpolate", "torch._decomp.decompositions:*upsample*"),
            *("scipy.ndimage._interpolation", "scipy.ndimage._nd_image", "scipy.signal._upfirdn"),
            *("scipy.signal._signaltools:resample", "scipy.signal._signaltools:resample_poly"),
            *("skimage.transform._warps", "skimage.transform.pyramids", "skimage.transform._warps_cy"),
            *(f"PIL.Image:Image.{name}" for name in ("resize", "transform", "thumbnail", "reduce", "rotate")),
            *("cv2:resize", "cv2:warpAffine", "cv2:warpPerspective", "cv2:remap", "cv2:pyrUp"),
        ),
    ),
}
