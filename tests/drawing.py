"""What `make test` draws where trying all would take longer with each assignment: others after each commit.

`make test ALL=1` tries all of it.
"""

import os
import random
import subprocess
from collections.abc import Iterable
from functools import cache
from typing import Any

from autograder.exam_tables.implementations import ROOT, Implementation, exam_names, implementations
from autograder.exam_tables.seeds import SALTS
from autograder.exam_tables.verdicts import code

SIZE = 100


@cache
def state() -> str:
    """The commit and what is changed since; where there is no git, what the implementations are."""
    found = [
        subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True)
        for words in (("rev-parse", "HEAD"), ("diff", "HEAD"))
    ]
    if any(run.returncode for run in found):
        return "".join(code(one) for exam in exam_names() for one in implementations(exam))
    return "".join(run.stdout for run in found)


def some_of(things: Iterable[Any], count: int) -> list[Any]:
    """So many of these, in their order, which follow from `state`; all of them with `make test ALL=1`."""
    everything = list(things)
    if os.environ.get("TEST_ALL") or len(everything) <= count:
        return everything
    chosen = random.Random(state()).sample(range(len(everything)), count)
    return [everything[at] for at in sorted(chosen)]


def with_all(things: Iterable[Any]) -> list[Any]:
    """These with `make test ALL=1`, none without it: each takes a minute."""
    return list(things) if os.environ.get("TEST_ALL") else []


def drawn() -> list[tuple[str, Implementation, str]]:
    """(exam, implementation, one of the fifty salts); the salts follow from `state`, too."""
    dice = random.Random(state())
    everyone = [(exam, one) for exam in exam_names() for one in implementations(exam)]
    return [(*chosen, dice.choice(SALTS)) for chosen in some_of(everyone, SIZE)]
