"""`python -m convcourse check`: what it says of a notebook that is ready, and of each defect."""

import copy
import os
import subprocess
import sys
from dataclasses import replace

import nbformat
import pytest
from drawing import some_of
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder import release, student_wheel
from autograder.objects import modes
from convcourse import check, handed_out, stage
from convcourse.handed_out import Allowed, Assignment, Entry
from convcourse.missing import in_words
from convcourse.packages import PACKAGES
from convcourse.rehearsal import Cue, Ran, rehearse
from convcourse.submission.mending import fingerprint

quick = pytest.mark.usefixtures("quick_rehearsals")  # for tests of what becomes of the cells
NAME = "01-convolution"
ENTRIES = handed_out.assignments()[NAME].entries


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
    """A function: (exit status, what is said) of a notebook whose cells all run, or end so, by what stands in them."""

    def ask(nb, name=f"{NAME}.ipynb", errors=None, late=None, defined=None, stopped_at=None):
        names = {entry.defines for entry in ENTRIES if entry.defines} if defined is None else defined
        nb_texts = {c.get("id"): c.source for c in nb.cells}

        def rehearsed(cues, *_):
            numbers = {i: n for i, text in nb_texts.items() for n, cue in enumerate(cues) if cue.source == text}
            end = len(cues) if stopped_at is None else numbers[stopped_at]
            return Ran(
                {numbers[i]: error for i, error in (errors or {}).items()},
                {numbers[i]: why for i, why in (late or {}).items()},
                {number: names for number in range(end)},
                None if stopped_at is None else "a cell ended the process.",
                None if stopped_at is None else end,
            )

        monkeypatch.setattr(check, "rehearse", rehearsed)
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


@quick
def test_defects_of_the_code_are_found_by_running_it(nb, tmp_path, capsys):
    cell(nb, "conv2d_naive").source = "def conv2d_naive(x, weight, bias=None):\n    return x * 3"
    cell(nb, "apply_kernel").source = "def apply_my_kernel(image, kernel):\n    return image"
    cell(nb, "bonus").source = "def separate(kernel:"
    nb.cells.append(new_code_cell("undefined_name", id="mine"))
    assert check.main(["check", str(save(nb, tmp_path))]) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert "✗ conv2d_naive: For a 1×1 kernel the result must be the input times that number" in said
    assert "✗ apply_kernel: `apply_kernel` is not defined, although its cell ran to its end. Keep the name" in said
    assert "✗ bonus: its cell stopped: SyntaxError:" in said and "in its line 1." in said
    assert "– your cell `undefined_name`: it stopped: NameError: name 'undefined_name' is not defined. This" in said
    assert "✓ conv2d " in said and "✓ Conv2d " in said


