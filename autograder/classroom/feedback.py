"""The page a student gets: score, what was mended or cut short, and for each part their code, what it showed, and each
criterion with what is wrong and where to read about it.

One file that asks nothing of any host and runs no script. Everything the student wrote or their code put out is
hostile, and this process, on which all depend, parses nothing of it: coloured code and clean HTML were made by the
examiner (`examiner.fragments`), all else is escaped, pictures come in as data, and a content policy in the page's head
forbids the rest. What a page may hold is bounded. The page is made from the result, the executed notebook and what
people entered into the gradebook, and holds a stamp of these, so that it is made anew when, and only when, one of them
changes.
"""

from __future__ import annotations

import hashlib
import html
import json
import os
import re
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from nbformat import NotebookNode
from pygments.formatters.html import HtmlFormatter

from autograder.classroom.changes import NEW_SUBMISSION
from autograder.classroom.folder import write_whole
from autograder.classroom.journal import Entry
from autograder.classroom.standings import Record
from autograder.examiner.results import CriterionResult
from autograder.wire.shown import PICTURES

STATUS = {
    "graded": "",
    "timeout": "Your code ran into a time limit.",
    "memory": "Your code asked for more memory than a submission may have.",
    "output": "Your code put out more than a submission may.",
    "crashed": "The process that ran your code was lost.",
    "unreadable": "Your newest submission could not be read, so it counts 0 points. It replaces what you handed in "
    "before; hand in a notebook that can be read and it will be graded.",
    "missing": "No notebook of this assignment was found in what you handed in, so it counts 0 points.",
}
# Characters: of text shown of one output, of code without colours, and of all that a page shows of a student's.
LONGEST_OUTPUT, LONGEST_CODE, LONGEST_PAGE = 4_000, 100_000, 24_000_000
TOO_MUCH = Markup('<p class="soft">(Not shown: this page would be too large. It stands in your notebook.)</p>')
STAMP = re.compile(r'<meta name="made-from" content="([0-9a-f]{64})">')
NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/=]")
ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")


def write_page(path: Path, entry: Entry, notebook: NotebookNode | None, source: NotebookNode, record: Record) -> None:
    """Write the feedback page of one submission. `source`: the instructor's notebook."""
    write_whole(path, page(entry, notebook, source, record))


def is_current(path: Path, entry: Entry, record: Record) -> bool:
    """Is the page at `path` the one that these would make?"""
    try:
        with path.open(encoding="utf-8") as file:
            found = STAMP.search(file.read(2000))
    except (OSError, UnicodeDecodeError):
        return False
    return found is not None and found[1] == stamp(entry, record)


def stamp(entry: Entry, record: Record) -> str:
    """A hash of all that a page is made from: result, what people entered, the page's own text and code, the book's
    address."""
    about = [entry.to_line(), repr(record), book_url(), _own_text()]
    return hashlib.sha256(json.dumps(about).encode()).hexdigest()


def page(entry: Entry, notebook: NotebookNode | None, source: NotebookNode, record: Record) -> str:
    """The page as text."""
    result = entry.result
    parts = list(_parts(entry, notebook, source, record)) if notebook is not None else []
    manual = [p for p in parts if p["manual"]]
    return (
        environment()
        .get_template("feedback.html")
        .render(
            result=result,
            stamp=stamp(entry, record),
            heading=next(_headings(source.cells), result.assignment),
            share=round(100 * result.score / result.max_score) if result.max_score else 0,
            regraded=entry.change if entry.change and entry.change.why != NEW_SUBMISSION else None,
            status_words=STATUS[result.status],
            bonus_max=sum(row.points for row in result.criteria if _is_bonus(entry, row.cell)),
            manual=manual,
            parts=parts,
            late=_duration(record.late_seconds) if record.late_seconds else None,
            timestamp=(entry.timestamp or "").split(".")[0] or None,
            code_style=Markup(_code_style()),
        )
    )


def _parts(entry: Entry, notebook: NotebookNode, source: NotebookNode, record: Record) -> Iterable[dict[str, Any]]:
    """One for each grade cell that holds points or criteria: what the student wrote for it and what was found."""
    given = {cell.get("id") for cell in source.cells}
    show = Shown(notebook.metadata.get("autograder", {}).get("job") == entry.result.job)
    criteria: dict[str, list[CriterionResult]] = {}
    for row in entry.result.criteria:
        criteria.setdefault(row.cell, []).append(row)
    part = _empty()
    for cell in notebook.cells:
        about = cell.metadata.get("nbgrader", {})
        grade_id, graded, solution = about.get("grade_id", ""), about.get("grade"), about.get("solution")
        if cell.cell_type == "markdown" and not solution and cell.get("id") in given:
            part["title"] = next(_headings([cell]), part["title"])
        elif solution or cell.get("id") not in given:
            part["cells"].append(show.cell(cell, added=not solution, untouched=grade_id in entry.result.untouched))
            part["comment"] = record.comments.get(grade_id, part["comment"])
        elif graded and grade_id not in criteria and not about.get("points"):
            said = [
                o for o in cell.get("outputs", []) if o.output_type != "execute_result"
            ]  # that is nbgrader's 0 points
            part["checks"] += [shown for output in said if (shown := show.output(output))]
            part["passed"] = part["passed"] and not any(o.output_type == "error" for o in said)
        if graded and (solution or about.get("points") or grade_id in criteria):
            cells = entry.result.cells.get(grade_id, {})
            part["name"] = grade_id.removesuffix("-hidden")
            part["title"] = part["title"] or part["name"].replace("_", " ").capitalize()
            part["manual"] = bool(solution)
            part["untouched"] = grade_id in entry.result.untouched
            part["bonus"] = not solution and _is_bonus(entry, grade_id)
            part["criteria"] = (
                [] if solution else [_row(entry.result.assignment, row) for row in criteria.get(grade_id, [])]
            )
            part["points"] = sum(r["earned"] for r in part["criteria"]) if part["bonus"] else cells.get("points", 0)
            part["max_points"] = sum(r["points"] for r in part["criteria"]) if part["bonus"] else about.get("points", 0)
            if solution:
                part["points"] = record.manual.get(grade_id)
            yield part
            part = _empty()
    if part["cells"]:
        yield {**part, "name": "rest", "title": "Cells after the last part"}


