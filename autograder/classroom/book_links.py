"""Where the book explains what feedback names."""

from __future__ import annotations

import os
import re
import tomllib
from functools import cache
from pathlib import Path

from autograder.classroom.errors import UserError

SETTINGS, BOOK = Path(__file__).parents[2] / "course.toml", Path(__file__).parents[2] / "book"
NOT_SET = f"book_url is not set in {SETTINGS.name}, so feedback pages have no links into the book"
# A box of a chapter, below the labels that are its anchors: (mistake-…)= lines, then ```{mistake} its title.
BOX = re.compile(r"(?m)^((?:\(mistake-[\w-]+\)=\n)+)`{3,}\{mistake\} (.+)$")
LABEL = re.compile(r"\((mistake-[\w-]+)\)=")


def book_url() -> str:
    """Where feedback links to: $COURSE_BOOK_URL, else `book_url` in course.toml; "" where neither is set."""
    return (os.environ.get("COURSE_BOOK_URL") or _set_in_course()).rstrip("/")


def _set_in_course() -> str:
    try:
        url = tomllib.loads(SETTINGS.read_text(encoding="utf-8")).get("book_url", "")
    except (OSError, ValueError) as error:
        raise UserError(f"{SETTINGS} cannot be read: {error}") from error
    if not isinstance(url, str):
        raise UserError(f'{SETTINGS} should say book_url = "https://…", with quotation marks.')
    return url


def mistake_link(book: str, assignment: str, mistake: str) -> str | None:
    """Where the book at this address explains a mistake; None where the book has no address, or no box about it. (A
    chapter's first page leads on to the boxes of its other pages.)"""
    there = book and mistake_title(assignment, mistake)
    return f"{book}/book/{assignment}.html#{_label(assignment, mistake)}" if there else None


def mistake_title(assignment: str, mistake: str) -> str | None:
    """The title of the box that explains a mistake, as the book shows it; None where the book has none."""
    title = _titles(assignment).get(_label(assignment, mistake))
    return title and title[:1].upper() + title[1:]


def _label(assignment: str, mistake: str) -> str:
    return f"mistake-{assignment}-{mistake}"


@cache
def _titles(assignment: str) -> dict[str, str]:
    """Titles of a chapter's boxes by their labels, from the pages' sources: so they need no built book, and none is
    out of date. A chapter takes a millisecond."""
    pages = [BOOK / f"{assignment}.md", *sorted(BOOK.glob(f"{assignment}-*.md"))]
    boxes = [box for page in pages if page.is_file() for box in BOX.findall(page.read_text(encoding="utf-8"))]
    return {label: title.strip() for labels, title in boxes for label in LABEL.findall(labels)}


def mistake_words(mistake: str) -> str:
    """A mistake's id as people read it."""
    return mistake.replace("-", " ")
