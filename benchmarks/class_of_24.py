"""One class of 24 honest notebooks of 01-convolution, graded twice in one run: by stock `nbgrader autograde` and by
`autograder grade`. Equal marks, cell by cell, are required.

`ratio`: seconds a submission between the first and the last result, stock ÷ ours, feedback apart. `ratio_end_to_end`:
the whole commands, start-up and feedback pages included (stock's: `nbgrader generate_feedback`). Figures go to
`_build/bench.json` and, as one row, into README.md.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

import nbformat
import psutil

from autograder.demo.students import ASSIGNMENT, IMPLEMENTATIONS, Student, filled_in, reference_solutions
from autograder.examiner.folder import ClassFolder, write_whole
from autograder.examiner.run import ROOT, Run, source_of

PLACE = ROOT / "_build" / "bench"
MARK = re.compile(r"(<!-- bench -->\n).*?(<!-- /bench -->)", re.DOTALL)
MISTAKES = "conv_flipped", "size_rounds_up", "kernels_sobels_swapped", "layer_bias_anyway"


def honest_class() -> list[Student]:
    """Every right implementation that there is, then mistakes and half-way ones, 24 in all."""
    right = [Student(path.stem, "correct", path.stem) for path in sorted((IMPLEMENTATIONS / "right").glob("*.py"))]
    others = [Student(name, "mistake", name) for name in MISTAKES]
    half_way = [
        Student(f"half_way_{name}", "half-way", name) for name in ("conv2d_naive", "KERNELS", "apply_kernel", "conv2d")
    ]
    return (right[:20] + others + half_way)[:24]


def make_class(root: Path) -> None:
    """Write `submitted/` below `root`."""
    released = nbformat.read(ROOT / "assignments" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb", as_version=4)
    reference = reference_solutions()
    shutil.rmtree(root, ignore_errors=True)
    for student in honest_class():
        path = ClassFolder(root).notebook(student.id, ASSIGNMENT)
        write_whole(
            path,
            nbformat.writes(
                filled_in(nbformat.from_dict(json.loads(json.dumps(released))), student.solutions(reference))
            ),
        )


def stock(root: Path) -> dict[str, float]:
    """Grade with nbgrader alone: its own Execute, a fresh gradebook. Registering the assignment is not counted."""
    shutil.copytree(source_of(ASSIGNMENT).parent, root / "source" / ASSIGNMENT)
    config = root / "nbgrader_config.py"
    config.write_text("c = get_config()\nc.ExecutePreprocessor.timeout = 600\n")
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
    }

    def nbgrader(*words: str) -> float:
        start = time.monotonic()
        subprocess.run(
            [sys.executable, "-m", "nbgrader", *words, ASSIGNMENT],
            cwd=root,
            env=environment,
            check=True,
            capture_output=True,
        )
        return time.monotonic() - start

    nbgrader("generate_assignment")
    grading = nbgrader("autograde")
    feedback = nbgrader("generate_feedback")
    written = sorted(path.stat().st_mtime for path in root.glob(f"autograded/*/{ASSIGNMENT}/*.ipynb"))
    return {"each": (written[-1] - written[0]) / (len(written) - 1), "end_to_end": grading + feedback}


def ours(root: Path) -> dict[str, object]:
    """Grade with `autograder grade`'s own run, in a process of its own so that its start-up counts."""
    start = time.monotonic()
    process = subprocess.Popen([sys.executable, __file__, "--run", str(root)], stdout=subprocess.PIPE, text=True)
    peak: list[int] = []
    watch = threading.Thread(target=_watch, args=(process.pid, peak), daemon=True)
    watch.start()
    said, _ = process.communicate()
    if process.returncode:
        raise SystemExit("The run failed; its words are above.")
    return {**json.loads(said), "end_to_end": time.monotonic() - start, "peak_memory_mib": round(max(peak) / 2**20)}


