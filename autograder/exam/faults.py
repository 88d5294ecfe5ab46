"""What is written down for the instructor where something of ours failed on what a student's code gave back."""

from __future__ import annotations

import traceback
from pathlib import Path

from autograder.wire.errors import message_of, plain

OURS = Path(__file__).parents[1]
MESSAGE, KIND = 200, 60


def fault_of(where: str, error: BaseException) -> str:
    """`where` it happened, the exception's kind and words, both bounded, and the last line of our own code."""
    last = [f for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).is_relative_to(OURS)][-1:]
    lines = [f"{Path(frame.filename).relative_to(OURS)}, line {frame.lineno}, in {frame.name}" for frame in last]
    said = plain(message_of(error), MESSAGE).replace("\n", " ")
    return f"{where}: {plain(type(error).__name__, KIND)}: {said} ({', '.join(lines) or 'no line of ours'})"
