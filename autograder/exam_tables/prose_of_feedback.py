"""What is wrong with a text that a student reads as feedback: whole sentences, plain words, none of Python's insides.

The words that are replaced by better ones are those of the book's pages (`book/prose.py`).
"""

from __future__ import annotations

import importlib.util
import re
from functools import cache
from types import ModuleType

from autograder.exam_tables.implementations import ROOT

# What stands for itself: code, and what a student's or PyTorch's error says, which is quoted.
QUOTED = re.compile(r"`[^`]+`|“[^”]*”|\"[^\"]*\"")
SENTENCES = re.compile(r"(?<=[.?!])[)”]*\s+")
BEGINS = re.compile(r"[A-Z0-9(“]")
ENDS = re.compile(r"[.?][)”]?$")
FAULTS = (
    (r"[<{]['\w][^>}]*[>}]|\btensor\(|torch\.Size|\bobject at 0x|\\n", "shows a Python object"),
    (r"\b(?:(?:Remote|Local)?Subject|Raised|Changed|Banned|Missing|Unnamed|Evidence|autograder)\b", "names our code"),
    (r"\b[Aa] (?:[aio]|e(?!u))\w|\b[Aa]n [bcdfgjkpqtvwyz]\w", "has the wrong article"),
    (r"\.\.(?!\.)|[,:;]\s*[,:;.]|\s[,:;.](?!\w)|  |\(\(", "has stops, spaces or brackets without words between them"),
    (r"\n", "has more than one line"),
)  # fmt: skip


def faults_of(text: str) -> list[str]:
    """What is wrong with a text of one sentence or several; [] where nothing is."""
    bare = re.sub(r"…|\.\.\.", "", QUOTED.sub("X", text))
    found = [f"{said}: {match[0]!r}" for pattern, said in FAULTS if (match := re.search(pattern, bare))]
    for sentence in SENTENCES.split(bare.strip()):
        if not BEGINS.match(sentence):
            found.append(f"begins with no capital letter: {sentence}")
        if not ENDS.search(sentence):
            found.append(f"ends with no full stop: {sentence}")
        for mark, name in ((":", "colon"), (";", "semicolon")):
            if len(re.findall(rf"{mark}(?=\s|$)", sentence)) > 1:
                found.append(f"has more than one {name}: {sentence}")
        found += [f"{said}: {sentence}" for said in _book().replaced(sentence)]
    return found


@cache
def _book() -> ModuleType:
    """`book/prose.py`, which is a program and stands in no package."""
    spec = importlib.util.spec_from_file_location("prose", ROOT / "book" / "prose.py")
    if spec is None or spec.loader is None:
        raise ImportError("book/prose.py is missing")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