def _empty() -> dict[str, Any]:
    return dict(
        name="",
        title="",
        cells=[],
        checks=[],
        passed=True,
        criteria=[],
        points=None,
        max_points=None,
        bonus=False,
        manual=False,
        untouched=False,
        comment=None,
    )


def _is_bonus(entry: Entry, cell: str) -> bool:
    return not entry.result.cells.get(cell, {}).get("max_points")


def _headings(cells: Iterable[NotebookNode]) -> Iterator[str]:
    for cell in cells:
        if cell.cell_type == "markdown":
            for line in cell.source.splitlines():
                if line.startswith("#"):
                    yield line.lstrip("#").strip().replace("`", "")


def _row(assignment: str, row: CriterionResult) -> dict[str, Any]:
    link = mistake_link(book_url(), assignment, row.mistake) if row.mistake else None
    return {**vars(row), "link": link, "reads": mistake_words(row.mistake or "")}


def mistake_link(book: str, assignment: str, mistake: str) -> str:
    """Where the book at this address explains a mistake."""
    return f"{book}/book/{assignment}.html#mistake-{assignment}-{mistake}"


def mistake_words(mistake: str) -> str:
    """A mistake's id as people read it."""
    return mistake.replace("-", " ")


class Shown:
    """What a page shows of a student's notebook, in the order in which it is asked for, until the page is full."""

    def __init__(self, ours: bool):
        """`ours`: the notebook is the one that the examiner left, so that its fragments and its HTML are safe."""
        self._ours, self._left = ours, LONGEST_PAGE

    def cell(self, cell: NotebookNode, added: bool, untouched: bool) -> dict[str, Any]:
        """A cell with its outputs, as the template takes it."""
        if cell.cell_type != "code":
            text = cell.source if not untouched else "(nothing written)"
            return {"kind": "answer", "text": self._fitting(Markup(html.escape(_cut(text, LONGEST_CODE))))}
        note = "A cell you added:" if added else "As it was handed out:" if untouched else ""
        outputs = [shown for output in cell.get("outputs", []) if (shown := self.output(output))]
        return {"kind": "code", "code": self._code(cell), "outputs": outputs, "note": note}

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
            return self._fitting(Markup(f'<div class="table">{data["text/html"]}</div>'))
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


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[:length]}\n… ({len(text) - length:,} more characters)"


def points(value: float | None) -> str:
    """7.0 as 7, 7.5 as 7.5, and a dash for what is not known yet."""
    return "–" if value is None else f"{value:g}"


def words(text: str) -> Markup:
    """A sentence with `names` set as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text)))


def _duration(seconds: float) -> str:
    minutes = int(seconds // 60)
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    return (
        " ".join(
            f"{n} {unit}{'s' if n > 1 else ''}"
            for n, unit in ((days, "day"), (hours, "hour"), (minutes, "minute"))
            if n
        )
        or "under a minute"
    )


def book_url() -> str:
    """Where feedback links to: $COURSE_BOOK_URL, else `book_url` in pyproject.toml."""
    if url := os.environ.get("COURSE_BOOK_URL"):
        return url.rstrip("/")
    return _project_book_url()


@cache
def _project_book_url() -> str:
    settings = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))
    return settings["tool"]["convcourse"]["book_url"].rstrip("/")


@cache
def _own_text() -> str:
    here = Path(__file__).parent
    files = [Path(__file__), *sorted((here / "templates").glob("*.html"))]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


@cache
def _code_style() -> str:
    """Colours for code in light and dark; the box itself is the page's."""
    light, dark = HtmlFormatter(style="friendly"), HtmlFormatter(style="github-dark")
    rules = [rule for f in (light,) for rule in f.get_token_style_defs(".code")]
    night = dark.get_token_style_defs(".code")
    return "\n".join([*rules, "@media screen and (prefers-color-scheme: dark) {", *night, "}"])


@cache
def environment() -> Environment:
    """Jinja with escaping on and nothing undefined."""
    made = Environment(
        loader=PackageLoader("autograder.classroom"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(points=points, words=words)
    return made
