"""A run with `--force` that was stopped goes on where it stopped.

Such a run grades again what has a result, so the journal's last lines do not say what is left of it. A file of the
class folder does: whom the run was to grade, and how long the journal was when it began. It is gone when all are
graded.
"""

from __future__ import annotations

import json
from collections.abc import Collection

from autograder.classroom.folder import ClassFolder, write_whole
from autograder.classroom.journal import read_lines

Key = tuple[str, str]


class Forced:
    """The forced run of a class that is not at its end; `begin` it, and `end` it."""

    def __init__(self, folder: ClassFolder):
        self.file, self.journal = folder.root / ".forced.json", folder.journal

    def begin(self, keys: Collection[Key]) -> set[Key]:
        """Begin to grade these again, or go on with it: those that are graded already."""
        if (since := self._since(keys)) is not None:
            return set(read_lines(self.journal.read_bytes()[since:])) & set(keys)
        begun = {"keys": sorted(keys), "since": self.journal.stat().st_size}
        write_whole(self.file, json.dumps(begun))
        return set()

    def end(self) -> None:
        """All are graded."""
        self.file.unlink(missing_ok=True)

    def _since(self, keys: Collection[Key]) -> int | None:
        """How long the journal was when a run with just these keys began; None where there was none."""
        try:
            begun = json.loads(self.file.read_text(encoding="utf-8"))
            same = begun["keys"] == [list(key) for key in sorted(keys)]
            since = int(begun["since"])
        except (OSError, ValueError, KeyError, TypeError):  # there is none, or not one of ours
            return None
        return since if same and since <= self.journal.stat().st_size else None
