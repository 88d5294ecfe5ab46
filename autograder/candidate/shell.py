"""A student's cells, run in an IPython shell that records what they put out as nbformat's outputs.

The shell is made after confinement. It has no history (whose thread would forbid a fork) and no terminal.
"""

from __future__ import annotations

import ast
import base64
import io
import signal
import sys
import warnings
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.history import HistoryManager
from IPython.core.interactiveshell import InteractiveShell
from matplotlib_inline.config import InlineBackend
from traitlets import Type

from autograder.wire.errors import message_of
from autograder.wire.limits import LIMITS, MIB, Limits
from autograder.wire.shown import LINES, SHOWN
from convcourse.graded import GradedShell

HistoryManager.enabled = False  # type: ignore[assignment]  # a trait, by whose value all instances are made
FULL = "\n[The output ends here: its limit is reached.]\n"


class OutputLimit(BaseException):
    """A cell put out more than it may. No `Exception`, so that a student's `except Exception` does not swallow it."""


class TimeLimit(BaseException):
    """A cell took longer than it may."""


class Recorder:
    """Outputs of the cell that runs, in order; what is put out while none runs is dropped. A stream's text is a list of
    pieces until the cell ends: to lengthen a text at each `print` would take time that grows with its square.

    Room is taken by what stands there: what is cleared or replaced gives its own back."""

    def __init__(self, limits: Limits):
        self._limits, self._left = limits, limits.outputs_mib * MIB
        self._room, self._recording, self._clear = 0, False, False
        self.outputs: list[dict[str, Any]] = []
        self.full = False

    def start(self) -> None:
        self.outputs, self.full, self._clear = [], False, False
        self._room = min(self._limits.output_kib << 10, self._left)
        self._recording = True

    def stop(self) -> list[dict[str, Any]]:
        self._recording = False
        self._left -= sum(map(_size, self.outputs))
        return [o | {"text": "".join(o["text"])} if "text" in o else o for o in self.outputs]

    def stream(self, name: str, text: str) -> None:
        if not self._recording:
            return
        same = None if self._clear else self._same_stream(name)
        self._take({"text": [text]}, new=same is None)
        if same is None:
            self.outputs.append({"output_type": "stream", "name": name, "text": [text]})
        else:
            same["text"].append(text)

    def show(self, output_type: str, data: dict[str, Any], **more: Any) -> dict[str, Any] | None:
        """Record it; the output, None where there is nothing of it that can be shown."""
        bundle = {kind: _as_text(data[kind]) for kind in SHOWN if isinstance(data.get(kind), str | bytes)}
        output = {"output_type": output_type, "data": bundle, "metadata": {}, **more}
        if not bundle or not self._recording:
            return None
        self._take(output)
        self.outputs.append(output)
        return output

    def update(self, output: dict[str, Any], data: dict[str, Any]) -> None:
        """Show this in the place of what an output shows."""
        if any(shown is output for shown in self.outputs):
            self._room += _size(output)
            output["data"] = {}
            bundle = {kind: _as_text(data[kind]) for kind in SHOWN if isinstance(data.get(kind), str | bytes)}
            self._take({"data": bundle}, new=False)
            output["data"] = bundle

    def error(self, name: str, message: str, traceback: list[str]) -> None:
        output = {"output_type": "error", "ename": name[:LINES], "evalue": message, "traceback": traceback[-LINES:]}
        if self._recording:
            with suppress(OutputLimit):
                self._take(output)
                self.outputs.append(output)

    def clear(self, wait: bool) -> None:
        """Drop what was put out so far, or do so before the next output."""
        self._clear = wait
        if not wait:
            self._room += sum(map(_size, self.outputs))
            self.outputs.clear()

    def _same_stream(self, name: str) -> dict[str, Any] | None:
        """The output that more of this stream goes to. Two streams that take turns stay in order up to half of the
        outputs that there may be; then each goes on where it stands."""
        many = len(self.outputs) >= self._limits.outputs // 2
        for output in reversed(self.outputs[-2:] if many else self.outputs[-1:]):
            if output["output_type"] != "stream":
                return None
            if output["name"] == name:
                return output
        return None

    def _take(self, output: dict[str, Any], new: bool = True) -> None:
        """Take the room that an output needs; raise `OutputLimit` where there is none."""
        if self._clear:
            self.clear(wait=False)
        size = _size(output)
        if not self.full and size <= self._room and (not new or len(self.outputs) < self._limits.outputs):
            self._room -= size
            return
        if not self.full:
            self.full, self._room = True, 0
            self.outputs.append({"output_type": "stream", "name": "stderr", "text": [FULL]})
        raise OutputLimit("This cell put out more than it may.")


class Written(io.TextIOBase):
    """`sys.stdout` or `sys.stderr`: what is written is recorded."""

    encoding, errors = "utf-8", "replace"

    def __init__(self, recorder: Recorder, name: str):
        self._recorder, self._name = recorder, name

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() takes text, not {type(text).__name__}")
        if text:
            self._recorder.stream(self._name, str(text))
        return len(text)

    def writable(self) -> bool:
        return True


