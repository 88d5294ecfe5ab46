"""`python -m convcourse check`: what it says of a notebook that is ready, and of each defect."""

import copy
import subprocess
import sys
import time

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder import release
from convcourse import check, rehearsal
from convcourse.check import LARGEST_MIB
from convcourse.missing import in_words
from convcourse.packages import PACKAGES
from convcourse.rehearsal import Ran, rehearse

NAME = "01-convolution"
ENTRIES = check.load_assignments()[NAME]


@pytest.fixture(scope="module")
def solved():
    """The released notebook with the reference's code in it, as a student would have it in the end."""
    source = release.source_notebook((release.TEXTS / f"{NAME}.py").read_text(encoding="utf-8"))
    nb = release.released_notebook(source)
    for cell, answer in zip(nb.cells, source.cells):
        if cell.metadata.nbgrader.solution:
            cell.source = release.solution_of(answer)
    return nb


@pytest.fixture
def nb(solved):
    return copy.deepcopy(solved)


def cell(nb, i):
    return next(cell for cell in nb.cells if cell.id == i)


def save(nb, folder, name=f"{NAME}.ipynb"):
    path = folder / name
    path.write_text(nbformat.writes(nb), encoding="utf-8")
    return path


@pytest.fixture
def asked(tmp_path, monkeypatch, capsys):
    """A function: (exit status, what is said) of a notebook whose cells all run, or raise these errors by their ids."""

    def ask(nb, name=f"{NAME}.ipynb", errors=None, defined=None, stopped=None):
        names = {entry.defines for entry in ENTRIES if entry.defines}
        numbers = {i: n for n, i in enumerate(c.get("id") for c in nb.cells)}
        ran = Ran(
            finished=set() if stopped else set(range(len(nb.cells))),
            errors={numbers[i]: error for i, error in (errors or {}).items()},
            defined=names if defined is None else defined,
            stopped=stopped,
        )
        monkeypatch.setattr(check, "rehearse", lambda *_: ran)
        status = check.main(["check", str(save(nb, tmp_path, name))])
        return status, " ".join(capsys.readouterr().out.split())

    return ask


