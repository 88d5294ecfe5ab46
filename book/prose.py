"""Lists sentences that a reader at B2 has to decode: ``python book/prose.py``, part of ``make lint``.

Looks at the book's pages and at the text cells of ``solutions/``. Formulas, code, roles, tables and options of
directives are taken out before. A sentence is listed for more than one colon or semicolon, and for words that
CONTRIBUTING.md replaces. The exit code is 1 if there is any.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGES = [*sorted((ROOT / "book").glob("*.md")), *sorted((ROOT / "solutions").glob("*.py"))]

# (a pattern, what to write)
WORDS = (
    (r"(?:each|every|all|same|other) places?\b", "position"),
    (r"in the place of", "instead of"),
    (r"by chance", "at random"),
    (r"seldom", "rarely"),
    (r"for all that|all the same\b(?! as)", "despite, nevertheless"),
    (r"surer|coats|to speak of|be had\b|was had\b|were had\b", "a word that can be taken literally"),
    (r"bears? the name", "is called"),
    (r"an? even (?:picture|image|map|area|grey)", "uniform"),
    (r"(?:kernel|picture|image|it|is|are) turned\b|\bturned (?:kernel|by 180)", "rotated by 180°, flipped"),
    (r"asked of PyTorch", "computed by PyTorch"),
    (r"\bone (?:number|weight|logit|colour|title) an? \w+", "one … per …"),
    (r"\bsuffered\b|\bdear\b|\bhad thought up\b", "a plain word"),
    (r"for nothing\b", "for free"),
)
CODE = re.compile(r"^(`{3,})(?:\{code-cell\}|\{code-block\}|\{figure\}|[a-z]*$).*?^\1$", re.S | re.M)
FENCES = re.compile(r"^(?:`{3,}|:{3,}).*$", re.M)
NOT_PROSE = re.compile(
    r"\$\$.*?\$\$"  # formulas
    r"|^---$.*?^---$"  # front matter
    r"|^:[\w-]+:.*?$|^\([\w-]+\)=$|^\|.*?$|^#+ .*?$"  # options, labels, tables, headings
    r"|<!--.*?-->",
    re.S | re.M,
)
INLINE = (
    (r"\$[^$]*\$", "x"),
    (r"\{[\w:-]+\}`[^`]*`", "x"),
    (r"`[^`\n]*`", "x"),
    (r"\]\([^)]*\)", "]"),
    (r"https?://\S+", "x"),
)


def text_cells(source: str) -> str:
    """The Markdown of a jupytext notebook in the percent format."""
    cells = re.split(r"^# %%", source, flags=re.M)
    chosen = [cell.split("\n", 1)[-1] for cell in cells if cell.startswith(" [markdown]")]
    return "\n\n".join(re.sub(r"^# ?", "", cell, flags=re.M) for cell in chosen)


def prose(path: Path) -> str:
    """A file's text without what is no prose, captions of figures included."""
    source = path.read_text(encoding="utf-8")
    text = text_cells(source) if path.suffix == ".py" else source
    captions = re.findall(r'^    (?:caption|alt): "(.*)"$', text, re.M)
    text = re.sub(r"^```\{math\}.*?^```$", "", text, flags=re.S | re.M)
    text = FENCES.sub("\n", CODE.sub("\n\n", text))
    text = NOT_PROSE.sub("\n", "\n\n".join([text, *captions]))
    for pattern, stand_in in INLINE:
        text = re.sub(pattern, stand_in, text)
    return text


def sentences(text: str) -> list[str]:
    """Cut at full stops, question marks, paragraphs and list items."""
    joined = re.sub(r"\n(?=\s*(?:[-*>:]|\d+\.)\s)|\n\s*\n", "\0", text)
    parts = [part for block in joined.split("\0") for part in re.split(r"(?<=[.?!])[*”\")]*\s+", block)]
    return [" ".join(part.split()).lstrip("-*>: ") for part in parts if part.strip()]


def complaints(path: Path) -> list[str]:
    """What is wrong with a file's sentences, a line each."""
    found = []
    for sentence in sentences(prose(path)):
        marks = len(re.findall(r"[:;](?=\s)|:$", re.sub(r"^[A-D]: ", "", sentence)))  # answers to choose have letters
        if marks > 1:
            found.append(f"{marks} colons or semicolons: {sentence}")
        found += [f"{said}: {sentence}" for said in replaced(sentence)]
    return found


def replaced(sentence: str) -> list[str]:
    """The words of a sentence for which there are better ones."""
    found = ((re.search(rf"\b{pattern}", sentence, re.I), better) for pattern, better in WORDS)
    return [f"“{match[0]}”, better “{better}”" for match, better in found if match]


def main() -> int:
    total = 0
    for path in PAGES:
        for line in complaints(path):
            print(f"{path.relative_to(ROOT)}: {line}")
            total += 1
    if total:
        print(f"{total} sentences to mend; the rule is in CONTRIBUTING.md, “Prose”.", file=sys.stderr)
    return bool(total)


if __name__ == "__main__":
    sys.exit(main())
