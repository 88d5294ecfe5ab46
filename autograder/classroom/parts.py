"""The parts of an executed notebook as a feedback page shows them: code, outputs, visible checks and comments.

Everything the student wrote or their code put out is hostile, and this process, on which all depend, parses nothing of
it: coloured code and clean HTML were made by the examiner (`examiner.fragments`), all else is escaped, and pictures
come in as data. What a page may hold is bounded.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup
from nbformat import NotebookNode

from autograder.classroom.marks import CellMark, Record, part_name, told
from autograder.classroom.mending import Group, groups_of
from autograder.classroom.written import markdown
from autograder.examiner.rebuild import EARLIER
from autograder.examiner.results import CriterionResult, SubmissionResult
from autograder.wire.shown import PICTURES

# Characters: of text shown of one output, of code without colours, and of all that a page shows of a student's.
LONGEST_OUTPUT, LONGEST_CODE, LONGEST_PAGE = 4_000, 100_000, 24_000_000
TOO_MUCH = Markup('<p class="soft">(Not shown: this page would be too large. It stands in your notebook.)</p>')
NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/=]")
ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")


@dataclass
class Part:
    """What belongs to one grade cell that holds points or criteria.

    name: the cell's grade_id, less "-hidden". cells: the student's, as the template takes them. checks: what visible
    checks put out; passed: none of them failed. met: criteria. wrong: those that were not met, in groups. points,
    max_points: None where they are not known, or there are none. by_hand: what the instructor changed of them, in
    sentences. overridden: another score stands in the place of the grader's. manual: a person marks it. untouched: all
    its cells stand as they were handed out. stopped: one of its cells did not run to its end, which cost points.
    """

    name: str = ""
    title: str = ""
    cells: list[dict[str, Any]] = field(default_factory=list)
    checks: list[Markup] = field(default_factory=list)
    passed: bool = True
    met: list[CriterionResult] = field(default_factory=list)
    wrong: list[Group] = field(default_factory=list)
    points: float | None = None
    max_points: float | None = None
    by_hand: list[str] = field(default_factory=list)
    overridden: bool = False
    bonus: bool = False
    manual: bool = False
    untouched: bool = False
    stopped: bool = False
    comment: Markup | None = None

    @property
    def folded(self) -> bool:
        """Is there nothing in its cells that people look for: nothing wrong, no error that cost points, no mark or
        comment of a person?"""
        seen = self.untouched or not (self.wrong or self.manual)
        return bool(self.cells) and seen and not (self.comment or self.by_hand or self.stopped)


def parts_of(result: SubmissionResult, notebook: NotebookNode, source: NotebookNode, record: Record) -> Iterator[Part]:
    """The parts in the notebook's order; the last one may be cells that the student added after it. `source`: the
    instructor's notebook."""
    given = {cell.get("id") for cell in source.cells}
    show = Shown(notebook.metadata.get("autograder", {}).get("job") == result.job)
    wrong, stopped = groups_of(result), {cell.cell for cell in result.stopped}
    criteria: dict[str, list[CriterionResult]] = {}
    for row in result.criteria:
        criteria.setdefault(row.cell, []).append(row)
    part, stand = Part(), []
    for cell in notebook.cells:
        about = cell.metadata.get("nbgrader", {})
        grade_id, graded, solution = about.get("grade_id", ""), about.get("grade"), about.get("solution")
        if cell.cell_type == "markdown" and not solution and cell.get("id") in given:
            part.title = next(headings([cell]), part.title)
        elif solution or cell.get("id") not in given:
            part.cells.append(show.cell(cell, added=not solution, untouched=grade_id in result.untouched))
            if comment := record.comments.get(grade_id):
                part.comment = markdown(comment)
            part.stopped = part.stopped or cell.get("id") in stopped
            stand += [grade_id in result.untouched] if solution else []
        elif graded and grade_id not in criteria and not about.get("points"):
            said = [o for o in cell.get("outputs", []) if o.output_type != "execute_result"]  # nbgrader's 0 points
            part.checks += [shown for output in said if (shown := show.output(output))]
            part.passed = part.passed and not any(o.output_type == "error" for o in said)
        if graded and (solution or about.get("points") or grade_id in criteria):
            part.name = part_name(grade_id)
            part.title = part.title or part.name.replace("_", " ").capitalize()
            part.manual, part.untouched = bool(solution), bool(stand) and all(stand)
            part.bonus = not solution and is_bonus(result, grade_id)
            if not solution:
                part.wrong = wrong.get(grade_id, [])
                part.met = [row for row in criteria.get(grade_id, []) if not row.sentence]
            mark = record.cells.get(grade_id, CellMark(about.get("points", 0)))
            part.points, part.max_points = mark.points, mark.most
            part.by_hand, part.overridden = list(told(grade_id, mark, "by your instructor")), mark.changed
            if part.bonus and not mark.changed:
                rows = [*part.met, *(row for group in part.wrong for row in group.rows)]
                part.points, part.max_points = sum(row.earned for row in rows), sum(row.points for row in rows)
            yield part
            part, stand = Part(), []
    if part.cells:
        part.name, part.title = "rest", "Cells after the last part"
        yield part


