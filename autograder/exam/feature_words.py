"""The words of features: how a call that has one is told, and what else a sentence can name.

`autograder/exam/features.py` reads features off a call.
"""

from __future__ import annotations

from collections.abc import Container

# How a call that has the feature is told, and one that has not. The first ones are told where several fit.
CALLS = {
    "groups": ("with groups", "without them"),
    "dilation": ("with a dilation above 1", "with dilation 1"),
    "output_padding": ("with an output_padding", "without one"),
    "output_size": ("with an output_size", "without one"),
    "ceil_mode": ("with ceil_mode", "without it"),
    "return_indices": ("with return_indices", "without it"),
    "count_include_pad": ("with count_include_pad=False", "with True"),
    "stride": ("with a stride above 1", "with stride 1"),
    "padding": ("with a padding", "without one"),
    "padding same": ('with padding "same"', "with a number"),
    "padding valid": ('with padding "valid"', "with a number"),
    "pair": ("with a pair", "with whole numbers alone"),
    "number": ("with a whole number", "with pairs"),
    "unequal pair": ("with a pair of unequal numbers", "with equal ones"),
    "equal pair": ("with a pair of equal numbers", "with one number"),
    "bias": ("with a bias", "without one"),
    "no bias": ("without a bias", "with one"),
    "batch": ("with several images", "with one"),
    "channels": ("with several input channels", "with one"),
    "outputs": ("with several output channels", "with one"),
    "kernel not square": ("with a kernel that is not square", "with a square one"),
    "even kernel": ("with a kernel that has an even side", "with odd sides"),
    "one-pixel kernel": ("with a kernel of one pixel", "with a larger one"),
    "kernel larger": ("with a kernel larger than the image", "with a smaller one"),
    "smaller": ("to a smaller size", "to a larger one"),
    "overlapping": ("where bins overlap", "where they do not"),
    "none": ("with None in the pair", "without it"),
    "more bins": ("with more bins than pixels", "with fewer"),
    "ties": ("where pixels are equal", "where all are different"),
    "absent": ("where a class is absent", "where all classes are present"),
    "ignored": ("with ignored pixels", "without them"),
    "image not square": ("on an image that is not square", "on a square one"),
    "one-pixel side": ("with a side of one pixel", "with longer sides"),
    "plane": ("on an image without a channel axis", "with one"),
    "float64": ("on float64", "on float32"),
    "float32": ("on float32", "on float64"),
    "other types": ("on tensors of two floating-point types", "on one type"),
    "grad_x": ("in grad_x", "in the other results"),
    "grad_weight": ("in grad_weight", "in the other results"),
    "grad_bias": ("in grad_bias", "in the other results"),
    "empty masks": ("on empty or full masks", "on others"),
    "large logits": ("on very large logits", "on smaller ones"),
    "by position": ("with all arguments by position", "with their names"),
    "clipped": ("where the rectangle reaches over the border", "where it does not"),
    "over the end": ("where the rectangle reaches over the end", "where it does not"),
    "before the start": ("where the rectangle begins before the image", "where it begins on it"),
    "any angle": ("by an angle that is no multiple of 90°", "by multiples of 90°"),
    "negative": ("by a negative angle", "by positive ones"),
    "over a turn": ("by more than 360°", "by less"),
    "factor above 1": ("with a factor above 1", "with smaller factors"),
    "factor 0": ("with the factor 0", "with larger factors"),
    "whole sigma": ("with a whole number as sigma", "with fractions"),
    "outside a turn": ("by a negative angle or by more than 360°", "by angles from 0° to 360°"),
    "negative shift": ("by a negative number of pixels", "by positive ones"),
    "beyond": ("by more than the image's size", "by less"),
    "other sigma": ("with another sigma than 1", "with sigma 1"),
    "other size": ("with another window than 3 × 3", "with 3 × 3"),
    "bright border": ("on an image that is not black at the border", "on one that is"),
    "one channel": ("on an image with one channel", "on one with three"),
    "no transforms": ("without transforms", "with some"),
    "several transforms": ("with several transforms", "with one"),
    "several layers": ("behind several layers", "behind one"),
    "pooled": ("behind a pooling layer", "without one"),
    "at the border": ("where the window reaches over the border", "where it does not"),
    "negative values": ("where the map has large negative values", "where it has none"),
    "fewer": ("with a k below the number of images", "with all images"),
    "negative map": ("where some positions count against the class", "where none does"),
    "zero map": ("where no position counts for the class", "where some do"),
    "smaller map": ("on a layer whose map is smaller than the image", "on one of the image's size"),
    "before a ReLU": ("on a layer before a ReLU", "on another layer"),
    "in place": ("before an in-place layer", "before another layer"),
    "several maps": ("on a layer with several channels", "on one with one"),
    "other logits": ("where the other logits change with the image", "where they are constant"),
    "train mode": ("on a model in train mode", "on one in eval mode"),
    "curved": ("on a model that is not linear", "on a linear one"),
    "patches overlap": ("where patches overlap", "where they do not"),
    "patches apart": ("where the stride is larger than the patch", "where it is not"),
    "pixels left over": ("where patches do not fill the image", "where they do"),
    "other class": ("for a class that is not the most probable one", "for the most probable one"),
    "patches": ("with patches of several pixels", "with patches of one pixel"),
    "no fill": ("without `fill`", "with it"),
    "unsure": ("for a model whose probabilities lie between 0 and 1", "for one that is sure"),
    "negative derivatives": ("where some derivatives are negative", "where none is"),
    "nested layer": ("on a layer inside another module", "on a layer of the outermost module"),
}