def test_as_handed_out(asked):
    nb = nbformat.read(release.RELEASED / NAME / f"{NAME}.ipynb", as_version=4)
    status, said = asked(nb, defined=set())
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
        (lose_marks, "recognised by their ids: `intro`, `setup`, `output_size-text`, `output_size`, "),
        (lose_marks_and_ids, "recognised by what they define: `output_size`"),
        (
            lambda nb: nb.cells.remove(cell(nb, "conv2d-hidden")),
            "were not in the notebook and were put in: `conv2d-hidden`",
        ),
        (double, "more than once, and the last one that was written in counts: `conv2d`"),
        (edit_locked, "Imports had been added to these locked cells; they were kept"),
        (change_type, "another type and were changed back: `conv2d`"),
        (other_kernel, "It was saved with a kernel for 'R'"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_what_the_grader_mends_does_not_stand_in_the_way(nb, asked, spoil, said):
    spoil(nb)
    status, told = asked(nb)
    assert status == 0 and f"– the grader mends: {said}"[:20] in told and said in told and "in order" not in told


def test_cells_in_another_order_run_in_the_assignments(nb, asked):
    reorder(nb)
    assert asked(nb)[0] == 0


def test_an_earlier_version_of_the_assignment_is_no_change_of_the_students(nb, asked, monkeypatch):
    old = cell(nb, "setup").source = "import torch  # as it was"
    monkeypatch.setattr(check, "versions", lambda name: {"setup": frozenset([fingerprint(old)])})
    _, told = asked(nb)
    assert "– the grader mends: The notebook is an earlier version of the assignment." in told
    assert "differ from" not in told and "Imports had been added" not in told


def test_what_the_grader_does_not_mend(nb, asked):
    nb.cells.remove(cell(nb, "conv2d"))
    status, told = asked(nb, errors={"conv2d-visible": "NameError: name 'conv2d' is not defined"}, defined=set())
    assert status == 1 and "✗ conv2d: not written yet" in told
    assert "– the grader mends: These cells for answers were not in the notebook and count as left as they" in told


def test_what_is_lost_is_found_by_the_name_it_defines(nb, asked):
    lose_marks_and_ids(nb)
    number = next(c.id for c in nb.cells if c.source.startswith("checks.convolution.conv2d_naive"))
    _, told = asked(nb, errors={number: "conv2d_naive: it is wrong."})
    assert "✗ conv2d_naive: it is wrong." in told
    assert "✓ conv2d " in told and "✓ KERNELS " in told and "✓ question_1 " in told


def test_a_part_that_stands_in_a_cell_of_ones_own_is_written(nb, asked):
    handed_out = nbformat.read(release.RELEASED / NAME / f"{NAME}.ipynb", as_version=4)
    nb.cells.insert(nb.cells.index(cell(nb, "KERNELS")) + 1, new_code_cell(cell(nb, "KERNELS").source, id="mine"))
    cell(nb, "KERNELS").source = cell(handed_out, "KERNELS").source
    status, told = asked(nb, errors={"KERNELS": "NotImplementedError"})
    assert status == 0 and "✓ KERNELS " in told


def test_more_cells_and_saved_outputs_are_no_defect(nb, asked):
    nb.cells.insert(3, new_code_cell("import numpy"))
    nb.cells.insert(7, new_markdown_cell("A note."))
    cell(nb, "conv2d").outputs = [nbformat.v4.new_output("stream", text="hello")]
    cell(nb, "conv2d").execution_count = 7
    assert asked(nb)[0] == 0


def test_the_files_name(nb, asked):
    status, told = asked(nb, name=f"{NAME} (1).ipynb")
    assert status == 0 and f"Hand it in as {NAME}.ipynb" in told


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"not json", "it is not JSON"),
        (b"", "it is not JSON"),
        (b"\xff\xfe\x00", "it is not JSON"),
        (b'{"cells": 3, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}', "no list of cells"),
        (b"[" * 100_000, "more lists, or deeper ones"),
        (b" " * (33 << 20), "larger than 32 MiB"),
        (b'{"cells": [{"cell_type": "code", "source": "x = 1"}]}', "the notebook of another assignment?"),
    ],
)
def test_what_is_no_notebook(content, said, tmp_path, capsys):
    path = tmp_path / f"{NAME}.ipynb"
    path.write_bytes(content)
    assert check.main(["check", str(path)]) == 1
    told = " ".join(capsys.readouterr().out.split())
    assert said in told and "counts as zero" in told


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


def test_a_name_that_is_gone_where_the_hidden_tests_run(nb, asked):
    names = {entry.defines for entry in ENTRIES if entry.defines} - {"conv2d"}
    status, told = asked(nb, defined=names)
    assert status == 1 and "✗ conv2d: `conv2d` is not defined below its visible checks" in told


def test_what_was_not_reached_is_not_called_wrong(nb, asked):
    status, told = asked(nb, stopped_at="conv2d")
    assert status == 1 and "✗ run: a cell ended the process. It was the cell `conv2d`." in told
    assert "– conv2d: not reached" in told and "✓ KERNELS " in told


def test_tests_that_are_no_parts_own_are_told(tmp_path, monkeypatch, capsys):
    """As an instructor's own assignment has them, without our names for cells."""
    entries = [Entry("double", "code", "solution", "# YOUR CODE HERE"), Entry("tests", "code", "grade", "double(3)")]
    monkeypatch.setattr(check, "assignments", lambda: {"09-mine": Assignment("09-mine", ALLOWED, entries)})
    monkeypatch.setattr(check, "rehearse", lambda *_: Ran({1: "TypeError: no"}, {}, {0: set(), 1: set()}))
    cells = [new_code_cell("def double(): pass", metadata={"nbgrader": {"grade_id": "double"}})]
    assert check.main(["check", str(save(new_notebook(cells=cells), tmp_path, "09-mine.ipynb"))]) == 1
    assert "✗ the tests `tests`: TypeError: no." in capsys.readouterr().out


def test_a_part_without_visible_checks_is_no_part_as_it_was_handed_out(tmp_path, monkeypatch, capsys):
    stub = "def double(x):\n    raise NotImplementedError()"
    entries = [Entry("double", "code", "solution", stub, "double"), Entry("tests", "code", "grade", "double(3)")]
    monkeypatch.setattr(check, "assignments", lambda: {"09-mine": Assignment("09-mine", ALLOWED, entries)})
    monkeypatch.setattr(check, "rehearse", lambda cues, *_: Ran({}, {}, {n: {"double"} for n in range(len(cues))}))
    cells = [new_code_cell(stub, metadata={"nbgrader": {"grade_id": "double"}})]
    path = save(new_notebook(cells=cells), tmp_path, "09-mine.ipynb")
    assert check.main(["check", str(path)]) == 1
    assert "✗ double: not written yet" in capsys.readouterr().out
    cells += [new_code_cell("def double(x):\n    return 2 * x")]
    save(new_notebook(cells=cells), tmp_path, "09-mine.ipynb")
    assert check.main(["check", str(path)]) == 0
    assert "✓ double" in capsys.readouterr().out, "it stands in a cell of one's own"


