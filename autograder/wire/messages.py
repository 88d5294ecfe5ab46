"""Every message between examiner, zygote and candidate, and what may stand in one beside plain values.

A candidate's words are a stranger's: the codec lets only the named classes through, with fields of exactly these types.
`Any` is a plain value: None, numbers, text, tensors, dtypes, and lists, tuples and dicts of these.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

# ---- examiner → zygote, which answers each with one of the messages below


@dataclass(frozen=True)
class Fork:
    """Fork a candidate; its end of the socket pair comes with this message. `limits`: the fields of `Limits`."""

    scratch: str
    confined: bool
    limits: dict


@dataclass(frozen=True)
class End:
    """Kill the candidate, and everything that it started."""


@dataclass(frozen=True)
class Forked:
    """A candidate was forked."""

    pid: int


@dataclass(frozen=True)
class Ended:
    """How the candidate ended: the signal that killed it (0: none; 9 may be ours), and what it had used."""

    signal: int
    cpu_seconds: float
    peak_mib: int


@dataclass(frozen=True)
class Refused:
    """What was asked for was not done, and why: the grader's fault, or a wall that this machine lacks."""

    why: str


# ---- examiner → candidate


@dataclass(frozen=True)
class Question:
    """One question. `number`: drawn at random for it; the answer bears it. `released`: ids that are needed no more."""

    number: int
    released: list
    ask: Any


@dataclass(frozen=True)
class Run:
    """Run a cell, until SIGALRM interrupts it. `own`: the student added it, and what it leaves in PyTorch's modes holds
    for the next cells of this kind alone."""

    source: str
    own: bool


@dataclass(frozen=True)
class Begin:
    """A criterion begins: random numbers start from this seed."""

    seed: int


@dataclass(frozen=True)
class LookUp:
    """What does this name stand for now?"""

    name: str


@dataclass(frozen=True)
class Call:
    """Do with an object what `operation` names (see `candidate.answering`), under the ban list `ban`, None for none."""

    operation: str
    target: int
    values: tuple
    ban: Any


@dataclass(frozen=True)
class StandIn:
    """Put recipes of the kit in the place of these names, and back what stood there for all others."""

    names: dict


@dataclass(frozen=True)
class Batch:
    """The batch that was pulled."""

    value: Any


# ---- candidate → examiner


@dataclass(frozen=True)
class Ready:
    """All walls stand; questions may come."""


@dataclass(frozen=True)
class Reply:
    """The answer to the question of this number."""

    number: int
    answer: Any


@dataclass(frozen=True)
class Ran:
    """What a cell put out, as nbformat's fields, and how it ended: ok, error, timeout, memory or output."""

    outputs: list
    status: str
    count: int


@dataclass(frozen=True)
class Done:
    """What an operation gave."""

    value: Any


@dataclass(frozen=True)
class Failed:
    """The student's code raised. `banned`: it called an operator that is banned there. `name`: of the exception's own
    class. `line`: the line of the student's cells in which it was raised ("" for none)."""

    kind: str
    message: str
    banned: bool
    name: str = ""
    line: str = ""


@dataclass(frozen=True)
class Undefined:
    """The name that was looked up stands for nothing."""


@dataclass(frozen=True)
class Pull:
    """Before the answer: the batch at this place of a loader, please."""

    loader: int
    position: int


# ---- beside plain values


@dataclass(frozen=True)
class Handle:
    """Candidate → examiner: an object that stays there. `kind` is one of `operations.describe`'s words."""

    id: int
    kind: str
    name: str


@dataclass(frozen=True)
class Held:
    """Examiner → candidate: the object with this handle."""

    id: int


@dataclass(frozen=True)
class Built:
    """Examiner → candidate: what `recipes.RECIPES[name]` makes of these arguments."""

    name: str
    args: tuple
    kwargs: dict


@dataclass(frozen=True)
class Special:
    """Either way: a value that is not plain, in plain parts. `kind` is one of those in `wire.values`."""

    kind: str
    parts: tuple


@dataclass(frozen=True)
class Object:
    """Candidate → examiner: an object that stays there, for asserts. The same object has the same id as long as the
    examiner keeps it. `kind`: "class", "error" (a class of exceptions) or "object". `lineage`: see `Raising`."""

    id: int
    kind: str
    name: str
    lineage: list


@dataclass(frozen=True)
class Used:
    """What came of a use of an object. `printed`: what it printed. `after`: the arguments as they stand then, where
    that was asked for."""

    value: Any
    printed: str
    after: Any


@dataclass(frozen=True)
class Raising:
    """A use of an object raised. `lineage`: of the exception's class, itself first: [number, name] of each class that
    the notebook's code defines. `kind` and what follows are as in `Failed`."""

    lineage: list
    kind: str
    message: str
    name: str
    line: str
    printed: str


@dataclass(frozen=True)
class Batches:
    """Examiner → candidate: a loader of so many batches with so many items, at most `batch_size` in each, each pulled
    when asked for."""

    id: int
    length: int
    items: int
    batch_size: int


ORDERS = Fork, End
REPORTS = Forked, Ended, Refused
QUESTIONS = Question, Run, Begin, LookUp, Call, StandIn, Batch, Held, Built, Batches, Special
ANSWERS = Ready, Refused, Reply, Ran, Done, Failed, Undefined, Pull, Handle, Special, Object, Used, Raising
