"""Questions with one right answer, a number or a letter: how an answer is read, and what is said of a wrong one."""

from __future__ import annotations

from collections.abc import Mapping

from autograder.exam.compare import shown
from autograder.exam.core import Criterion, Evidence, Exam, Finding, Wrong
from autograder.exam.draw import Draw
from autograder.exam.gate import number
from autograder.exam.subject import Subject


def plain(subject: Subject) -> float | str | None:
    """The answer as a number, or as a letter in upper case; None where it is neither."""
    value = subject.value
    return value.strip(" ().:").upper() if isinstance(value, str) else number(value)


def question(
    name: str,
    title: str,
    points: float,
    text: str,
    right: float | str,
    sentences: Mapping[str, str],
    telling: Mapping[float | str, str],
    otherwise: str | None = None,
) -> Exam:
    """The exam of `question_1`, whose answer is the variable `answer_1`.

    `telling`: wrong answers that only one mistake leads to, and its id among `sentences`. `otherwise`: the id for all
    other wrong answers, None where there is nothing to say of them.
    """

    def check(subject: Subject, draw: Draw) -> None:
        given = plain(subject)
        if given == right:
            return
        evidence = Evidence(text, repr(right), shown(given))
        if given is None:
            raise Wrong(Finding(f"`{subject.name}` is not set to an answer.", None, evidence))
        id = telling.get(given, otherwise)
        sentence = f"`{subject.name}` is not the right answer." if id is None else sentences[id]
        raise Wrong(Finding(sentence, id, evidence))

    number = name.removeprefix("question_")
    return Exam(name, f"question {number}", (Criterion("answer", title, points, check),), defines=f"answer_{number}")
