"""What a feedback page shows of a student's code, made here: under an examiner's limits, not in the process that all
depend on.

The executed notebook carries it in its metadata: `cell.metadata["autograder"]["code"]`, the code in colours, and
`notebook.metadata["autograder"]["job"]`, the job's name. A page is made of a notebook with that name only: nobody can
write it into a file before they know the hash of that same file. In such a notebook the outputs' HTML is clean.
"""

from __future__ import annotations

from collections.abc import Collection

from nbformat import NotebookNode

from autograder.examiner.colouring import coloured
from autograder.examiner.grade_cells import is_examined, is_hidden

ALL_FRAGMENTS = 2_000_000  # characters; what comes after is shown without colours


# Formgrader's tables have no room between their columns. `<td>` in what a student wrote is no tag in these tables.
SPACED = {tag: f'<{tag} style="padding: 0.2em 0.8em; text-align: left; vertical-align: top">' for tag in ("td", "th")}


def add_fragments(notebook: NotebookNode, given: Collection[str], job: str) -> None:
    """Put the fragments into an executed notebook. `given`: ids of the instructor's cells; of these only solutions are
    shown."""
    notebook.metadata["autograder"] = {"job": job}
    left = ALL_FRAGMENTS
    for cell in notebook.cells:
        if is_examined(cell) and is_hidden(cell.source):
            _space(cell)
        shown = cell.id not in given or cell.metadata.get("nbgrader", {}).get("solution")
        if cell.cell_type == "code" and shown:
            fragment = str(coloured(cell.source))
            if len(fragment) <= left:
                left -= len(fragment)
                cell.metadata["autograder"] = {"code": fragment}


def _space(cell: NotebookNode) -> None:
    """Give the tables of an exam, which stand in its cell's outputs, room between their columns."""
    for output in cell.get("outputs", ()):
        data = output.get("data", {})
        for tag, spaced in SPACED.items() if "text/html" in data else ():
            data["text/html"] = data["text/html"].replace(f"<{tag}>", spaced)