def is_bonus(result: SubmissionResult, cell: str) -> bool:
    """Do the points of this grade cell stand apart?"""
    return not result.cells.get(cell, {}).get("max_points")


def headings(cells: Iterable[NotebookNode]) -> Iterator[str]:
    """The headings in cells of markdown, as plain text."""
    for cell in cells:
        if cell.cell_type == "markdown":
            for line in cell.source.splitlines():
                if line.startswith("#"):
                    yield line.lstrip("#").strip().replace("`", "")


class Shown:
    """What a page shows of a student's notebook, in the order in which it is asked for, until the page is full."""

    def __init__(self, ours: bool):
        """`ours`: the notebook is the one that the examiner left, so that its fragments and its HTML are safe."""
        self._ours, self._left = ours, LONGEST_PAGE

    def cell(self, cell: NotebookNode, added: bool, untouched: bool) -> dict[str, Any]:
        """A cell with its outputs, as the template takes it."""
        if cell.cell_type != "code":
            text = cell.source if not untouched else "(nothing written)"
            return {
                "kind": "answer",
                "anchor": _anchor(cell),
                "text": self._fitting(Markup(html.escape(_cut(text, LONGEST_CODE)))),
            }
        note = "A cell you added:" if added else "As it was handed out:" if untouched else ""
        if str(cell.get("id")).startswith(EARLIER):
            note = "From an earlier version of the assignment:"
        outputs = [shown for output in cell.get("outputs", []) if (shown := self.output(output))]
        return {"kind": "code", "anchor": _anchor(cell), "code": self._code(cell), "outputs": outputs, "note": note}

    def output(self, output: NotebookNode) -> Markup | None:
        """An output as safe HTML: a picture, HTML that the examiner cleaned, or escaped text."""
        if output.output_type == "stream":
            return self._text(output.text)
        if output.output_type == "error":
            return self._text("\n".join(output.traceback) or f"{output.ename}: {output.evalue}")
        data = output.get("data", {})
        for kind in PICTURES:
            if kind in data:
                body = NOT_BASE64.sub("", str(data[kind]))
                return self._fitting(
                    Markup(f'<p><img alt="A picture that this cell drew" src="data:{kind};base64,{body}"></p>')
                )
        if "text/html" in data and self._ours:
            return self._fitting(Markup(f'<div class="table" tabindex="0">{data["text/html"]}</div>'))
        return next((self._text(str(data[kind])) for kind in ("text/plain", "text/html") if kind in data), None)

    def _code(self, cell: NotebookNode) -> Markup:
        fragment = cell.metadata.get("autograder", {}).get("code") if self._ours else None
        if fragment is not None:
            return self._fitting(Markup(fragment))
        plain = html.escape(_cut(cell.source, LONGEST_CODE))
        return self._fitting(Markup(f'<div class="code"><pre>{plain}</pre></div>'))

    def _text(self, text: str) -> Markup:
        text = _cut(ANSI.sub("", text).rstrip(), LONGEST_OUTPUT)
        return self._fitting(Markup(f"<pre>{html.escape(text)}</pre>")) if text else Markup("")

    def _fitting(self, shown: Markup) -> Markup:
        if len(shown) > self._left:
            return TOO_MUCH
        self._left -= len(shown)
        return shown


def _anchor(cell: NotebookNode) -> str:
    return f"cell-{cell.get('id', '')}"


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[:length]}\n… ({len(text) - length:,} more characters)"
