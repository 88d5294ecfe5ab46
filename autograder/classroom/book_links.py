"""Where the book explains what feedback names."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

from autograder.classroom.errors import UserError

SETTINGS, BOOK = Path(__file__).parents[2] / "course.toml", Path(__file__).parents[2] / "book"
NOT_SET = f"book_url is not set in {SETTINGS.name}, so feedback pages have no links into the book"


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
    """Where the book at this address explains a mistake; None where the book has no address, or no such chapter."""
    chapter = BOOK / f"{assignment}.md"
    return f"{book}/book/{assignment}.html#mistake-{assignment}-{mistake}" if book and chapter.is_file() else None


def mistake_words(mistake: str) -> str:
    """A mistake's id as people read it."""
    return mistake.replace("-", " ")
