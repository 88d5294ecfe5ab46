"""What the kernel does not limit, watched from outside while a candidate works: scratch folder and threads."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from autograder.wire.limits import MIB, Limits


class Exceeded(Exception):
    """A limit was run into. `status`: what it counts as; the words are for the student."""

    def __init__(self, status: str, sentence: str):
        super().__init__(sentence)
        self.status, self.sentence = status, sentence


UNSEEN = "The notebook made folders whose contents could not be counted."


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
        files = size = vanished = 0
        folders = [str(self.scratch)]
        while folders:
            try:
                with os.scandir(folders.pop()) as entries:
                    for entry in entries:
                        files += 1
                        size += entry.stat(follow_symlinks=False).st_blocks * 512
                        if entry.is_dir(follow_symlinks=False):
                            folders.append(entry.path)
            except FileNotFoundError:  # moved or deleted meanwhile: look again, but not for ever
                vanished += 1
                files, size, folders = 0, 0, [str(self.scratch)]
            except OSError as error:  # nested deeper than a path is long, or closed to us
                raise Exceeded("output", UNSEEN) from error
            if vanished > 20:
                raise Exceeded("output", UNSEEN)
            if files > self.limits.scratch_files:
                break
        return files, size + self._deleted()

    def _deleted(self) -> int:
        size = 0
        try:
            for descriptor in os.listdir(f"/proc/{self.pid}/fd"):
                found = os.stat(f"/proc/{self.pid}/fd/{descriptor}")
                size += 0 if found.st_nlink else found.st_blocks * 512
        except OSError:  # the candidate is gone, which the link finds out
            pass
        return size  # of files that are still mapped, but no longer open, the limit of memory takes care

    def _threads(self) -> int:
        try:
            return len(os.listdir(f"/proc/{self.pid}/task"))
        except OSError:
            return 0


def remove(folder: Path) -> str | None:
    """Remove what a candidate wrote, however deep it is nested: what lies deeper than one folder is first moved up, to
    names that nobody can have taken. Where something cannot be removed, the rest is, and it is said what is in the way.
    """
    failed = None
    try:
        os.chmod(folder, 0o700)
        while entries := list(os.scandir(folder)):
            left = 0
            for entry in entries:
                try:
                    _remove_entry(folder, entry)
                except OSError as error:
                    left, failed = left + 1, str(error)
            if left == len(entries):  # nothing goes any more
                return failed
        os.rmdir(folder)
    except FileNotFoundError:
        return None
    except OSError as error:
        return str(error)
    return None


def _remove_entry(folder: Path, entry: os.DirEntry[str]) -> None:
    if not entry.is_dir(follow_symlinks=False):
        os.unlink(entry.path)
        return
    os.chmod(entry.path, 0o700)
    for inner in list(os.scandir(entry.path)):
        if inner.is_dir(follow_symlinks=False):
            os.chmod(inner.path, 0o700)
            os.rename(inner.path, folder / secrets.token_hex(16))
        else:
            os.unlink(inner.path)
    os.rmdir(entry.path)
