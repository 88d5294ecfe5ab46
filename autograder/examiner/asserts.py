"""An instructor's own asserts: grade cells of plain Python that ask no exam, as every user of nbgrader writes them.

They run here. Names stand for the student's objects in the candidate, or for what the instructor's own notebook gives
(`examiner.given`). A cell gives all its points when it runs to its end, or as many as its last expression says, and
none where something stopped it. The student reads the message of an assert, or the line of their own that failed, and
nothing of what is hidden.
"""

from __future__ import annotations

import ast
import contextlib
import io
import math
import random
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from nbformat import NotebookNode

from autograder.exam import words
from autograder.exam.core import Evidence, Finding, Lost, Missing, Outcome, SettingFailed
from autograder.examiner.failures import Failure, Text, shown
from autograder.examiner.given import Given, Resolver, bound, kept
from autograder.examiner.link import Link
from autograder.examiner.proxies import RemoteSubject
from autograder.examiner.results import in_halves
from autograder.examiner.setting import Remote
from autograder.examiner.their_errors import Theirs
from autograder.examiner.things import is_callable, is_instance
from autograder.examiner.uses import Gone, Refused, Things, Uses

TITLE = "the tests of this cell"


@dataclass
class Scope:
    """What a grade cell's names stand for. missing: those that the student's notebook does not define."""

    names: dict[str, Any]
    missing: dict[str, Missing]
    things: Things | None


class Asking:
    """Asks what names of the student's stand for. things: of the candidate, as soon as one is asked for an object."""

    def __init__(self, remote: Remote, things: Things | None, *about: Any):
        """about: the cell that begins, as `Things.begin` takes it."""
        self.missing: dict[str, Missing] = {}
        self.things = things
        self._links: list[Link] = []
        self._remote, self._about = remote, about
        if things is not None:
            things.begin(*about)

    def __call__(self, name: str) -> Any:
        """A value, a class of exceptions, or a `Thing`. Raise KeyError where it is nothing, and `Lost`."""
        found = self._remote.look_up(name)
        if isinstance(found, Lost):
            raise found
        if isinstance(found, Missing):
            self.missing[name] = found
            raise KeyError(name)
        if not isinstance(found, RemoteSubject):
            return found
        self._links.append(found.link)
        if self.things is None or self.things.link is not found.link:
            self.things = Things(found.link)
            self.things.begin(*self._about)
        try:
            return self.things.named(name, found)
        except Gone:
            raise self.things.gone or KeyError(name) from None
        except Theirs as error:
            self.missing[name] = Missing(name, f"cannot be looked at, because this raised {shown(error)}")
            raise KeyError(name) from None

    def in_one_candidate(self) -> bool:
        """Is the candidate of all of them still there?"""
        return all(link.alive for link in self._links)


