"""The candidate's loop: it answers the examiner's questions about what the student's cells defined.

Runs in the forked and confined process, beside the student's code, which can do to this module whatever it likes: then
the answers are wrong, and the examiner takes every answer for a stranger's.

Descriptor: one end of the socket pair to the examiner. EOF there, and the process ends.
"""

from __future__ import annotations

import itertools
import linecache
import os
import warnings
from collections.abc import Callable
from typing import Any

import torch

from autograder.candidate import using
from autograder.candidate.shell import FULL, Shell, out_of_memory
from autograder.objects import modes, operations, recipes, replies
from autograder.objects.ban import BAN
from autograder.objects.rule import BannedOperator
from autograder.objects.table import OPERATIONS
from autograder.wire import codec, messages
from autograder.wire.errors import LINE_LIMIT, TOO_LARGE, kind_of, message_of, name_of, plain
from autograder.wire.frames import Closed, Stream
from autograder.wire.limits import HEAD_LIMIT, MIB, Limits

_NOTHING = object()
CELL = "<ipython-input-"  # how IPython calls the file of a cell
QUESTION_LIMIT = 64 * MIB  # bytes of the JSON of a question


class Loader(recipes.Loader):
    """A loader whose batches are the examiner's: each comes when asked for, within the call that was given it."""

    def __init__(self, told: messages.Batches, pull: Callable[[messages.Pull], Any]):
        self._id, self._length, self._pull = told.id, told.length, pull
        self.dataset, self.batch_size = range(told.items), told.batch_size

    def batch(self, position: int) -> tuple[torch.Tensor, torch.Tensor]:
        return self._pull(messages.Pull(self._id, position))

    def __len__(self) -> int:
        return self._length


class Answering:
    """What the examiner can ask: cells, names, and operations on objects by their ids."""

    def __init__(self, stream: Stream, shell: Shell, limits: Limits):
        self._stream, self._shell, self._limits = stream, shell, limits
        self._objects: dict[int, Any] = {}
        self._ids = itertools.count(1)
        self._stood: dict[str, Any] = {}
        self._left = modes.IMPORTED  # by the student's own cells
        self._inward: dict[type, Callable[[Any], Any]] = {
            messages.Held: lambda held: self._objects[held.id],
            messages.Built: lambda built: recipes.RECIPES[built.name](*built.args, **built.kwargs),
            messages.Batches: lambda told: Loader(told, self._pull),
            messages.Special: using.put_together,
        }
        self._used: dict[int, int] = {}  # the ids of objects that asserts use, by Python's own

    def serve(self) -> None:
        """Answer one question after the other, until the examiner is gone."""
        while True:
            try:
                question = self._receive()
            except Closed:
                os._exit(0)
            for id in question.released:
                self._objects.pop(id, None)
            self._send(messages.Reply(question.number, self._answer(question.ask)))
            del question  # what an exam asked with is not kept until the next question

    def _receive(self) -> Any:
        head, body = self._stream.receive(QUESTION_LIMIT, self._limits.memory_mib * MIB)
        return codec.decode(head, body, messages.QUESTIONS, inward=self._inward, layouts=True)

    def _send(self, message: Any) -> None:
        try:
            head, parts = codec.encode(message, outward=self._handle)
            ran = isinstance(message, messages.Reply) and isinstance(message.answer, messages.Ran)
            if len(head) > (self._limits.ran_head if ran else HEAD_LIMIT):
                raise codec.TooLarge(f"{len(head)} bytes of text and numbers")
            if sum(map(len, parts)) > self._limits.answer_mib * MIB:
                raise codec.TooLarge("tensors of more bytes than may cross")
        except codec.TooLarge as error:
            head, parts = codec.encode(messages.Reply(message.number, _too_large(message.answer, error)))
        except Exception as error:
            failed = messages.Failed("TypeError", f"what it gave back cannot be read: {message_of(error)}", False)
            head, parts = codec.encode(messages.Reply(message.number, failed))
        self._stream.send(head, parts)

    def _pull(self, wanted: messages.Pull) -> Any:
        self._send(wanted)
        return self._receive().value

    def _answer(self, ask: Any) -> Any:
        try:
            if isinstance(ask, messages.Run):
                BAN.switch(None)
                return messages.Ran(*self._run(ask), self._shell.execution_count - 1)
            if isinstance(ask, messages.Begin):
                modes.seed(ask.seed)
                return messages.Done(None)
            if isinstance(ask, messages.LookUp):
                value = self._shell.user_ns.get(ask.name, _NOTHING)
                return messages.Undefined() if value is _NOTHING else messages.Done(self._out(value))
            if isinstance(ask, messages.StandIn):
                self._stand_in(ask.names)
                return messages.Done(None)
            BAN.switch(ask.ban)
            obj = self._objects.get(ask.target)
            with warnings.catch_warnings(), modes.kept():
                warnings.simplefilter("ignore")
                if ask.operation in OPERATIONS:
                    return messages.Done(OPERATIONS[ask.operation].told(obj, ask.values, self._handle))
                return messages.Done(getattr(self, f"_do_{ask.operation}")(obj, *ask.values))
        except BaseException as error:
            return _failed(error)

    def _run(self, ask: messages.Run) -> tuple[list[dict[str, Any]], str]:
        """Run a cell. All else that is asked begins in the modes of an import."""
        try:
            if not ask.own:
                return self._shell.run(ask.source)
            modes.put(self._left)
            ran = self._shell.run(ask.source)
            self._left = modes.present()
            return ran
        finally:
            modes.put(modes.IMPORTED)

    # ---- what is made of several operations, or keeps something until the next question

    def _do_vjps(self, obj, calls, inference):
        found = operations.vjps(obj, calls, inference)
        return [
            _failed(answer)
            if isinstance(answer, Exception)
            else messages.Done(replies.ANSWER.told(answer, self._handle))
            for answer in found
        ]

    def _do_scripts(self, obj, scripts):
        return [self._play(obj, script) for script in scripts]

    def _play(self, obj, script):
        made, told = [obj], []
        for on, operation, *values in script:
            if operation == "make":
                told.append(_attempt(_make_one_more, made, on, *values))
            else:
                told.append(_attempt(OPERATIONS[operation].told, made[on], tuple(values), self._handle))
            if isinstance(told[-1], messages.Failed):
                break
        return told

    def _do_build(self, _, built):
        return self._handle(built)

    def _do_forward(self, obj, args, kwargs):
        with torch.enable_grad():
            output = operations.call(obj, args, kwargs)
        leaves = [t for t in operations.tensors((args, kwargs)) if t.requires_grad]
        return self._out(output), self._keep((output, leaves))

    def _do_backward(self, kept, cotangent):
        output, leaves = kept
        return list(torch.autograd.grad(output, leaves, cotangent, retain_graph=True, allow_unused=True))

    def _do_use(self, obj, name, args, kwargs, back):
        return using.use(obj, name, args, kwargs, back, self._object, _line_of)

    def _object(self, value: Any) -> messages.Object:
        """What stays here, for asserts: under one id, as long as it is kept."""
        known = self._used.get(id(value), 0)
        if self._objects.get(known, _NOTHING) is not value:
            known = self._used[id(value)] = self._keep(value)
        return messages.Object(known, *using.about(value))

    # ----

    def _out(self, value: Any) -> Any:
        return replies.VALUE.told(value, self._handle)

    def _handle(self, value: Any) -> messages.Handle:
        name = getattr(value, "__name__", None)
        return messages.Handle(
            self._keep(value), operations.describe(value), name if isinstance(name, str) else type(value).__name__
        )

    def _keep(self, value: Any) -> int:
        id = next(self._ids)
        self._objects[id] = value
        return id

    def _stand_in(self, names: dict[str, str]) -> None:
        scope = self._shell.user_ns
        for name, stood in self._stood.items():
            if stood is _NOTHING:
                scope.pop(name, None)
            else:
                scope[name] = stood
        self._stood = {name: scope.get(name, _NOTHING) for name in names}
        scope.update({name: recipes.RECIPES[recipe] for name, recipe in names.items()})
        BAN.standing_in = bool(names)


