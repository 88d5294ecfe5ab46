"""Intake: what lies under a notebook's name in a stranger's folder becomes bytes."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from autograder.wire.limits import LIMITS, MIB
from convcourse.submission.intake import Unreadable, check_size


def read_submission(path: Path) -> bytes:
    """The submitted bytes. Raise `Unreadable` for a link, a pipe, a folder, or a file that is too large, and
    `PermissionError` for what the instructor may not read: that is no fault of the student's."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except PermissionError:
        raise
    except OSError as error:
        why = "it is a link" if path.is_symlink() else error.strerror or "it cannot be opened"
        raise Unreadable(f"The notebook could not be opened: {why}. Hand in the file itself.") from None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise Unreadable("What was handed in under the notebook's name is no file. Hand in the notebook itself.")
        with open(descriptor, "rb", closefd=False) as file:
            data = file.read(LIMITS.notebook_mib * MIB + 1)
    finally:
        os.close(descriptor)
    check_size(data, LIMITS)
    return data
