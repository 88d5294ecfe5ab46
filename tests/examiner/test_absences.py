"""Why a name is not there, as the student reads it: the cell that stopped, once and as what it is."""

import re

import pytest
from nbformat.v4 import new_code_cell
from test_grading import NAIVE, SIZE

from autograder.exam import errors
from autograder.examiner.absences import Absences, first_line
from autograder.examiner.grading import Job, grade
from autograder.examiner.results import SubmissionResult

LIBRARY = "No module named 'nowhere'"


@pytest.fixture
def graded(written, source, client):
    """A function: the result of someone who added these cells before `output_size` and wrote these texts."""

    def run(*own, **texts):
        def add(nb):
            at = next(i for i, cell in enumerate(nb.cells) if cell.id == "output_size")
            nb.cells[at:at] = [new_code_cell(text) for text in own]

        texts = {"output_size": SIZE, "conv2d_naive": NAIVE} | texts
        job = Job("ada", "01-convolution", "the job", explain=True)
        return grade(job, written(add, **texts), source, client, bytes(32))

    return run


def sentences(result, part="output_size"):
    return {row.sentence for row in result.criteria if row.cell == f"{part}-hidden" and row.sentence}


@pytest.mark.parametrize(
    ("first", "said"),
    [
        ("import nowhere", f"stopped with ModuleNotFoundError: {LIBRARY}"),
        ("def helper(:", "stopped with SyntaxError: "),
        ("undefined_helper(3)", "stopped with NameError: name 'undefined_helper' is not defined"),
        ("raise KeyError", "stopped with KeyError"),
        ("class Mine(Exception): pass\nraise Mine('I mean it.')", "stopped with Mine: I mean it"),
        ("import os\nos._exit(1)", "did not run to its end"),
    ],
)
def test_a_cell_that_stops_is_told_once_with_its_error(graded, first, said):
    result, _, _ = graded(output_size=f"{first}\n{SIZE}")
    assert result.score == 4
    (sentence,) = sentences(result)
    assert sentence.startswith(f"`output_size` is not defined, because the cell `output_size` {said}")
    (cell,) = result.stopped
    assert cell.cell == "output_size" and cell.because in sentence
    assert cell.sentence.startswith(f"The cell `output_size` {said}")
    assert "So `output_size` is not defined." in cell.sentence
    assert ("installs nothing" in cell.sentence) == ("Module" in said)
    assert SubmissionResult.from_json(result.to_json()) == result


def test_a_time_limit_is_told_as_that(graded, monkeypatch, source):
    from dataclasses import replace

    from autograder.exam.assignment import assignment

    short = replace(assignment("01-convolution"), limits=replace(assignment("01-convolution").limits, cell_seconds=1))
    monkeypatch.setattr("autograder.examiner.grading.assignment", lambda name: short)
    result, _, _ = graded(output_size=f"while True: pass\n{SIZE}")
    assert sentences(result) == {
        "`output_size` is not defined, because the cell `output_size` took longer than 1 seconds of processor time."
    }
    own, _, _ = graded("import time\nwhile True: pass\nmine = 1", output_size=f"mine\n{SIZE}")
    (sentence,) = sentences(own)
    assert "because the cell `import time` took longer than 1 seconds" in sentence and "added-" not in str(own.limit)


def test_a_name_that_another_cell_should_have_defined_is_told_as_that(graded):
    result, _, evidence = graded(
        "import nowhere\nfrom nowhere import pad",
        "twice = pad",
        output_size=f"twice\n{SIZE}",
        conv2d_naive="def conv2d_naive(x, weight, bias=None):\n    return pad(x)",
    )
    (size,) = sentences(result)
    assert [*re.findall(r"because the cell `([^`]*)`", size)] == ["output_size", "twice = pad", "import nowhere"]
    for said in sentences(result, "conv2d_naive"):
        assert "needs `pad`, but it is not defined, because the cell `import nowhere` stopped with ModuleNot" in said
    assert [cell.cell for cell in result.stopped] == ["added-1", "added-2", "output_size"]
    raised = next(item["got"] for item in evidence if item["cell"] == "conv2d_naive-hidden")
    assert raised == "NameError at `return pad(x)`, line 2 of the cell with `conv2d_naive`: name 'pad' is not defined"


def test_cells_that_stop_and_cost_nothing_are_not_told(graded):
    result, _, _ = graded("import nowhere", "1 / 0", output_size=f"{SIZE}\nassert output_size(5, 3) == 4")
    assert result.score == 7 and result.stopped == []


