"""Files as accidents and people make them: each function gets the notebook of someone who wrote everything right, and
returns the bytes that they hand in. Its docstring says what must be found: status, score and what is told."""

import json

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, new_raw_cell


def cell_of(nb, grade_id):
    return next(cell for cell in nb.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == grade_id)


def empty(nb):
    """status: unreadable, score: 0, says: not JSON"""
    return b""


def no_json(nb):
    """status: unreadable, score: 0, says: not JSON"""
    return nbformat.writes(nb).encode()[:-20]


def another_encoding(nb):
    """status: unreadable, score: 0, says: not JSON"""
    return nbformat.writes(nb).encode("utf-16")


def byte_order_mark(nb):
    """status: graded, score: 7"""
    return b"\xef\xbb\xbf" + nbformat.writes(nb).encode()


def too_deep(nb):
    """status: unreadable, score: 0, says: deeper"""
    return b'{"cells": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"


def too_large(nb):
    """status: unreadable, score: 0, says: larger than"""
    return nbformat.writes(nb).encode() + b" " * (33 << 20)


def megabytes_of_outputs(nb):
    """status: graded, score: 7"""
    cell_of(nb, "setup").outputs = [new_output("stream", name="stdout", text="x" * (13 << 20))]
    return nbformat.writes(nb).encode()


def a_text_that_never_ends(nb):
    """status: unreadable, score: 0, says: not JSON"""
    return b'{"cells": ["' + b'\\"' * 2_000_000


def data_in_a_cell(nb):
    """status: graded, score: 7, says: 1 of your own"""
    nb.cells.append(new_code_cell(f"data = {list(range(20_000))}"))
    return nbformat.writes(nb).encode()


def exclamation_marks(nb):
    """status: graded, score: 7, says: left out: `discussion`"""
    cell_of(nb, "discussion").source = "!" * 500_000
    nb.cells.append(new_markdown_cell("!" * 60_000))
    return nbformat.writes(nb).encode()


def thousands_of_blank_lines(nb):
    """status: graded, score: 7"""
    nb.cells.append(new_code_cell("x = 1" + " \n" * 20_000 + "x"))
    return nbformat.writes(nb).encode()


def names_by_the_thousand(nb):
    """status: graded, score: 7"""
    names = ", ".join(f"b{i}" for i in range(5000))
    nb.cells.insert(2, new_code_cell("gc = 0\nif gc:\n" + "".join(f" b{i}=gc\n" for i in range(5000))))
    nb.cells.insert(3, new_code_cell(f"if gc: conv2d_naive = ({names})"))
    nb.cells.insert(4, new_code_cell(f"gc = 0; note = {'a.' * 25_000!r}"))
    return nbformat.writes(nb).encode()


def no_cells(nb):
    """status: unreadable, score: 0, says: another assignment"""
    nb.cells = []
    return nbformat.writes(nb).encode()


def another_notebook(nb):
    """status: unreadable, score: 0, says: another assignment"""
    return nbformat.writes(new_notebook(cells=[new_code_cell("1 + 1")])).encode()


def a_list(nb):
    """status: unreadable, score: 0, says: no list of cells"""
    return json.dumps(nb.cells).encode()


def of_2014(nb):
    """status: unreadable, score: 0, says: no list of cells"""
    return json.dumps({"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": []}]}).encode()


def no_grade_cells(nb):
    """status: graded, score: 7, says: were not in the notebook and were put in"""
    nb.cells = [cell for cell in nb.cells if not cell.metadata.nbgrader.grade]
    return nbformat.writes(nb).encode()


def only_answers(nb):
    """status: graded, score: 7, says: were not in the notebook and were put in"""
    nb.cells = [cell for cell in nb.cells if cell.metadata.nbgrader.solution]
    return nbformat.writes(nb).encode()


def doubled_cells(nb):
    """status: graded, score: 7, says: more than once"""
    answer = cell_of(nb, "conv2d_naive")
    old = new_code_cell("def conv2d_naive(*_): raise ValueError", metadata=answer.metadata)
    nb.cells.insert(nb.cells.index(answer), old)
    nb.cells.append(new_code_cell("", metadata=answer.metadata))
    return nbformat.writes(nb).encode()


def edited_grade_cells(nb):
    """status: graded, score: 7, says: present version and were put back"""
    for cell in nb.cells:
        if cell.metadata.nbgrader.grade and cell.cell_type == "code":
            cell.source = "raise SystemExit"
    return nbformat.writes(nb).encode()