def _make_one_more(made: list[Any], on: int, args: tuple, kwargs: dict[str, Any]) -> str:
    made.append(OPERATIONS["make"].run(made[on], args, kwargs))
    return operations.describe(made[-1])


def _attempt(operation: Callable[..., Any], *values: Any) -> messages.Done | messages.Failed:
    """One operation of several: what it gave stays as it is, whatever the others do to the student's tensors."""
    try:
        return messages.Done(operations.kept(operation(*values)))
    except BaseException as error:
        return _failed(error)


def _too_large(answer: Any, error: codec.TooLarge) -> messages.Ran | messages.Failed:
    """What is said in the place of an answer that would be refused for its size."""
    if isinstance(answer, messages.Ran):
        note = {"output_type": "stream", "name": "stderr", "text": FULL}
        return messages.Ran([note], "output", answer.count)
    return messages.Failed(TOO_LARGE, message_of(error), False)


def _failed(error: BaseException) -> messages.Failed:
    kind = "MemoryError" if out_of_memory(error) else kind_of(error)
    banned = issubclass(type(error), BannedOperator)
    return messages.Failed(kind, message_of(error), banned, name_of(error), _line_of(error))


def _line_of(error: BaseException) -> str:
    """The innermost line of a student's cell at which it was raised: "`y = x @ w`, line 3 of the cell with `f`"."""
    found = None
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename.startswith(CELL):
            found = trace
        trace = trace.tb_next
    if found is None:
        return ""
    try:
        code = found.tb_frame.f_code
        text = linecache.getline(code.co_filename, found.tb_lineno).strip().replace("`", "'")
        function = code.co_qualname.split(".<", 1)[0]
        where = "" if function.startswith("<") else f" of the cell with `{function[:LINE_LIMIT]}`"
        return plain(f"`{text[:LINE_LIMIT]}`, line {found.tb_lineno}{where}", 3 * LINE_LIMIT) if text else ""
    except BaseException:  # what reads it is theirs to change
        return ""
