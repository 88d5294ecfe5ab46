"""What a candidate says that a cell put out, rebuilt as outputs of nbformat with nothing in them but text; and what it
says that the student's code raised."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from autograder.exam.subject import Banned, Raised
from autograder.wire.errors import LINE_LIMIT, MESSAGE_LIMIT, NAMES, plain, shown_name
from autograder.wire.frames import Malformed
from autograder.wire.messages import Failed
from autograder.wire.shown import LINES, SHOWN


@dataclass(frozen=True)
class CellRun:
    """What came of a cell. `status`: ok, error, timeout, memory or output; `limit` says which limit it was."""

    cell: str
    outputs: list[dict[str, Any]]
    status: str
    limit: str | None = None


def rebuilt(told: list[Any], count: int, limit: int, most: int) -> tuple[list[dict[str, Any]], bool]:
    """The outputs, `most` in number and of at most `limit` bytes, and whether all of them found room; `Malformed` for
    anything else.

    `count` is the cell's place among those that ran."""
    outputs: list[dict[str, Any]] = []
    size = 0
    for output in told[:most]:
        clean = _rebuilt(output, count)
        size += sum(len(text.encode()) for text in _texts(clean))
        if size > limit:
            return outputs, False
        outputs.append(clean)
    return outputs, len(told) <= most


def error_of(failed: Failed, absent: Callable[[str], str]) -> Raised:
    """An exception of the student's code, of plain and bounded text. `absent`: why the name that a NameError's message
    misses is missing."""
    kind = failed.kind if failed.kind in NAMES else "Exception"
    message, line = plain(failed.message, MESSAGE_LIMIT), plain(failed.line, 3 * LINE_LIMIT)
    why = absent(message) if kind == "NameError" else ""
    return (Banned if failed.banned else Raised)(kind, message, shown_name(failed.name), line, why)


def _rebuilt(told: Any, count: int) -> dict[str, Any]:
    if type(told) is not dict:
        raise Malformed("an output that is no dict")
    kind = told.get("output_type")
    if kind == "stream":
        name = told.get("name")
        return {
            "output_type": kind,
            "name": "stderr" if name == "stderr" else "stdout",
            "text": _text(told.get("text")),
        }
    if kind == "error":
        lines = told.get("traceback")
        if type(lines) is not list or len(lines) > LINES:
            raise Malformed("an error without lines")
        return {
            "output_type": kind,
            "ename": _text(told.get("ename")),
            "evalue": _text(told.get("evalue")),
            "traceback": [_text(line) for line in lines],
        }
    data = told.get("data")
    if kind not in ("display_data", "execute_result") or type(data) is not dict:
        raise Malformed("an output of no kind")
    bundle = {mime: _text(data[mime]) for mime in SHOWN if mime in data}
    clean = {"output_type": kind, "data": bundle, "metadata": {}}
    return clean | {"execution_count": count} if kind == "execute_result" else clean


def _text(value: Any) -> str:
    if type(value) is not str:
        raise Malformed("an output that is no text")
    return value


def _texts(output: dict[str, Any]) -> list[str]:
    if output["output_type"] == "stream":
        return [output["text"]]
    if output["output_type"] == "error":
        return [output["ename"], output["evalue"], *output["traceback"]]
    return list(output["data"].values())
