"""Boxes that fold, named mistakes and questions of a quiz. All is HTML’s own ``<details>`` and works without scripts.

- ``{mistake} Title``: one named mistake. Labels that stand before it are the anchors that feedback links to. They lie
  inside the box, so a browser that is sent to one of them opens it. With ``:open:`` the box is open from the start.
- ``{mistakes-elsewhere}``: a folded list of the boxes on the chapter's other pages. Feedback knows a chapter by its
  first page; on this page each anchor of another page is an entry of the list, and `course.mjs` goes on from there.
- ``{quiz} Question?``: its content is a definition list. A term is an answer to choose, its definition says whether the
  answer is right, and begins with "Yes" for exactly one of them.
"""

import re
from html import escape

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

PLACE = "<!-- mistakes elsewhere -->"
TITLE = "What goes wrong: "


class mistake(nodes.General, nodes.Element):
    """A folded box; ``title`` and ``open`` are attributes, and the ids are its anchors."""


class elsewhere(nodes.General, nodes.Element):
    """Where the list of the other pages' boxes goes."""


class quiz(nodes.General, nodes.Element):
    """A question (first child) and its `quiz_option`s."""


class quiz_option(nodes.General, nodes.Element):
    """A `quiz_choice` and what is said to somebody who chooses it; ``right`` is an attribute."""


class quiz_choice(nodes.General, nodes.TextElement):
    """The words of an answer to choose."""


class MistakeDirective(SphinxDirective):
    required_arguments, final_argument_whitespace, has_content = 1, True, True
    option_spec = {"open": directives.flag}

    def run(self) -> list[nodes.Node]:
        node = mistake(title=self.arguments[0], open="open" in self.options)
        self.state.nested_parse(self.content, self.content_offset, node)
        return [node]


class ElsewhereDirective(SphinxDirective):
    def run(self) -> list[nodes.Node]:
        return [elsewhere()]


class QuizDirective(SphinxDirective):
    required_arguments, final_argument_whitespace, has_content = 1, True, True

    def run(self) -> list[nodes.Node]:
        words, problems = self.state.inline_text(self.arguments[0], self.lineno)
        found = nodes.Element()
        self.state.nested_parse(self.content, self.content_offset, found)
        node = quiz("", nodes.paragraph("", "", *words, classes=["quiz-question"]))
        for item in found.findall(nodes.definition_list_item):
            term, definition = item.children[0], item.children[-1]
            right = definition.astext().startswith("Yes")
            node += quiz_option("", quiz_choice("", "", *term.children), *definition.children, right=right)
        rights = [option["right"] for option in node.children[1:]]
        if len(rights) < 2 or sum(rights) != 1:
            raise self.error(f"a quiz needs two answers or more, one of them with 'Yes': {self.arguments[0]!r}")
        return [node, *problems]


def capital(title: str) -> str:
    return title[:1].upper() + title[1:]


def visit_mistake(self, node) -> None:
    anchors = "".join(f'<span id="{name}"></span>' for name in node["ids"])
    opened = " open" if node["open"] else ""
    title = TITLE + node["title"] if node["open"] else capital(node["title"])  # folded ones stand under such a heading
    self.body.append(f'<details class="mistake"{opened}><summary>{escape(title)}</summary>{anchors}\n')


def visit_elsewhere(self, node) -> None:
    self.body.append(PLACE)


def visit_quiz_option(self, node) -> None:
    self.body.append(f'<details class="{"right" if node["right"] else "wrong"}">')


def tags(opening: str, closing: str):
    """Visitor and departure that write these tags."""
    return (lambda self, node: self.body.append(opening), lambda self, node: self.body.append(closing))


def pages_of_chapter(env, first: str) -> list[str]:
    """The pages of the chapter whose first page is ``first``, without it: ``book/01-x`` → ``book/01-x-…``."""
    return sorted(name for name in env.found_docs if name.startswith(f"{first}-"))


def list_elsewhere(app, pagename, templatename, context, doctree) -> None:
    if PLACE not in context.get("body", ""):
        return
    entries = []
    for page in pages_of_chapter(app.env, pagename):
        for box in app.env.get_doctree(page).findall(mistake):
            first, *others = box["ids"]
            anchors = "".join(f'<span id="{name}"></span>' for name in others)
            link, title = app.builder.get_relative_uri(pagename, page), escape(capital(box["title"]))
            entries.append(f'<li>{anchors}<a id="{first}" href="{link}#{first}">{title}</a></li>')
    words = f"The {len(entries)} mistakes that this chapter’s other pages explain"
    folded = f'<details class="elsewhere"><summary>{words}</summary><ul>{"".join(entries)}</ul></details>'
    context["body"] = context["body"].replace(PLACE, folded if entries else "")


def renew_first_pages(app, env, added, changed, removed) -> list[str]:
    """A chapter's first page lists boxes of its others, so it is written anew with them."""
    firsts = {match[0] for page in added | changed if (match := re.match(r"book/\d\d-[a-z]+(?=-)", page))}
    return sorted(firsts & env.found_docs)


def setup(app) -> dict[str, bool]:
    app.add_directive("mistake", MistakeDirective)
    app.add_directive("mistakes-elsewhere", ElsewhereDirective)
    app.add_directive("quiz", QuizDirective)
    app.add_node(mistake, html=(visit_mistake, lambda self, node: self.body.append("</details>\n")))
    app.add_node(elsewhere, html=(visit_elsewhere, lambda self, node: None))
    app.add_node(quiz, html=tags('<div class="quiz">\n', "</div>\n"))
    app.add_node(quiz_option, html=(visit_quiz_option, lambda self, node: self.body.append("</details>\n")))
    app.add_node(quiz_choice, html=tags("<summary>", "</summary>\n"))
    app.connect("env-get-outdated", renew_first_pages)
    app.connect("html-page-context", list_elsewhere)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
