"""A cell's code as HTML, coloured where that is cheap.

Pygments looks for each kind of word by regular expressions, some of which read all blank lines again from each of them;
and it makes some 25 bytes of HTML from each of code. So what is long, or holds long stretches of blanks, is shown
without colours.
"""

from __future__ import annotations

import html
import re

from markupsafe import Markup
from pygments import highlight
from pygments.formatters.html import HtmlFormatter
from pygments.lexers.python import PythonLexer

COLOURED = 12_000  # characters; solutions have some hundreds to some thousands
SHOWN = 64 << 10
BLANKS = re.compile(r"\s{150}")


def coloured(source: str) -> Markup:
    """The code as a `<div class="code">`, all of it escaped. Time and length grow with the source's length alone."""
    if len(source) <= COLOURED and not BLANKS.search(source):
        return Markup(highlight(source, PythonLexer(), HtmlFormatter(nowrap=False, cssclass="code")))
    if len(source) > SHOWN:
        source = f"{source[:SHOWN]}\n… ({len(source) - SHOWN:,} more characters)"
    return Markup(f'<div class="code"><pre>{html.escape(source)}</pre></div>')
