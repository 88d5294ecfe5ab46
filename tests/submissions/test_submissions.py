"""One odd or hostile notebook for each defect: its status, its score, what is said; and nobody else is disturbed.

`hostile/` holds what people put into the cell of `conv2d_naive`, worth 4 points beside 3 of another; `odd.py` makes the
files. Each says itself what must be found.
"""

import inspect
import json
import os
import re
import tempfile
from dataclasses import replace
from pathlib import Path

import nbformat
import psutil
import pytest

from autograder.exam import convolution
from autograder.examiner.grading import Job, grade
from autograder.wire.limits import Limits

HERE = Path(__file__).parent
ODD: dict = {}
exec(compile((HERE / "odd.py").read_text(), "odd.py", "exec"), ODD)
FILES = {
    name: make for name, make in ODD.items() if inspect.isfunction(make) and (make.__doc__ or "").startswith("status")
}
HOSTILE = {path.stem: path for path in sorted((HERE / "hostile").glob("*.py"))}
SHORT = Limits(
    cell_seconds=1, call_seconds=1, notebook_seconds=15, memory_mib=512, threads=32, scratch_mib=32,
    scratch_files=200, output_kib=64, outputs_mib=1,
)  # fmt: skip
RIGHT = {
    "output_size": """def output_size(n, kernel_size, stride=1, padding=0, dilation=1):
    return (n + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1""",
    "conv2d_naive": (HERE / "hostile" / "endless_cell.py")
    .read_text()
    .partition('"""\n\n')[2]
    .partition("while True")[0],
}


@pytest.fixture(autouse=True)
def short_limits(monkeypatch, tmp_path):
    monkeypatch.setattr(convolution, "ASSIGNMENT", replace(convolution.ASSIGNMENT, limits=SHORT))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # where candidates get their folders


def expected(text):
    status, score = re.search(r"status: ([\w|]+)", text), re.search(r"score: (\d+)(?:\.\.(\d+))?", text)
    says = re.search(r"says: (.+)", text)
    return status[1].split("|"), float(score[1]), float(score[2] or score[1]), says[1] if says else ""


def check(submitted, source, client, text):
    statuses, low, high, says = expected(text)
    result, executed, _ = grade(Job("mallory", "01-convolution", "j"), submitted, source, client, bytes(32))
    told = " ".join([result.limit or "", *result.repaired, *(row.sentence or "" for row in result.criteria)])
    assert result.status in statuses, (result.status, told)
    assert low <= result.score <= high and result.max_score == 7 and result.bonus == 0, (result.score, told)
    assert re.search(says, told), told
    assert result.status in ("graded", "crashed", "unreadable") or result.limit
    json.dumps(result.to_json(), allow_nan=False).encode()
    if executed is not None:
        text = nbformat.writes(executed)
        nbformat.validate(nbformat.reads(text, as_version=4))
        text.encode()
        for cell in executed.cells:
            if cell.metadata.get("nbgrader", {}).get("grade") and cell.cell_type == "code":
                assert [o.output_type for o in cell.outputs].count("execute_result") == 1, cell.id
    return executed


def assert_undisturbed(written, source, client):
    """The next one is graded as if nothing had been; no process and no folder is left behind."""
    result, _, _ = grade(
        Job("ada", "01-convolution", "j"), written(output_size=RIGHT["output_size"]), source, client, bytes(32)
    )
    assert result.status == "graded" and result.score == 3
    assert not os.listdir(tempfile.gettempdir())
    started = [child for child in psutil.Process().children() if "zygote.main" in " ".join(child.cmdline())]
    zygotes = [zygote for process in started for zygote in process.children()]
    assert zygotes and not [left for zygote in zygotes for left in zygote.children(recursive=True)]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_code(name, written, source, client, tmp_path_factory):
    victim = tmp_path_factory.mktemp("victim")
    (victim / "file").write_text("untouched")
    before = looks(victim)
    text = HOSTILE[name].read_text().replace("VICTIM", str(victim))
    code = text.partition('"""\n\n')[2].replace("# magic: ", "")
    check(written(output_size=RIGHT["output_size"], conv2d_naive=code), source, client, text)
    assert looks(victim) == before
    assert_undisturbed(written, source, client)


def looks(folder):
    """All that could be changed about a folder and the file in it."""
    found = [(path, path.stat()) for path in (folder, *folder.iterdir())]
    return [(path, s.st_mode, s.st_mtime, s.st_uid, s.st_nlink, s.st_size, os.listxattr(path)) for path, s in found]


@pytest.mark.parametrize("name", FILES)
def test_odd_files(name, written, source, client):
    made = FILES[name](nbformat.reads(written(**RIGHT), as_version=4))
    executed = check(made, source, client, FILES[name].__doc__)
    if executed is not None:
        shown = nbformat.writes(executed)
        assert "alert(1)</script>" not in shown or "HTML(" in shown
