"""What is special about a call, in plain words, and which of it parts wrong calls from right ones.

A *feature* is an id: "bias", "stride", "pair", "kernel not square". A call has several. Where all wrong calls have one,
or two, that no right call has, the student is told: "right without a bias, wrong with one". Nothing new is asked for
it, and no number is shown.

The properties of a network or a training that a sentence names ("skip", "sizes") are ids of the same list, so that a
test can compare what is named with what is true (`where:` in the header of a wrong implementation).
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from inspect import Parameter, signature
from itertools import combinations
from typing import Any

import torch

from autograder.exam.cases import Case

T = torch.Tensor
Features = frozenset[str]
FeaturesOf = Callable[[Callable[..., Any], Case], Features]  # of a call of a function of ours
# May be pairs.
PAIRS = {"stride", "padding", "dilation", "output_padding", "scale", "size", "kernel_size", "output_size"}
WRITTEN = {"pair", "by position"}
# What many calls have by chance, since cases of an argument have it too.
TENSORS = {
    *("batch", "channels", "outputs", "kernel not square", "even kernel", "image not square", "one-pixel side"),
    *("one-pixel kernel", "kernel larger", "bias", "no bias"),
}

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
    "place": "place",
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


def features_of(reference: Callable[..., Any], case: Case) -> Features:
    """The plain features of a call of a function of ours: of its tensors, and of arguments that are not the default."""
    try:
        bound = signature(reference).bind(*case.args, **case.kwargs)
    except TypeError:
        return frozenset()
    named = bound.signature.parameters.items()
    tensors = {name: value for name, value in bound.arguments.items() if isinstance(value, T)}
    options = {name: value for name, value in bound.arguments.items() if name not in tensors and name != "result"}
    found = _of_tensors(tensors, any(name == "bias" for name, _ in named), options.get("groups", 1))
    for name, value in options.items():
        found |= _of_option(name, value, bound.signature.parameters[name].default)
    if result := bound.arguments.get("result"):
        found.add(result)
    if sum(not isinstance(arg, T) for arg in case.args if arg is not None) > 1:
        found.add("by position")
    return frozenset(found)


def holding(facts: Mapping[str, Any]) -> Features:
    """The features of which this holds."""
    return frozenset(name for name, true in facts.items() if true)


def _of_tensors(tensors: dict[str, T], may_have_bias: bool, groups: int) -> set[str]:
    found = set()
    if may_have_bias and ("bias" not in tensors or tensors["bias"].any()):  # one of zeros shows nothing
        found.add("bias" if "bias" in tensors else "no bias")
    types = {t.dtype for t in tensors.values() if t.is_floating_point()}
    found |= {"other types"} if len(types) > 1 else {str(t).removeprefix("torch.") for t in types} & CALLS.keys()
    kernel = tensors.get("weight", tensors.get("kernel"))
    if kernel is not None and kernel.dim() >= 2:
        kh, kw = kernel.shape[-2:]
        found |= holding(
            {"kernel not square": kh != kw, "even kernel": not kh * kw % 2, "one-pixel kernel": kh * kw == 1}
        )
    image = next((tensors[name] for name in ("x", "image") if name in tensors), None)
    if image is not None and image.dim() >= 2:
        h, w = image.shape[-2:]
        channels, outputs = image.shape[-3:-2].numel() > 1, False
        if kernel is not None and kernel.dim() == 4:
            channels, outputs = kernel.shape[1] > 1, len(kernel) > groups  # in one group
        found |= holding(
            {
                "image not square": h != w,
                "one-pixel side": 1 in (h, w),
                "kernel larger": kernel is not None and kernel.dim() >= 2 and (kh > h or kw > w),
                "plane": image.dim() == 2,
                "batch": image.dim() == 4 and len(image) > 1,
                "channels": channels,
                "outputs": outputs,
            }
        )
    return found


def _of_option(name: str, value: Any, default: Any) -> set[str]:
    number = {"number"} if isinstance(value, int) and name in PAIRS else set()
    if value is None or (default is not Parameter.empty and type(value) is type(default) and value == default):
        return number
    if isinstance(value, str):
        return {f"{name} {value}"}
    if isinstance(value, tuple | list):
        usual = all(number == default for number in value)
        kind = {"unequal pair", f"{name} pair"} if len(set(value)) > 1 else {"equal pair"}
        return {"pair"} | kind | (set() if usual else {name})
    return {name} | number


@dataclass(frozen=True)
class Contrast:
    """When calls are wrong, in words ("with a bias"), and what is right beside them, a sentence of its own or none."""

    features: Features
    when: str
    beside: str = ""


FEW = 3  # wrong calls of a part, below which what they share is chance


def contrast(wrong: Sequence[Features], others: Sequence[Features], right: Sequence[Features]) -> Contrast | None:
    """What parts wrong calls from right ones. others: all wrong calls of the part, these among them.

    What all wrong calls of the part have goes before what only these have; one feature before two; what no right call
    has before what some have. None where nothing parts them.
    """
    if not wrong or not right:
        return None
    common = sorted(frozenset.intersection(*wrong), key=_rank)
    shared = [id for id in common if all(id in some for some in others)]
    most = 1 if len(others) < FEW else 2
    found = _alone(shared, right, most) or _often(shared, others, right) or _alone(common, right, most)
    if found is None:
        found = _often([id for id in common if _count(id, right) < _count(id, others)], others, right)
    return found and _told(*found, others, right)


def _alone(ids: Sequence[str], right: Sequence[Features], most: int) -> tuple[Features, str] | None:
    """The first of these that no right call has, or the only two of them, at `most` two, that none has together."""
    for count in range(1, most + 1):
        chosen = [frozenset(some) for some in combinations(ids, count)]
        fitting = [some for some in chosen if not any(some <= features for features in right)]
        if len(fitting) == 1 or (fitting and count == 1):
            return fitting[0], ""
    return None


def _often(ids: Sequence[str], others: Sequence[Features], right: Sequence[Features]) -> tuple[Features, str] | None:
    """Of these the one that fewest right calls have."""
    id = min(ids, key=lambda id: (_count(id, right), _rank(id)), default="")
    most = _count(id, right) < _count(id, others)
    if not id or len(others) < FEW or _count(id, right) > 0.7 * len(right) or (id in TENSORS and not most):
        return None
    return frozenset({id}), f"in {'most' if most else 'some'} calls "


def _count(id: str, calls: Sequence[Features]) -> int:
    return sum(id in features for features in calls)


def _rank(feature: str) -> tuple[int, str]:
    """How a call is written comes before its arguments, and these before its tensors."""
    return 0 if feature in WRITTEN else ORDER.get(feature, 1), feature


def _told(features: Features, often: str, others: Sequence[Features], right: Sequence[Features]) -> Contrast:
    """In words. That calls are right elsewhere is said where no call is seen that is not."""
    ids = sorted(features, key=_rank)
    when = " and ".join(phrases(id)[0] for id in ids).replace(" and with ", " and ").replace(" and in ", " in ")
    if len(ids) == 1:
        other = phrases(ids[0])[1]
    else:
        other = "with only one of the two" if all(_count(id, right) for id in ids) else ""
    if not other or not all(features <= some for some in others):
        return Contrast(features, often + when)
    return Contrast(features, often + when, f"{other[0].upper()}{other[1:]} it is right.")
