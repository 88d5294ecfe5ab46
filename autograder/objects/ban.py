"""The ban in force: which operators and library functions a graded function may not call, from call to call.

A ban belongs to a *call*: it is set when the examiner calls a graded function and lifted when the call returns,
forward and backward alike. What is banned is data (`bans`); how it is refused stands in `overrides` (operators),
`library_code` (Python's functions) and `no_autograd`.

This is policy, not confinement: code that destroys the override undoes it. Marks cannot be forged that way (answers are
compared elsewhere), the exercise can be avoided; the examiner reads the source for such attempts and shows them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from autograder.objects.bans import LISTS
from autograder.objects.library_code import LibraryCode
from autograder.objects.no_autograd import NoAutograd
from autograder.objects.overrides import destroy, names, overriding
from autograder.objects.rule import BannedOperator

# Of all operators, PyTorch's `conv2d` on a CPU and its gradient are made of these.
STANDING_IN = {
    "conv2d", "convolution", "_convolution", "_convolution_mode", "mkldnn_convolution", "thnn_conv2d",
    "_slow_conv2d_forward", "slow_conv_dilated2d", "convolution_backward", "_slow_conv2d_backward",
}  # fmt: skip


BASE_CLASS = "base class: what is made here inherits from a class of the library that the assignment bans."


class Ban:
    """The ban in force in this process: at most one list at a time.

    Putting the overrides in place costs about a millisecond, so a list stays until another question asks for
    something else: `switch` is called before every question, and the student's own cells run under `switch(None)`.
    """

    def __init__(self) -> None:
        self.name: str | None = None
        self.standing_in = False  # Does PyTorch's `conv2d` stand in for a student's at this moment?
        self._others: list[torch.library.Library] = []
        self._lifted: list[torch.library.Library] = []  # what `lifting` takes away
        self._library, self._autograd = LibraryCode(), NoAutograd()

    def switch(self, name: str | None) -> None:
        """Ban the list `name` (a key of `LISTS`), nothing for None."""
        if name == self.name:
            return
        destroy(self._others)
        destroy(self._lifted)
        self._library.restore()
        self._autograd.restore()
        self.name = name
        if name is None:
            return
        rule = LISTS[name]
        self._others = overriding((n for n in names(rule.refused) if n not in STANDING_IN), rule)
        self._put_back()
        self._library.refuse(rule)
        if rule.autograd:
            self._autograd.refuse()

    @contextmanager
    def lifting(self) -> Iterator[None]:
        """Within the block, the few operators that PyTorch's `conv2d` is made of are free, if something stands in.
        (Lifting the whole list takes five times as long, and a layer that is examined with a stand-in does it a hundred
        times.)"""
        if not self.standing_in or not self._lifted:
            yield
            return
        destroy(self._lifted)
        try:
            yield
        finally:
            self._put_back()

    def refuse_bases(self, thing: Any) -> None:
        """Refuse a class that inherits from one that the ban in force names, and what is made of such a class.

        C asks the types themselves: what a class says about itself (`__class__`, a metaclass) changes nothing.
        """
        banned = LISTS[self.name].bases if self.name else ()
        if any(issubclass(cls, banned) for cls in (type(thing), thing) if isinstance(cls, type)):
            raise BannedOperator(BASE_CLASS)

    def _put_back(self) -> None:
        rule = LISTS[self.name or ""]
        self._lifted = overriding((n for n in names(rule.refused) if n in STANDING_IN), rule)

    @contextmanager
    def during(self, name: str | None) -> Iterator[None]:
        """Ban `name` for a block, then what was banned before."""
        before = self.name
        self.switch(name)
        try:
            yield
        finally:
            self.switch(before)


BAN = Ban()
