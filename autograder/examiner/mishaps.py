"""What the grader itself meets on a submission, and did not expect: the student is told in a sentence, the instructor
what it was. Nothing of it is without a result, but what is the machine's own."""

from __future__ import annotations

import errno

from autograder.exam.core import SettingFailed
from autograder.exam.faults import fault_of
from autograder.examiner.memory import EXAMINER_MIB, ran_out

# Of the machine: no submission's fault, and gone when that is mended.
MACHINE = errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.EIO, errno.EROFS


class NotConfined(SettingFailed):
    """No candidate could be had: a wall is missing on this machine."""


class ZygoteGone(SettingFailed):
    """The zygote does not answer: this examiner can grade nothing any more."""


def is_machines(error: Exception) -> bool:
    """Is it the machine that failed, so that no result may be made of it?"""
    return isinstance(error, SettingFailed) or (isinstance(error, OSError) and error.errno in MACHINE)


def told(error: Exception, where: str, what: str) -> tuple[str, str, str]:
    """A status, a sentence for the student and one for the instructor.

    `where` it happened, for the instructor; `what` the grader looked at, in the student's words."""
    fault = fault_of(where, error)
    if ran_out(error):
        return "memory", f"The grader needed more than {EXAMINER_MIB} MiB of memory to look at {what}.", fault
    return "crashed", f"The grader failed when it looked at {what}. The instructor is told of it.", fault