def test_what_comes_too_late_or_is_not_written_is_told_as_that(graded):
    result, _, _ = graded(output_size="raise NotImplementedError()")
    assert sentences(result) == {"`output_size` is not written yet."} and result.stopped == []
    absences = Absences([("output_size", "", True), ("added-1", SIZE, False)], {"output_size": {"output_size"}})
    absences.ran("output_size", [], None)
    assert absences.why("output_size").startswith("is defined too late, in the cell `def output_size(n, ")
    assert absences.why("another") == "" and absences.of_error("something else") == ""


def test_an_error_names_the_students_line_and_class(graded):
    code = "class Odd(Exception): pass\ndef output_size(*_, **__):\n    raise Odd('not this one...')"
    result, _, evidence = graded(output_size=code)
    for said in sentences(result):
        assert re.match(
            r"`output_size` raised Odd( .*)?: “not this one” \(at `raise Odd\('not this one...'\)`, line 3", said
        )
        assert said.endswith(".") and not said.endswith("..")
    assert {item["got"].split(":")[0] for item in evidence} == {
        "Odd at `raise Odd('not this one...')`, line 3 of the cell with `output_size`"
    }


HOSTILE = """
class Meta(type):
    __name__ = property(lambda cls: 1 / 0)
Liar = Meta("<b>Liar</b>\\n", (Exception,), {"__str__": lambda self: "`" * 9 + "\\n<script>" + "x" * 10**6})
def output_size(*_, **__):
    import linecache
    linecache.getline = None
    raise Liar
"""


def test_an_error_that_lies_is_plain_and_bounded(graded):
    result, _, _ = graded(output_size=HOSTILE)
    for said in sentences(result):
        assert "raised Exception" in said and "script" not in said and len(said) < 600 and "\n" not in said


def test_a_cell_that_lies_about_its_error_is_plain_and_bounded(graded):
    result, _, _ = graded(
        "class E(BaseException): pass\nE.__name__ = '<b>' * 99\nraise E('a\\nb' + 'x' * 10**5)\nq = 1",
        output_size=f"q\n{SIZE}",
    )
    (said,) = sentences(result)
    assert "stopped with an error: a." in said and len(said) < 600


@pytest.mark.parametrize(
    ("name", "message", "told"),
    [
        ("ValueError", "no.\nmore", "ValueError: no"),
        ("AssertionError", "", "AssertionError"),
        ("BdbQuit", "", "BdbQuit: the code still holds a `breakpoint()`, and nobody can answer a debugger here"),
        (
            "URLError",
            "<urlopen error [Errno -3] Temporary failure in name resolution>",
            "URLError: there is no network",
        ),
        ("RuntimeError", "Found no NVIDIA driver on your system. Install", "RuntimeError: there is no graphics card"),
        ("AssertionError", "Torch not compiled with CUDA enabled", "AssertionError: there is no graphics card"),
        (
            "TypeError",
            "f(): argument (position 1) must be Tensor, but expected one of:\n * (Tensor)",
            "TypeError: f(): argument (position 1) must be Tensor",
        ),
        ("TypeError", "<__main__.A object at 0x7f00ff> is odd", "TypeError: <__main__.A object> is odd"),
    ],
)
def test_what_an_error_says_in_one_line(name, message, told):
    assert errors.in_words(name, message).startswith(told)
    assert "\n" not in errors.in_words(name, message) and len(errors.in_words(name, message * 1000)) < 300


def test_what_is_told_of_many_cells_and_names_is_bounded():
    cells = [(f"added-{n}", f"n{n} = n{n + 1}", False) for n in range(500)]
    wide = ("added-wide", "\n".join(f"m{n} = 1" for n in range(500)), False)
    absences = Absences([*reversed(cells), wide], {})
    for n in range(500):
        error = {"output_type": "error", "ename": "NameError", "evalue": f"name 'n{n + 1}' is not defined"}
        absences.ran(f"added-{n}", [error], None)
    absences.ran("added-wide", [], "It is too much.")
    assert absences.why("n0").count("because") == 4 and len(absences.stopped()) == 4
    for n in range(500):
        absences.of_error(f"name 'm{n}' is not defined")
    sentence = absences.stopped()[-1].sentence
    assert sentence.endswith("So `m0`, `m1`, `m2` and 497 more names are not defined.")


def test_a_cell_is_called_by_its_first_line_of_code():
    assert first_line("\n# mine\n%%time\n  import `x`  \ny") == "import x"
    assert len(first_line("x" * 1000)) < 100 and first_line("# only this") == "# only this"