def test_ready(nb, tmp_path):
    """The whole way, once: a process of its own runs the command, which runs the notebook in another."""
    path = save(nb, tmp_path)
    run = subprocess.run([sys.executable, "-m", "convcourse", "check", str(path)], capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "✗" not in run.stdout and "Ready to be handed in" in run.stdout
    for entry in ENTRIES:
        assert entry.kind != "solution" or f"✓ {entry.id}\n" in run.stdout
    assert path.read_text(encoding="utf-8") == nbformat.writes(nb), "the check wrote into the notebook"


def test_defects_of_the_code_are_found_by_running_it(nb, tmp_path, capsys):
    cell(nb, "conv2d_naive").source = "def conv2d_naive(x, weight, bias=None):\n    return x * 3"
    cell(nb, "apply_kernel").source = "def apply_my_kernel(image, kernel):\n    return image"
    cell(nb, "bonus").source = "def separate(kernel:"
    nb.cells.append(new_code_cell("undefined_name", id="mine"))
    assert check.main(["check", str(save(nb, tmp_path))]) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert "✗ conv2d_naive: For a 1×1 kernel the result must be the input times that number" in said
    assert "✗ apply_kernel: `apply_kernel` is not defined, although its cell ran to its end. Keep the name" in said
    assert "✗ bonus: its cell stopped with SyntaxError:" in said and "in its line 1." in said
    assert "✗ your own cell `undefined_name`: it stopped with NameError: name 'undefined_name' is not defined." in said
    assert "✓ conv2d " in said and "✓ Conv2d " in said


def test_as_handed_out(asked):
    nb = nbformat.read(release.RELEASED / NAME / f"{NAME}.ipynb", as_version=4)
    status, said = asked(nb)
    assert status == 1 and "Did you save" in said
    assert "✗ conv2d: not written yet" in said and "✗ discussion: not written yet" in said
    assert "– bonus: not written yet (optional)" in said


def test_the_optional_part_may_be_left_out(nb, asked):
    handed_out = nbformat.read(release.RELEASED / NAME / f"{NAME}.ipynb", as_version=4)
    cell(nb, "bonus").source = cell(handed_out, "bonus").source
    status, said = asked(nb, errors={"bonus-visible": "separate: it is not written yet."})
    assert status == 0 and "– bonus" in said


def lose_marks(nb):
    for c in nb.cells:
        del c.metadata["nbgrader"]


def lose_marks_and_ids(nb):
    for number, c in enumerate(nb.cells):
        del c.metadata["nbgrader"]
        c.id = f"colab-{number}"


def double(nb):
    nb.cells.insert(5, copy.deepcopy(cell(nb, "conv2d")))
    nb.cells[5].id = "another"


def reorder(nb):
    nb.cells.append(nb.cells.pop(2))


def edit_locked(nb):
    cell(nb, "setup").source += "\nimport numpy as np"


def change_type(nb):
    index = nb.cells.index(cell(nb, "conv2d"))
    old = nb.cells[index]
    nb.cells[index] = new_markdown_cell(old.source, metadata=old.metadata, id=old.id)


def other_kernel(nb):
    nb.metadata.kernelspec = {"name": "ir", "display_name": "R", "language": "R"}
    nb.metadata.language_info = {"name": "R"}


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lose_marks, "have lost their marks for grading"),
        (lose_marks_and_ids, "have lost their marks for grading"),
        (lambda nb: nb.cells.remove(cell(nb, "conv2d-hidden")), "cell `conv2d-hidden`: it is missing. Fetch"),
        (double, "cell `conv2d`: it is there 2 times"),
        (reorder, "their order has changed"),
        (edit_locked, "cell `setup`: it is locked, and was changed"),
        (change_type, "cell `conv2d`: it must be a code cell, it is a markdown cell"),
        (other_kernel, "kernel: the notebook is for R; choose a Python kernel"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_defects_of_the_file(nb, asked, spoil, said):
    spoil(nb)
    status, told = asked(nb)
    assert status == 1 and said in told and "in order" not in told


def test_what_is_lost_is_found_by_the_name_it_defines(nb, asked):
    number = nb.cells.index(cell(nb, "conv2d_naive-visible"))
    lose_marks_and_ids(nb)
    _, told = asked(nb, errors={f"colab-{number}": "conv2d_naive: it is wrong."})
    assert "✗ conv2d_naive: it is wrong." in told
    assert "✓ conv2d " in told and "✓ KERNELS " in told and "✓ question_1 " in told


def test_more_cells_and_saved_outputs_are_no_defect(nb, asked):
    nb.cells.insert(3, new_code_cell("import numpy"))
    nb.cells.insert(7, new_markdown_cell("A note."))
    cell(nb, "conv2d").outputs = [nbformat.v4.new_output("stream", text="hello")]
    cell(nb, "conv2d").execution_count = 7
    assert asked(nb)[0] == 0


def test_the_files_name(nb, asked):
    status, told = asked(nb, name=f"{NAME} (1).ipynb")
    assert status == 1 and f"must be called {NAME}.ipynb" in told


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"not json", "cannot be read as a notebook"),
        (b"", "cannot be read as a notebook"),
        (b"\xff\xfe\x00", "cannot be read as a notebook"),
        (b'{"cells": 3, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}', "cannot be read as a notebook"),
        (b"[" * 100_000, "cannot be read as a notebook"),
        (b" " * ((LARGEST_MIB + 1) << 20), f"the grader reads {LARGEST_MIB} at most"),
    ],
)
def test_what_is_no_notebook(content, said, tmp_path, capsys):
    path = tmp_path / f"{NAME}.ipynb"
    path.write_bytes(content)
    assert check.main(["check", str(path)]) == 1
    assert said in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    "arguments", [[], ["check"], ["chek", "x.ipynb"], ["check", "a", "b"], ["check", "no-such.ipynb"]]
)
def test_wrong_usage(arguments, capsys):
    assert check.main(arguments) == 2
    out = capsys.readouterr()
    assert not out.out and len(out.err.splitlines()) == 1


def test_a_notebook_of_no_assignment(tmp_path, capsys):
    assert check.main(["check", str(save(new_notebook(), tmp_path, "mine.ipynb"))]) == 2
    assert NAME in capsys.readouterr().err


def test_a_name_that_is_gone_in_the_end(nb, asked):
    names = {entry.defines for entry in ENTRIES if entry.defines} - {"conv2d"}
    status, told = asked(nb, defined=names)
    assert status == 1 and "✗ conv2d: `conv2d` is not defined in the end" in told


def test_what_was_not_reached_is_not_called_wrong(nb, asked):
    status, told = asked(nb, stopped="cell number 9 ran for more than 60 seconds and was stopped.")
    assert status == 1 and "✗ run: cell number 9" in told and "– conv2d: not reached" in told


