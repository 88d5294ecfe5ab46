"""A student's exception in the words of feedback: in one line, without a full stop, and what is missing where notebooks
are graded told as that."""

from __future__ import annotations

import re

LONGEST = 200  # characters of what an exception says
# What an error says where something is missing that a student has at home, and how it is told.
ELSEWHERE = (
    (
        re.compile(r"urlopen error|name resolution|getaddrinfo|nodename nor servname|Max retries|ConnectionError"),
        "there is no network where notebooks are graded",
    ),
    (
        re.compile(r"NVIDIA driver|not compiled with CUDA|No CUDA GPUs|CUDA-capable device|HIP GPUs|MPS backend"),
        "there is no graphics card where notebooks are graded",
    ),
    (re.compile(r"^BdbQuit\b"), "the code still holds a `breakpoint()`, and nobody can answer a debugger here"),
)
# How PyTorch begins its list of all ways in which a function can be called.
SIGNATURES = re.compile(r",? but expected one of:?$")
ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
FOLDERS = re.compile(r"(?<![\w.])/(?:[^\s/:'\"()]+/)+")  # of a path, which say where the grader is


def in_words(name: str, message: str, when: str = "") -> str:
    """ "IndexError on a pair: list index out of range". name: of its class; when: in which case it was raised."""
    said = _elsewhere(name, message) or first_line(message)
    return f"{name}{when}: {said}" if said else f"{name}{when}"


def quoted(name: str, message: str, when: str = "") -> str:
    """The same, as part of a sentence: what it says stands in quotation marks."""
    said = first_line(message).replace("“", '"').replace("”", '"')
    told = _elsewhere(name, message) or (f"“{said}”" if said else "")
    return f"{name}{when}: {told}" if told else f"{name}{when}"


def _elsewhere(name: str, message: str) -> str:
    """What is missing here, where that is why it was raised."""
    return next((told for words, told in ELSEWHERE if words.search(f"{name}: {message}")), "")


def first_line(message: str) -> str:
    """The first line of what an exception says, without its full stop, an object's address, and PyTorch's lists of
    signatures."""
    line = next((line for line in message.splitlines() if line.strip()), "").strip()
    line = SIGNATURES.sub("", FOLDERS.sub("", ADDRESS.sub("", line))).replace("`", "'").rstrip(" .:;,")
    return line if len(line) <= LONGEST else f"{line[:LONGEST].rsplit(' ', 1)[0]} …"
