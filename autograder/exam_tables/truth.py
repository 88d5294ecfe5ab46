"""Do sentences say where to look, and nothing that is false? Judged by the `where:` of wrong implementations.

What is said about an implementation is true if it names its mistake, or something of its `where`, and names nothing
else; another mistake that is named stands for the `where` of its own implementations.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from autograder.exam_tables.implementations import Implementation, implementations
from autograder.exam_tables.verdicts import Verdict, load


@dataclass(frozen=True)
class Told:
    """What was said of one implementation: `right` and `false` are ids, of features and of mistakes."""

    implementation: Implementation
    right: frozenset[str]
    false: frozenset[str]

    @property
    def counts(self) -> bool:
        """Does it name something true, and nothing false?"""
        return bool(self.right) and not self.false


@cache
def places(exam: str) -> Mapping[str, frozenset[str]]:
    """For each mistake the `where` of all implementations that have it."""
    found: dict[str, frozenset[str]] = {}
    for one in implementations(exam):
        if one.mistake and not one.second:
            found[one.mistake] = found.get(one.mistake, frozenset()) | one.where
    return found


def told(exam: str, *, forgotten: bool = False) -> list[Told]:
    """What is said of each wrong implementation; `forgotten`: by an exam that does not know its mistake.

    Left out are then those whose mistake is still named: it is not on a list, the check itself finds it.
    """
    kept = load(exam).of
    wrong = [one for one in implementations(exam) if one.wrong]
    if not forgotten:
        return [_told(exam, one, kept[one.id].named, kept[one.id].told) for one in wrong]
    unknown = [one for one in wrong if one.mistakes.isdisjoint(kept[one.id].forgotten.values())]
    return [_told(exam, one, *_of_unknown(one, kept[one.id])) for one in unknown]


def _of_unknown(one: Implementation, verdict: Verdict) -> tuple[Iterable[str | None], Iterable[str]]:
    """Mistakes and features; of an implementation whose mistake has no name, as they always are."""
    if one.mistake is None:
        return verdict.named, verdict.told
    return verdict.forgotten.values(), verdict.told_forgotten


def _told(exam: str, one: Implementation, named: Iterable[str | None], features: Iterable[str]) -> Told:
    right, false = set(features) & one.where, set(features) - one.where
    for mistake in filter(None, named):
        true = mistake in one.mistakes or places(exam).get(mistake, frozenset()) & one.where
        (right if true else false).add(mistake)
    return Told(one, frozenset(right), frozenset(false))


def share(found: Iterable[Told]) -> float:
    """Of all, those that count."""
    counts = [one.counts for one in found]
    return sum(counts) / len(counts)
