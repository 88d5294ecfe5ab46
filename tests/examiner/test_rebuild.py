"""The notebook that runs is the instructor's, with what the student wrote in it; accidents are mended and told."""

import copy
import json
import re
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_raw_cell

from autograder.examiner import rebuild as subject
from autograder.examiner.rebuild import rebuild, untouched
from autograder.wire.limits import Limits
from convcourse.submission.intake import Unreadable
from convcourse.submission.mending import fingerprint

ROOT = Path(__file__).resolve().parents[2]
DIFFER = "These locked cells differ from the assignment's present version and were put back"
MINE = "def output_size(n, k):\n    return n - k + 1"


def cell_of(nb, key):
    return next(cell for cell in nb.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == key)


def texts(nb):
    return {cell.id: cell.source for cell in nb.cells}


def test_an_honest_notebook_is_taken_as_it_is(source, written):
    program, repaired = rebuild(written(output_size=MINE, discussion="I think so."), source)
    assert repaired == []
    expected = texts(source) | {"output_size": MINE, "discussion": "I think so."}
    expected["conv2d_naive"] = (
        "def conv2d_naive(x, weight, bias=None):\n    # YOUR CODE HERE\n    raise NotImplementedError()"
    )
    assert texts(program) == expected
    assert [cell.metadata for cell in program.cells] == [cell.metadata for cell in source.cells]
    nbformat.validate(program)


def test_what_was_handed_out_is_what_nbgrader_hands_out(source, handed_out):
    assert [subject.handed_out(cell) for cell in source.cells] == [cell.source for cell in handed_out.cells]


def test_nothing_but_answers_comes_from_the_file(source, written):
    def forge(nb):
        nb.metadata["kernelspec"] = {"name": "evil", "language": "python", "display_name": "Python 3"}
        hidden = cell_of(nb, "output_size-hidden")
        hidden.source, hidden.metadata.nbgrader.points = "40.0", 400
        hidden.outputs = [nbformat.v4.new_output("execute_result", data={"text/plain": "3.0"})]
        cell_of(nb, "output_size").metadata.nbgrader.update(grade=True, points=40, locked=True)
        cell_of(nb, "discussion").metadata.nbgrader.points = 40
        cell_of(nb, "setup").source = "torch = None"

    program, repaired = rebuild(written(forge, output_size=MINE), source)
    assert [cell.metadata for cell in program.cells] == [cell.metadata for cell in source.cells]
    assert program.metadata == source.metadata
    assert texts(program)["output_size-hidden"] == texts(source)["output_size-hidden"]
    assert not any(cell.get("outputs") for cell in program.cells)
    assert repaired == [f"{DIFFER}: `setup`, `output_size-hidden`."]


def versions_of(*notebooks):
    """What is known of an assignment that was handed out in these versions."""
    known = {}
    for nb in notebooks:
        for cell in nb.cells:
            known.setdefault(cell.metadata.nbgrader.grade_id, set()).add(fingerprint(cell.source))
    return {key: frozenset(texts) for key, texts in known.items()}


@pytest.fixture
def mended(source):
    """The instructor's notebook after it was mended: cells changed, one gone, a new one."""
    nb = copy.deepcopy(source)
    cell_of(nb, "setup").source = "import torch\nPI = 3"
    cell_of(nb, "intro").source = "# Convolution, mended"
    cell_of(nb, "output_size").source = cell_of(nb, "output_size").source.replace("(n,", "(n: int,")
    nb.cells = [cell for cell in nb.cells if cell.id != "conv2d_naive-visible"]
    new = new_code_cell("import math", id="more", metadata=copy.deepcopy(cell_of(nb, "setup").metadata))
    new.metadata.nbgrader.grade_id = "more"
    nb.cells.insert(2, new)
    return nb


def test_a_later_edit_of_the_instructors_is_not_laid_to_the_student(source, handed_out, mended, written):
    known = versions_of(handed_out, mended)
    program, repaired = rebuild(written(discussion="I think so."), mended, versions=known)
    assert repaired == [
        "The notebook is an earlier version of the assignment. These locked cells have changed since then, and the "
        "present ones ran: `setup`.",
        "These locked cells were not in the notebook and were put in: `more`.",
    ]
    assert texts(program)["setup"] == "import torch\nPI = 3" and texts(program)["intro"] == "# Convolution, mended"
    assert "(n: int," in texts(program)["output_size"], "what was not begun is as it is handed out now"
    assert {"output_size", "conv2d_naive"} <= set(untouched(program, mended)), "nor counts the older stub as written"
    assert [cell.id for cell in program.cells if cell.id not in texts(mended)] == ["earlier-1"]
    assert texts(program)["earlier-1"] == "print('nothing is checked')", "a cell that is gone is not the student's"


