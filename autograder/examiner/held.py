"""What is held on an assignment: its exams, or nothing but the asserts in its own notebook."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from autograder.exam.assignment import Assignment


def topic(name: str) -> str:
    """The assignment's name as a module's: "09-my-part" is "my_part"."""
    head, _, rest = name.partition("-")
    return (rest if head.isdigit() and rest else name).replace("-", "_")


def assignment(name: str) -> Assignment:
    """The assignment as its exam package has it. Where there is none, an assignment without exams."""
    module = f"autograder.exam.{topic(name)}"
    package = import_module(module) if topic(name).isidentifier() and find_spec(module) else None
    held = getattr(package, "ASSIGNMENT", None)
    return held if isinstance(held, Assignment) else Assignment(name, (), {})