def test_what_takes_too_long_is_told(nb, asked):
    nb.cells.insert(2, new_code_cell("train()", id="mine"))
    took = "it took more than 20 seconds of processor time"
    status, told = asked(nb, late={"mine": took})
    assert status == 0 and f"– your cell `train()`: it stopped: {took}, which is more than the grader allows." in told
    status, told = asked(nb, late={"conv2d-visible": took})
    assert status == 1 and f"✗ conv2d: its visible check stopped: {took}" in told


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
    assert status == 1 and f"– your cell `from nowhere import rearrange`: it stopped: {module}. The grader" in said
    assert "✗ conv2d: its cell stopped: NameError: name 'twice' is not defined. `twice` is not defined, because" in said
    assert f"it raised NameError: name 'rearrange' is not defined. `rearrange` {because}." in said
    assert "✗ apply_kernel: `apply_kernel` is defined too late." in said


def test_an_error_is_one_line():
    assert in_words(TypeError("f() got (int), but expected one of:\n * (Tensor)")) == "TypeError: f() got (int)"
    assert in_words(ValueError("no.")) == "ValueError: no" and in_words(AssertionError()) == "AssertionError"


ALLOWED = Allowed(cell_seconds=20, call_seconds=10, notebook_seconds=120, memory_mib=2048, output_kib=2048)


def run_cells(*sources, names=(), allowed=ALLOWED):
    return rehearse([s if isinstance(s, Cue) else Cue(s, own=True) for s in sources], list(names), allowed)


def test_what_the_grader_lacks_is_lacking_in_the_rehearsal(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "beside.py").write_text("x = 1")
    ran = run_cells(
        "import pytest", "import beside", "import autograder.examiner.link", "open('beside.py')",
        "import torch, torchvision, numpy, scipy.ndimage, skimage.io, sklearn, tqdm.auto, PIL.Image, IPython.display",
        "from convcourse import checks, data, plots", "import torch\nassert torch.get_num_threads() == 1",
        "import urllib.request\nurllib.request.urlopen('http://localhost:1')",
        "import subprocess, sys\nsubprocess.run([sys.executable, '-V'])", "!echo hello > here\nopen('here')",
        "import torch\nassert not torch.cuda.is_available()\nx = torch.empty(3 << 30, dtype=torch.uint8)",
        "import os\nassert os.listdir() == []",
    )  # fmt: skip
    assert ran.stopped is None and set(ran.errors) == {0, 1, 3, 7, 8, 9, 10}
    assert ran.errors[0] == "ModuleNotFoundError: No module named 'pytest'"
    assert "beside" in ran.errors[1] and ran.errors[3].startswith("FileNotFoundError")
    assert "no network" in ran.errors[7] and "New processes are refused" in ran.errors[8]
    assert ran.errors[9].startswith("FileNotFoundError") and "can't allocate memory" in ran.errors[10]


def test_the_courses_packages_are_those_that_are_installed_where_a_notebook_is_graded():
    assert set(PACKAGES) <= set(student_wheel.project()["dependencies"])
    listed = (release.ROOT / "book" / "how-to-submit.md").read_text(encoding="utf-8")
    assert all(f"`{package}`" in listed for package in PACKAGES)


def test_cells_run_as_in_jupyter():
    ran = run_cells(
        "%matplotlib inline\nimport os\nassert os.environ['NBGRADER_EXECUTION']",
        "text = 'here'",
        "%%time\nx = 1\ndisplay(x)",
        "1 / 0",
        "input()",
        "raise SystemExit",
        "exit()",
        "from torch.utils.data import DataLoader\nsum(len(b) for b in DataLoader(range(4), num_workers=2))",
        "open('ü.txt', 'w').write('ü')\nassert open('ü.txt').read() == 'ü'\nprint('✓')\n"
        "import gc\nassert gc.isenabled()",
        "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()",
        names=["text", "x", "y"],
    )
    assert ran.stopped is None and len(ran.defined) == 10 and ran.defined[9] == {"text", "x"}
    assert ran.errors[3] == "ZeroDivisionError: division by zero" and set(ran.errors) == {3, 4, 5}
    assert "text" not in ran.defined[0] and "text" in ran.defined[1]


