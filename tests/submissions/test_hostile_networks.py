"""What people put into a cell of a network of assignment 03 to get its points without the work, or to stop the grader.

`hostile_networks/` holds one cell each, as a whole or as an edit on an honest student's. The text at its top says which
cell it is and what must be found.
"""

import json
import re
from pathlib import Path

import nbformat
import pytest
from drawing import some_of
from honest import cells_by

from autograder.classroom.jobs import ROOT, source_of
from autograder.exam_tables.implementations import edited
from autograder.examiner.grading import Job, grade

NAME = "03-architectures"
FILES = {path.stem: path for path in sorted((Path(__file__).parent / "hostile_networks").glob("*.*"))}
HONEST = dict(cells_by("beginner"))


def written(path, text, cell):
    """The code of a file."""
    return edited(HONEST[cell], text, path) if path.suffix == ".edit" else text.partition('"""\n\n')[2]


@pytest.fixture(scope="module")
def notebooks():
    """A function: the released notebook and its source, of which the setup and one part are left."""
    released = nbformat.read(ROOT / "assignments" / NAME / f"{NAME}.ipynb", as_version=4)
    source = nbformat.read(source_of(NAME), as_version=4)

    def of(part):
        kept = ("setup", part, f"{part}-hidden")
        return [
            nbformat.from_dict(nb | {"cells": [cell for cell in nb.cells if cell.id in kept]})
            for nb in (released, source)
        ]

    return of


@pytest.mark.parametrize("name", some_of(FILES, 5))
def test_what_is_earned_and_said(name, notebooks, client):
    text = FILES[name].read_text()
    said = dict(re.findall(r"(?m)^(cell|status|score|says): (.+)", text))
    submitted, source = notebooks(said["cell"])
    code = written(FILES[name], text, said["cell"])
    next(cell for cell in submitted.cells if cell.id == said["cell"]).source = code
    result, executed, _ = grade(
        Job("mallory", NAME, "j"), nbformat.writes(submitted).encode(), source, client, bytes(32)
    )
    told = " ".join([result.limit or "", *(row.sentence or "" for row in result.criteria)])
    assert result.status in said["status"].split("|"), (result.status, told)
    assert result.score == float(said["score"]), (result.score, told)
    assert re.search(said["says"], told), told
    json.dumps(result.to_json(), allow_nan=False)
    nbformat.validate(executed)
