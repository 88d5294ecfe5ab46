"""The page a student gets: score, what to mend, and for each part what is wrong, their code and what it showed. What is
right is folded.

One file that asks nothing of any host and runs no script: what it shows of a student's is safe (`parts`), and a content
policy in the page's head forbids the rest. The page is made from the result, the executed notebook and what people
entered into the gradebook, and holds a stamp of these, so that it is made anew when, and only when, one of them
changes.
"""

from __future__ import annotations

import hashlib
import html
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from nbformat import NotebookNode
from pygments.formatters.html import HtmlFormatter

from autograder.classroom.book_links import book_url, mistake_link, mistake_title
from autograder.classroom.changes import NEW_SUBMISSION
from autograder.classroom.folder import write_whole
from autograder.classroom.journal import Entry
from autograder.classroom.marks import Record, part_name
from autograder.classroom.mending import Item, groups_of, items_of
from autograder.classroom.parts import Part, headings, is_bonus, parts_of
from autograder.examiner.results import SubmissionResult

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
STAMP = re.compile(r'<meta name="made-from" content="([0-9a-f]{64})">')


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
    address, and the titles of its boxes."""
    named = {row.mistake for row in entry.result.criteria if row.mistake}
    titles = [mistake_title(entry.result.assignment, mistake) for mistake in sorted(named)]
    about = [entry.to_line(), repr(record), book_url(), titles, _own_text()]
    return hashlib.sha256(json.dumps(about).encode()).hexdigest()


def page(entry: Entry, notebook: NotebookNode | None, source: NotebookNode, record: Record) -> str:
    """The page as text."""
    result = entry.result
    parts = [] if notebook is None else list(parts_of(result, notebook, source, record))
    return (
        environment()
        .get_template("feedback.html")
        .render(
            result=result,
            stamp=stamp(entry, record),
            heading=next(headings(source.cells), result.assignment),
            record=record,
            share=min(100, round(100 * record.total / record.max_so_far)) if record.max_so_far else 0,
            adds_up=adds_up(result, record, parts),
            regraded=entry.change if entry.change and entry.change.why != NEW_SUBMISSION else None,
            status_words=STATUS[result.status],
            bonus_max=sum(row.points for row in result.criteria if is_bonus(result, row.cell)),
            parts=parts,
            titles={part.name: part.title for part in parts},
            late=_duration(record.late_seconds) if record.late_seconds else None,
            timestamp=(entry.timestamp or "").split(".")[0] or None,
            link=lambda mistake: mistake_link(book_url(), result.assignment, mistake),
            box_title=lambda mistake: mistake_title(result.assignment, mistake),
            code_style=Markup(_code_style()),
            **what_to_mend(result, parts),
        )
    )


def what_to_mend(result: SubmissionResult, parts: list[Part]) -> dict[str, Any]:
    """What the page begins with: the items `mend`, and `mend_bonus` of parts whose points stand apart; the parts
    `not_begun`, which stand as they were handed out."""
    if not parts:  # there is no notebook to show; what is wrong is told all the same
        groups = [(is_bonus(result, cell), group) for cell, found in groups_of(result).items() for group in found]
    else:
        groups = [(part.bonus, group) for part in parts if not part.untouched for group in part.wrong]

    def items(bonus: bool) -> list[Item]:
        return items_of([group for apart, group in groups if apart is bonus], result.stopped)

    stand = [part for part in parts if part.untouched and not part.bonus]
    not_begun = [part for part in stand if part.max_points and not part.points]
    judged = {part.name for part in parts if part.overridden}  # by a person, whatever the criteria say
    return {"mend": items(False), "mend_bonus": items(True), "not_begun": not_begun, "judged": judged}


def adds_up(result: SubmissionResult, record: Record, parts: list[Part]) -> list[tuple[str, str]]:
    """How the mark adds up, where there is more to it than automatic points and what waits for a person: what, and
    points."""
    marked = [part for part in parts if part.manual and part.points is not None and not part.untouched]
    if not (marked or record.by_hand or record.penalty):
        return []
    rows = [("automatic points", f"{record.automatic:g} of {result.max_score:g}")]
    rows += [
        (f"{part.name.replace('_', ' ').capitalize()}, marked by a person", f"{part.points:g} of {part.max_points:g}")
        for part in marked
    ]
    for name, cell in record.cells.items():
        if cell.changed:
            words = f"`{part_name(name)}`, changed by your instructor from {cell.automatic or 0:g} to {cell.points:g}"
            rows.append((words, f"{cell.override:+g}"))
        if cell.extra:
            rows.append((f"`{part_name(name)}`, extra credit", f"{cell.extra:+g}"))
    if record.penalty:
        rows.append(("handed in late", f"-{record.penalty:g}"))
    rows = [(what, worth.replace("-", "−")) for what, worth in rows]
    return [*rows, ("total", f"{record.total:g} of {record.max_so_far:g}")]


def points(value: float | None) -> str:
    """7.0 as 7, 7.5 as 7.5, and a dash for what is not known yet."""
    return "–" if value is None else f"{value:g}"


def worth(value: float) -> str:
    """An amount of points in words: "1 point", "2.5 points"."""
    return f"{value:g} point" if value == 1 else f"{value:g} points"


def signed(value: float | None) -> str:
    """A change of points with its sign; nothing where there is none."""
    return f"{value:+g}".replace("-", "−") if value else ""


def lateness(record: Record) -> str:
    """When it was handed in, by the deadline."""
    extended = ", extended" if record.extended else ""
    if record.late_seconds:
        return f"{_duration(record.late_seconds)} after the deadline{extended}"
    return f"in time{extended}"


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


@cache
def _own_text() -> str:
    here = Path(__file__).parent
    ours = [here / f"{name}.py" for name in ("feedback", "marks", "parts", "mending", "written", "book_links")]
    files = [*ours, *sorted((here / "templates").glob("*.html"))]
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
    made.filters.update(points=points, words=words, worth=worth, signed=signed, lateness=lateness)
    return made
