"""Where an exam is held in earnest: the candidate of one submission, kept alive, and what its exams found.

The student's cells run in a candidate; criteria reach what these define through it. A candidate that is lost (a limit,
a crash) costs the cell or the criterion in hand. A fresh one then runs the cells so far again, less the one that was
to blame and less long ones that define nothing that is graded. That happens `limits.revivals` times at most; after
that the rest is not reached, and says why.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from autograder.exam import errors
from autograder.exam.core import Exam, Lost, Outcome
from autograder.exam.subject import LocalSubject, Missing, Raised, Subject
from autograder.examiner import limit_words
from autograder.examiner.absences import Absences
from autograder.examiner.link import Link, ZygoteClient
from autograder.examiner.timekeeping import NOTHING
from autograder.examiner.transcript import NotedSubject, Transcript
from autograder.objects.recipes import Recipe
from autograder.wire.limits import Limits
from convcourse.submission.mending import defined

FAULTS = 50  # that are written down of one submission
LONG = 1.0  # seconds of processor time after which a cell counts as long


@dataclass
class Ran:
    """A cell that ran. `own`: see `messages.Run`. `again`: does a fresh candidate run it again?"""

    id: str
    source: str
    own: bool
    again: bool = True


class Remote:
    """The `Setting` of one submission, in which its cells run and its exams are held."""

    def __init__(
        self,
        client: ZygoteClient,
        limits: Limits,
        key: bytes,
        submitted: bytes,
        graded: set[str],
        absences: Absences,
        transcript: Transcript | None = None,
    ):
        """`key`: the course's; `graded`: names that grade cells ask for; `absences`: of the notebook's cells;
        `transcript`: keeps what is asked, where a mark is to be explained."""
        self.seconds = dict.fromkeys(("fork", "cells", "exam"), 0.0)
        self.happened: list[Lost] = []
        self.faults: list[str] = []
        self.shown: list[tuple[Exam, list[Outcome]]] = []
        self._client, self._limits, self._key, self._graded = client, limits, key, graded
        self._digest = hashlib.sha256(submitted).digest()
        self._absences, self.transcript = absences, transcript
        self._taken = NOTHING  # by the candidates that are gone
        self._link: Link | None = None
        self._forks = limits.revivals + 1
        self._over: Lost | None = None
        self._lost_here = 0
        self._ran: list[Ran] = []
        self._looked_up: list[tuple[Subject, str, Link]] = []
        self._costly: dict[str, Lost] = {}
        self._passed: dict[str, bool] = {}
        self._standing: dict[str, str] = {}
        self._stood_in: AbstractContextManager[None] | None = None

    # The candidate

    def _alive(self) -> Link:
        """The candidate; a fresh one, where it was lost. Raise `Lost` where no more are given."""
        if self._over is None and (by := self._taken.over(self._limits.notebook_seconds)):
            self._record(Lost("timeout", limit_words.all_used(self._limits, by)))
            self._over = self.happened[-1]
        while self._link is None and self._over is None:
            if self._forks == 0:
                self._over = self.happened[-1]
                break
            self._forks -= 1
            with self._clock("fork"):
                self._link = self._client.fork(self._limits, self._taken)
                self._link.absent = self._absences.of_error
                if self.transcript:
                    self._link.proxy = partial(NotedSubject, transcript=self.transcript)
                self._run_again(self._link)
        if self._over is not None:
            self._drop()
            raise self._over
        assert self._link is not None
        return self._link

    def _run_again(self, link: Link) -> None:
        for cell in self._ran:
            if cell.again:
                try:
                    link.run_cell(self._absences.name(cell.id), cell.source, own=cell.own)
                except Lost as lost:
                    cell.again = False
                    self._absences.ran(cell.id, [], lost.sentence)
                    self._record(lost)
                    self._drop()
                    return

    def _drop(self) -> None:
        if self._link is not None:
            self._link.close()
            for left in self._link.left:
                self.fault(left)
            self._taken = self._link.timekeeper.taken()
        self._link = self._stood_in = None

    def _record(self, lost: Lost) -> None:
        if not self.happened or lost is not self.happened[-1]:
            self.happened.append(lost)

    def fault(self, fault: str) -> None:
        if len(self.faults) < FAULTS:
            self.faults.append(fault)

    def close(self) -> None:
        """End the candidate, and all that it started."""
        self._drop()

    @contextmanager
    def examining(self) -> Iterator[None]:
        """Within the block, a grade cell runs."""
        self._lost_here = 0
        before = self.seconds["fork"]
        with self._clock("exam"):
            yield
        self.seconds["exam"] -= self.seconds["fork"] - before  # fresh candidates are charged apart

    @contextmanager
    def _clock(self, part: str) -> Iterator[None]:
        start = time.monotonic()
        try:
            yield
        finally:
            self.seconds[part] += time.monotonic() - start

    # The student's cells, and what they define

    def run(self, cell_id: str, source: str, check: bool = False, own: bool = False) -> list[dict[str, Any]]:
        """Run a cell of the student's notebook; return its outputs.

        `check`: it is a visible check, which has the time of calls, and which no fresh candidate runs again. `own`: see
        `messages.Run`."""
        try:
            link = self._alive()
        except Lost as lost:
            self._absences.ran(cell_id, [], lost.sentence)
            return [stopped(f"Not run: {lost.sentence}")]
        cell = Ran(cell_id, source, own)
        before = link.timekeeper.taken()
        try:
            with self._clock("cells"):
                seconds = self._limits.call_seconds if check else None
                ran = link.run_cell(self._absences.name(cell_id), source, seconds, own)
        except Lost as lost:
            self._absences.ran(cell_id, [], lost.sentence)
            self._record(lost)
            self._drop()
            return [stopped(lost.sentence)]
        self._absences.ran(cell_id, ran.outputs, ran.limit)
        if ran.limit:
            self._record(Lost(ran.status, ran.limit))
        long = (link.timekeeper.taken() - before).processor > LONG and self._graded.isdisjoint(defined(source))
        cell.again = not check and not long and ran.limit is None
        self._ran.append(cell)
        return ran.outputs

    def look_up(self, name: str) -> Any:
        """What a student's name stands for now: a value, a subject, `Missing`, or the `Lost` that is in the way.

        A name that is too large to be looked at, or costs the candidate, is asked for once and no more."""
        if name in self._costly:
            return self._costly[name]
        while True:
            try:
                link = self._alive()
                link.listen()  # what ended it before it was asked is not this name's doing
            except Lost as lost:
                if lost is self._over:
                    return lost
                self._record(lost)
                self._drop()
                continue
            try:
                found = link.look_up(name)
            except Lost as lost:
                self._record(lost)
                if not link.alive:
                    self._costly[name] = lost
                    self._drop()
                return lost
            except Raised as error:  # an object that will not even be looked at
                said = errors.in_words(error.name, error.message)
                return Missing(name, f"cannot be looked at, because this raised {said}")
            if isinstance(found, Missing) and (why := self._absences.why(name)):
                return Missing(name, why)
            if isinstance(found, Subject):
                self._looked_up.append((found, name, link))
                if self.transcript:
                    self.transcript.know(found, name=name)
            return found

    # What exams ask of a setting

    def seed(self, key: str) -> int:
        theirs = self._seed(f"candidate/{key}")  # by another seed: from an exam's own one its inputs could be foreseen
        if self._link is not None:
            self._link.begin_criterion(theirs)
        if self.transcript:
            self.transcript.begin(key, theirs, self._standing)
        return self._seed(key)

    def _seed(self, key: str) -> int:
        told = hmac.digest(self._key, self._digest + key.encode(), "sha256")
        return int.from_bytes(told[:8], "big")

    def subject(self, obj: Any) -> Subject:
        if isinstance(obj, Lost):
            raise obj
        known = next((entry for entry in self._looked_up if entry[0] is obj), None)
        if known is None:
            return obj if isinstance(obj, Subject) else LocalSubject(obj)
        found, name, link = known
        now = self._alive()
        if link is not now:
            found = self.look_up(name)
            now = self._alive()
        if isinstance(found, Lost):
            raise found
        if not isinstance(found, Subject):
            status = self.happened[-1].status  # what cost the candidate before
            raise Lost(status, f"`{name}` was gone when your cells ran again without those that hit a limit.")
        if self._standing and self._stood_in is None:
            standing = now.stand_in(found, self._standing)
            standing.__enter__()
            self._stood_in = standing
        return found

    def beside(self, subject: Subject, name: str) -> Any:
        found = self.look_up(name)
        if isinstance(found, Lost):
            raise found
        return found if isinstance(found, Subject | Missing) else LocalSubject(found, name)

    def build(self, recipe: Recipe) -> Subject:
        built = self._alive().build(recipe)
        if self.transcript:
            self.transcript.know(built, by=recipe)
        return built

    def lost(self, lost: Lost) -> None:
        """One criterion of an exam is given a second chance, as long as a fresh candidate is left for the exams after
        this one; after that, the rest of the exam is not reached. Where the candidate lives on, one criterion is all
        that it costs."""
        self._record(lost)
        if self._link is not None and self._link.alive:
            return
        self._drop()
        self._lost_here += 1
        if self._over or self._lost_here > 1 or self._forks < 2:
            raise lost

    def abandon(self, lost: Lost) -> None:
        """The grader failed in the middle of a cell: the candidate goes, for it may owe an answer, which the next
        question would take for its own."""
        self._record(lost)
        self._drop()

    @contextmanager
    def standing_in(self, obj: Any, names: Mapping[str, str]) -> Iterator[None]:
        # Done in the candidate when the subject is next asked for.
        self._standing = {name: recipe for name, recipe in names.items() if not self._passed.get(name, False)}
        try:
            yield
        finally:
            self._standing = {}
            if self._stood_in is not None:
                try:
                    self._stood_in.__exit__(None, None, None)
                except Lost as lost:
                    self._record(lost)
                    self._drop()
                except Raised:  # whose names cannot be put back: the next exam has a candidate that was not touched
                    self._drop()
                self._stood_in = None

    def show(self, exam: Exam, outcomes: list[Outcome]) -> None:
        self._passed[exam.name] = all(outcome.earned == outcome.points for outcome in outcomes)
        self.shown.append((exam, outcomes))


def stopped(sentence: str) -> dict[str, Any]:
    """An output that says why there is no other."""
    return {"output_type": "error", "ename": "Stopped", "evalue": sentence, "traceback": [sentence]}
