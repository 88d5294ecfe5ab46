"""Every limit of a submission, with its default. Running into one costs what is concerned; the feedback says which."""

from __future__ import annotations

from dataclasses import dataclass

from convcourse.submission.limits import FileLimits

MIB = 1 << 20
# By the clock, what waits or sleeps may take so many times the seconds of processor time that it has.
PATIENCE = 3.0
# A candidate may write so many times what its folder may hold.
REWRITES = 4
HEAD_LIMIT = 4 * MIB  # bytes of the JSON of one answer


@dataclass(frozen=True)
class Limits(FileLimits):
    """What one submission may use: of the file what `FileLimits` says.

    Of the run, seconds of *processor time*, all threads together: `cell_seconds` of a cell, `call_seconds` of a visible
    check and of the calls that an exam makes at a time, `notebook_seconds` of the whole submission, with the candidates
    that were started anew (`revivals`). Not charged: other processes' time, the time in line for a processor, and
    what the examiner does itself. So that waiting ends too, each of the three has `PATIENCE` times as many seconds by
    the clock, less the time in line; the whole submission's clock runs only while a cell or a call does.

    Of each candidate: the rest, and one processor. `memory_mib` is address space beyond what it is born with; `threads`
    and `open_files` are those at one time; `scratch_mib` and `scratch_files` are what stands in its folder, deleted
    files that are still open included. A single file may have half of `scratch_mib`, and all that is written, ever and
    wherever, answers excepted, is at most `REWRITES` times as much. `output_kib` is what one cell may put out, in
    so many `outputs` at most, `outputs_mib` all cells together, `answer_mib` what the calls made at a time may give
    back, `answers_mib` all.
    """

    cell_seconds: float = 20.0
    call_seconds: float = 10.0
    notebook_seconds: float = 120.0
    revivals: int = 3
    memory_mib: int = 2048
    threads: int = 64
    open_files: int = 256
    scratch_mib: int = 256
    scratch_files: int = 2000
    output_kib: int = 2048
    outputs: int = 1000
    outputs_mib: int = 16
    answer_mib: int = 256
    answers_mib: int = 1024

    @property
    def ran_head(self) -> int:
        """Bytes of JSON in which a cell's outputs come: each of theirs may take six, and has something around it."""
        return (8 * self.output_kib << 10) + HEAD_LIMIT


LIMITS = Limits()
