"""Visible checks of assignment 04's questions: the form of the answers."""

from __future__ import annotations

from typing import Any

from convcourse.checks.core import Check


def question_1(answer: Any) -> None:
    """Check the form of `answer_1`, a letter from A to D."""
    Check("answer_1").letter(answer, "ABCD")


def question_3(answer: Any) -> None:
    """Check the form of `answer_3`, a letter from A to D."""
    Check("answer_3").letter(answer, "ABCD")
