"""The command `autograder`: grade a class, report on it, explain a mark, and say what confines students' code here.

Data goes to stdout, the rest to stderr. Exit: 0 every submission has a result, and its page; 1 some has not, or the run
was stopped; 2 what was asked for cannot be done: wrong usage, a class folder in use, nothing that confines.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from autograder.classroom.errors import UserError
from autograder.classroom.folder import ClassFolder, printable
from autograder.classroom.standings import Line
from autograder.classroom.terminal import plain

if TYPE_CHECKING:
    from autograder.classroom.run import Summary

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Grade a class, outside the reach of its code.",
)
SHOWN_FAULTS = 10
out, err = Console(), Console(stderr=True)

ClassOption = Annotated[
    Path,
    typer.Option(
        "--class",
        metavar="DIR",
        help="The class folder. DIR/submitted/<student>/<assignment>/<assignment>.ipynb must be there.",
    ),
]
Unsafe = Annotated[
    bool,
    typer.Option(
        "--unsafe-no-sandbox", help="Run students' code without confinement, as you. Only for code that you trust."
    ),
]


@app.command()
def grade(
    folder: ClassOption,
    assignments: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ASSIGNMENT]...", help="Which assignments; all that were submitted, if none is named."),
    ] = None,
    student: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Only this student; may be given more than once.")
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            min=1, help="Examiners at work at once; by default one a processor, as far as there is memory for them."
        ),
    ] = None,
    json_file: Annotated[
        Path | None,
        typer.Option("--json", metavar="FILE", help="Write one JSON object a line for each submission; - is stdout."),
    ] = None,
    force: Annotated[bool, typer.Option(help="Grade again what has a result.")] = False,
    feedback: Annotated[
        bool,
        typer.Option(
            "--feedback/--no-feedback", help="Write feedback pages. A mark whose page is written counts as handed back."
        ),
    ] = True,
    lower: Annotated[
        bool, typer.Option("--lower", help="Let a lower mark count, also where a higher one was handed back.")
    ] = False,
    unsafe_no_sandbox: Unsafe = False,
) -> None:
    """Grade what is new or changed, into the gradebook, with a feedback page for each student."""
    from autograder.classroom.machine import default_jobs, too_many
    from autograder.classroom.run import Run

    place = open_class(folder)
    if jobs and (warning := too_many(jobs)):
        err.print(plain(warning, "yellow"), soft_wrap=True)
    confined = confinement(unsafe_no_sandbox)
    names = known_assignments(place, assignments or [])
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with progress_bar() as step:
        summary = Run(place, names, set(student or ()), step).grade(
            jobs=jobs or default_jobs(), force=force, feedback=feedback, lower=lower, confined=confined
        )
    if json_file:
        text = "".join(json.dumps(line.to_json(), ensure_ascii=False) + "\n" for line in summary.lines)
        sys.stdout.write(text) if str(json_file) == "-" else json_file.write_text(text, encoding="utf-8")
    if str(json_file) != "-":
        out.print(table(summary.lines))
        tell_changes(summary)
    raise typer.Exit(tell(summary))


@app.command()
def report(
    folder: ClassOption,
    moodle: Annotated[bool, typer.Option("--moodle", help="Write a file for Moodle's gradebook, too.")] = False,
    canvas: Annotated[bool, typer.Option("--canvas", help="Write a file for Canvas's gradebook, too.")] = False,
) -> None:
    """Write marks.csv, parts.csv and class.html into the class folder, and renew pages that marks by hand changed."""
    from autograder.classroom.pages import report as write

    found = write(open_class(folder), [name for name, asked in (("moodle", moodle), ("canvas", canvas)) if asked])
    for said in (*found.failures, *found.told):
        err.print(plain(said), soft_wrap=True)
    for path in found.written:
        out.print(plain(str(path)), soft_wrap=True)
    raise typer.Exit(1 if found.failures else 0)


@app.command()
def extension(
    student: Annotated[str, typer.Argument(metavar="STUDENT")],
    assignment: Annotated[str, typer.Argument(metavar="ASSIGNMENT")],
    folder: ClassOption,
    days: Annotated[float, typer.Option(min=0, help="So many days after the due date.")] = 0,
    hours: Annotated[float, typer.Option(min=0, help="And so many hours.")] = 0,
) -> None:
    """Give a student more time for an assignment that has a due date. It replaces what was granted before."""
    from autograder.classroom.pages import grant

    until = grant(open_class(folder), student, assignment, days, hours)
    out.print(plain(f"{student} has until {until:%Y-%m-%d %H:%M} UTC. `grade` and `report` bring it to the pages."))


@app.command()
def explain(
    student: Annotated[str, typer.Argument(metavar="STUDENT")],
    assignment: Annotated[str, typer.Argument(metavar="ASSIGNMENT")],
    folder: ClassOption,
    unsafe_no_sandbox: Unsafe = False,
) -> None:
    """Show the cases behind a mark: what was asked, expected and got. For instructors only: it shows hidden inputs."""
    from autograder.classroom.explain import explanation

    place = open_class(folder)
    confined = confinement(unsafe_no_sandbox)
    known_assignments(place, [assignment])
    out.print(explanation(place, student, assignment, confined))


@app.command()
def doctor() -> None:
    """Say, a line a layer, what confines students' code on this machine, and what mends a gap."""
    from autograder.classroom.doctor import checks

    colours = {"PASS": "green", "CAUTION": "yellow", "FAIL": "bold red"}
    found = list(checks())
    for check in found:
        out.print(
            Text.assemble((f"{check.verdict:<8}", colours[check.verdict]), f"{check.layer}: {check.found}"),
            highlight=False,
            soft_wrap=True,
        )
        if check.mend:
            out.print(Text(f"         {check.mend}"), soft_wrap=True)
    raise typer.Exit(2 if any(check.verdict == "FAIL" for check in found) else 0)


