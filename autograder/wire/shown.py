"""What a page shows of a cell's outputs: the one list of kinds, for whoever records, checks, cleans or shows them."""

from __future__ import annotations

PICTURES = "image/png", "image/jpeg", "image/gif"  # base64
# What pages would render in languages in which links and scripts can be hidden is shown as the text that it is.
AS_TEXT = "text/markdown", "text/latex"
SHOWN = *PICTURES, "text/html", *AS_TEXT, "text/plain"
# Lines of an error's traceback: the innermost are kept.
LINES = 100
