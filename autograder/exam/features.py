"""What is special about a call, in plain words, and which of it parts wrong calls from right ones.

A *feature* is an id: "bias", "stride", "pair", "kernel not square". A call has several. Where all wrong calls have one,
or two, that no right call has, the student is told: "right without a bias, wrong with one". Nothing new is asked for
it, and no number is shown.

Their words stand in `autograder/exam/feature_words.py`. The properties of a network or a training that a sentence names
("skip", "sizes") are ids of the same list, so that a test can compare what is named with what is true (`where:` in the
header of a wrong implementation).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from inspect import Parameter, signature
from itertools import combinations
from typing import Any

import torch

from autograder.exam.cases import Case
from autograder.exam.feature_words import CALLS, ORDER, phrases

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
