"""Which criterion a mistake costs: the first in which it shows (DESIGN, section 3, d).

A call has *features*: "stride", "a pair", "even kernel". Where all calls with a feature, or with two of them, have been
wrong, these are its cause, and a later criterion does not lose its points for the same cause once more.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import combinations

from autograder.exam.features import Features


@dataclass
class Causes:
    """right, wrong: the features of calls, of all criteria so far. charged: causes that have cost a criterion."""

    right: list[Features] = field(default_factory=list)
    wrong: list[Features] = field(default_factory=list)
    charged: list[Features] = field(default_factory=list)

    def excuses(self, features: Features) -> bool:
        """Is a wrong call with these features wrong by a cause that has been charged, as far as anything tells?"""
        return any(cause <= features and not self.seen_right(cause) for cause in self.charged)

    def seen_right(self, cause: Features) -> bool:
        """Has a call with these features been right?"""
        return any(cause <= features for features in self.right)

    def charge(self, wrong: Iterable[Features]) -> None:
        """Put the causes of these wrong calls to account."""
        for features in wrong:
            for count in (1, 2):
                causes = [frozenset(some) for some in combinations(sorted(features), count)]
                found = [cause for cause in causes if not self.seen_right(cause)]
                self.charged += [cause for cause in found if cause not in self.charged]
                if found:
                    break
