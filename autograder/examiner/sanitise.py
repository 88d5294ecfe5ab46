"""What a student wrote, or their code put out, before it is shown to people: no script, nothing fetched, bounded.

The executed notebook is opened by the instructor in nbgrader's formgrader, which renders HTML and markdown as they
stand. So every output in it is rebuilt here from the types that can only be looked at, and markdown loses its HTML.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from functools import cache
from typing import Any

import nh3
from nbformat import NotebookNode

from autograder.examiner.intake import PICTURES, clean_text

TEXT_LIMIT, PICTURE_LIMIT = 100_000, 4 << 20  # characters of one output
TAGS = set("b br caption code div em i li ol p pre small span strong sub sup table tbody td th thead tr u ul".split())  # noqa: SIM905
TEX = re.compile(r"\\(href|style|class|cssId)")  # MathJax's ways out of mathematics
CONTROL = re.compile(r"[^\x1b\t\n\x20-\x7e\xa0-\U0010ffff]")


@cache
def _cleaner() -> Any:
    """Tables and words in bold: no link, no picture, no style, no attribute but those of a table's cells."""
    cells = {"colspan", "rowspan"}
    return nh3.Cleaner(
        tags=TAGS, attributes={"td": cells, "th": cells}, clean_content_tags={"script", "style"}, link_rel=None
    )


def clean_html(html: str) -> str:
    """HTML that shows and does nothing else."""
    return TEX.sub(r"\\ \1", _cleaner().clean(_bounded(html)))


def clean_markdown(text: str, pasted: Collection[str] = ()) -> str:
    """Markdown whose HTML shows as text, whose links lead to pages only, and whose pictures are those pasted in, of
    these names (nbconvert stops at a name that is not there)."""
    text = re.sub(r"<(?=[A-Za-z/!?])", "< ", text)  # no tag; and in mathematics or code it reads as before
    text = re.sub(r"&(?=[#A-Za-z])", "& ", text)  # no entity in which to hide what follows
    text = re.sub(r"(?i)\b(javascript|vbscript|data|file)[ \t]*:", r"\1 :", text)
    text = re.sub(r"!+\[(?![^\[\]\n`\\]*\]\(attachment:([\w.-]+)\))", "[", text)
    text = re.sub(r"\(attachment:([\w.-]+)\)", lambda m: m[0] if m[1] in pasted else f"({m[1]}, not pasted in)", text)
    return TEX.sub(r"\\ \1", text)


def clean_outputs(outputs: Iterable[dict[str, Any]], count: int | None = None) -> list[NotebookNode]:
    """The outputs of a cell that ran as the `count`th, in nbformat's form, with nothing in them that acts. What is no
    output is left out."""
    cleaned = [cleaned for output in outputs if (cleaned := _clean(output))]
    for output in cleaned:
        if output.output_type == "execute_result":
            output.execution_count = count
    return cleaned


def output_of(kind: str, **content: Any) -> NotebookNode:
    """An output, valid by how it is made: nbformat's `new_output` checks each against its schema, for a millisecond."""
    if kind in ("display_data", "execute_result"):
        content = {"metadata": NotebookNode(), **content, "data": NotebookNode(content["data"])}
    if kind == "execute_result":
        content = {"execution_count": None, **content}
    return NotebookNode(output_type=kind, **content)


def _clean(output: dict[str, Any]) -> NotebookNode | None:
    kind = output.get("output_type")
    if kind == "stream" and output.get("name") in ("stdout", "stderr"):
        return output_of("stream", name=output["name"], text=_plain(output.get("text")))
    if kind == "error":
        lines = output.get("traceback")
        lines = [_plain(line) for line in lines[:200]] if isinstance(lines, list) else []
        return output_of(
            "error", ename=_plain(output.get("ename")), evalue=_plain(output.get("evalue")), traceback=lines
        )
    if kind in ("display_data", "execute_result"):
        data = _clean_bundle(output.get("data"))
        return output_of(kind, data=data) if data else None
    return None


def _clean_bundle(data: Any) -> dict[str, str]:
    """Of all the ways to show an object, those that can only be looked at."""
    kept: dict[str, str] = {}
    for kind, shown in data.items() if isinstance(data, dict) else ():
        shown = "".join(map(str, shown)) if isinstance(shown, list) else shown
        if not isinstance(shown, str):
            continue
        if kind == "text/plain":
            kept[kind] = _plain(shown)
        elif kind == "text/html":
            kept[kind] = clean_html(clean_text(shown))
        elif kind == "text/markdown":
            kept[kind] = clean_markdown(_plain(shown))
        elif kind in PICTURES and len(shown) <= PICTURE_LIMIT and re.fullmatch(r"[A-Za-z0-9+/=\s]+", shown):
            kept[kind] = shown
    return kept


def _plain(text: Any) -> str:
    """Bounded text without control characters; colours (ANSI) stay, since pages render or drop them, and of a line that
    was written over (a progress bar) its last state."""
    if not isinstance(text, str):
        return ""
    lines = clean_text(_bounded(text)).split("\n")
    return CONTROL.sub("�", "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in lines))


def _bounded(text: str) -> str:
    if len(text) <= TEXT_LIMIT:
        return text
    return f"{text[:TEXT_LIMIT]}\n… ({len(text) - TEXT_LIMIT:,} more characters)"
