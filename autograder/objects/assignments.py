"""The course's assignments: the one list to which a new one is added.

Beside each stands what its notebooks import that others need not wait for, a second or more each.
"""

ASSIGNMENTS: dict[str, tuple[str, ...]] = {
    "01-convolution": (),
    "06-segmentation": ("torchvision",),
}
