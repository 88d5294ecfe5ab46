"""What a shared link and a search engine show of a page: title, description, picture (Open Graph and Twitter's card).

The description is the page's question, or its first paragraph where it has none. Addresses in these tags must be whole,
so the picture and the page's own address are there only where ``book_url`` in ``course.toml`` says where the book
stands. `html-page-context` of the readers' pages; the instructors' have none.
"""

import re
from html import escape
from pathlib import Path

from docutils import nodes
from page_notebooks import SETTINGS

ROOT = Path(__file__).resolve().parents[2]
PICTURE, SIZE = "social.jpg", (1200, 630)  # in `_static`; `python book/social_picture.py` makes it
LONGEST = 200  # characters of a description
QUESTION = "The question. "


def description(page: nodes.document) -> str:
    """A page's question, else its first paragraph; whole sentences, as many as there is room for."""
    paragraphs = [node.astext().replace("\n", " ") for node in page.findall(nodes.paragraph)]
    questions = [words.removeprefix(QUESTION) for words in paragraphs if words.startswith(QUESTION)]
    sentences = re.split(r"(?<=[.?!]) +", (questions or paragraphs or [""])[0])
    words = sentences.pop(0)
    while sentences and len(words) + 1 + len(sentences[0]) <= LONGEST:
        words += " " + sentences.pop(0)
    return words


def tags(page: str, title: str, words: str, book: str, address: str) -> str:
    """The tags of ``page`` (a path in the site, without suffix). The book is called ``book`` and stands at ``address``,
    which counts as none where it is no address of the web."""
    whole = address.rstrip("/") if re.match("https?://", address) else ""
    chapter = bool(re.match(r"book/\d\d-", page))
    found = {
        "og:title": title,
        "og:description": words,
        "og:type": "article" if chapter else "website",
        "og:site_name": book,
    }
    if whole:
        found["og:url"] = f"{whole}/{page}.html"
        found["og:image"] = f"{whole}/_static/{PICTURE}"
        found["og:image:width"], found["og:image:height"] = map(str, SIZE)
        found["og:image:alt"] = "A photograph of a cat, a kernel of nine numbers, and the edges that it finds."
    named = {"description": words, "twitter:card": "summary_large_image" if whole else "summary"}
    lines = [f'<meta property="{key}" content="{escape(value)}" />' for key, value in found.items()]
    return "\n".join([*lines, *(f'<meta name="{key}" content="{escape(value)}" />' for key, value in named.items())])


def readers_pages() -> set[str]:
    return set(re.findall(r"(?:root|file): (book/[\w-]+)", (ROOT / "_toc.yml").read_text()))


def add_tags(app, pagename, templatename, context, doctree) -> None:
    if doctree is None or pagename not in readers_pages():
        return
    title = re.sub(r"<[^>]*>", "", context["title"])
    added = tags(pagename, title, description(doctree), context["docstitle"], SETTINGS["book_url"])
    context["metatags"] = f"{context.get('metatags', '')}\n{added}\n"


def setup(app) -> dict[str, bool]:
    app.connect("html-page-context", add_tags)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