def test_what_the_student_changed_is_told_in_an_earlier_version_too(handed_out, mended, written):
    def change(nb):
        cell_of(nb, "output_size-visible").source = "pass"
        cell_of(nb, "setup").source += "\nimport numpy"

    _, repaired = rebuild(written(change), mended, versions=versions_of(handed_out, mended))
    assert f"{DIFFER}: `setup`, `output_size-visible`." in repaired
    assert any(told.startswith("Imports had been added") for told in repaired)
    assert not any("earlier version" in told for told in repaired)


def test_a_copy_of_a_present_cell_is_the_students_own(source, handed_out, written):
    def copied(nb):
        nb.cells.append(new_code_cell(cell_of(nb, "conv2d_naive-visible").source))

    program, repaired = rebuild(written(copied), source, versions=versions_of(handed_out))
    assert program.cells[-1].id == "added-1" and repaired == []


def test_imports_of_an_earlier_version_are_kept_and_are_nobodys_addition(source, handed_out, mended, written):
    cell_of(mended, "setup").source = "PI = 3"
    program, repaired = rebuild(written(), mended, versions=versions_of(handed_out, mended))
    at = [cell.id for cell in program.cells].index("setup")
    assert (program.cells[at + 1].id, program.cells[at + 1].source) == ("earlier-1", "import torch")
    assert not any("Imports" in told for told in repaired)


def test_an_earlier_version_that_lost_its_metadata_is_recognised(handed_out, mended, written):
    def lose(nb):
        lose_metadata(nb)
        for number, cell in enumerate(nb.cells):
            cell.id = f"colab-{number}"

    program, repaired = rebuild(written(lose), mended, versions=versions_of(handed_out, mended))
    assert texts(program)["intro"] == "# Convolution, mended" and texts(program)["setup"] == "import torch\nPI = 3"
    assert not [cell for cell in program.cells if cell.id.startswith("added-")]
    assert any("earlier version" in told for told in repaired) and not any(DIFFER in told for told in repaired)


def test_nothing_that_a_file_says_makes_a_version(handed_out, mended, written):
    """A cell that claims to be untouched, or to be another cell's earlier version, is compared all the same."""

    def forge(nb):
        setup = cell_of(nb, "setup")
        setup.source = cell_of(nb, "output_size-visible").source
        setup.metadata.nbgrader.update(checksum="0" * 32, locked=True)

    _, repaired = rebuild(written(forge), mended, versions=versions_of(handed_out, mended))
    assert f"{DIFFER}: `setup`." in repaired


def test_of_versions_that_are_not_known_nobody_is_blamed(mended, written):
    _, repaired = rebuild(written(), mended)
    assert f"{DIFFER}: `setup`." in repaired and not any("earlier" in told for told in repaired)


def test_own_cells_follow_the_known_cell_before_them(source, written):
    def add(nb):
        at = nb.cells.index(cell_of(nb, "output_size"))
        nb.cells[at + 1 : at + 1] = [new_code_cell("mine = 1"), new_markdown_cell("A thought."), new_code_cell("  ")]
        nb.cells.insert(0, new_code_cell("first = 0"))
        nb.cells.append(new_raw_cell("last <script>"))

    program, repaired = rebuild(written(add), source)
    ids = [cell.id for cell in program.cells]
    assert ids[:2] == ["added-1", "intro"] and ids[-2:] == ["discussion", "added-4"]
    at = ids.index("output_size")
    assert ids[at + 1 : at + 4] == ["added-2", "added-3", "output_size-visible"]
    assert program.cells[-1].cell_type == "markdown" and program.cells[-1].source == "last < script>"
    assert repaired == []


def test_imports_added_to_a_locked_cell_are_kept(source, written):
    """Each in a cell of its own, so that one which fails costs no other; nothing else of what was changed is."""

    def add(nb):
        cell = cell_of(nb, "setup")
        cell.source = (
            "%matplotlib inline\nimport numpy as np, os\nimport nothing_of_this_name\n" + cell.source + "\n"
            "from functools import (\n    partial,\n    reduce as fold,\n)\ntorch.manual_seed(0)\nimport torch\n"
        )
        cell_of(nb, "output_size-visible").source = "import this is no Python"

    program, repaired = rebuild(written(add, output_size=MINE), source)
    ids = [cell.id for cell in program.cells]
    at = ids.index("setup")
    assert texts(program)["setup"] == texts(source)["setup"] and ids[at + 4] == "output_size-text"
    assert [cell.source for cell in program.cells[at + 1 : at + 4]] == [
        "import numpy as np, os",
        "import nothing_of_this_name",
        "from functools import partial, reduce as fold",
    ]
    assert repaired == [
        f"{DIFFER}: `setup`, `output_size-visible`.",
        "Imports had been added to these locked cells; they were kept and run after them: `setup`.",
    ]


