"""What a student wrote, or their code put out, before it is shown to people: no script, nothing fetched, bounded.

The executed notebook is opened by the instructor in nbgrader's formgrader, which renders HTML and markdown as they
stand. So every output in it is rebuilt here from the types that can only be looked at, and markdown is left nothing
that could become a link, a picture from elsewhere, or HTML. All of it takes time and room that grow with the text's
length alone.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from functools import cache
from typing import Any

import nh3
from nbformat import NotebookNode

from autograder.wire.shown import AS_TEXT, PICTURES
from convcourse.submission.intake import clean_text

TEXT_LIMIT, PICTURE_LIMIT = 100_000, 4 << 20  # characters of one output
MARKDOWN_LIMIT = 16_000  # characters of one cell: some 2,500 words
HTML_DEPTH = 100
TAGS = set("b br caption code div em i li ol p pre small span strong sub sup table tbody td th thead tr u ul".split())  # noqa: SIM905
# Elements that a parser of HTML opens again in each paragraph after the one in which they were left open. Under another
# name they are elements like all others, and HTML does not grow with the square of its length.
REOPENED = "a|big|b|code|em|font|i|nobr|small|strike|strong|s|tt|u"
RENAMED = re.compile(rf"(?i)<(/?)({REOPENED})(?=[\s/>])")
NAMED_BACK = re.compile(rf"<(/?)x-({REOPENED})>")
TAG = re.compile(r"<(/?)([a-z][^\s/>]*+)[^>]*+", re.IGNORECASE)  # all of it: what stands in a tag is no tag
FOREIGN = re.compile(r"<(?:svg|math)", re.IGNORECASE)  # in these nothing closes what was opened before
VOID = frozenset("area base br col embed hr img input link meta param source track wbr".split())  # noqa: SIM905
CLOSED_BY_THE_NEXT = frozenset({"p", "li", "tr", "td", "th", "dt", "dd"})
# What MathJax knows that is more than mathematics: links, attributes, code to load, and new names for these.
TEX = re.compile(
    r"\\(href|url|style|class|cssId|data|html\w*|mmlToken|require|includegraphics|bbox|unicode|csname|texttip|mathtip"
    r"|toggle|[gex]?def|let|(?:re)?newcommand|(?:re)?newenvironment|Newextarrow)(?![A-Za-z])"
)
CONTROL = re.compile(r"[^\x1b\t\n\x20-\x7e\xa0-\U0010ffff]")
PICTURE = re.compile(r"!\[[^\[\]\n`\\]*+\]\(attachment:([\w.-]++)\)")
# A fence's info: a name of a language, at which nbconvert chooses a parser, or leaves it to a script (mermaid).
INFO = re.compile(r"(?m)^((?:[^\S\n]|[>*+\-\d.):])*+(?:`{3,}+(?=[^\n`]*+$)|~{3,}+))([^\n]*+)$")


@cache
def _cleaner() -> Any:
    """Tables and words in bold: no link, no picture, no style, no attribute but those of a table's cells."""
    cells = {"colspan", "rowspan"}
    return nh3.Cleaner(
        tags=TAGS | {f"x-{name}" for name in REOPENED.split("|") if name in TAGS},
        attributes={"td": cells, "th": cells},
        clean_content_tags={"script", "style"},
        link_rel=None,
    )


def clean_html(html: str) -> str:
    """HTML that shows and does nothing else. What is nested deeper than a page can be is not shown."""
    html = _bounded(html)
    too_deep = f"<p>HTML that is nested more than {HTML_DEPTH} levels deep is not shown.</p>"
    if _depth(html) > HTML_DEPTH:
        return too_deep
    cleaned = _cleaner().clean(RENAMED.sub(r"<\1x-\2", html))
    if _depth(cleaned) > HTML_DEPTH:  # its tags are what the parser saw, whatever they looked like before
        return too_deep
    return TEX.sub(r"\\ \1", NAMED_BACK.sub(r"<\1\2>", cleaned))


def _depth(html: str) -> int:
    """How deep a parser may nest these tags, whose work grows with depth times length. A closing tag closes only what
    was opened last."""
    deepest = 0
    stack: list[str] = []
    closed_by_the_next = frozenset() if FOREIGN.search(html) else CLOSED_BY_THE_NEXT
    for closing, name in TAG.findall(html):
        name = name.lower()
        if closing:
            if stack and stack[-1] == name:
                stack.pop()
            continue
        if name in closed_by_the_next:
            ends = len(stack)
            while ends and stack[ends - 1] in closed_by_the_next and len(stack) - ends < 4:
                ends -= 1
                if stack[ends] == name:
                    del stack[ends:]
                    break
        if name not in VOID:
            stack.append(name)
            deepest = max(deepest, len(stack))
    return deepest


def clean_markdown(text: str, pasted: Collection[str] = ()) -> str:
    """Markdown without links and without HTML, whose pictures are those pasted in, of these names (nbconvert stops at a
    name that is not there).

    Every link needs `](`, `]:` or `<` and a letter, whatever stands around them, escapes and code included; all HTML
    needs `<` and a letter, `/`, `!` or `?`. A space in these is seen by no reader and parts them for every parser.
    """
    if len(text) > MARKDOWN_LIMIT:
        text = f"{text[:MARKDOWN_LIMIT]}\n\n… ({len(text) - MARKDOWN_LIMIT:,} more characters)"
    text = CONTROL.sub("�", text.replace("\r\n", "\n"))  # a browser drops some, and joins what they parted
    text = INFO.sub(_without_info, text)
    text = re.sub(r"<(?=[A-Za-z/!?])", "< ", text)
    text = re.sub(r"&(?=[#A-Za-z])", "& ", text)  # no entity in which to hide what follows
    kept, place = [], 0
    for found in PICTURE.finditer(text):
        if found[1] in pasted:
            kept += [_parted(text[place : found.start()]), found[0]]
            place = found.end()
    kept.append(_parted(text[place:]))
    return TEX.sub(r"\\ \1", "".join(kept))


def _parted(text: str) -> str:
    """Without links and pictures."""
    text = re.sub(r"\(attachment:([\w.-]++)\)", r"(\1, not pasted in)", text)
    return re.sub(r"\](?=[(:])", "] ", text)


def _without_info(fence: re.Match[str]) -> str:
    """A fence alone; more than a language's name is text, and stays below it."""
    info = fence[2].strip()
    return fence[1] if re.fullmatch(r"[\w+#.-]{0,20}", info) else f"{fence[1]}\n{info}"


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
    """Of all the ways to show an object, those that can only be looked at. Text in a language of its own (markdown,
    LaTeX) is shown as it was written, in the place of the object's name."""
    kept: dict[str, str] = {}
    as_text: list[str] = []
    for kind, shown in data.items() if isinstance(data, dict) else ():
        shown = "".join(map(str, shown)) if isinstance(shown, list) else shown
        if not isinstance(shown, str):
            continue
        if kind == "text/plain":
            kept[kind] = _plain(shown)
        elif kind == "text/html":
            kept[kind] = clean_html(clean_text(shown))
        elif kind in AS_TEXT:
            as_text.append(_plain(shown))
        elif kind in PICTURES and len(shown) <= PICTURE_LIMIT and re.fullmatch(r"[A-Za-z0-9+/=\s]+", shown):
            kept[kind] = shown
    if as_text:
        kept["text/plain"] = "\n".join(as_text)
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
