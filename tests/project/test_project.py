"""What holds for the project as a whole: pins, who may import whom, make's targets, what must never be readable."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from autograder.objects.assignments import ASSIGNMENTS, topic

ROOT = Path(__file__).resolve().parents[2]
TARGETS = [
    *("help", "demo", "test", "book", "notebooks", "student-repo", "assignments", "bench", "bench-figures"),
    *("exam-table", "seeds", "kills", "training-bar", "mutation", "experiments"),
    *("links", "lint", "browser-deps", "student-wheel", "clean"),
]

# Trust shows in the path: part -> what it may import of ours. `classroom` may import everything.
MAY_IMPORT = {
    "wire": {"wire", "convcourse.submission"},
    "objects": {"objects", "wire", "convcourse.data"},
    "candidate": {
        "candidate",
        "objects",
        "wire",
        "convcourse.data",
        "convcourse.plots",
        "convcourse.graded",
    },  # what students use is warmed up; what the rehearsal at home has too
    "exam": {"exam", "objects", "wire", "convcourse.data"},
    "examiner": {"examiner", "exam", "candidate", "objects", "wire", "convcourse.submission", "convcourse.handed_out"},
    "convcourse": set(),
}


def pins(lines) -> dict[str, str]:
    found = (re.match(r"\s*(?:- )?([A-Za-z0-9_.-]+)==(\S+)", line) for line in lines)
    return {canonicalize_name(m[1]): m[2] for m in found if m}


def test_conda_gives_the_same_versions_as_the_lock():
    lock = pins((ROOT / "requirements.lock").read_text().splitlines())
    conda = pins((ROOT / "environment.yml").read_text().splitlines())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    direct = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    assert set(conda) == {canonicalize_name(Requirement(r).name) for r in direct}
    assert conda == {name: lock[name] for name in conda}


def modules(part: str):
    folder = ROOT / part if part == "convcourse" else ROOT / "autograder" / part
    return sorted(folder.rglob("*.py"))


def imports(path: Path) -> set[str]:
    """Dotted names of ours that a file imports, relative ones resolved."""
    package = list(path.relative_to(ROOT).with_suffix("").parts[:-1])
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            stem = ".".join([*base, *([node.module] if node.module else [])])
            names |= {f"{stem}.{alias.name}" for alias in node.names}
    return {name for name in names if name.split(".")[0] in ("autograder", "convcourse")}


@pytest.mark.parametrize("part", MAY_IMPORT)
def test_trust_shows_in_the_path(part):
    assert modules(part), f"no modules found in {part}"
    faults = []
    for path in modules(part):
        for name in imports(path):
            inner = name.removeprefix("autograder.")
            allowed = part == "convcourse" and inner.startswith("convcourse")
            allowed |= any(inner == ok or inner.startswith(ok + ".") for ok in MAY_IMPORT[part])
            if not allowed:
                faults.append(f"{path.relative_to(ROOT)} imports {name}")
    assert not faults, "\n".join(faults)


def test_no_exam_imports_from_another():
    """What two of them need stands in shared rooms, which import from none."""
    exams = {ROOT / "autograder" / "exam" / topic(assignment) for assignment in ASSIGNMENTS}
    assert len(exams) > 1
    faults = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in (ROOT / "autograder" / "exam").rglob("*.py")
        for name in imports(path)
        for exam in exams - {path.parent}
        if name.startswith(f"autograder.exam.{exam.name}.")
    ]
    assert not faults, "\n".join(faults)


def test_every_target_is_there_and_explained():
    command = ["make", "--no-print-directory", "help"]
    text = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert [line.split()[0] for line in text.splitlines()] == TARGETS


def test_source_files_are_read_in_one_sitting():
    long = [
        f"{path.relative_to(ROOT)}: {count} lines"
        for folder in ("autograder", "convcourse")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if (count := len(path.read_text().splitlines())) > 330
    ]
    assert not long, "\n".join(long)


def test_what_students_run_opens_no_file_by_a_guess_at_its_encoding():
    """On Windows the guess is not UTF-8."""
    faults = []
    for path in [*(ROOT / "convcourse").rglob("*.py"), *(ROOT / "book" / "_code").glob("*.py")]:
        for call in (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)):
            name = getattr(call.func, "id", getattr(call.func, "attr", ""))
            binary = any(isinstance(arg, ast.Constant) and "b" in str(arg.value) for arg in call.args)
            named = any(keyword.arg == "encoding" for keyword in call.keywords)
            picture = ast.unparse(call.func) == "Image.open"  # which has no encoding
            if name in ("open", "read_text", "write_text") and not (binary or named or picture):
                faults.append(f"{path.relative_to(ROOT)}, line {call.lineno}: {name} without encoding")
    assert not faults, "\n".join(faults)


def test_reading_a_submission_needs_nothing_but_python():
    """The examiner reads strangers' bytes with it."""
    used = {
        (alias.name if isinstance(node, ast.Import) else node.module or "").split(".")[0]
        for path in (ROOT / "convcourse" / "submission").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert used - {"convcourse"} <= sys.stdlib_module_names