def open_class(folder: Path) -> ClassFolder:
    """The class folder. Raise `UserError` where it is none."""
    if not (folder / "submitted").is_dir():
        raise UserError(
            f"{folder} has no folder `submitted`. "
            f"Expected: {folder}/submitted/<student>/<assignment>/<assignment>.ipynb"
        )
    return ClassFolder(folder.resolve())


def known_assignments(place: ClassFolder, named: list[str]) -> list[str]:
    """The assignments to grade: those named, or all that were submitted and that we have a source of. Raise `UserError`
    where there is none."""
    from autograder.classroom.jobs import source_of

    wanted = named or place.assignments()
    without = [name for name in wanted if not source_of(name).is_file()]
    if not wanted:
        raise UserError(f"Found nothing to grade in {place.submitted}: no student's folder holds an assignment's.")
    if without and (named or without == wanted):
        sources = source_of("any").parent.parent
        there = ", ".join(sorted(path.name for path in sources.glob("*") if path.is_dir())) or "none"
        raise UserError(
            f"No source of {', '.join(without)} in {sources}, only of: {there}. `make assignments` builds them."
        )
    for name in without:
        err.print(plain(f"Left out: {name}, of which there is no source in {source_of(name).parent.parent}."))
    return [name for name in wanted if name not in without]


def confinement(unsafe: bool) -> bool:
    """Is students' code confined? Raise `UserError` where it cannot be, unless told to go on."""
    from autograder.classroom.doctor import checks

    failed = [check for check in checks() if check.verdict == "FAIL"]
    if unsafe:
        err.print(Text("Without confinement: students' code runs with your rights.", style="bold red"))
        return False
    if failed:
        gaps = "\n".join(f"  {check.layer}: {check.found} {check.mend}" for check in failed)
        raise UserError(
            f"Students' code cannot be confined here:\n{gaps}\n"
            "Mend it, or give --unsafe-no-sandbox for code that you trust."
        )
    return True


@contextmanager
def progress_bar() -> Iterator:
    """A bar on stderr; yields `step(stage, done, of, what)`."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[what]}"),
    )
    with Progress(*columns, console=err, transient=True) as bar:
        tasks = {}

        def step(stage: str, done: int, of: int, what: str) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(stage, total=of, what="")
            bar.update(tasks[stage], completed=done, total=of, what=escape(printable(what)))

        yield step


def table(lines: list[Line]) -> Table:
    """The results as a table for the terminal."""
    shown = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("student", "assignment", "status"):
        shown.add_column(column)
    shown.add_column("score", justify="right")
    shown.add_column("bonus", justify="right")
    shown.add_column("first thing that is wrong")
    roster = any(line.known for line in lines)
    for line in lines:
        result = line.entry.result if line.entry else None
        score = f"{result.score:g} / {result.max_score:g}" if result else "–"
        bonus = f"{result.bonus:g}" if result and result.bonus else ""
        name = f"{line.student} (not in the roster)" if roster and not line.known else line.student
        status = result.status if result else "no result"
        shown.add_row(*map(plain, (name, line.assignment, status, score, bonus, line.first_mistake)))
    return shown


def tell_changes(summary: Summary) -> None:
    """Say whose mark this run changed, or would have changed, and why."""
    if summary.changed:
        out.print("\nMarks that changed", style="bold")
    for entry in summary.changed:
        if entry.change:
            out.print(
                plain(f"{entry.result.student}, {entry.result.assignment}: {entry.change.told()}"), soft_wrap=True
            )
    if kept := sum(entry.keeps for entry in summary.changed):
        out.print(f"{kept} kept as handed back. Where the lower mark is to count, grade again with --lower.")


def tell(summary: Summary) -> int:
    """Say on stderr what went wrong in a run, and what an instructor should look at; return the exit status."""
    for (who, what), why in summary.failures.items():
        err.print(plain(f"{who}, {what}: {why} Run the same command again."), soft_wrap=True)
    faults = [(line, fault) for line in summary.lines if line.entry for fault in line.entry.result.faults]
    for line, fault in faults[:SHOWN_FAULTS]:
        said = f"{line.student}, {line.assignment}: the result counts, but the grader met what it did not expect."
        err.print(plain(f"{said} {fault}"), soft_wrap=True)
    if len(faults) > SHOWN_FAULTS:
        err.print(f"And {len(faults) - SHOWN_FAULTS} more such; `autograder report` lists them in class.html.")
    if summary.stopped:
        done = sum(line.entry is not None for line in summary.lines)
        so_far = f"{done} of {len(summary.lines)} submissions have a result, written down."
        so_far = so_far if summary.lines else "Nothing was graded yet."
        err.print(plain(f"{summary.stopped} {so_far} Run the same command again to go on."), soft_wrap=True)
    return 1 if summary.failures or summary.stopped else 0


def main() -> None:
    """The entry point. nbgrader and others start programs by name: the environment's own come first, also when it is
    not active."""
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    try:
        app()
    except UserError as error:
        err.print(plain(str(error), "red"))
        sys.exit(2)
    except KeyboardInterrupt:
        err.print("Stopped before anything was done.")
        sys.exit(1)
