"""Where the book explains what feedback names."""

from __future__ import annotations

import os
import tomllib
from functools import cache
from pathlib import Path


def book_url() -> str:
    """Where feedback links to: $COURSE_BOOK_URL, else `book_url` in pyproject.toml."""
    if url := os.environ.get("COURSE_BOOK_URL"):
        return url.rstrip("/")
    return _project_book_url()


@cache
def _project_book_url() -> str:
    settings = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))
    return settings["tool"]["convcourse"]["book_url"].rstrip("/")


def mistake_link(book: str, assignment: str, mistake: str) -> str:
    """Where the book at this address explains a mistake."""
    return f"{book}/book/{assignment}.html#mistake-{assignment}-{mistake}"


def mistake_words(mistake: str) -> str:
    """A mistake's id as people read it."""
    return mistake.replace("-", " ")
