"""The command `autograder`: grade a class, report on it, explain a mark, and say what confines students' code here.

Data goes to stdout, the rest to stderr. Exit: 0 every submission has a result, and its page; 1 some has not, or the run
was stopped; 2 what was asked for cannot be done: wrong usage, a class folder in use, nothing that confines.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from autograder.classroom.choosing import (
    known_assignments,
    known_student,
    open_class,
    refuse_unwritable,
    tell_stray,
)
from autograder.classroom.errors import UserError
from autograder.classroom.progress import progress_bar
from autograder.classroom.terminal import (
    escape_what_cannot_be_shown,
    out,
    say,
    say_check,
    write_for_programs,
)

# Typer's own boxes cut long names at 80 columns; click's plain help does not.
app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)  # fmt: skip
ClassOption = Annotated[
    Path,
    typer.Option(
        "--class",
        envvar="COURSE_CLASS",
        metavar="DIR",
        help="The class folder, which holds submitted/ with a folder for each student.",
    ),
]
Unsafe = Annotated[
    bool,
    typer.Option(
        "--unsafe-no-sandbox", help="Run students' code without confinement, as you. Only for code that you trust."
    ),
]


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        from autograder.classroom.jobs import grader_version

        print(f"autograder {version('convcourse-autograder')}, grader {grader_version()[:12]}")
        print(f"torch {version('torch')}, nbgrader {version('nbgrader')}, Python {sys.version.split()[0]}")
        raise typer.Exit


@app.callback()
def autograder(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Say which version this is."),
    ] = False,
) -> None:
    """Grade a class, outside the reach of its code.

    \b
    A first run:
      autograder doctor
      autograder grade --class ~/classes/2026
      autograder report --class ~/classes/2026

    The variable COURSE_CLASS stands for --class.
    """


@app.command(
    short_help="Grade what is new or changed; write feedback pages.",
    epilog="""\b
Examples:
  autograder grade --class ~/classes/2026
  autograder grade 01-convolution --class ~/classes/2026 --jobs 8
  autograder grade --class ~/classes/2026 --student ada --force
""",
)
def grade(
    folder: ClassOption,
    assignments: Annotated[
        list[str] | None,
        typer.Argument(metavar="ASSIGNMENT", help="Which assignments; all that were submitted, if none is named."),
    ] = None,
    student: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Only this student; may be given more than once.")
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Examiners at work at once; by default one a processor, as far as there is memory for them.",
        ),
    ] = None,
    json_file: Annotated[
        Path | None,
        typer.Option("--json", metavar="FILE", help="Write one JSON object a line for each submission; - is stdout."),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Grade again what has a result. Stopped, the same command goes on.")
    ] = False,
    feedback: Annotated[
        bool,
        typer.Option(
            "--feedback/--no-feedback", help="Write feedback pages. A mark whose page is written counts as handed back."
        ),
    ] = True,
    lower: Annotated[
        bool, typer.Option("--lower", help="Let a lower mark count, also where a higher one was handed back.")
    ] = False,
    everyone: Annotated[bool, typer.Option("--all", help="Show unchanged submissions in the table, too.")] = False,
    unsafe_no_sandbox: Unsafe = False,
) -> None:
    """Grade what is new or changed, into the gradebook, with a feedback page for each student."""
    from autograder.classroom.telling import show_table, tell, tell_end, write_json

    start, place = time.monotonic(), open_class(folder)
    on_stdout = str(json_file) == "-"
    if json_file and not on_stdout:
        refuse_unwritable(json_file)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with progress_bar() as step:
        step("Starting", 0, None, lambda: "what confines students' code is tried")
        from autograder.classroom.machine import default_jobs, too_many
        from autograder.classroom.run import Run

        confined = confinement(unsafe_no_sandbox)
        names = known_assignments(place, assignments or [])
        tell_stray(place)
        if jobs and (warning := too_many(jobs)):
            say(warning, "yellow")
        summary = Run(place, names, set(student or ()), step).grade(
            jobs=jobs or default_jobs(), force=force, feedback=feedback, lower=lower, confined=confined
        )
    if json_file:
        write_json(summary, json_file)
    if not on_stdout:
        show_table(summary, everyone)
    status = tell(summary, force)
    if not summary.stopped:
        tell_end(summary, place, time.monotonic() - start, feedback)
    raise typer.Exit(status)


@app.command(
    short_help="Write the tables, and renew what marks by hand changed.",
    epilog="\b\nExample:\n  autograder report --class ~/classes/2026 --moodle\n",
)
def report(
    folder: ClassOption,
    moodle: Annotated[bool, typer.Option("--moodle", help="Write a file for Moodle's gradebook, too.")] = False,
    canvas: Annotated[bool, typer.Option("--canvas", help="Write a file for Canvas's gradebook, too.")] = False,
) -> None:
    """Write marks.csv, parts.csv and class.html into the class folder, and renew pages that marks by hand changed."""
    from autograder.classroom.pages import report as write

    found = write(open_class(folder), [name for name, asked in (("moodle", moodle), ("canvas", canvas)) if asked])
    for said in (*found.failures, *found.told):
        say(said)
    for path in found.written:
        say(str(path), to=out)
    raise typer.Exit(1 if found.failures else 0)


@app.command(
    short_help="Give a student more time for an assignment.",
    epilog="\b\nExample:\n  autograder extension ada 01-convolution --days 3 --class ~/classes/2026\n",
)
def extension(
    student: Annotated[str, typer.Argument(metavar="STUDENT")],
    assignment: Annotated[str, typer.Argument(metavar="ASSIGNMENT")],
    folder: ClassOption,
    days: Annotated[
        float | None, typer.Option(min=0, help="So many days after the due date; 0 takes an extension back.")
    ] = None,
    hours: Annotated[float | None, typer.Option(min=0, help="So many hours, or in addition to the days.")] = None,
) -> None:
    """Give a student more time for an assignment that has a due date. It replaces what was granted before."""
    if days is None and hours is None:
        raise UserError("How much time? Give --days, --hours or both. --days 0 takes an extension back.")
    from autograder.classroom.pages import grant

    place, more = open_class(folder), timedelta(days=days or 0, hours=hours or 0)
    known_assignments(place, [assignment])
    until = grant(place, student, assignment, more)
    has_until = f"{student} has until" if more else f"{student} has no extension now. The due date counts:"
    say(f"{has_until} {until:%Y-%m-%d %H:%M} UTC. `grade` and `report` bring it to the pages.", to=out)


@app.command(
    short_help="Show the cases behind a student's mark.",
    epilog="""\b
