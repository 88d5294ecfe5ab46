"""What Jupyter shows where a cell is not written yet: a sentence instead of a traceback, and an error all the same."""

import re

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

import convcourse
from autograder import release

OTHERS = [
    "undefined",
    "def stub():\n    raise NotImplementedError()\nstub()",
    "raise NotImplementedError('and why')",
    "checks_of_mine = 1\nchecks_of_mine.x",
]


@pytest.fixture(scope="module")
def shown():
    """The error of each cell, by its grade_id or its number: name, and what is shown."""
    nb = nbformat.read(release.RELEASED / "01-convolution" / "01-convolution.ipynb", as_version=4)
    wanted = "setup", "output_size", "question_1", "KERNELS"
    cells = [c for c in nb.cells if c.cell_type == "code" and c.id.removesuffix("-visible") in wanted]
    ran = new_notebook(cells=cells + [new_code_cell(source, id=f"o{n}") for n, source in enumerate(OTHERS)])
    NotebookClient(ran, allow_errors=True, timeout=120, kernel_name="python3").execute()
    errors = [(c.id, o) for c in ran.cells for o in c.outputs if o.output_type == "error"]
    return {id: (o.ename, "\n".join(o.traceback)) for id, o in errors}


def test_an_untouched_notebook_shows_no_traceback(shown):
    assert set(shown) >= {"output_size-visible", "question_1", "question_1-visible", "KERNELS", "KERNELS-visible"}
    for id in set(shown) - {f"o{number}" for number in range(len(OTHERS))}:
        assert shown[id][1].startswith("✗ ") and "Traceback" not in shown[id][1], id
    written = "✗ This cell is not written yet. Replace `raise NotImplementedError()`."
    assert shown["KERNELS"] == ("NotImplementedError", written)
    assert shown["question_1-visible"][1] == "✗ `answer_1` is not there yet. Write the cell above, and run it."


def test_all_other_errors_look_as_they_always_do(shown):
    for number in range(len(OTHERS)):
        name, text = shown[f"o{number}"]
        assert "Traceback" in text and name in text and "✗" not in text


def test_a_training_tells_after_each_epoch_how_far_it_is(capsys):
    loader = convcourse.Told([1, 2], 3)
    assert len(loader) == 2 and [batch for _ in range(2) for batch in loader] == [1, 2, 1, 2]
    first, second = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"epoch 1 of 3: \d+ s, about \d+ s to go", first) and second.startswith("epoch 2 of 3: ")
