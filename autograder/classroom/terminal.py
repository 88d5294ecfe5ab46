"""Text for the terminal: data goes to `out`, all else to `err`."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from autograder.classroom.folder import printable

out, err = Console(), Console(stderr=True)
WIDEST = 1000  # columns of a table that goes into a file


def plain(text: str, style: str = "") -> Text:
    """The text, in which nothing is a command to the terminal: not a folder's name, nor what a student's code gave
    back. Lines stay lines."""
    return Text("\n".join(map(printable, text.split("\n"))), style=style)


def in_one_line(text: str, style: str = "") -> Text:
    """The text as one line, that ends in "…" where there is no room for all of it."""
    made = plain(" ".join(text.split()), style)
    made.no_wrap, made.overflow = True, "ellipsis"
    return made


def say(text: str, style: str = "", *, to: Console | None = None) -> None:
    """Print sentences, by default to stderr. The terminal alone breaks long lines, so that a path can be copied."""
    (to or err).print(plain(text, style), soft_wrap=True, highlight=False)


def show(table: Table) -> None:
    """Print a table to stdout: in the width of the terminal, or in its own where it goes into a file or a pipe."""
    whole = not out.is_terminal and not os.environ.get("COLUMNS")
    out.print(table, width=WIDEST if whole else None)


def bare_table(*columns: str) -> Table:
    """A table without lines, of these columns."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        made.add_column(in_one_line(column), justify="right" if column in ("score", "bonus") else "left")
    return made


def quoted(path: Path) -> str:
    """A path as it is typed into a shell."""
    return shlex.quote(printable(str(path)))
