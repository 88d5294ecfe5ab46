"""Mutate the reference solutions and examine every mutant: what survives shows what the exam does not ask.

Run by `make mutation`; `run.py conv2d iou` takes these cells only. mutmut changes a solution cell of
`solutions/<name>.py` in one place at a time, and the cell's own exam judges each change as it judges a student, except
that criteria that are slow are left out. A mutant that keeps full marks must stand in `explained.toml` with the reason
why it is no mistake (it computes the same, or changes what is left free); any other survivor makes this command fail,
and so does an explanation of a mutant that does not survive.
"""

import difflib
import os
import re
import resource
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from multiprocessing import connection, get_context
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"  # read when PyTorch is imported; its threads would not survive the forks below

import jupytext
import libcst
from mutmut.mutation.file_mutation import MutationVisitor
from mutmut.mutation.mutators import mutation_operators
from mutmut.mutation.pragma_handling import IgnoredCode

from autograder import exam_table as table
from autograder.exam.assignment import Assignment, assignment
from autograder.exam.core import Exam
from autograder.objects.assignments import topic

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
FORK = get_context("fork")
# A mutant that loops or fills the memory is dead too. An exam takes a few seconds.
CPU_SECONDS = 100
BYTES = 12 * 2**30


@dataclass(frozen=True)
class Mutant:
    """A cell with one change. `change` is what an explanation is about, since nothing else of a mutant lasts."""

    exam: Exam
    change: str
    text: str


def code_cells(source: Path) -> dict[str, str]:
    """The text of every code cell by its id, without the marks around solutions."""
    cells = [cell for cell in jupytext.read(source).cells if cell.cell_type == "code"]
    mark = re.compile(r"^ *### (BEGIN|END) SOLUTION.*\n", re.MULTILINE)
    return {cell.metadata["nbgrader"]["grade_id"]: mark.sub("", cell.source + "\n") for cell in cells}


def mutants(exam: Exam, text: str) -> Iterator[Mutant]:
    """What mutmut makes of one cell; what an error says is free, so lines that raise stay."""
    raising = {number for number, line in enumerate(text.splitlines(), 1) if "raise ValueError(" in line}
    visitor = MutationVisitor(mutation_operators, IgnoredCode(set(), set(), raising))
    module = libcst.MetadataWrapper(libcst.parse_module(text)).visit(visitor)
    for mutation in visitor.mutations:
        changed = module.deep_replace(mutation.original_node, mutation.mutated_node).code
        yield Mutant(exam, f"{exam.name}: {difference(text, changed)}", changed)


def difference(before: str, after: str) -> str:
    """The lines that differ, as one: `- … + …`."""
    lines = list(difflib.ndiff(before.splitlines(), after.splitlines()))
    return " ".join(f"{sign} {' '.join(line[2:].split())}" for sign in "-+" for line in lines if line[0] == sign)


def judge(mutant: Mutant, namespace: dict) -> None:
    """In a process of its own, which ends with 0 where the mutant keeps full marks."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
    try:
        exec(mutant.text, namespace)
        quick = replace(mutant.exam, criteria=tuple(c for c in mutant.exam.criteria if not c.slow))
        outcomes = quick.examine(namespace[quick.graded_name])
    except BaseException:  # what stops the exam itself is no full mark
        os._exit(1)
    os._exit(any(outcome.finding is not None for outcome in outcomes))


def survivors(everyone: list[Mutant], namespace: dict, about: Assignment) -> list[Mutant]:
    """Those that keep full marks, judged on all cores."""
    # All names count as right: nothing stands in for what one cell uses of another.
    passed = {exam.name: True for exam in about.exams}
    waiting, running, alive = everyone[::-1], {}, []
    with table.setting(table.Quiet(passed)):
        while waiting or running:
            while waiting and len(running) < (os.cpu_count() or 1):
                process = FORK.Process(target=judge, args=(waiting[-1], namespace))
                process.start()
                running[process.sentinel] = process, waiting.pop()
            for sentinel in connection.wait(list(running)):
                process, mutant = running.pop(sentinel)
                process.join()
                if process.exitcode == 0:
                    alive.append(mutant)
    return alive


def faults_of(source: Path, reasons: dict[str, str], chosen: list[str]) -> list[str]:
    """Judge one assignment's mutants, print the counts, and return what is not as it should be."""
    about = assignment(source.stem)
    cells = code_cells(source)
    exams = [e for e in about.exams if e.name in (chosen or cells)]
    exams = [e for e in exams if re.search(rf"^(def|class) {e.graded_name}\b", cells[e.name], re.MULTILINE)]
    reasons = {change: why for change, why in reasons.items() if change.split(":")[0] in {e.name for e in exams}}
    namespace: dict = {}
    for name, text in cells.items():
        if name == "setup" or re.match(r"(def|class) ", text):  # pictures, training and answers are not needed
            exec(text, namespace)

    unchanged = [Mutant(exam, f"{exam.name}: unchanged", cells[exam.name]) for exam in exams]
    everyone = [mutant for exam in exams for mutant in mutants(exam, cells[exam.name])]
    alive = [mutant.change for mutant in survivors([*unchanged, *everyone], namespace, about)]
    faults = [f"{about.name}: loses points: {mutant.change}" for mutant in unchanged if mutant.change not in alive]
    alive = [change for change in alive if change not in {mutant.change for mutant in unchanged}]
    faults += [f"{about.name}: survives: {change}" for change in sorted(set(alive) - set(reasons))]
    faults += [f"{about.name}: explained but dead: {change}" for change in sorted(set(reasons) - set(alive))]
    explained = sum(change in reasons for change in alive)
    killed = len(everyone) - len(alive)
    print(f"{about.name}: {len(everyone)} mutants, {killed} killed, {explained} explained", flush=True)
    return faults


def main(chosen: list[str]) -> int:
    explained = tomllib.loads((HERE / "explained.toml").read_text())
    faults = []
    for source in sorted((ROOT / "solutions").glob("*.py")):
        faults += faults_of(source, explained.get(topic(source.stem), {}), chosen)
    print("\n".join(faults), end="\n" if faults else "")
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
