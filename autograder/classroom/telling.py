"""What the terminal says of a run: a line for each submission, and what it comes to."""

from __future__ import annotations

import json
import statistics
from pathlib import Path

from rich.table import Table
from rich.text import Text

from autograder.classroom.book_links import NOT_SET, book_url
from autograder.classroom.errors import UserError
from autograder.classroom.folder import ClassFolder
from autograder.classroom.progress import lasting
from autograder.classroom.standings import Line
from autograder.classroom.summary import Summary
from autograder.classroom.terminal import bare_table, in_one_line, out, quoted, say, show, write_for_programs

SHOWN = 10  # lines of one kind; class.html has the others


def news(summary: Summary) -> list[Line]:
    """The lines of which there is something new to say: graded in this run, or without a result, or in a folder that
    can be no student's."""
    return [line for line in summary.lines if line.key in summary.fresh or line.entry is None or line.record is None]


def table(lines: list[Line], summary: Summary) -> Table:
    """These lines, one submission each, for a terminal of any width; the last column gives way."""
    several = len({line.assignment for line in lines}) > 1
    bonus = any(line.entry and line.entry.result.bonus for line in lines)
    roster = any(line.known for line in lines)
    more = any(line.record and line.record.total != line.score for line in lines)  # than automatic points
    columns = {"student": True, "name": any(line.person.name for line in lines), "assignment": several}
    columns |= {"status": True, "score": True, "total": more, "bonus": bonus}
    shown = bare_table(*(name for name, there in columns.items() if there), "first thing that is wrong")
    for line in lines:
        result = line.entry.result if line.entry else None
        cells = {
            "student": f"{line.student}*" if roster and not line.known else line.student,
            "name": line.person.name,
            "assignment": line.assignment,
            "status": _status(line) if result else _without_result(line, summary),
            "score": f"{line.score:g} / {result.max_score:g}" if result else "–",
            "total": f"{line.record.total:g} / {line.record.max_total:g}" if line.record else "–",
            "bonus": f"{result.bonus:g}" if result and result.bonus else "",
        }
        wrong = line.first_mistake if result else summary.failures.get(line.key, "")
        shown.add_row(*(in_one_line(cells[name]) for name, there in columns.items() if there), in_one_line(wrong))
    if roster and not all(line.known for line in lines):
        shown.caption, shown.caption_justify = Text("* not in the roster"), "left"
    return shown


def _status(line: Line) -> str:
    status = line.entry.result.status if line.entry else ""
    return f"{status}, late" if line.record and line.record.late_seconds else status


def _without_result(line: Line, summary: Summary) -> str:
    return "not reached" if summary.stopped and line.key not in summary.failures else "no result"


def write_json(summary: Summary, file: Path) -> None:
    """Write one object a line into the file, or to stdout where it is called "-"."""
    text = "".join(json.dumps(line.to_json(), ensure_ascii=False) + "\n" for line in summary.lines)
    if str(file) == "-":
        write_for_programs(text)
        return
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"Graded, but {file} could not be written: {error.strerror}.") from error


def show_table(summary: Summary, everyone: bool) -> None:
    """Print the table of what is new, or of all, and whose marks changed."""
    if shown := summary.lines if everyone else news(summary):
        show(table(shown, summary))
    tell_changes(summary)


def tell_changes(summary: Summary) -> None:
    """Say whose mark this run changed, or would have changed, and why."""
    if summary.changed:
        out.print("\nMarks that changed", style="bold")
    for entry in sorted(summary.changed, key=lambda entry: (entry.result.assignment, entry.result.student)):
        if entry.change:
            say(f"{entry.result.student}, {entry.result.assignment}: {entry.change.told()}", to=out)
    if kept := sum(entry.keeps for entry in summary.changed):
        say(f"{kept} kept as handed back. Where the lower mark is to count, grade again with --lower.", to=out)


def tell(summary: Summary, force: bool = False) -> int:
    """Say on stderr what went wrong in a run, and what an instructor should look at; return the exit status."""
    for sentence in summary.without_marks():
        say(sentence)
    for (who, what), why in summary.failures.items():
        say(f"{who}, {what}: {why} Run the same command again.")
    faults = [(line, fault) for line in summary.lines if line.entry for fault in line.entry.result.faults]
    said = "the result counts, but the grader met what it did not expect."
    _tell_some([f"{line.student}, {line.assignment}: {said} {fault}" for line, fault in faults])
    fresh = [line for line in summary.lines if line.key in summary.fresh]
    _tell_some([f"{line.student}, {line.assignment}: {told}" for line in fresh for told in line.told])
    refused = [line for line in summary.lines if line.entry and not line.record and line.key not in summary.failures]
    for line in refused:
        say(f"{line.student}: {line.first_mistake}")
    if summary.stopped:
        say(f"{summary.stopped} {_so_far(summary, force)} Run the same command again to go on.", "yellow")
    return 1 if summary.failures or summary.stopped or refused else 0


def _tell_some(sentences: list[str]) -> None:
    """Say sentences of one kind, or the first of them and how many more there are."""
    for sentence in sentences[:SHOWN]:
        say(sentence)
    if len(sentences) > SHOWN:
        say(f"And {len(sentences) - SHOWN} more such, listed in class.html.")


def _so_far(summary: Summary, force: bool) -> str:
    """What a run that was stopped has done, and what is left."""
    if not summary.graded:
        return "Nothing was graded yet."
    again = " again" if force else ""
    return f"{_count(summary.graded, 'submission')} graded{again} and written down, {summary.left} not reached."


def tell_end(summary: Summary, folder: ClassFolder, seconds: float, feedback: bool) -> None:
    """Say on stderr what a run comes to that went to its end, where the pages are, and what comes next."""
    by_assignment: dict[str, list[Line]] = {}
    for line in summary.lines:
        by_assignment.setdefault(line.assignment, []).append(line)
    say("")
    for name, lines in by_assignment.items():
        with_result = [line for line in lines if line.entry and line.record]
        fresh = sum(line.key in summary.fresh for line in with_result)
        say(f"{name}: {fresh} graded, {len(with_result) - fresh} unchanged{_mean(with_result)}.", "bold")
    say(f"This took {lasting(seconds)}.")
    if feedback:
        of = by_assignment if len(by_assignment) == 1 else ("<assignment>",)
        say(f"Pages: {folder.feedback('<student>', *of)}")
        if not book_url():
            say(f"{NOT_SET}.", "yellow")
    say(f"Class: {folder.root / 'class.html'}, and marks.csv beside it")
    if waiting := sum(bool(line.record.waiting) for line in summary.lines if line.record):
        say(f"Next: mark {_count(waiting, 'answer')} by hand in the formgrader, then")
        say(f"      autograder report --class {quoted(folder.root)}")
    elif feedback:
        say("Next: hand the pages back, for example by")
        say(f"      nbgrader release_feedback {next(iter(by_assignment), '')}")


def _mean(lines: list[Line]) -> str:
    results = [line.entry.result for line in lines if line.entry]
    if not results:
        return ""
    return f", mean {statistics.fmean(one.score for one in results):.3g} of {results[0].max_score:g} automatic points"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
