"""The asserts of nbgrader's kind that the guide's page “An assignment of your own” shows: those that work, do."""

import json
import re
from pathlib import Path

import nbformat
import pytest

from autograder import release
from autograder.examiner.grading import Job, grade

PAGE = (Path(__file__).resolve().parents[2] / "book" / "own-assignment.md").read_text(encoding="utf-8")
SOLUTION = '''
import random
import numpy as np
from torch import nn

class Net(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.layer = nn.Linear(width, 1)

    def forward(self, x):
        return self.layer(x)

def double(x):
    """x, twice."""
    return 2 * x

def mean(values):
    return sum(values) / len(values)

def word_counts(text):
    return {word: text.split().count(word) for word in text.split()}

def unique(values):
    return set(values)

def shout(text):
    return text + "!"

def root(x):
    if x < 0:
        raise ValueError(f"{x} is negative")
    return x**0.5

def scale(values):
    return values / values.max()

def sort(values):
    values.sort()

def apply(function, values):
    return [function(value) for value in values]

def evens():
    n = 0
    while True:
        yield n
        n += 2

def greet(name):
    print(f"Hello, {name}")

def ask():
    return int(input())

def roll():
    return random.randrange(10**9)

class TooPoor(Exception):
    missing = 0

class Account:
    def __init__(self, balance):
        self.balance = balance

    def take(self, amount):
        if amount > self.balance:
            error = TooPoor(f"{amount - self.balance} are missing")
            error.missing = amount - self.balance
            raise error
        self.balance -= amount

    def __str__(self):
        return f"{self.balance} left"

    def __eq__(self, other):
        return self.balance == other.balance

    def __lt__(self, other):
        return self.balance < other.balance
'''


def kinds(after):
    """The kinds of asserts in the block of the page that follows these words, by what stands over each."""
    block = re.search(r"```python\n(.*?)```", PAGE[PAGE.index(after) :], re.DOTALL)[1]
    return {text.splitlines()[0].strip("# "): text for text in re.split(r"\n\n(?=# )", block.strip())}


WORK, FAIL = kinds("A test runs each of these"), kinds("These do not.")


@pytest.fixture(scope="module")
def points(client):
    """The points, of 1, of each kind on the instructor's own solution, and what was seen."""
    cells = [("solution", {"solution": True}, SOLUTION)]
    cells += [(name, {"grade": True, "points": 1}, text) for name, text in (WORK | FAIL).items()]
    texts = [
        f"# %% nbgrader={json.dumps({'grade_id': re.sub('[^A-Za-z]+', '-', name), **about})}\n{text}"
        for name, about, text in cells
    ]
    source = release.source_notebook("\n\n".join(texts))
    job = Job("solution", "09-usual", "job", explain=True, recording=True)
    result, _, evidence = grade(job, nbformat.writes(source).encode(), source, client, bytes(32))
    assert not result.faults
    seen = {case["cell"]: case for case in evidence}
    ids = [re.sub("[^A-Za-z]+", "-", name) for name in (WORK | FAIL)]
    return {
        name: (result.cells[i]["points"], seen.get(i)) for name, i in zip((WORK | FAIL), ids, strict=True)
    }


@pytest.mark.parametrize("kind", WORK)
def test_what_the_page_says_works_does(points, kind):
    earned, seen = points[kind]
    assert earned == 1, seen


@pytest.mark.parametrize("kind", WORK)
def test_it_works_in_one_kernel_too(kind):
    scope = {}
    exec(SOLUTION, scope)
    exec(WORK[kind], scope)


@pytest.mark.parametrize("kind", FAIL)
def test_what_the_page_says_does_not_work_is_told(points, kind):
    earned, seen = points[kind]
    assert earned == 0 and seen["case"].startswith("line ") and seen["got"]