def lose_metadata(nb):
    for cell in nb.cells:
        cell.metadata = {}


def lose_ids(nb):
    lose_metadata(nb)
    for number, cell in enumerate(nb.cells):
        cell.id = f"x{number}"


def lose_one(nb):
    cell = cell_of(nb, "output_size")
    cell.metadata, cell.id = {}, "x"


@pytest.mark.parametrize(
    "lose, how",
    [
        (lose_metadata, ["by their ids"]),
        (lose_ids, ["their text", "they define", "place"]),
        (lose_one, ["they define"]),
    ],
)
def test_lost_metadata_costs_nothing(source, written, lose, how):
    answers = dict(output_size=MINE, discussion="I think so.")
    whole, _ = rebuild(written(**answers), source)
    program, repaired = rebuild(written(lose, **answers), source)
    assert texts(program) == texts(whole)
    assert len(repaired) == len(how) and all(words in told for words, told in zip(how, repaired))


def test_many_cells_are_told_by_their_number(source, written):
    _, (told,) = rebuild(written(lose_metadata), source)
    names = [cell.metadata.nbgrader.grade_id for cell in source.cells]
    listed = ", ".join(f"`{name}`" for name in names[:5])
    assert told.endswith(f"by their ids: {listed} and {len(names) - 5} more.")


@pytest.mark.parametrize(
    "copies, counts, own",
    [
        (["def output_size(): 1", MINE], MINE, ["def output_size(): 1"]),
        ([MINE, ""], MINE, []),
        ([MINE, "STUB"], MINE, []),
        (["", MINE, "  \n"], MINE, []),
        (["STUB", ""], "", []),
    ],
)
def test_of_doubled_cells_the_last_that_was_written_in_counts(source, written, copies, counts, own):
    stub = subject.handed_out(cell_of(source, "output_size"))

    def double(nb):
        at = nb.cells.index(cell_of(nb, "output_size"))
        nb.cells[at : at + 1] = [
            new_code_cell(stub if text == "STUB" else text, metadata=nb.cells[at].metadata) for text in copies
        ]

    program, repaired = rebuild(written(double), source)
    assert cell_of(program, "output_size").source == counts
    assert [cell.source for cell in program.cells if cell.id.startswith("added")] == own
    assert repaired == [
        "These cells were there more than once, and the last one that was written in counts: `output_size`."
    ]


def test_missing_cells_are_put_back(source, written):
    def remove(nb):
        nb.cells = [
            cell
            for cell in nb.cells
            if cell.metadata.nbgrader.grade_id
            not in ("setup", "conv2d_naive", "conv2d_naive-hidden", "intro", "discussion")
        ]

    program, repaired = rebuild(written(remove, output_size=MINE), source)
    assert [cell.id for cell in program.cells] == [cell.id for cell in source.cells]
    assert "raise NotImplementedError" in texts(program)["conv2d_naive"]
    assert texts(program)["discussion"] == "YOUR ANSWER HERE"
    assert [re.findall("`(.*?)`", told) for told in repaired] == [
        ["setup", "conv2d_naive-hidden"],
        ["conv2d_naive", "discussion"],
    ]


def test_cells_in_another_order_run_in_ours(source, written):
    def turn(nb):
        nb.cells.reverse()

    program, _ = rebuild(written(turn, output_size=MINE), source)
    assert [cell.id for cell in program.cells] == [cell.id for cell in source.cells]


def test_a_cell_of_another_type_is_changed_back(source, written):
    def change(nb):
        at = nb.cells.index(cell_of(nb, "output_size"))
        nb.cells[at] = new_markdown_cell(MINE, metadata=nb.cells[at].metadata)

    program, repaired = rebuild(written(change), source)
    assert cell_of(program, "output_size").cell_type == "code" and cell_of(program, "output_size").source == MINE
    assert "another type" in repaired[0]


def test_another_kernel_is_told(source, written):
    def change(nb):
        nb.metadata["kernelspec"] = {"name": "ir", "language": "R", "display_name": "R"}

    assert "'R'" in rebuild(written(change), source)[1][0]