@quick
def test_what_takes_too_long_or_puts_out_too_much_is_stopped_alone():
    """By processor time, whatever else runs; who sleeps or catches everything ends too."""
    allowed = replace(ALLOWED, cell_seconds=1, call_seconds=2, output_kib=64)
    ran = run_cells(
        "while True:\n    pass",
        "y = 2",
        "import time\ntime.sleep(60)",
        "while True:\n    print('x' * 1000)",
        Cue("try:\n    while True: pass\nexcept Exception:\n    pass", check=True),
        "z = 2",
        names=["y", "z"],
        allowed=allowed,
    )
    assert ran.stopped is None and not ran.errors and ran.defined[5] == {"y", "z"}
    assert ran.late == {
        0: "it took more than 1 seconds of processor time",
        2: "it took more than 3 seconds, most of them waiting",
        3: "it put out more than 64 KiB of text",
        4: "it took more than 2 seconds of processor time",
    }


@quick
def test_a_cell_that_does_not_let_itself_be_interrupted_ends_the_run():
    allowed = replace(ALLOWED, cell_seconds=1, call_seconds=2, output_kib=64)
    stubborn = "while True:\n    try:\n        for i in range(10**9): x = [i]\n    except BaseException: x = 2"
    ran = run_cells("x = 1", stubborn, allowed=allowed)
    assert "could not be interrupted" in ran.stopped and ran.running == 1 and set(ran.defined) == {0}


@quick
def test_the_whole_notebooks_time_ends():
    allowed = replace(ALLOWED, notebook_seconds=2)
    ran = run_cells("x = 1", "while True:\n    pass", allowed=allowed)
    assert "more than 2 seconds of processor time" in ran.stopped and ran.running == 1


@quick
def test_a_cell_that_ends_the_process_is_named():
    ran = run_cells("x = 1", "import os\nos._exit(0)", "y = 2")
    assert "a cell ended the process" in ran.stopped and ran.running == 1 and set(ran.defined) == {0}


@quick
def test_modes_are_put_back_as_the_grader_does():
    """The assignment's cells find the modes of an import, one's own cells those that they left."""
    leave = """
import numpy as np, torch
torch.set_default_dtype(torch.float64); torch.set_grad_enabled(False); torch.set_default_device("meta")
torch.set_anomaly_enabled(True); torch.use_deterministic_algorithms(True)
torch.set_float32_matmul_precision("medium"); torch.set_autocast_enabled("cpu", True); np.seterr(all="raise")
"""
    look = """
def now():
    return (torch.get_default_dtype(), torch.get_default_device().type, torch.is_grad_enabled(),
        torch.is_anomaly_enabled(), torch.are_deterministic_algorithms_enabled(),
        torch.get_float32_matmul_precision(), torch.is_autocast_enabled("cpu"), np.geterr()["divide"])
"""
    assert f"{len(stage.MODES)} {len(modes.IMPORTED)}" == "8 8", "a mode more: leave it here, too"
    imported = "(torch.float32, 'cpu', True, False, False, 'highest', False, 'warn')"
    left = "(torch.float64, 'meta', False, True, True, 'medium', True, 'raise')"
    ran = run_cells(leave + look, Cue(f"assert now() == {imported}, now()"), f"assert now() == {left}, now()")
    assert ran.stopped is None and not ran.errors


SURROUNDINGS = [
    {"PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"},
    {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
]


@pytest.mark.parametrize("surroundings", some_of(SURROUNDINGS, 1))
def test_other_encodings_and_paths(nb, tmp_path, surroundings):
    """A terminal and a system that are not in UTF-8, a folder with spaces and umlauts, and no file opened by guess."""
    folder = tmp_path / "Übung eins (π)"
    folder.mkdir()
    for entry in ENTRIES:  # two parts are enough, and one that fails with a sign that no code page has
        if entry.kind == "solution" and entry.id not in ("output_size", "question_1"):
            cell(nb, entry.id).source = entry.text
    nb.cells.insert(2, new_code_cell("raise ValueError('π ≠ 3')"))
    path = save(nb, folder)
    command = [sys.executable, "-X", "warn_default_encoding", "-W", "error::EncodingWarning"]
    run = subprocess.run(
        [*command, "-m", "convcourse", "check", str(path)], env=os.environ | surroundings, capture_output=True
    )
    out = run.stdout.decode("cp1252")
    assert run.returncode == 1 and not run.stderr, run.stderr
    assert "ok output_size\n" in out.replace("\r", "") and "XX conv2d: not written yet" in out and "ValueError" in out


def test_the_list_of_cells_is_the_released_notebooks():
    nb = nbformat.read(release.RELEASED / NAME / f"{NAME}.ipynb", as_version=4)
    assert [(entry.id, entry.text) for entry in ENTRIES] == [(c.metadata.nbgrader.grade_id, c.source) for c in nb.cells]
    assert {e.defines for e in ENTRIES if e.id in ("conv2d", "bonus", "question_1")} == {
        "conv2d",
        "separate",
        "answer_1",
    }
