"""Text for the terminal: data goes to `out`, all else to `err`."""

from __future__ import annotations

import io
import os
import shlex
import sys
import textwrap
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from autograder.classroom.names import printable

out, err = Console(), Console(stderr=True)
WIDEST = 1000  # columns of a table that goes into a file


def plain(text: str, style: str = "") -> Text:
    """The text, in which nothing is a command to the terminal: not a folder's name, nor what a student's code gave
    back. Lines stay lines."""
    return Text("\n".join(map(printable, text.split("\n"))), style=style)


def in_one_line(text: str, style: str = "") -> Text:
    """The text as one line, that ends in "…" where there is no room for all of it."""
    made = plain(" ".join(text.splitlines()), style)
    made.no_wrap, made.overflow = True, "ellipsis"
    return made


def say(text: str, style: str = "", *, to: Console | None = None) -> None:
    """Print sentences, by default to stderr. A terminal gets lines that are broken between words, and nowhere in a path
    or in a line that begins with a blank, which is there to be copied."""
    console = to or err
    lines = text.split("\n")
    if console.is_terminal:
        lines = [part for line in lines for part in _broken(line, console.width)]
    console.print(plain("\n".join(lines), style), soft_wrap=True, highlight=False)


def _broken(line: str, width: int) -> list[str]:
    if len(line) <= width or line.startswith(" "):
        return [line]
    return textwrap.wrap(line, width, break_long_words=False, break_on_hyphens=False)


def say_check(verdict: str, colour: str, found: str, mend: str) -> None:
    """Print a check to stdout: the verdict, what was found, and below it what mends it."""
    first, *more = _broken(found, out.width - 8) if out.is_terminal else [found]
    out.print(Text.assemble((f"{verdict:<8}", colour), plain(first)), soft_wrap=True, highlight=False)
    for line in filter(None, [*more, mend]):
        say(f"{'':8}{line}", to=out)


def write_for_programs(text: str) -> None:
    """Write to stdout a text that programs read: in UTF-8, whatever a terminal would have here."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    sys.stdout.write(text)


def escape_what_cannot_be_shown() -> None:
    """Let stdout write a character that its encoding does not have as an escape, as stderr does by itself."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def show(table: Table) -> None:
    """Print a table to stdout: in the width of the terminal, or in its own where it goes into a file or a pipe."""
    wide = not out.is_terminal and not os.environ.get("COLUMNS")
    (Console(width=WIDEST) if wide else out).print(table)


def bare_table(*columns: str) -> Table:
    """A table without lines, of these columns."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        made.add_column(in_one_line(column), justify="right" if column in ("score", "total", "bonus") else "left")
    return made


def quoted(path: Path) -> str:
    """A path as it is typed into a shell."""
    return shlex.quote(printable(str(path)))