class Publisher(DisplayPublisher):
    """What `display` shows. An update of an earlier output takes its place."""

    def publish(self, data, metadata=None, source=None, *, transient=None, update=False, **kwargs):
        assert isinstance(self.shell, Shell)
        recorder, key = self.shell.recorder, (transient or {}).get("display_id")
        before = self.shell.displayed.get(key) if update else None
        if before is not None:
            recorder.update(before, data)
            return
        shown = recorder.show("display_data", data)
        if key is not None and shown is not None:
            self.shell.displayed[key] = shown

    def clear_output(self, wait=False):
        assert isinstance(self.shell, Shell)
        self.shell.recorder.clear(wait)


class Result(DisplayHook):
    """The value of a cell's last expression."""

    def write_output_prompt(self):
        pass

    def write_format_data(self, format_dict, md_dict=None):
        assert isinstance(self.shell, Shell)
        self.shell.recorder.show("execute_result", format_dict, execution_count=self.prompt_count)

    def finish_displayhook(self):
        pass


class Shell(GradedShell):
    """IPython without a terminal, which records what cells put out."""

    display_pub_class = Type(Publisher)
    displayhook_class = Type(Result)

    def __init__(self, recorder: Recorder):
        self.recorder = recorder
        self.displayed: dict[Any, dict[str, Any]] = {}
        super().__init__(colors="nocolor")

    def run(self, source: str) -> tuple[list[dict[str, Any]], str]:
        """Run a cell; its outputs and how it ended: ok, error, timeout, memory or output.

        The examiner interrupts what takes too long by SIGALRM, which, unlike a timer of processor time, wakes the main
        thread when it is another one that runs."""
        self.recorder.start()
        error: BaseException | None = None
        try:
            signal.signal(signal.SIGALRM, _interrupt)
            try:
                result = self.run_cell(source, store_history=True, silent=False)
                error = result.error_before_exec or result.error_in_exec
            finally:
                signal.signal(signal.SIGALRM, signal.SIG_IGN)
        except BaseException as caught:
            error = caught
        outputs = self.recorder.stop()
        sys.last_value = sys.last_traceback = None
        if self.recorder.full:
            return outputs, "output"
        return outputs, how_it_ended(error)

    def transform_cell(self, raw_cell):
        """Several lines of plain Python stay as they are. IPython would take them to tokens and look for magics, which
        takes longer than most cells run; it still does for cells of one line, which may be a magic without its `%`."""
        if "\n" in raw_cell.strip():
            with suppress(SyntaxError, ValueError), warnings.catch_warnings():
                warnings.simplefilter("ignore")  # it warns when it is compiled
                ast.parse(raw_cell)
                return raw_cell if raw_cell.endswith("\n") else raw_cell + "\n"
        return super().transform_cell(raw_cell)

    def _showtraceback(self, etype, evalue, stb):
        self.recorder.error(str(etype.__name__), message_of(evalue), [str(line) for line in stb])


def start(limits: Limits = LIMITS) -> Shell:
    """The shell of this process, with everything that is put out going through it."""
    recorder = Recorder(limits)
    signal.signal(signal.SIGALRM, signal.SIG_IGN)  # when no cell runs
    shell = Shell(recorder)
    InteractiveShell._instance = Shell._instance = shell  # type: ignore[assignment]  # what `get_ipython()` of a library finds
    sys.stdout, sys.stderr = Written(recorder, "stdout"), Written(recorder, "stderr")
    shell.enable_matplotlib("inline")
    return shell


def rehearse(cells: Iterable[str]) -> None:
    """Run cells in a shell that is thrown away, so that what IPython imports late is there; nothing else is left."""
    kept = sys.stdout, sys.stderr, sys.displayhook, sys.excepthook, sys.modules["__main__"]
    shell = start()
    for cell in cells:
        shell.run(cell)
    shell.enable_matplotlib("agg")  # so that the next shell's pictures are set up anew
    InlineBackend.clear_instance()
    sys.stdout, sys.stderr, sys.displayhook, sys.excepthook, sys.modules["__main__"] = kept
    InteractiveShell._instance = Shell._instance = None


def how_it_ended(error: BaseException | None) -> str:
    if error is None:
        return "ok"
    if isinstance(error, TimeLimit):
        return "timeout"
    return "memory" if out_of_memory(error) else "error"


def out_of_memory(error: BaseException) -> bool:
    """Python's own, or PyTorch's, which is a RuntimeError by its words only."""
    return issubclass(type(error), MemoryError) or (
        issubclass(type(error), RuntimeError) and "can't allocate memory" in message_of(error)
    )


def _as_text(data: str | bytes) -> str:
    """A picture comes as bytes or as base64, all else as text."""
    return base64.b64encode(data).decode() if isinstance(data, bytes) else str(data)


def _size(output: dict[str, Any]) -> int:
    """Bytes of all text in an output."""
    texts = *output.get("text", ()), output.get("evalue", ""), *output.get("traceback", ())
    return sum(len(text.encode("utf-8", "replace")) for text in (*texts, *output.get("data", {}).values()))


def _interrupt(*_: Any) -> None:
    raise TimeLimit("This cell took longer than it may.")
