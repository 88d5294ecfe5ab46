"""What a person can mend: the base of every error whose message is for them."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class UserError(Exception):
    """What was asked for cannot be done. The message is a sentence for people: what was found, and what to do.

    The command line shows it, and ends with 2."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """ " Did you mean ada?", where a name that is known resembles this one, or is the only one of which it is a part;
    else nothing."""
    by_lower = {one.casefold(): one for one in known}
    near = get_close_matches(name.casefold(), by_lower, n=1)
    if not near and name:
        within = [one for one in by_lower if name.casefold() in one]
        near = within if len(within) == 1 else []
    return f" Did you mean {by_lower[near[0]]}?" if near else ""
