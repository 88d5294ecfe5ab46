"""The visible checks of the assignments: `checks.convolution.conv2d(conv2d)` says within a second what is wrong.

They cover the ordinary cases only. Passing them is not full marks.
"""

from convcourse.checks import convolution, segmentation

__all__ = ["convolution", "segmentation"]
