"""Intake: bytes from a stranger become cells, as plain values of exact types.

Nothing is parsed before its size and nesting are known, and whatever a cell holds is bounded before anything looks at
it. Outputs are not read. What is no notebook is `Unreadable`, and the message says to the student what to do.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from convcourse.submission.limits import FileLimits
from convcourse.submission.structure import structure

PICTURES = "image/png", "image/jpeg", "image/gif"  # that may be pasted into a text, in base64
# Lists and objects, and all values, of a file; honest notebooks have some thousands, and a value for each line.
BRACKETS, VALUES = 50_000, 1_000_000
_ID_LIMIT = 100  # characters of a cell's id or grade_id
# As many blanks and blank lines in a row as nobody writes. Whoever colours code (nbconvert, for the instructor) reads
# them all again from each line.
BLANKS = re.compile(r"(?<!\s)\s{200,}")
# A picture that was pasted as part of the text, as Colab does it.
PASTED = re.compile(r"\(data:(image/(?:png|jpeg|gif));base64,([A-Za-z0-9+/=\s]*+)\)")


class Unreadable(Exception):
    """The submission is nothing that could be graded; the message says why, to the student."""


@dataclass
class Cell:
    """A cell of the submitted file. `attachments`: pasted pictures, file name -> type -> base64; `key`: the grade_id of
    the instructor's cell that this one turns out to be, None for the student's own; `earlier`: it is none of theirs
    either, but stood in an earlier version of the assignment; `long`: it held more text than a cell may, which was left
    out."""

    kind: str
    source: str
    id: str | None = None
    grade_id: str | None = None
    attachments: dict[str, dict[str, str]] = field(default_factory=dict)
    key: str | None = None
    earlier: bool = False
    long: bool = False

    @property
    def empty(self) -> bool:
        return not self.source.strip()


@dataclass
class Submitted:
    """What a file holds. `broken`: how many of its cells were none; `language`: the kernel's, "" where it says none."""

    cells: list[Cell]
    broken: int
    language: str


def check_size(data: bytes, limits: FileLimits) -> None:
    """Raise `Unreadable` for a file that is larger than a notebook may be."""
    if len(data) > limits.notebook_mib << 20:
        raise Unreadable(
            f"The notebook is larger than {limits.notebook_mib} MiB. Clear its outputs (Kernel, Restart Kernel and "
            "Clear Outputs), save it and hand it in again."
        )


def parse(submitted: bytes, limits: FileLimits) -> Submitted:
    """The cells of a notebook file. Raise `Unreadable` where it is none."""
    check_size(submitted, limits)
    found = structure(submitted)
    if found.brackets > BRACKETS or found.values > VALUES or found.depth > limits.nesting:
        raise Unreadable(
            "The file is no notebook: it holds more lists, or deeper ones, than any notebook does. Clear its outputs, "
            "save it in Jupyter and hand it in again."
        )
    try:
        nb = json.loads(submitted.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise Unreadable("The file is no notebook: it is not JSON. Save it in Jupyter and hand it in again.") from None
    if not isinstance(nb, dict) or not isinstance(nb.get("cells"), list):
        raise Unreadable("The file is no notebook: it has no list of cells. Save it in Jupyter and hand it in again.")
    if len(nb["cells"]) > limits.cells:
        raise Unreadable(
            f"The notebook has {len(nb['cells']):,} cells, and at most {limits.cells:,} can be graded. Hand in the "
            "notebook that you were given, with your answers in it."
        )
    cells = [cell for raw in nb["cells"] if (cell := _cell(raw))]
    _bound(cells, limits)
    return Submitted(cells, len(nb["cells"]) - len(cells), _language(nb.get("metadata")))


def _cell(raw: Any) -> Cell | None:
    if not isinstance(raw, dict):
        return None
    source = raw.get("source", "")
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if raw.get("cell_type") not in ("code", "markdown", "raw") or not isinstance(source, str):
        return None
    about = _dict(_dict(raw.get("metadata")).get("nbgrader"))
    attachments = _attachments(raw.get("attachments"))
    if raw["cell_type"] == "markdown":
        source = PASTED.sub(lambda m: f"(attachment:{_keep(m[1], m[2], attachments)})", source)
    return Cell(
        raw["cell_type"],
        clean_text(source).replace("\r\n", "\n"),
        _id(raw.get("id")),
        _id(about.get("grade_id")),
        attachments,
    )


def _fewer(blanks: re.Match[str]) -> str:
    """One blank line, and what the next line is indented by."""
    _, newline, indent = blanks[0].rpartition("\n")
    return f"\n\n{indent[:200]}" if newline else " "


def _bound(cells: list[Cell], limits: FileLimits) -> None:
    """Leave out the text of cells that hold too much, and of those that follow when all hold too much; in the others,
    shorten blanks."""
    left = limits.cells_kib << 10
    for cell in cells:
        size = len(cell.source.encode())
        if size > min(limits.cell_kib << 10, left):
            cell.source, cell.long = "", True
        else:
            left -= size
            cell.source = BLANKS.sub(_fewer, cell.source)


def _id(value: Any) -> str | None:
    return value if isinstance(value, str) and len(value) <= _ID_LIMIT else None


def _keep(kind: str, data: str, attachments: dict[str, dict[str, str]]) -> str:
    """Keep a picture that stood in the text; the name it is kept by."""
    name = f"in-the-text-{len(attachments) + 1}"
    attachments[name] = {kind: re.sub(r"\s", "", data)}
    return name


def _attachments(raw: Any) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for name, bundle in _dict(raw).items():
        kept = {
            kind: re.sub(r"\s", "", data)
            for kind, data in _dict(bundle).items()
            if kind in PICTURES and isinstance(data, str) and re.fullmatch(r"[A-Za-z0-9+/=\s]*", data)
        }
        if kept and re.fullmatch(r"[\w.-]{1,200}", name):
            found[name] = kept
    return found


def _language(metadata: Any) -> str:
    for part, key in (("kernelspec", "language"), ("language_info", "name")):
        said = _dict(_dict(metadata).get(part)).get(key)
        if isinstance(said, str):
            return clean_text(said)[:40]
    return ""


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def clean_text(text: str) -> str:
    """Text that any file and database can take: lone halves of surrogate pairs become "?"."""
    return text.encode("utf-8", "replace").decode()