def forged_results(nb):
    """status: graded, score: 3, says: present version and were put back"""
    cell_of(nb, "conv2d_naive").source = "conv2d_naive = None"
    for cell in nb.cells:
        if cell.metadata.nbgrader.grade and cell.cell_type == "code":
            cell.source, cell.metadata.nbgrader.points = "40.0", 40
            cell.outputs = [new_output("execute_result", data={"text/plain": "40.0"})]
    return nbformat.writes(nb).encode()


def forged_metadata(nb):
    """status: graded, score: 3, says: count as left"""
    answer = cell_of(nb, "conv2d_naive")
    answer.metadata.nbgrader.update(grade_id="conv2d_naive-hidden", grade=True, points=40, locked=False)
    return nbformat.writes(nb).encode().replace(b"def conv2d_naive", b"def other")


def lost_metadata(nb):
    """status: graded, score: 7, says: by their ids"""
    for cell in nb.cells:
        cell.metadata = {}
    return nbformat.writes(nb).encode()


def lost_metadata_and_ids(nb):
    """status: graded, score: 7, says: what they define"""
    for number, cell in enumerate(nb.cells):
        cell.metadata, cell.id = {}, f"c{number}"
    nb.nbformat_minor = 4
    for cell in nb.cells:
        del cell["id"]
    return nbformat.writes(nb).encode()


def another_kernel(nb):
    """status: graded, score: 7, says: saved with a kernel for 'julia'"""
    nb.metadata = {"kernelspec": {"name": "julia-1.11", "display_name": "Julia", "language": "julia"}}
    return nbformat.writes(nb).encode()


def cells_of_wrong_types(nb):
    """status: graded, score: 7, says: no cells of a notebook"""
    raw = json.loads(nbformat.writes(nb))
    raw["cells"][1:1] = [None, 7, [], {}, {"cell_type": "code"}, {"cell_type": "code", "source": 3}, "cell"]
    raw["metadata"] = raw["nbformat"] = None
    return json.dumps(raw).encode()


def ids_that_collide(nb):
    """status: graded, score: 7"""
    for number in range(5):
        nb.cells.insert(1, new_code_cell(f"extra{number} = 1", id="added-1"))
    nb.cells.insert(1, new_markdown_cell("mine", id="conv2d_naive-hidden"))
    return json.dumps(nb).encode()


def hundreds_of_cells(nb):
    """status: graded, score: 7, says: left out"""
    nb.cells[1:1] = [new_code_cell(f"x{i} = {i}") for i in range(5000)]
    return nbformat.writes(nb).encode()


def half_characters(nb):
    """status: graded, score: 7"""
    text = nbformat.writes(nb).replace("YOUR ANSWER HERE", "\\ud800 \\u0000 \\u202e")
    return text.replace("import torch", "import torch  # \\udfff").encode()


def null_bytes_in_code(nb):
    """status: graded, score: 3"""
    cell_of(nb, "conv2d_naive").source += "\0"
    return nbformat.writes(nb).encode()


def no_python(nb):
    """status: graded, score: 3"""
    cell_of(nb, "conv2d_naive").source = "def conv2d_naive(x, weight, bias=None:\n    return"
    return nbformat.writes(nb).encode()


def code_as_text(nb):
    """status: graded, score: 7, says: another type"""
    at = nb.cells.index(cell_of(nb, "conv2d_naive"))
    nb.cells[at] = new_raw_cell(nb.cells[at].source, metadata=nb.cells[at].metadata)
    return nbformat.writes(nb).encode()


def markdown_with_script(nb):
    """status: graded, score: 7"""
    cell_of(nb, "discussion").source = "<script>alert(1)</script> ![x](https://evil.test/x.png) ![y](attachment:no.png)"
    nb.cells.append(new_markdown_cell("<img src=x onerror=alert(1)> [x](javascript:alert(1))"))
    nb.cells.append(new_raw_cell("<script>alert(1)</script>", metadata={"raw_mimetype": "text/html"}))
    return nbformat.writes(nb).encode()


def outputs_with_script(nb):
    """status: graded, score: 7"""
    cell_of(nb, "setup").outputs = [new_output("display_data", data={"text/html": "<script>alert(1)</script>"})]
    nb.cells.insert(
        2,
        new_code_cell(
            "from IPython.display import HTML, Javascript, SVG, display\nHTML('<script>alert(1)</script><b>bold</b>')"
        ),
    )
    nb.cells.insert(
        3,
        new_code_cell(
            "display(Javascript('alert(1)'), SVG('<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>'))"
        ),
    )
    return nbformat.writes(nb).encode()


def huge_attachment(nb):
    """status: graded, score: 7, says: without theirs"""
    cell_of(nb, "discussion").attachments = {"a.png": {"image/png": "A" * (5 << 20)}}
    return nbformat.writes(nb).encode()
