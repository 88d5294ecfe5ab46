"""Python in colours, as HTML."""

from __future__ import annotations

from pygments import highlight
from pygments.formatters.html import HtmlFormatter
from pygments.lexers.python import PythonLexer


def coloured(source: str) -> str:
    """The source as HTML that shows and does nothing else: a `div.code` that holds a `pre`."""
    return highlight(source, PythonLexer(), HtmlFormatter(nowrap=False, cssclass="code"))
