"""The words students read: facts are found elsewhere, sentences stand here. None shows a hidden input or number."""

from __future__ import annotations

import html
import re
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from autograder.exam import errors
from autograder.exam.subject import Missing, Raised

if TYPE_CHECKING:
    from autograder.exam.core import Outcome


def not_there(missing: Missing) -> str:
    """A graded name stands for nothing that can be examined."""
    return f"`{missing.name}` {missing.why}."


def not_compared(name: str) -> str:
    """A check of ours failed on what came back."""
    return f"`{name}` gave back something that could not be compared with what is expected."


PLAINEST = "in its simplest calls"


def shut(name: str) -> str:
    """The plainest calls are wrong."""
    return f"Correct the simplest calls of `{name}` first; until then nothing else can count."


def some_right(right: int, of: int) -> str:
    """So many calls of a kind were right; a sentence, or none."""
    return f"Of {of} calls of this kind {right} {'was' if right == 1 else 'were'} right." if right else ""


def not_reached(why: str) -> str:
    """A criterion after the last candidate was lost."""
    return f"This was not reached. {why}"


def banned(name: str, message: str) -> str:
    """A banned operator was called; the message names it, and says what the assignment asks."""
    call, colon, asked = message.partition(": ")
    if not colon or not re.fullmatch(r"[\w.]+", call):
        return f"`{name}` makes a call that is forbidden here."
    return f"`{name}` uses `{call}`, which is forbidden here. {asked}"


def raised(name: str, error: Raised, when: str = "") -> str:
    """The student's code raised; `when`: in which case ("on a float64 image")."""
    when = f" {when}" if when else ""
    if error.kind == "NotImplementedError":
        return f"`{name}`{when} is not written yet: it raised NotImplementedError"
    if error.absent:
        return f"`{name}`{when} needs {error.absent}"
    where = f" (at {error.line})" if error.line else ""
    return f"`{name}` raised {errors.quoted(error.name, error.message, when)}{where}"


ARGUMENT = re.compile(r"unexpected keyword argument '(\w+)'|required (?:positional|keyword-only) arguments?: '(\w+)'")


def argument_error(name: str, error: Raised, arguments: Collection[str]) -> tuple[str, set[str]] | None:
    """A sentence about an argument of these that the student's function does not know by its name, or has no default
    for; and what it tells."""
    found = ARGUMENT.search(error.message) if error.kind == "TypeError" else None
    unknown, needed = found.groups(default="") if found else ("", "")
    if unknown in arguments:
        return f"`{name}` has no argument that is called `{unknown}`.", {"arguments", unknown}
    if needed in arguments:
        return f"`{name}` cannot be called without `{needed}`, which has a default value in the text.", {needed}
    return None


def seen(name: str, got: Any, fault: str, when: str, numbers: str = "", beside: str = "") -> str:
    """A wrong answer that shows no known mistake. when: it is wrong ("with a bias"). numbers: sentences about what came
    back; beside: about calls that are right."""
    said = raised(name, got, when) if isinstance(got, Raised) else " ".join(filter(None, (f"`{name}`", when, fault)))
    return " ".join(filter(None, (f"{said}.", numbers, beside)))


def not_refused(name: str, what: str, error: Raised) -> str:
    """What should be refused ends in another error."""
    what, raised = f" {what}" if what else "", errors.quoted(error.name, error.message)
    return f"`{name}` should refuse{what} with a ValueError or RuntimeError, but it raised {raised}."


def points(value: float) -> str:
    """Points without needless zeros."""
    return f"{value:g}"


def display(title: str, outcomes: list[Outcome]) -> None:
    """Show the table of an exam in this cell's output."""
    from IPython.display import display as show

    show({"text/html": table_html(title, outcomes), "text/plain": table_text(title, outcomes)}, raw=True)


def table_text(title: str, outcomes: list[Outcome]) -> str:
    """The table of an exam as plain text."""
    lines = [title]
    for outcome, said in zip(outcomes, _once(outcomes), strict=True):
        mark = "✓" if outcome.finding is None else "✗"
        lines.append(f" {mark} {points(outcome.earned)}/{points(outcome.points)}  {outcome.title}")
        lines += [f"      {said}"] if said else []
    return "\n".join(lines)


def table_html(title: str, outcomes: list[Outcome]) -> str:
    """The table of an exam as HTML; nothing that students or their code have written is markup in it."""
    rows = "".join(
        f"<tr><td>{'✓' if o.finding is None else '✗'} {html.escape(o.title)}</td>"
        f"<td>{points(o.earned)} / {points(o.points)}</td>"
        f"<td>{html.escape(said)}</td></tr>"
        for o, said in zip(outcomes, _once(outcomes), strict=True)
    )
    head = "<tr><th>criterion</th><th>points</th><th>what is wrong</th></tr>"
    return f"<table><caption>{html.escape(title)}</caption>{head}{rows}</table>"


def _once(outcomes: list[Outcome]) -> list[str]:
    """What a table says of each outcome: a sentence that stands in the row above is not written again."""
    sentences = [outcome.finding.sentence if outcome.finding else "" for outcome in outcomes]
    return [
        "The same." if sentence and sentence == before else sentence
        for sentence, before in zip(sentences, ["", *sentences], strict=False)
    ]