ORDER = {feature: place for place, feature in enumerate(CALLS, 2)}  # after those of arguments, which are not among them

# What else a sentence can name: of any call, of networks, of trainings.
PROPERTIES = {
    # of any call
    "plainest": "simplest calls",
    "gradient": "gradient",
    "layout": "memory",
    "type": "float",
    "kept": "keeps",
    "changed": "changed",
    "refusal": "refuse",
    "result": "result",
    "banned": "forbidden",
    "module": "nn.Module",
    # of networks, on the way from input to output
    "arguments": "argument",
    "sizes": "size",
    "parameters": "parameters",
    "first weights": "start",
    "shared": "own",
    "skip": "skip",
    "crop": "crop",
    "pooling": "pooling",
    "upsampling": "upsampl",
    "convolutions": "convolution",
    "border": "border",
    "relu": "ReLU",
    "normalisation": "normalis",
    "random": "random",
    "train": "train",
    "place": "position",
    "last layer": "last",
    "state": "state",
    "encoder": "encoder",
    "constant": "depend",
    # of trainings
    "passes": "epoch",
    "batches": "batch",
    "loss": "loss",
    "steps": "step",
    "mode": "mode",
    "history": "number",
    "learning": "learn",
    # of changes of pictures, and of files
    "noise": "noise",
    "decisions": "call",
    "labels": "label",
    "order": "order",
    "files": "fold",
    "masks": "mask",
    # of models that are explained
    "windows": "window",
    "activations": "value",
    "alpha": "weight",
    "model": "model",
}


def is_known(id: str, arguments: Container[str]) -> bool:
    """Can a sentence name this id about code with these arguments: "bias", "skip", "stride pair", "padding same"?"""
    return id in CALLS or id in PROPERTIES or id.partition(" ")[0] in arguments


def phrases(feature: str) -> tuple[str, str]:
    """How a call with this feature is told ("with a bias"), and one without ("without one")."""
    if feature in CALLS:
        return CALLS[feature]
    argument, _, value = feature.partition(" ")
    if value == "pair":
        return f"with a pair of unequal numbers as `{argument}`", "with equal ones"
    if value:
        return f'with {argument} "{value}"', "with other values"
    return f"with another `{argument}` than the default", "with the default"
