"""Text for the terminal."""

from __future__ import annotations

from rich.text import Text

from autograder.classroom.folder import printable


def plain(text: str, style: str = "") -> Text:
    """The text, in which nothing is a command to the terminal: not a folder's name, nor what a student's code gave
    back. Lines stay lines."""
    return Text("\n".join(map(printable, text.split("\n"))), style=style)
