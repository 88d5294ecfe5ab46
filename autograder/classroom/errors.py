"""What a person can mend: the base of every error whose message is for them."""

from __future__ import annotations


class UserError(Exception):
    """What was asked for cannot be done. The message is a sentence for people: what was found, and what to do.

    The command line shows it, and ends with 2."""
