"""What instructors write to students in formgrader: Markdown, shown on the feedback page as formgrader shows it.

A page runs no script, so formulas, which MathJax sets in formgrader, are drawn here, by Matplotlib.
"""

from __future__ import annotations

import html
from functools import cache

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup
from mdit_py_plugins.dollarmath import dollarmath_plugin

TAGS = {
    *("p", "br", "hr", "em", "strong", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a"),
    *("table", "thead", "tbody", "tr", "th", "td", "svg", "path"),
}
ATTRIBUTES = {
    "a": {"href"},
    "svg": {"viewBox", "width", "height", "style", "role", "class", "aria-label"},
    "path": {"d"},
}
EM = 16.0  # units of a drawing in one em


def markdown(text: str) -> Markup:
    """Markdown as HTML in which nothing acts: a few tags, links to web pages, and formulas between `$`."""
    return Markup(
        nh3.clean(
            _parser().render(text),
            tags=TAGS,
            attributes=ATTRIBUTES,
            url_schemes={"http", "https", "mailto"},
            filter_style_properties={"vertical-align"},
            link_rel="noopener noreferrer",
        )
    )


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["table", "strikethrough"])
    parser.use(
        dollarmath_plugin,
        allow_labels=False,
        allow_digits=False,
        double_inline=True,
        renderer=lambda tex, _: formula(tex),
    )
    return parser


def formula(tex: str) -> str:
    """A formula as an SVG in the colour of the text around it; as code where Matplotlib cannot set it."""
    from matplotlib.path import Path
    from matplotlib.textpath import TextPath

    try:
        drawn = TextPath((0, 0), f"${tex}$", size=EM, usetex=False)
        box = drawn.get_extents()
    except Exception:  # of whatever kind: Matplotlib has no one type for what it does not know
        return f"<code>{html.escape(tex)}</code>"
    commands = {Path.MOVETO: "M", Path.LINETO: "L", Path.CURVE3: "Q", Path.CURVE4: "C", Path.CLOSEPOLY: "Z"}
    path = ""
    for corners, code in drawn.iter_segments(curves=True, simplify=False):
        numbers = (
            "" if code == Path.CLOSEPOLY else " ".join(f"{n:.2f}" for n in corners * ([1, -1] * (len(corners) // 2)))
        )
        path += f"{commands[code]}{numbers}"
    view = f"{box.x0:.2f} {-box.y1:.2f} {box.width:.2f} {box.height:.2f}"
    size = (
        f'width="{box.width / EM:.3f}em" height="{box.height / EM:.3f}em" style="vertical-align: {box.y0 / EM:.3f}em"'
    )
    name = html.escape(tex, quote=True)
    return f'<svg role="img" aria-label="{name}" class="formula" viewBox="{view}" {size}><path d="{path}"></path></svg>'
