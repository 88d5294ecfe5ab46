"""Visible checks of an assignment's three questions: the form of the answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from convcourse.checks.core import Check


def number_question(number: int) -> Callable[[Any], None]:
    """The check of a question whose answer is a whole number."""

    def question(answer: Any) -> None:
        """Check the form of the answer, a whole number."""
        Check(f"answer_{number}").whole_number(answer)

    return question


def letter_question(number: int) -> Callable[[Any], None]:
    """The check of a question whose answer is a letter."""

    def question(answer: Any) -> None:
        """Check the form of the answer, a letter from A to D."""
        Check(f"answer_{number}").letter(answer, "ABCD")

    return question


question_1, question_2, question_3 = number_question(1), number_question(2), letter_question(3)