Examples:
  autograder explain ada 01-convolution --class ~/classes/2026
  autograder explain ada 01-convolution conv2d --class ~/classes/2026
  autograder explain ada 01-convolution conv2d --python > case.py
""",
)
def explain(
    student: Annotated[str, typer.Argument(metavar="STUDENT")],
    assignment: Annotated[str, typer.Argument(metavar="ASSIGNMENT")],
    folder: ClassOption,
    part: Annotated[str | None, typer.Argument(metavar="PART", help="Only this part, for example conv2d.")] = None,
    python: Annotated[
        bool,
        typer.Option("--python", help="Print a Python file that makes each case again, with its inputs in full."),
    ] = False,
    unsafe_no_sandbox: Unsafe = False,
) -> None:
    """Show the cases behind a mark: what was asked, expected and got. For instructors only: it shows hidden inputs.

    Parts that are not written are named, and left out.
    """
    with progress_bar() as step:
        step("Examining", 0, None, lambda: f"{student}, {assignment}, once more with the same seeds")
        from autograder.classroom.explain import examined, program, told

        place = open_class(folder)
        known_assignments(place, [assignment])
        known_student(place, student)
        found = examined(place, student, assignment, part, confinement(unsafe_no_sandbox))
    if python:
        write_for_programs(program(found))
    else:
        told(found)


@app.command(short_help="Remove a student.")
def forget(
    student: Annotated[str, typer.Argument(metavar="STUDENT")],
    folder: ClassOption,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove all that the class folder and its exchange hold of a student: files, results, marks."""
    from autograder.classroom import forgetting

    place = open_class(folder)
    held = forgetting.held_of(place, student)
    if not held:
        forgetting.refuse_unknown(place, student)
    for path in held:
        say(str(path), to=out)
    say(f"what journal.jsonl and gradebook.db hold of {student}", to=out)
    if not yes:
        typer.confirm("Remove this for good?", abort=True, err=True)
    left = forgetting.forget(place, student)
    options = "".join(f" --{name}" for name in ("moodle", "canvas") if any(place.root.glob(f"{name}-*.csv")))
    say(f"Removed. `autograder report{options}` writes the tables and class.html without {student}.", to=out)
    for path in left:
        say(f"{path} could not be removed. The machine's administrator can.", "yellow")
    raise typer.Exit(1 if left else 0)


@app.command(short_help="Say what confines students' code here.")
def doctor(
    folder: Annotated[
        Path | None,
        typer.Option("--class", envvar="COURSE_CLASS", metavar="DIR", help="Look at this class folder, too."),
    ] = None,
) -> None:
    """Say, a line a layer, what confines students' code on this machine, what is set up, and what mends a gap."""
    from autograder.classroom.doctor import checks
    from autograder.classroom.prepared import prepared

    colours = {"PASS": "green", "CAUTION": "yellow", "FAIL": "bold red"}
    found = []
    for check in (check for part in (checks(), prepared(folder)) for check in part):
        found.append(check)
        say_check(check.verdict, colours[check.verdict], f"{check.layer}: {check.found}", check.mend)
    raise typer.Exit(2 if any(check.verdict == "FAIL" for check in found) else 0)


def confinement(unsafe: bool) -> bool:
    """Is students' code confined? Raise `UserError` where it cannot be, unless told to go on."""
    from autograder.classroom.doctor import checks

    if unsafe:
        say("Without confinement: students' code runs with your rights.", "bold red")
        return False
    if failed := [check for check in checks() if check.verdict == "FAIL"]:
        gaps = "\n".join(f"  {check.layer}: {check.found} {check.mend}" for check in failed)
        raise UserError(
            f"Students' code cannot be confined here:\n{gaps}\n"
            "Mend it, or give --unsafe-no-sandbox for code that you trust."
        )
    return True


def main() -> None:
    """The entry point. nbgrader and others start programs by name: the environment's own come first, also when it is
    not active."""
    gc.set_threshold(100_000)  # imports hold hardly any garbage, and to look for it takes a tenth of a short run
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    escape_what_cannot_be_shown()
    try:
        app()
    except UserError as error:
        say(str(error), "red")
        sys.exit(2)
    except PermissionError as error:
        say(f"You have no right to open or change {error.filename}. Mend the rights, then run the same command.", "red")
        sys.exit(2)
    except KeyboardInterrupt:
        say("Stopped. What is written down stays; the same command goes on.", "yellow")
        sys.exit(1)
