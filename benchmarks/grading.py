"""One class of honest notebooks an assignment, graded twice in one run: by stock `nbgrader autograde` and by
`autograder grade`. Equal marks, cell by cell, are required.

`ratio`: seconds a submission between the first and the last result, stock ÷ ours, feedback apart. `ratio_end_to_end`:
the whole commands, start-up and feedback pages included (stock's: `nbgrader generate_feedback`). Figures go to
`_build/bench.json` (those of 01-convolution at its top, others under their name) and, a row each, into README.md.
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
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import nbformat
import psutil

from autograder.classroom.folder import ClassFolder, write_whole
from autograder.classroom.jobs import ROOT, source_of
from autograder.classroom.machine import default_jobs
from autograder.classroom.run import Run
from autograder.demo.students import CLASS, Student, filled_in, reference_solutions
from autograder.exam_tables.implementations import implementations
from autograder.objects.assignments import topic

PLACE = ROOT / "_build" / "bench"
MARK = re.compile(r"(<!-- bench -->\n).*?(<!-- /bench -->)", re.DOTALL)
# Assignment -> how many notebooks, and after which cells the half-way ones stop.
CLASSES = {
    "01-convolution": (24, ["conv2d_naive", "KERNELS", "apply_kernel", "conv2d"]),
    "02-pooling": (4, ["max_unpool2d"]),
    "03-architectures": (4, ["Inception"]),
    "04-augmentation": (4, ["rotate"]),
    "05-interpretability": (4, ["top_patches"]),
    "06-segmentation": (4, ["iou"]),
}


def honest_class(assignment: str) -> list[Student]:
    """Right implementations, one in six with a common mistake, and half-way ones."""
    size, stops = CLASSES[assignment]
    everyone = implementations(topic(assignment))
    edited = {one.base for one in everyone}  # these hold one part alone
    names = [one.path.stem for one in everyone if not one.wrong and one.path not in edited]
    half_way = [Student(f"half_way_{name}", "half-way", name, assignment) for name in stops]
    mistakes = [s for s in CLASS if s.kind == "mistake" and s.assignment == assignment][: max(1, size // 6)]
    right = [Student(name, "correct", name, assignment) for name in names[: size - len(mistakes) - len(half_way)]]
    return right + mistakes + half_way


def make_class(assignment: str, root: Path) -> None:
    """Write `submitted/` below `root`."""
    released = (ROOT / "assignments" / assignment / f"{assignment}.ipynb").read_text(encoding="utf-8")
    reference = reference_solutions(assignment)
    shutil.rmtree(root, ignore_errors=True)
    for student in honest_class(assignment):
        notebook = filled_in(nbformat.reads(released, as_version=4), student.solutions(reference))
        write_whole(ClassFolder(root).notebook(student.id, assignment), nbformat.writes(notebook))


def stock(assignment: str, root: Path) -> dict[str, float]:
    """Grade with nbgrader alone: its own Execute, a fresh gradebook. Registering the assignment is not counted."""
    shutil.copytree(source_of(assignment).parent, root / "source" / assignment)
    (root / "nbgrader_config.py").write_text("c = get_config()\nc.ExecutePreprocessor.timeout = 600\n")
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PATH": path}

    def nbgrader(word: str) -> float:
        start = time.monotonic()
        command = [sys.executable, "-m", "nbgrader", word, assignment]
        done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"`nbgrader {word}` failed:\n{done.stderr[-3000:]}")
        return time.monotonic() - start

    nbgrader("generate_assignment")
    grading = nbgrader("autograde")
    feedback = nbgrader("generate_feedback")
    written = sorted(path.stat().st_mtime for path in root.glob(f"autograded/*/{assignment}/*.ipynb"))
    return {"each": (written[-1] - written[0]) / (len(written) - 1), "end_to_end": grading + feedback}


def ours(assignment: str, root: Path) -> dict[str, Any]:
    """Grade with `autograder grade`'s own run, in a process of its own so that its start-up counts."""
    start = time.monotonic()
    process = _started(assignment, root)
    said, _ = process.communicate()
    if process.returncode:
        raise SystemExit("The run failed; its words are above.")
    return {**json.loads(said), "end_to_end": time.monotonic() - start}


