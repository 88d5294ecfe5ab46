"""What the kernel does not limit, watched from outside while a candidate works: scratch folder and threads."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from autograder.wire.limits import MIB, Limits


class Exceeded(Exception):
    """A limit was run into. `status`: what it counts as; the words are for the student."""

    def __init__(self, status: str, sentence: str):
        super().__init__(sentence)
        self.status, self.sentence = status, sentence


@dataclass(frozen=True)
class Watch:
    """Over one candidate."""

    pid: int
    scratch: Path
    limits: Limits

    def check(self) -> None:
        """Raise `Exceeded` where the candidate has taken more than it may."""
        files, size = self._scratch()
        if files > self.limits.scratch_files:
            raise Exceeded("output", f"The notebook wrote more than {self.limits.scratch_files} files.")
        if size > self.limits.scratch_mib * MIB:
            raise Exceeded("output", f"The notebook wrote more than {self.limits.scratch_mib} MiB of files.")
        if self._threads() > self.limits.threads:
            raise Exceeded("memory", f"The notebook started more than {self.limits.threads} threads.")

    def _scratch(self) -> tuple[int, int]:
        """How many files and bytes there are, files that were deleted and are still open among them."""
        files = size = 0
        folders = [str(self.scratch)]
        while folders:
            try:
                with os.scandir(folders.pop()) as entries:
                    for entry in entries:
                        files += 1
                        size += entry.stat(follow_symlinks=False).st_blocks * 512
                        if entry.is_dir(follow_symlinks=False):
                            folders.append(entry.path)
                        if files > self.limits.scratch_files:
                            return files, size
            except OSError:  # it was deleted, or closed to us, meanwhile
                continue
        return files, size + self._deleted()

    def _deleted(self) -> int:
        size = 0
        try:
            for descriptor in os.listdir(f"/proc/{self.pid}/fd"):
                found = os.stat(f"/proc/{self.pid}/fd/{descriptor}")
                size += 0 if found.st_nlink else found.st_blocks * 512
        except OSError:  # the candidate is gone, which the link finds out
            pass
        return size

    def _threads(self) -> int:
        try:
            return len(os.listdir(f"/proc/{self.pid}/task"))
        except OSError:
            return 0