def test_a_notebook_of_something_else_is_refused(source):
    other = nbformat.v4.new_notebook(cells=[new_code_cell("print('hello')"), new_markdown_cell("# Mine")])
    for nb in (other, nbformat.v4.new_notebook()):
        with pytest.raises(Unreadable, match="another assignment"):
            rebuild(nbformat.writes(nb).encode(), source)


def test_too_many_cells_and_pictures_are_left_out_and_told(source, written):
    limits = Limits(added_cells=10, attachment_kib=1)

    def add(nb):
        nb.cells += [new_code_cell(f"x{i} = {i}") for i in range(300)]
        cell_of(nb, "discussion").attachments = {"a.png": {"image/png": "A" * 2000}}

    program, repaired = rebuild(written(add, discussion="![a](attachment:a.png)"), source, limits)
    assert len(program.cells) == len(source.cells) + 10
    assert "attachments" not in cell_of(program, "discussion")
    assert cell_of(program, "discussion").source == "![a] (a.png, not pasted in)"
    assert [re.search(r"\d+ cells (were added|are shown)", told) is not None for told in repaired] == [True, True]


def test_pictures_that_fit_stay(source, written):
    def add(nb):
        cell_of(nb, "discussion").attachments = {"a.png": {"image/png": "iVBORw0KGgo="}}

    program, repaired = rebuild(written(add, discussion="![a](attachment:a.png)"), source)
    assert cell_of(program, "discussion").source == "![a](attachment:a.png)"
    assert cell_of(program, "discussion").attachments == {"a.png": {"image/png": "iVBORw0KGgo="}}
    assert repaired == []
    nbformat.validate(program)


def test_thousands_of_cells_take_no_time(source):
    import time

    cells = [{"cell_type": "code", "source": f"output_size = {i}", "metadata": {}} for i in range(9_000)]
    start = time.process_time()
    program, _ = rebuild(json.dumps({"cells": cells, "metadata": {}}).encode(), source)
    assert time.process_time() - start < 3
    assert cell_of(program, "output_size").source == "output_size = 8999"


def test_what_is_too_long_is_left_out_and_told(source, written):
    def add(nb):
        nb.cells.append(new_code_cell("x = [" + "1, " * 1000 + "]"))

    program, repaired = rebuild(written(add, output_size=MINE + "#" * 3000), source, Limits(cell_kib=2))
    assert cell_of(program, "output_size").source == "" and "1, 1" not in program.cells[-1].source
    assert len(repaired) == 1 and "2 KiB" in repaired[0] and "`output_size`, 1 of your own" in repaired[0]


@pytest.mark.parametrize(
    "text, left",
    [
        *((text, True) for text in ("YOUR ANSWER HERE \n", "YOUR ANSWER HERE\n\n", "", " \n\t")),
        *((text, False) for text in ("YOUR ANSWER HERE: so", "-")),
    ],
)
def test_an_answer_counts_as_left_where_nothing_but_blanks_has_changed(written, source, text, left):
    program, _ = rebuild(written(discussion=text, output_size=MINE), source)
    assert ("discussion" in untouched(program, source)) is left
    assert "conv2d_naive" in untouched(program, source) and "output_size" not in untouched(program, source)


@pytest.mark.parametrize("kind, left", [(new_markdown_cell, False), (new_code_cell, True), (None, True)])
def test_words_in_an_own_cell_after_the_one_for_them_wait_for_a_person(written, source, kind, left):
    def answers_below(nb):
        if kind:
            nb.cells.append(kind("Because of the border."))

    program, _ = rebuild(written(answers_below), source)
    assert ("discussion" in untouched(program, source)) is left
    assert "output_size" in untouched(program, source), "cells for code are not meant"


def test_another_assignments_notebook_is_none_of_this_one(source):
    """By what several assignments have, such as `setup` and the discussion, none is recognised."""
    others = nbformat.read(ROOT / "assignments" / "06-segmentation" / "06-segmentation.ipynb", as_version=4)
    ours = nbformat.read(ROOT / "assignments" / "01-convolution" / "01-convolution.ipynb", as_version=4)
    full = copy.deepcopy(ours)
    stripped = [copy.deepcopy(others), copy.deepcopy(ours)]
    for nb in stripped:
        nb.nbformat_minor = 4  # whose cells have no ids
        for cell in nb.cells:
            cell.metadata.pop("nbgrader", None)
            cell.pop("id", None)
    for nb in (others, stripped[0]):
        for name in "answer_1", "answer_2":
            nb.cells.append(new_code_cell(f"{name} = 3"))
        with pytest.raises(Unreadable, match="of another assignment"):
            rebuild(nbformat.writes(nb).encode(), full)
    for nb in (ours, stripped[1]):
        rebuild(nbformat.writes(nb).encode(), full)