def _watch(pid: int, peak: list[int]) -> None:
    """The most memory that the run's processes held together; pages they share count once."""
    while psutil.pid_exists(pid):
        total = 0
        try:
            for process in [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]:
                total += process.memory_full_info().pss
        except psutil.Error:
            pass
        peak.append(total)
        time.sleep(0.5)


def run(root: Path) -> None:
    """What the process started by `ours` does: `autograder grade`, and the times on stdout."""
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    summary = Run(ClassFolder(root), [ASSIGNMENT], set(), lambda *_: None)(jobs=os.cpu_count() or 1)
    if summary.failures:
        raise SystemExit(f"No result: {summary.failures}")
    seconds = [line.entry.result.seconds for line in summary.lines if line.entry]
    parts = {part: statistics.fmean(s[part] for s in seconds) for part in ("fork", "cells", "exam")}
    times, count = summary.times, len(summary.lines)
    parts |= {"bookkeeping": times.bookkeeping / count, "feedback": times.feedback / count}
    print(
        json.dumps(
            {
                "each": (times.last - times.first) / (count - 1),
                "startup_seconds": times.first,
                "seconds_per_submission": parts,
            }
        )
    )


def marks(root: Path) -> dict[tuple[str, str], float | None]:
    """Automatic points by student and cell."""
    query = """select submitted_assignment.student_id, base_cell.name, grade.auto_score from grade
               join base_cell on base_cell.id = grade.cell_id
               join submitted_notebook on submitted_notebook.id = grade.notebook_id
               join submitted_assignment on submitted_assignment.id = submitted_notebook.assignment_id"""
    with sqlite3.connect(root / "gradebook.db") as db:
        return {(student, cell): score for student, cell, score in db.execute(query)}


def main() -> None:
    for name in ("ours", "stock"):
        make_class(PLACE / name)
    mine = ours(PLACE / "ours")
    theirs = stock(PLACE / "stock")
    here, there = marks(PLACE / "ours"), marks(PLACE / "stock")
    differ = [
        f"  {key}: ours {here.get(key)}, stock {there.get(key)}"
        for key in sorted(here.keys() | there.keys())
        if here.get(key) != there.get(key)
    ]
    if differ:
        raise SystemExit("The marks differ:\n" + "\n".join(differ))
    figures = {
        "ratio": round(theirs["each"] / mine["each"], 1),
        "ratio_end_to_end": round(theirs["end_to_end"] / mine["end_to_end"], 1),
        "startup_seconds": round(mine["startup_seconds"], 2),
        "seconds_per_submission": {part: round(value, 4) for part, value in mine["seconds_per_submission"].items()},
        "seconds_each": {"ours": round(mine["each"], 3), "stock": round(theirs["each"], 3)},
        "seconds_end_to_end": {"ours": round(mine["end_to_end"], 1), "stock": round(theirs["end_to_end"], 1)},
        "peak_memory_mib": mine["peak_memory_mib"],
        "cores": os.cpu_count(),
        "submissions": len(honest_class()),
    }
    write_whole(ROOT / "_build" / "bench.json", json.dumps(figures, indent=2) + "\n")
    each, whole = figures["seconds_each"], figures["seconds_end_to_end"]
    cells = {
        "cores": figures["cores"],
        "stock, a submission": f"{each['stock']:.2f} s",
        "ours": f"{each['ours']:.2f} s",
        "ratio": f"**{figures['ratio']:.0f}**",
        "stock, the class with feedback": f"{whole['stock']:.0f} s",
        "ours, the class": f"{whole['ours']:.0f} s",
        "ratio end to end": f"**{figures['ratio_end_to_end']:.0f}**",
        "memory at most": f"{figures['peak_memory_mib']:,} MiB",
    }
    row = "".join(f"| {' | '.join(map(str, line))} |\n" for line in (cells, ["---"] * len(cells), cells.values()))
    readme = ROOT / "README.md"
    write_whole(readme, MARK.sub(lambda found: found[1] + row + found[2], readme.read_text(encoding="utf-8")))
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--run"]:
        run(Path(sys.argv[2]))
    else:
        main()
