"""The list of sentences to mend finds what it should, and nothing in formulas, code or tables."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
spec = importlib.util.spec_from_file_location("prose", ROOT / "book" / "prose.py")
prose = importlib.util.module_from_spec(spec)
spec.loader.exec_module(prose)


def found(text: str, tmp_path: Path, name: str = "page.md") -> list[str]:
    path = tmp_path / name
    path.write_text(text)
    return prose.complaints(path)


@pytest.mark.parametrize(
    "sentence",
    [
        "It has two: one, and another; both are listed.",
        "The kernel is turned by 180°.",
        "One weight a colour is left.",
        "It is used in the place of another.",
        "- An item with one: and two: of them.",
    ],
)
def test_sentences_to_mend_are_listed(sentence, tmp_path):
    assert len(found(sentence, tmp_path)) >= 1


@pytest.mark.parametrize(
    "text",
    [
        "It has one colon: this one. The next sentence has one, too: here.",
        "A formula $a: b; c; d$ and code `x[1:2:3]` do not count.",
        "| a: b; c | d: e; f |",
        "```python\na: b; c: d\n```",
        "```{math}\n:label: eq\na;b;c;d\n```",
        "```{code-cell}\nfor a in b: c; d\n```",
        "A page (https://example.org/a:b;c) is linked.",
    ],
)
def test_what_is_no_prose_is_not_listed(text, tmp_path):
    assert not found(text, tmp_path)


def test_captions_and_text_cells_are_prose(tmp_path):
    caption = '```{code-cell}\n---\nmystnb:\n  figure:\n    caption: "One: two; three."\n---\nx\n```\n'
    assert len(found(caption, tmp_path)) == 1
    assert len(found("# %% [markdown]\n# One: two; three.\n\n# %%\na = 1  # b: c; d; e\n", tmp_path, "cells.py")) == 1


def test_no_sentence_is_left_to_mend():
    left = [line for path in prose.PAGES for line in prose.complaints(path)]
    assert not left, "\n".join(left)