def _started(assignment: str, root: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, __file__, "--run", assignment, str(root)], stdout=subprocess.PIPE, text=True
    )


def peak_memory(assignment: str, root: Path) -> int:
    """MiB that the run's processes hold together at most, pages they share counted once. It is a run of its own: to
    count pages takes a fifteenth of the time of what is counted."""
    process, peak = _started(assignment, root), 0
    while process.poll() is None:
        total = 0
        with suppress(psutil.Error):
            for one in [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]:
                total += one.memory_full_info().pss
        peak = max(peak, total)
        time.sleep(0.5)
    return round(peak / 2**20)


def run(assignment: str, root: Path) -> None:
    """What the process started by `ours` does: `autograder grade`, and the times on stdout."""
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    summary = Run(ClassFolder(root), [assignment], set(), lambda *_: None).grade(jobs=default_jobs())
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


def measured(assignment: str) -> dict[str, Any]:
    """Grade one assignment's class both ways; leave with a message where the marks differ."""
    place = PLACE / assignment
    for name in ("ours", "stock", "watched"):
        make_class(assignment, place / name)
    mine = ours(assignment, place / "ours")
    theirs = stock(assignment, place / "stock")
    peak = peak_memory(assignment, place / "watched")
    here, there = marks(place / "ours"), marks(place / "stock")
    differ = [
        f"  {key}: ours {here.get(key)}, stock {there.get(key)}"
        for key in sorted(here.keys() | there.keys())
        if here.get(key) != there.get(key)
    ]
    if differ:
        raise SystemExit("The marks differ:\n" + "\n".join(differ))
    return {
        "ratio": round(theirs["each"] / mine["each"], 1),
        "ratio_end_to_end": round(theirs["end_to_end"] / mine["end_to_end"], 1),
        "startup_seconds": round(mine["startup_seconds"], 2),
        "seconds_per_submission": {part: round(value, 4) for part, value in mine["seconds_per_submission"].items()},
        "seconds_each": {"ours": round(mine["each"], 3), "stock": round(theirs["each"], 3)},
        "seconds_end_to_end": {"ours": round(mine["end_to_end"], 1), "stock": round(theirs["end_to_end"], 1)},
        "peak_memory_mib": peak,
        "cores": os.cpu_count(),
        "submissions": len(honest_class(assignment)),
    }


def row(assignment: str, figures: dict[str, Any]) -> dict[str, Any]:
    """What the README shows of one assignment."""
    each, whole = figures["seconds_each"], figures["seconds_end_to_end"]
    return {
        "assignment": assignment,
        "notebooks": figures["submissions"],
        "cores": figures["cores"],
        "stock, a notebook": f"{each['stock']:.2f} s",
        "ours": f"{each['ours']:.2f} s",
        "ratio": f"**{figures['ratio']:.0f}**",
        "stock, the class with feedback": f"{whole['stock']:.0f} s",
        "ours, the class": f"{whole['ours']:.0f} s",
        "ratio end to end": f"**{figures['ratio_end_to_end']:.0f}**",
        "memory at most": f"{figures['peak_memory_mib']:,} MiB",
    }


def main() -> None:
    figures = {assignment: measured(assignment) for assignment in CLASSES}
    first = next(iter(CLASSES))
    report = {**figures[first], **{name: found for name, found in figures.items() if name != first}}
    write_whole(ROOT / "_build" / "bench.json", json.dumps(report, indent=2) + "\n")
    rows = [row(assignment, found) for assignment, found in figures.items()]
    table = [list(rows[0]), ["---"] * len(rows[0]), *(list(r.values()) for r in rows)]
    text = "".join(f"| {' | '.join(map(str, line))} |\n" for line in table)
    readme = ROOT / "README.md"
    write_whole(readme, MARK.sub(lambda found: found[1] + text + found[2], readme.read_text(encoding="utf-8")))
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--run"]:
        run(sys.argv[2], Path(sys.argv[3]))
    else:
        main()
