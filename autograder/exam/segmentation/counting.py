"""A network's parameters, counted without being carried: how many there are, and whether it can be run at all."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from autograder.exam.core import Evidence, Finding, Wrong
from autograder.exam.gate import entries, module
from autograder.exam.segmentation.common import mistake
from autograder.exam.subject import Subject


def parameters(network: Subject) -> dict[str, tuple[int, ...]]:
    """Shapes of the parameters that can learn, by name; one that several layers share counts once."""
    seen: set[int] = set()
    shapes = {}
    for name, entry in network.outline().items():
        if entry.parameter and entry.shape is not None and entry.id not in seen:
            seen.add(entry.id)
            shapes[name] = entry.shape
    return shapes


def count(network: Subject) -> int:
    return sum(math.prod(shape) for shape in parameters(network).values())


def honours(network: Subject, expected: int, wrong: Mapping[str, set[int]], case: str) -> None:
    """The number of parameters; `wrong` names the mistakes that lead to other numbers, most specific first."""
    got = count(network)
    if got == expected:
        return
    for id, numbers in wrong.items():
        if got in numbers:
            raise mistake(id, case, f"{expected:,} parameters", f"{got:,}")
    sentence = f"`{network.name}` has another number of parameters than the text's formula gives."
    raise Wrong(Finding(sentence, None, Evidence(case, f"{expected:,} parameters", f"{got:,}")))


def bounded(network: Subject, right: int, most: int, ignored: Callable[[], tuple[str | None, str]]) -> Subject:
    """A network that is small enough to be run; one far larger than was asked for is not.

    `ignored()` finds out what the network's size does not depend on: the mistake's id and its sentence.
    """
    if (got := entries(module(network))) > most:
        id, sentence = ignored()
        raise Wrong(Finding(sentence, id, Evidence(network.name, f"{right:,} parameters", f"{got:,}; not run")))
    return network


def too_large(name: str) -> str:
    return f"`{name}` has far more parameters than the text's formula gives for these arguments, so it was not run."


def substantial(network: Subject, right: int) -> None:
    """Is it the network in the main? What any small network passes as well counts for nothing."""
    if count(network) < 0.4 * right:
        sentence = f"`{network.name}` has less than half of the parameters that the text's formula gives."
        raise Wrong(Finding(sentence, None, Evidence(network.name, f"{right:,} parameters", f"{count(network):,}")))