class Asserts:
    """The asserts of one submission, cell after cell. recording: it is the instructor's own solution, and where it has
    objects is written into the cells' metadata, from which other submissions' cells have it."""

    def __init__(self, source: NotebookNode, remote: Remote, recording: bool):
        self._given, self._remote, self._recording = Given(source), remote, recording
        self._left: dict[str, tuple[int, Any]] = {}  # by earlier grade cells: name → place of the cell, value
        self._things: Things | None = None

    def examine(self, cell: NotebookNode) -> tuple[Outcome, str]:
        """Run a grade cell: what came of it, and what it printed, which is the instructor's where nothing is hidden."""
        about = cell.metadata.nbgrader
        text, most = Text(cell.source), float(about.points)
        printed = io.StringIO()
        failure, value = None, None
        uses = Uses(cell.metadata.get("objects", ()), text.for_themselves, self._recording)
        values = None if self._recording else cell.metadata.get("made_here", ())
        with contextlib.redirect_stdout(printed), _quietly():
            try:
                _begin(self._remote.seed(about.grade_id))
                scope = self._scope(cell, text, uses, values, printed)
            except (Lost, SettingFailed) as why:
                failure = self._stopped_by(why)
            else:
                failure, value = self._run(text, scope)
                self._keep(text.tree, cell.id, scope.names)
        if self._recording:
            cell.metadata["objects"] = sorted(uses.known)
        earned = 0.0 if failure else self._earned(value, most)
        finding = failure.finding if failure else None
        if finding is None and earned < most:
            finding = Finding(f"The tests of this cell gave {earned:g} of {words.points(most)} points.")
        outcome = Outcome(about.grade_id, "tests", TITLE, most, earned, finding)
        return outcome, "" if text.has_hidden else printed.getvalue()

    def _scope(self, cell: NotebookNode, text: Text, uses: Uses, values: Any, printed: io.StringIO) -> Scope:
        """Look up what the cell's names stand for, in one candidate. Raise `Lost`."""
        place, wanted = self._given.place(cell.id), sorted(self._given.wanted(text.tree))
        while True:
            asking = Asking(self._remote, self._things, uses, cell.source, printed)
            resolver = Resolver(self._given, place, asking, values)
            names: dict[str, Any] = {"__name__": "__main__", "isinstance": is_instance, "callable": is_callable}
            for name in wanted:
                binding = self._given.last(name, place)
                left, value = self._left.get(name, (-1, None))
                with contextlib.suppress(KeyError):
                    names[name] = value if left > (binding.cell if binding else -1) else resolver.find(name)
            if asking.in_one_candidate():
                break  # else a name cost it, and those before are looked up anew
        if self._recording:
            cell.metadata["made_here"] = sorted(resolver.values)
        self._things = asking.things
        return Scope(names, asking.missing, asking.things)

    def _run(self, text: Text, scope: Scope) -> tuple[Failure | None, Any]:
        """Run the cell: what stopped it, and the value of its last expression."""
        things, error, value = scope.things, None, None
        try:
            exec(text.statements, scope.names)
            value = eval(text.last, scope.names)
        except (KeyboardInterrupt, MemoryError):
            raise
        except BaseException as caught:  # a test may raise what it likes: `pytest.fail` is no Exception
            error = caught
        if things is not None:
            if things.gone is not None:  # whatever a test did with it
                return self._stopped_by(things.gone, text, error), None
            things.silent = True
        if error is None:
            return None, value
        return text.failure(error, scope.missing), None

    def _stopped_by(self, why: Exception, text: Text | None = None, error: BaseException | None = None) -> Failure:
        """A limit, or a value that does not cross."""
        if isinstance(why, Lost):
            with contextlib.suppress(Lost):
                self._remote.lost(why)
            return Failure(Finding(why.sentence))
        if not isinstance(why, Refused):
            raise why
        case = text.case(error) if text else ""
        sentence = why.sentence or (text.failed(error) if text else "")
        return Failure(Finding(sentence, evidence=Evidence(case, "values that cross", str(why))))

    def _keep(self, tree: ast.Module, cell: str, names: Mapping[str, Any]) -> None:
        """What a grade cell sets or imports is there for the next ones, as in one kernel."""
        own = {name for statement in tree.body for name in bound(statement)}
        place = self._given.place(cell)
        self._left.update({name: (place, value) for name, value in kept(names, own).items()})

    @staticmethod
    def _earned(value: Any, most: float) -> float:
        """The points of a cell that ran to its end: all, or what its last expression says, as in nbgrader."""
        kind = type(value)  # never what an object says of itself
        if not (kind in (int, float) or issubclass(kind, np.integer | np.floating)):
            return most
        return in_halves(min(max(float(value), 0.0), most)) if math.isfinite(value) else 0.0


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """Within the block, warnings are not seen, which never change a mark. After it, random numbers go on as before."""
    before = random.getstate(), np.random.get_state(), torch.get_rng_state()
    try:
        with contextlib.redirect_stderr(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])
        torch.set_rng_state(before[2])


def _begin(seed: int) -> None:
    """A test's own random numbers follow from the submission."""
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed % 2**63)
