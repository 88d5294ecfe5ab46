"""Mutate the reference solutions and examine every mutant: what survives shows what the exam does not ask.

Run by `make mutation`. For each assignment the code cells of `solutions/<name>.py` become a module, mutmut
changes it in one place at a time, and the assignment's own exam judges each change as it judges a student.
A mutant that keeps full marks must stand in `explained.toml` with the reason why it is no mistake
(it computes the same, or changes what the interface leaves free); any other survivor makes this command fail,
and so does an explanation of a mutant that does not survive.
"""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import jupytext

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
WORK = ROOT / "_build" / "mutation"

CONFIG = """\
[tool.mutmut]
source_paths = ["src/"]
pytest_add_cli_args_test_selection = ["examine.py"]
pytest_add_cli_args = ["-p", "no:cacheprovider"]
"""

EXAMINE = '''\
"""One test for each graded name: the exam must give the reference full marks, and a mutant fewer."""
import importlib

import pytest

exams = importlib.import_module("autograder.exam.{package}")
reference = importlib.import_module("reference.{package}")

@pytest.mark.parametrize("name", {names})
def test_full_marks(name):
    exam = getattr(exams, name)
    assert exam.grade(getattr(reference, name)) == exam.points
'''


def solution_module(source: Path) -> tuple[str, list[str]]:
    """The solution cells of one notebook as a module's text, and the names of functions and classes in it."""
    cells = jupytext.read(source).cells
    code, names = [], []
    for cell in cells:
        meta = cell.metadata.get("nbgrader", {})
        name = meta.get("grade_id", "")
        if cell.cell_type != "code" or not (meta.get("solution") or name == "setup"):
            continue
        code.append(re.sub(r"^.*### (BEGIN|END) SOLUTION.*\n", "", cell.source + "\n", flags=re.MULTILINE))
        if re.search(rf"^(def|class) {re.escape(name)}\b", cell.source, re.MULTILINE):
            names.append(name)
    return "\n\n".join(code), names


def survivors(package: str) -> dict[str, str]:
    """Run mutmut in its own folder; surviving mutant → its diff in one line."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
    mutmut = [str(Path(sys.executable).parent / "mutmut")]
    subprocess.run([*mutmut, "run", "--max-children", str(os.cpu_count())], cwd=WORK, env=environment, check=True)
    listed = subprocess.run([*mutmut, "results"], cwd=WORK, env=environment, check=True, capture_output=True, text=True)
    found = {}
    for name in re.findall(r"(\S+): (?:survived|no tests|suspicious)", listed.stdout):
        shown = subprocess.run([*mutmut, "show", name], cwd=WORK, env=environment, capture_output=True, text=True)
        changed = [line for line in shown.stdout.splitlines() if re.match(r"[-+](?![-+])", line)]
        found[name.removeprefix(f"reference.{package}.")] = "  ".join(" ".join(line.split()) for line in changed)
    return found


def main() -> int:
    explained = tomllib.loads((HERE / "explained.toml").read_text())
    faults = []
    for source in sorted((ROOT / "solutions").glob("*.py")):
        package = source.stem.split("-", 1)[1]
        text, names = solution_module(source)
        shutil.rmtree(WORK, ignore_errors=True)
        (WORK / "src" / "reference").mkdir(parents=True)
        (WORK / "src" / "reference" / "__init__.py").touch()
        (WORK / "src" / "reference" / f"{package}.py").write_text(text)
        (WORK / "examine.py").write_text(EXAMINE.format(package=package, names=names))
        (WORK / "pyproject.toml").write_text(CONFIG)
        alive = survivors(package)
        reasons = explained.get(package, {})
        # mutmut numbers mutants; the change itself is what an explanation is about.
        faults += [f"{package}: survives: {change}" for change in sorted(set(alive.values()) - set(reasons))]
        faults += [f"{package}: explained but dead: {change}" for change in sorted(set(reasons) - set(alive.values()))]
        print(f"{package}: {len(alive)} survivors, {len(reasons)} explained")
    print("\n".join(faults))
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
