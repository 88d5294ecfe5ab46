"""Mutate the reference solutions and examine every mutant: what survives shows what the exam does not ask.

Run by `make mutation`; `run.py conv2d iou` takes these cells only, `run.py interpretability` those of an assignment.
mutmut changes a solution cell of `solutions/<name>.py` in one place at a time, and the cell's own exam judges each
change as it judges a student, except that criteria that are slow are left out. A mutant that keeps full marks must
stand in `explained.toml`, under its cell, with mutmut's operator, the line that it changes and what this line becomes,
and with the reason why it is no mistake (it computes the same, or changes what is left free); any other survivor makes
this command fail, and so does an explanation of a mutant that does not survive. That einsum's indices are renamed is no
mutant.
"""

import ast
import difflib
import json
import os
import re
import resource
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from multiprocessing import connection, get_context
from pathlib import Path
from types import CodeType

os.environ["OMP_NUM_THREADS"] = "1"  # read when PyTorch is imported; its threads would not survive the forks below

import libcst
from mutmut.mutation.file_mutation import MutationVisitor
from mutmut.mutation.mutators import mutation_operators
from mutmut.mutation.pragma_handling import IgnoredCode

from autograder import release, slow_checks
from autograder.exam.core import Exam
from autograder.exam_tables.examining import Quiet, parts_of, setting
from autograder.objects.assignments import topic

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
FORK = get_context("fork")
# A mutant that loops or fills the memory is dead too. An exam takes a few seconds.
CPU_SECONDS = 100
BYTES = 12 * 2**30


@dataclass(frozen=True)
class Mutant:
    """A cell with one change, by an operator of mutmut's ("" for none): `line` became `becomes`.

    These are what an explanation is about, since nothing else of a mutant lasts; `text` is the whole cell.
    """

    exam: Exam
    operator: str
    line: str
    becomes: str
    text: str

    @property
    def key(self) -> tuple[str, str, str, str]:
        return self.exam.name, self.operator, self.line, self.becomes


def code_cells(source: Path) -> dict[str, str]:
    """The text of every code cell by its id, without the marks around solutions."""
    cells = release.source_notebook(source.read_text(encoding="utf-8")).cells
    return {cell.id: release.solution_of(cell) + "\n" for cell in cells if cell.cell_type == "code"}


def definitions(text: str) -> CodeType:
    """Of a cell the functions, classes and tables alone. Its pictures, trainings and answers are not needed."""

    def is_read(part: ast.AST) -> bool:
        return isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load)

    def is_needed(node: ast.stmt) -> bool:
        if isinstance(node, ast.Assign):
            return not any(isinstance(part, ast.Call | ast.Attribute) or is_read(part) for part in ast.walk(node))
        return isinstance(node, ast.FunctionDef | ast.ClassDef)

    nodes = [node for node in ast.parse(text).body if is_needed(node)]
    return compile(ast.Module(nodes, []), "<cell>", "exec")


def renames_indices(node: libcst.CSTNode, mutated: libcst.CSTNode) -> bool:
    """Does this write a text of einsum's in capitals?"""
    return (
        isinstance(node, libcst.SimpleString)
        and isinstance(mutated, libcst.SimpleString)
        and "->" in node.value
        and node.value.lower() == mutated.value.lower()
    )


def mutants(exam: Exam, text: str) -> Iterator[Mutant]:
    """What mutmut makes of one cell; what an error says is free, so lines that raise stay."""
    raising = {number for number, line in enumerate(text.splitlines(), 1) if "raise ValueError(" in line}
    module = libcst.MetadataWrapper(libcst.parse_module(text))
    for kind, operator in mutation_operators:
        visitor = MutationVisitor([(kind, operator)], IgnoredCode(set(), set(), raising))
        visited = module.visit(visitor)
        for mutation in visitor.mutations:
            if not renames_indices(mutation.original_node, mutation.mutated_node):
                changed = visited.deep_replace(mutation.original_node, mutation.mutated_node).code
                name = operator.__name__.removeprefix("operator_").replace("_", " ")
                yield Mutant(exam, name, *difference(text, changed), changed)


def difference(before: str, after: str) -> tuple[str, str]:
    """The lines that are not in the other, each as one line with single blanks."""
    lines = list(difflib.ndiff(before.splitlines(), after.splitlines()))
    old, new = (" ".join(" ".join(line[2:].split()) for line in lines if line[0] == sign) for sign in "-+")
    return old, new


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


def survivors(everyone: list[Mutant], namespace: dict, package: str) -> list[Mutant]:
    """Those that keep full marks, judged on all cores."""
    # All names count as right: nothing stands in for what one cell uses of another.
    passed = {exam.name: True for exam in parts_of(package)}
    waiting, running, alive = everyone[::-1], {}, []
    with setting(Quiet(passed)):
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


def faults_of(source: Path, explained: set[tuple[str, ...]], chosen: list[str]) -> list[str]:
    """Judge one assignment's mutants, print the counts, and return what is not as it should be."""
    package = topic(source.stem)
    cells = code_cells(source)
    exams = [e for e in parts_of(package) if not chosen or {e.name, package} & {*chosen}]
    exams = [e for e in exams if re.search(rf"^(def|class) {e.graded_name}\b", cells[e.name], re.MULTILINE)]
    reasons = {key for key in explained if key[0] in {e.name for e in exams}}
    namespace: dict = {}
    for name, text in cells.items():
        exec(text if name == "setup" else definitions(text), namespace)

    unchanged = [Mutant(exam, "", "", "", cells[exam.name]) for exam in exams]
    everyone = [mutant for exam in exams for mutant in mutants(exam, cells[exam.name])]
    alive = {mutant.key for mutant in survivors([*unchanged, *everyone], namespace, package)}
    faults = [f"{package}: {one.exam.name} loses points unchanged" for one in unchanged if one.key not in alive]
    alive -= {mutant.key for mutant in unchanged}
    faults += [f"{package}: survives: {entry(key)}" for key in sorted(alive - reasons)]
    faults += [f"{package}: explained but dead: {entry(key)}" for key in sorted(reasons - alive)]
    print(f"{package}: {len(everyone)} mutants, {len(alive)} survive, {len(alive & reasons)} explained", flush=True)
    return faults


def entry(key: tuple[str, ...]) -> str:
    """How a mutant stands in `explained.toml`, but for the reason."""
    cell, operator, line, becomes = (json.dumps(part) for part in key)
    return f"{{cell = {cell}, operator = {operator}, line = {line}, becomes = {becomes}}}"


def main(chosen: list[str]) -> int:
    explained = tomllib.loads((HERE / "explained.toml").read_text(encoding="utf-8"))
    faults = []
    for source in sorted((ROOT / "solutions").glob("*.py")):
        entries = explained.get(topic(source.stem), [])
        keys = {(e["cell"], e["operator"], e["line"], e["becomes"]) for e in entries}
        found = faults_of(source, keys, chosen)
        print("".join(f"{fault}\n" for fault in found), end="", flush=True)
        faults += found
    if not faults and not chosen:
        count = sum(map(len, explained.values()))
        slow_checks.record("mutation", f"no mutant keeps full marks but {count} that are explained")
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
