"""The uses that an instructor's own asserts make of a student's objects: each is a question to the candidate.

Whoever wrote an object answers as they like, so nothing may be shown to it that its answer could be fitted to. A use
that hands in a value (`==`, `-`, `in`, a method's argument) is refused unless the instructor's own solution had an
object in that line too, which `make assignments` wrote down (`Uses`). So who gives back an object in the place of a
number fails, and the operators of a class that the exercise asks for work.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NoReturn
from weakref import WeakValueDictionary

from autograder.exam.core import Lost, SettingFailed
from autograder.exam.subject import Raised
from autograder.examiner.handing_in import CELL, Handing, restore
from autograder.examiner.outputs import error_of
from autograder.examiner.proxies import Hold, RemoteSubject
from autograder.examiner.their_errors import Classes
from autograder.examiner.things import Of, Thing, of
from autograder.wire import messages
from autograder.wire.codec import Unsendable
from autograder.wire.errors import plain
from autograder.wire.frames import Malformed
from autograder.wire.values import TENSORS, together

if TYPE_CHECKING:
    from autograder.examiner.link import Link

NAME_LIMIT = 60
# Uses that take in no value, or a name, a place, a type, a value whose fate nothing is told of.
BLIND = (
    "itself getattr setattr delattr getitem setitem delitem len str repr bool int float complex iter next reversed neg "
    "pos abs invert round format dir callable type instance subclass enter exit copy deepcopy"
)


class Gone(BaseException):
    """The asserts of a cell cannot go on. It is no `Exception`, so that a test that expects one does not get it."""


class Refused(Exception):
    """A use that is refused, or a value that does not cross. The words are for the instructor; `sentence` is for the
    student, "" where it is not theirs."""

    def __init__(self, what: str, sentence: str = ""):
        super().__init__(what)
        self.sentence = sentence


class Uses:
    """Lines of a grade cell and what they do with objects: "12 eq", and "12 changes" for a call that changes what it is
    given."""

    def __init__(self, known: Iterable[str], for_themselves: set[int], recording: bool):
        """for_themselves: lines of calls whose value nobody takes. recording: the solution is the instructor's own, and
        its uses are written down."""
        self.known, self._for_themselves, self.recording = set(known), for_themselves, recording

    def allow(self, use: str, line: int) -> bool:
        """May an object be used so in this line?"""
        self.note(use, line)
        return f"{line} {use}" in self.known

    def note(self, use: str, line: int) -> None:
        if self.recording:
            self.known.add(f"{line} {use}")

    def want_changes(self, line: int) -> bool:
        """Does it matter here what a call makes of its arguments? Where it does not, a test may go on with them."""
        return self.recording or line in self._for_themselves or f"{line} changes" in self.known


class Things:
    """The student's objects in one candidate, as the cell in hand uses them. gone: why that cannot go on. silent:
    nothing is asked any more, since what was found is being written down."""

    def __init__(self, link: Link):
        self.link = link
        self._classes = Classes()
        self._here: WeakValueDictionary[int, Thing] = WeakValueDictionary()

    def begin(self, uses: Uses, source: str, printing: Any) -> None:
        """A grade cell begins. source: its text. printing: its own `sys.stdout`, on which the student's prints are not
        wanted."""
        self.gone: Exception | None = None
        self.silent = False
        self._uses, self._handing, self._printing = uses, Handing(source), printing

    def named(self, name: str, subject: RemoteSubject) -> Any:
        """What a name of the student's stands for: a value, a class of exceptions, or a `Thing`."""
        found = self.use(Of(self, "object", subject.name, name, subject.hold), "itself")
        if type(found) is Thing:
            of(found).looked_up = True
        return found

    def use(self, thing: Of, use: str, *args: Any, **kwargs: Any) -> Any:
        """One use of an object. Raise what the student's code raised, or `Gone`."""
        if self.gone is not None:
            raise Gone
        line = _line()
        told = use in BLIND.split() or (use == "call" and (thing.looked_up or not (args or kwargs)))
        if not told and not self._uses.allow(use, line):
            self._give_up(_refused(thing))
        try:
            if use == "call" and _wants_gradients((args, kwargs)):
                return self._differentiable(thing, args, kwargs)
            back = use == "call" and self._uses.want_changes(line)
            answer = self.link.ask("use", thing.hold.id, (use, *map(self._handing, (args, kwargs)), back), None)
            return self._answer(answer, thing, use, (args, kwargs) if back else None, line)
        except Raised as error:
            raise self._classes.error(error, []) from None
        except Unsendable as error:
            self._give_up(Refused(f"{error}."))
        except (Lost, SettingFailed) as error:
            self._give_up(error)

    def _answer(self, answer: Any, thing: Of, use: str, given: Any, line: int) -> Any:
        if type(answer) not in (messages.Used, messages.Raising):
            self.link.distrust()
        if sys.stdout is not self._printing:  # the test reads what is printed
            sys.stdout.write(plain(answer.printed, len(answer.printed)))
        try:
            if type(answer) is messages.Raising:
                if use == "next" and answer.kind == "StopIteration":
                    raise StopIteration
                failed = messages.Failed(answer.kind, answer.message, False, answer.name, answer.line)
                raise self._classes.error(error_of(failed, self.link.absent), answer.lineage)
            value = self._put_together(answer.value, thing.origin)
            if given and restore(given, self._put_together(answer.after, thing.origin)):
                self._uses.note("changes", line)
            return value
        except Malformed:
            self.link.distrust()

    def _put_together(self, tree: Any, origin: str) -> Any:
        """A value whose parts came, with a `Thing` for each object. Raise `Malformed` where there is none."""
        kind = type(tree)
        if kind is list or kind is tuple:
            return kind(self._put_together(item, origin) for item in tree)
        if kind is dict:
            return {key: self._put_together(item, origin) for key, item in tree.items()}
        if kind is messages.Special:
            return together(messages.Special(tree.kind, self._put_together(tree.parts, origin)))
        if kind is messages.Object:
            return self._object(tree, origin)
        if kind.__module__ == messages.__name__:
            raise Malformed("a message in a value")
        return tree

    def _object(self, told: messages.Object, origin: str) -> Any:
        if told.kind == "error" and told.lineage:
            cls = self._classes.of(told.lineage)
            cls.held = told.id
            return cls
        thing = self._here.get(told.id)
        if thing is None:
            if told.id in self.link.released:  # let go of since the question was asked
                self.link.released.remove(told.id)
            hold = Hold(self.link, told.id)
            kind, name = ("class" if told.kind == "class" else "object"), plain(told.name, NAME_LIMIT)
            thing = self._here[told.id] = Thing(Of(self, kind, name, origin, hold))
        return thing

    def _differentiable(self, thing: Of, args: tuple, kwargs: dict[str, Any]) -> Any:
        """A call through which PyTorch's gradients go."""
        subject = RemoteSubject(self.link, messages.Handle(0, "function", thing.name))
        subject.hold = thing.hold
        return subject(*args, **kwargs)

    def _give_up(self, why: Exception) -> NoReturn:
        self.gone = why
        raise Gone from None


def _refused(thing: Of) -> Refused:
    said = f"`{thing.origin}` gave back an object of the class `{thing.name}`"
    if thing.looked_up:
        said = f"`{thing.origin}` is an object of the class `{thing.name}`"
    return Refused(f"{said}.", f"{said} where a number, a text or another plain value is expected.")


def _wants_gradients(value: Any) -> bool:
    kind = type(value)
    if kind is list or kind is tuple:
        return any(map(_wants_gradients, value))
    return any(map(_wants_gradients, value.values())) if kind is dict else kind in TENSORS and value.requires_grad


def _line() -> int:
    """The line of the grade cell that is at work; 0 where none is."""
    frame = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_filename == CELL:
            return frame.f_lineno
        frame = frame.f_back  # type: ignore[assignment]
    return 0
