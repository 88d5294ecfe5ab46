"""What the kernel does not limit, watched from outside while a candidate works: what it writes, and its threads."""

from __future__ import annotations

import os
import secrets
import time
from contextlib import suppress
from pathlib import Path

from autograder.wire.limits import MIB, REWRITES, Limits


class Exceeded(Exception):
    """A limit was run into. `status`: what it counts as; the words are for the student."""

    def __init__(self, status: str, sentence: str):
        super().__init__(sentence)
        self.status, self.sentence = status, sentence


UNSEEN = "The notebook made folders whose contents could not be counted."
HELD = "The notebook held files in memory (`mmap`) that it had closed and deleted, so that they could not be counted."
UNREAD = "The notebook took memory in more pieces than can be looked at."
# So many mappings are read, of which a process with PyTorch has about a thousand; the kernel allows 65,530.
MAPPINGS = 20_000
# Seconds between two looks at a candidate's mappings, which are long to read; what they hold is free when it ends.
SELDOM = 1.0


class Watch:
    """Over one candidate."""

    def __init__(self, pid: int, scratch: Path, limits: Limits):
        self.pid, self.scratch, self.limits = pid, scratch, limits
        self._next_mappings = 0.0

    def check(self, received: int) -> None:
        """Raise `Exceeded` where the candidate has taken more than it may. `received`: bytes of its answers so far."""
        self.check_written(received)
        files, size = self._scratch()
        if files > self.limits.scratch_files:
            raise Exceeded("output", f"The notebook wrote more than {self.limits.scratch_files} files.")
        if size > self.limits.scratch_mib * MIB:
            raise Exceeded("output", f"The notebook wrote more than {self.limits.scratch_mib} MiB of files.")
        if self._threads() > self.limits.threads:
            raise Exceeded("memory", f"The notebook started more than {self.limits.threads} threads.")
        if time.monotonic() >= self._next_mappings:
            self._next_mappings = time.monotonic() + SELDOM
            if self._holds_by_mapping() and self._holds_by_mapping():  # files that came or went meanwhile are let off
                raise Exceeded("output", HELD)

    def check_written(self, received: int) -> None:
        """The part of it that is quick: what was ever written, which only grows, whatever was deleted since."""
        try:
            told = Path(f"/proc/{self.pid}/io").read_text(encoding="ascii")
        except OSError:  # the candidate is gone, which the link finds out
            return
        count = {name: int(number) for name, _, number in (line.partition(": ") for line in told.splitlines())}
        # The first counts calls, answers among them; the second pages, of shared mappings too, but not on a tmpfs.
        written = max(count["wchar"] - received, count["write_bytes"])
        most = REWRITES * self.limits.scratch_mib
        if written > most * MIB:
            raise Exceeded("output", f"The notebook wrote more than {most} MiB, files that it deleted included.")

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
        return sum(0 if found.st_nlink else found.st_blocks * 512 for found in self._open())

    def _open(self) -> list[os.stat_result]:
        """What the candidate's descriptors lead to."""
        found = []
        with suppress(OSError):  # the candidate is gone
            for descriptor in os.listdir(f"/proc/{self.pid}/fd"):
                with suppress(FileNotFoundError):  # closed meanwhile
                    found.append(os.stat(f"/proc/{self.pid}/fd/{descriptor}"))
        return found

    def _holds_by_mapping(self) -> bool:
        """Is a file mapped that has neither a name nor a descriptor? Nothing else tells its size."""
        inodes = {found.st_ino for found in self._open()}
        own, deleted = os.fsencode(self.scratch.resolve()) + b"/", b" (deleted)\n"
        try:
            with open(f"/proc/{self.pid}/maps", "rb") as mappings:
                for number, line in enumerate(mappings):
                    if number == MAPPINGS:
                        raise Exceeded("memory", UNREAD)
                    if line.endswith(deleted) and own in line and int(line.split(None, 5)[4]) not in inodes:
                        return True
        except OSError:  # the candidate is gone
            return False
        return False

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
