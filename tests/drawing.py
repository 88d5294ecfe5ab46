"""Which implementations `make test` examines: a fixed number over all exams, others after each commit."""

import random
import subprocess

from autograder.exam_tables.implementations import ROOT, Implementation, exam_names, implementations
from autograder.exam_tables.seeds import SALTS
from autograder.exam_tables.verdicts import code

SIZE = 100


def state() -> str:
    """The commit and what is changed since; where there is no git, what the implementations are."""
    found = [
        subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True)
        for words in (("rev-parse", "HEAD"), ("diff", "HEAD"))
    ]
    if any(run.returncode for run in found):
        return "".join(code(one) for exam in exam_names() for one in implementations(exam))
    return "".join(run.stdout for run in found)


def drawn() -> list[tuple[str, Implementation, str]]:
    """(exam, implementation, one of the fifty salts), in an order that follows from `state`."""
    dice = random.Random(state())
    everyone = [(exam, one) for exam in exam_names() for one in implementations(exam)]
    return [(*chosen, dice.choice(SALTS)) for chosen in dice.sample(everyone, min(SIZE, len(everyone)))]