def test_a_cell_that_stops_is_told_as_the_grader_does(nb, asked):
    nb.cells.insert(0, new_code_cell("from nowhere import rearrange", id="mine"))
    nb.cells.insert(1, new_code_cell("twice = rearrange", id="more"))
    module = "ModuleNotFoundError: No module named 'nowhere'"
    errors = {
        "mine": module,
        "more": "NameError: name 'rearrange' is not defined",
        "conv2d": "NameError: name 'twice' is not defined",
        "conv2d-visible": "NameError: name 'conv2d' is not defined",
        "conv2d_naive-visible": "conv2d_naive: Called with (3) it raised NameError: name 'rearrange' is not defined",
        "apply_kernel-visible": "NameError: name 'apply_kernel' is not defined",
    }
    status, said = asked(nb, errors=errors)
    because = "is not defined, because the cell `from nowhere import rearrange` stopped with " + module
    assert (
        status == 1 and f"✗ your own cell `from nowhere import rearrange`: it stopped with {module}. The grader" in said
    )
    assert (
        "✗ conv2d: its cell stopped with NameError: name 'twice' is not defined. `twice` is not defined, because"
        in said
    )
    assert f"it raised NameError: name 'rearrange' is not defined. `rearrange` {because}." in said
    assert "✗ apply_kernel: `apply_kernel` is defined too late." in said


def test_an_error_is_one_line():
    assert in_words(TypeError("f() got (int), but expected one of:\n * (Tensor)")) == "TypeError: f() got (int)"
    assert in_words(ValueError("no.")) == "ValueError: no" and in_words(AssertionError()) == "AssertionError"


def run_cells(*sources, names=()):
    return rehearse(new_notebook(cells=[new_code_cell(s) for s in sources]), list(names))


def test_what_the_grader_lacks_is_lacking_in_the_rehearsal(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "beside.py").write_text("x = 1")
    ran = run_cells(
        "import pytest", "import beside", "import autograder.examiner.link", "open('beside.py')",
        "import torch, torchvision, numpy, scipy.ndimage, skimage.io, sklearn, tqdm.auto, PIL.Image, IPython.display",
        "from convcourse import checks, data, plots", "import torch\nassert torch.get_num_threads() == 1",
    )  # fmt: skip
    assert ran.stopped is None and set(ran.errors) == {0, 1, 3}
    assert ran.errors[0] == "ModuleNotFoundError: No module named 'pytest'"
    assert "beside" in ran.errors[1] and ran.errors[3].startswith("FileNotFoundError")


def test_the_courses_packages_are_those_that_are_installed_where_a_notebook_is_graded():
    assert set(PACKAGES) <= set(release.project()["dependencies"])
    listed = (release.ROOT / "book" / "how-to-submit.md").read_text(encoding="utf-8")
    assert all(f"`{package}`" in listed for package in PACKAGES)


def test_cells_run_as_in_jupyter():
    ran = run_cells(
        "%matplotlib inline\nimport os\nassert os.environ['NBGRADER_EXECUTION']",
        "text = 'here'",
        "%%time\nx = 1\ndisplay(x)",
        "1 / 0",
        "input()",
        names=["text", "x", "y"],
    )
    assert ran.stopped is None and ran.finished == set(range(5)) and ran.defined == {"text", "x"}
    assert ran.errors[3] == "ZeroDivisionError: division by zero" and set(ran.errors) == {3, 4}


def test_a_cell_that_never_ends_is_stopped(monkeypatch):
    monkeypatch.setattr(rehearsal, "CELL_SECONDS", 4.0)
    start = time.monotonic()
    ran = run_cells("x = 1", "import time\nwhile True:\n    time.sleep(1)", "y = 2")
    assert "cell number 2 ran for more than 4 seconds" in ran.stopped
    assert ran.finished == {0} and time.monotonic() - start < 60


def test_a_cell_that_ends_the_process_is_named():
    ran = run_cells("x = 1", "import os\nos._exit(0)", "y = 2")
    assert "the process ended in cell number 2" in ran.stopped and ran.finished == {0}


def test_the_list_of_cells_is_the_released_notebooks():
    nb = nbformat.read(release.RELEASED / NAME / f"{NAME}.ipynb", as_version=4)
    assert [entry.id for entry in ENTRIES] == [c.metadata.nbgrader.grade_id for c in nb.cells]
    assert [entry.digest for entry in ENTRIES] == [check.digest(c) for c in nb.cells]
    assert {e.defines for e in ENTRIES if e.id in ("conv2d", "bonus", "question_1")} == {
        "conv2d",
        "separate",
        "answer_1",
    }
