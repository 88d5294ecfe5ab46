"""Questions with one right answer, a number or a letter: how an answer is read, and what is said of a wrong one."""

from __future__ import annotations

from collections.abc import Mapping

from autograder.exam.compare import shown
from autograder.exam.core import Criterion, Evidence, Exam, Unnamed, Wrong
from autograder.exam.draw import Draw
from autograder.exam.gate import number
from autograder.exam.subject import Subject


def plain(subject: Subject) -> float | str | None:
    """The answer as a number, or as a letter in upper case; None where it is neither."""
    value = subject.value
    return value.strip(" ().:").upper() if isinstance(value, str) else number(value)


def question(
    number: int,
    title: str,
    points: float,
    right: float | str,
    sentences: Mapping[str, str],
    telling: Mapping[float | str, str] | None = None,
    otherwise: str | None = None,
) -> Exam:
    """The exam of the cell `question_1`, whose answer is the variable `answer_1`. The notebook holds its text.

    telling: wrong answers that only one mistake leads to, each with its id. otherwise: the id for all other wrong
    answers, None where there is nothing to say of them.
    """

    def check(subject: Subject, draw: Draw) -> None:
        given = plain(subject)
        if given == right:
            return
        evidence = Evidence(f"question {number} in the notebook", repr(right), shown(given))
        if given is None:
            raise Unnamed(f"`{subject.name}` is not set to an answer.", evidence, {"result"})
        mistake = (telling or {}).get(given, otherwise)
        if mistake is None:
            raise Unnamed(f"`{subject.name}` is not the right answer.", evidence, {"result"})
        raise Wrong(mistake, evidence)

    criteria = (Criterion("answer", title, points, check),)
    return Exam(f"question_{number}", criteria, f"question {number}", sentences, defines=f"answer_{number}")
