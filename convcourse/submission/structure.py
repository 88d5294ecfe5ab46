"""How much a text of JSON holds and how deep it is nested, told before it is parsed, in one pass over its bytes."""

from __future__ import annotations

import re
from itertools import accumulate
from typing import NamedTuple

# A text, also one without an end. Without the `?` the search would begin anew at each quote in a text that never ends;
# without the `+` that gives nothing back it could try each way to read one.
_TEXTS = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_OTHERS = bytes(set(range(256)) - set(b"[]{},"))
_STEP = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}


class Structure(NamedTuple):
    """What brackets and commas outside of texts say. `brackets`: opening ones; `values`: these and the commas, which
    is more than the lists, objects, keys and values in it; `depth`: of the deepest."""

    brackets: int
    values: int
    depth: int


def structure(data: bytes) -> Structure:
    """What `data` holds if it is JSON; where it is none, what a parser could meet before it finds out."""
    outside = _TEXTS.sub(b"", data).translate(None, _OTHERS)
    brackets = outside.translate(None, b",")
    opening = brackets.count(b"[") + brackets.count(b"{")
    depth = max(accumulate(map(_STEP.__getitem__, brackets)), default=0)
    return Structure(opening, opening + len(outside) - len(brackets), depth)
