"""What the file of a submission may hold."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FileLimits:
    """`notebook_mib` in all and `nesting` of its JSON; `cells` in number; `cell_kib` of text in one cell and
    `cells_kib` in all of them, outputs apart, which nobody reads; `added_cells` of the student's own; `attachment_kib`
    of pictures pasted into answers."""

    notebook_mib: int = 32
    nesting: int = 64
    cells: int = 10_000
    cell_kib: int = 64
    cells_kib: int = 1024
    added_cells: int = 200
    attachment_kib: int = 1024
