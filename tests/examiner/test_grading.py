"""From bytes to a result, with real candidates."""

from dataclasses import replace

import nbformat
import pytest
from nbformat.v4 import new_code_cell

from autograder.exam import convolution
from autograder.exam.assignment import assignment
from autograder.examiner.grade_cells import free_names
from autograder.examiner.grading import Job, grade
from autograder.wire.limits import Limits

JOB = Job("ada", "01-convolution", "the job")
SIZE = """def output_size(n, kernel_size, stride=1, padding=0, dilation=1):
    return (n + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1"""
NAIVE = """def conv2d_naive(x, weight, bias=None):
    (n, c, h, w), (o, _, k, l) = x.shape, weight.shape
    y = torch.zeros(n, o, h - k + 1, w - l + 1, dtype=x.dtype)
    for i in range(k):
        for j in range(l):
            window = x[:, :, i : i + h - k + 1, j : j + w - l + 1]
            y = y + torch.einsum("nchw,oc->nohw", window, weight[:, :, i, j])
    return y if bias is None else y + bias[:, None, None]"""
KEY = bytes(range(32))


@pytest.fixture
def graded(written, source, client):
    """A function: result, executed notebook by cell id, and evidence, of someone who wrote these texts."""

    def run(changed=lambda nb: None, key=KEY, explain=False, **texts):
        job = Job(JOB.student, JOB.assignment, JOB.job, explain)
        result, executed, evidence = grade(job, written(changed, **texts), source, client, key)
        nbformat.validate(executed)
        return result, {cell.id: cell for cell in executed.cells}, evidence

    return run


def results(cell):
    return [output.data["text/plain"] for output in cell.outputs if output.output_type == "execute_result"]


def test_full_marks_and_how_they_are_written_down(graded):
    result, cells, evidence = graded(output_size=SIZE, conv2d_naive=f"{NAIVE}\nprint('done')\nnaive = 3\nnaive")
    assert (result.status, result.score, result.max_score, result.bonus) == ("graded", 7, 7, 0)
    assert (result.student, result.assignment, result.job) == ("ada", "01-convolution", "the job")
    assert result.limit is None and result.repaired == [] and evidence is None
    assert result.cells == {
        "output_size-visible": {"points": 0.0, "max_points": 0.0},
        "output_size-hidden": {"points": 3.0, "max_points": 3.0},
        "conv2d_naive-visible": {"points": 0.0, "max_points": 0.0},
        "conv2d_naive-hidden": {"points": 4.0, "max_points": 4.0},
    }
    assert all(row.earned == row.points and row.sentence is None for row in result.criteria)
    assert set(result.seconds) == {"fork", "cells", "exam"} and min(result.seconds.values()) > 0
    assert results(cells["output_size-hidden"]) == ["3.0"] and results(cells["output_size-visible"]) == ["0.0"]
    assert "✓ one window" in cells["output_size-visible"].outputs[0].text
    table = cells["conv2d_naive-hidden"].outputs[0]
    assert "<table" in table.data["text/html"] and "conv2d_naive" in table.data["text/plain"]
    assert cells["conv2d_naive"].outputs[0].text == "done\n" and results(cells["conv2d_naive"]) == ["3"]


def test_what_is_not_written_is_worth_nothing_and_says_so(graded):
    result, cells, _ = graded()
    assert result.status == "graded" and result.score == 0
    assert all(row.earned == 0 and "NotImplementedError" in row.sentence for row in result.criteria)
    errors = [o for o in cells["output_size-visible"].outputs if o.output_type == "error"]
    assert errors[0].ename == "NotImplementedError" and results(cells["output_size-visible"]) == ["0.0"]


def test_what_is_not_defined_says_so(graded):
    result, cells, _ = graded(output_size="# nothing", conv2d_naive=NAIVE)
    assert result.score == 4
    missing = [row for row in result.criteria if row.cell == "output_size-hidden"]
    (said,) = {row.sentence for row in missing}
    assert said.startswith("`output_size` is not defined, although the cell `output_size` ran") and not result.stopped
    (error,) = (o for o in cells["output_size-visible"].outputs if o.output_type == "error")
    assert error.ename == "NameError"


def test_a_visible_check_runs_beside_the_students_code_and_has_one_result_all_the_same(graded):
    printing = f"{SIZE}\ndef print(*_):\n    display('their own')"
    result, cells, _ = graded(output_size=printing, conv2d_naive=NAIVE)
    shown, ours = cells["output_size-visible"].outputs
    assert "their own" in shown.data["text/plain"] and ours.data["text/plain"] == "0.0" and result.score == 7


def test_a_value_that_a_visible_check_leaves_is_shown_but_is_no_points(graded, source):
    next(cell for cell in source.cells if cell.id == "output_size-visible").source = "output_size(5, 3)"
    result, cells, _ = graded(output_size=SIZE, conv2d_naive=NAIVE)
    value, ours = cells["output_size-visible"].outputs
    assert (value.output_type, value.data["text/plain"]) == ("display_data", "3") and result.score == 7
    assert (ours.output_type, ours.data["text/plain"]) == ("execute_result", "0.0")


def test_a_grade_cell_with_points_and_no_exam_runs_in_the_examiner(graded, source):
    cell = next(cell for cell in source.cells if cell.id == "output_size-visible")
    cell.metadata.nbgrader.points = 1.0
    cell.source = "float(len('a'))"
    result, cells, _ = graded(output_size=f"{SIZE}\nimport builtins\nbuiltins.len = lambda _: 100", conv2d_naive=NAIVE)
    assert result.cells["output_size-visible"] == {"points": 1.0, "max_points": 1.0}
    assert results(cells["output_size-visible"]) == ["1.0"]


def test_partial_marks_name_the_mistake_and_where_to_read(graded):
    wrong = SIZE.replace("- dilation * (kernel_size - 1)", "- (kernel_size - 1)")
    result, cells, evidence = graded(output_size=wrong, explain=True)
    assert 0 < result.score < 3 and results(cells["output_size-hidden"]) == [str(result.score)]
    (row,) = (row for row in result.criteria if row.cell == "output_size-hidden" and row.sentence)
    assert row.mistake == "dilation-ignored"
    case = next(item for item in evidence if item["cell"] == "output_size-hidden")
    assert case["criterion"] == row.criterion and case["case"] and case["expected"] != case["got"]


def test_the_result_is_a_function_of_bytes_and_key(graded, monkeypatch):
    from autograder.examiner.setting import Remote

    seeds = []
    plain = Remote.seed

    def seed(self, key):
        seeds[-1][key] = plain(self, key)
        return seeds[-1][key]

    monkeypatch.setattr(Remote, "seed", seed)
    made = []
    for key, text in ((KEY, SIZE), (KEY, SIZE), (bytes(32), SIZE), (KEY, SIZE + "\n")):
        seeds.append({})
        result, cells, _ = graded(output_size=text, key=key)
        values = result.to_json() | {"seconds": None, "sha256": None}
        made.append((values, [cell.get("outputs") for cell in cells.values()]))
    assert made[0] == made[1] == made[2] == made[3]
    assert seeds[0] == seeds[1] and len(set(seeds[0].values())) == len(seeds[0])
    assert not set(seeds[0].values()) & set(seeds[2].values()) and not set(seeds[0].values()) & set(seeds[3].values())


def test_chance_is_the_same_each_time_that_a_file_is_graded_or_explained(graded):
    """Also where the student's code leaves its random numbers to the clock."""
    chancy = NAIVE.replace("return y if", "y = y + torch.randn(()) * random.randrange(2)\n    return y if")
    texts = {"conv2d_naive": f"import random\ntorch.seed(), random.seed()\n{chancy}"}
    once, again, explained = (graded(**texts, explain=explain) for explain in (False, True, True))
    assert once[0].score == again[0].score and once[0].criteria == again[0].criteria
    assert again[2] == explained[2] and any("tensor" not in case["got"] for case in again[2])
    assert graded(lambda nb: nb.cells.append(new_code_cell("1")), **texts, explain=True)[2] != again[2]


def test_a_grade_cell_sees_what_stands_at_its_place(graded):
    def add(nb):
        nb.cells.insert(0, new_code_cell("def conv2d_naive(*_): raise ValueError"))
        nb.cells.append(new_code_cell("output_size = conv2d_naive = None"))

    assert graded(add, output_size=SIZE, conv2d_naive=NAIVE)[0].score == 7


def test_outputs_of_the_file_are_never_looked_at(graded):
    def forge(nb):
        for cell in nb.cells:
            if cell.cell_type == "code":
                cell.outputs = [nbformat.v4.new_output("execute_result", data={"text/plain": "4.0"})]

    result, cells, _ = graded(forge, output_size=SIZE)
    assert result.score == 3 and results(cells["conv2d_naive-hidden"]) == ["0.0"] and cells["setup"].outputs == []


def test_an_unreadable_file_is_a_result_too(source, client):
    result, executed, evidence = grade(JOB, b"{", source, client, KEY)
    assert (result.status, result.score, result.max_score, executed, evidence) == ("unreadable", 0, 7, None, None)
    assert "not JSON" in result.limit and result.sha256


class Limited:
    """Names of limits, each with what one student may do to run into it."""

    SLOW = "def conv2d_naive(*_):\n    while True: pass"
    DEAD = "import os\ndef output_size(*_):\n    os._exit(1)"


@pytest.fixture
def short(monkeypatch):
    def limit(**values):
        values = dict(cell_seconds=2, call_seconds=2, notebook_seconds=30) | values
        monkeypatch.setattr(convolution, "ASSIGNMENT", replace(convolution.ASSIGNMENT, limits=Limits(**values)))

    return limit


def test_a_lost_candidate_costs_what_is_concerned_only(graded, short):
    short()
    result, cells, _ = graded(output_size=Limited.DEAD, conv2d_naive=NAIVE)
    assert result.status == "crashed" and result.score == 4
    assert result.cells["conv2d_naive-hidden"]["points"] == 4
    sentences = [row.sentence for row in result.criteria if row.cell == "output_size-hidden"]
    assert "ended the process" in sentences[0] and any(s.startswith("This was not reached") for s in sentences)
    assert cells["output_size-visible"].outputs[0].output_type == "error"


def test_fresh_candidates_are_counted(graded, short):
    short(revivals=0)
    result, cells, _ = graded(output_size=Limited.DEAD, conv2d_naive=NAIVE)
    assert result.score == 0
    assert all("ended the process" in row.sentence for row in result.criteria)
    assert "Not run" in cells["conv2d_naive"].outputs[0].evalue


def test_a_visible_check_has_the_time_of_calls_and_costs_no_candidate(graded, short):
    short(cell_seconds=20, call_seconds=1, revivals=1)
    endless = "def output_size(*_):\n    while True: pass"
    result, cells, _ = graded(output_size=endless, conv2d_naive=NAIVE)
    assert result.status == "timeout" and result.score == 4
    assert "`output_size-visible` took longer than 1 seconds" in result.limit
    assert any(output.get("ename") == "TimeLimit" for output in cells["output_size-visible"].outputs)


def test_the_whole_notebook_has_a_time(graded, short):
    short(notebook_seconds=3, call_seconds=10, cell_seconds=10)
    result, _, _ = graded(output_size=SIZE, conv2d_naive=Limited.SLOW)
    assert result.status == "timeout" and result.score == 3
    assert "3 seconds" in result.limit


def test_what_ran_too_long_is_not_run_again(graded, short):
    """The first call is lost; the fresh candidate leaves the endless cell out, and the next exam is held."""
    short(cell_seconds=1)

    def add(nb):
        nb.cells.insert(2, new_code_cell("while True: pass"))

    result, _, _ = graded(add, output_size=Limited.DEAD, conv2d_naive=NAIVE)
    assert result.score == 4 and result.status == "crashed"
    assert result.seconds["fork"] < 10


def test_names_that_a_grade_cell_takes():
    cell = "import math as m\nfrom autograder import exam\nexam.a.grade(answer, [x for x in values])\nprint(len(m))"
    assert free_names(cell) == {"answer", "values"}


def test_an_assignment_and_its_exam_bear_one_name():
    assert assignment("01-convolution") is convolution.ASSIGNMENT


def test_the_page_of_one_who_fails_everything_shows_nothing_hidden(client):
    """No hidden input, no expected value, no word of the exam's modules."""
    from autograder.classroom import feedback
    from autograder.classroom.jobs import source_of
    from autograder.classroom.journal import Entry
    from autograder.classroom.marks import Record
    from autograder.examiner.rebuild import is_answer

    if not source_of("01-convolution").is_file():
        pytest.skip("needs the built notebooks: make assignments")
    source = nbformat.read(source_of("01-convolution"), as_version=4)
    submitted = nbformat.from_dict(source)
    for cell in submitted.cells:
        if is_answer(cell) and cell.cell_type == "code":
            name = cell.metadata.nbgrader.grade_id
            cell.source = {
                "KERNELS": "KERNELS = {'identity': torch.zeros(3, 3)}",
                "Conv2d": "class Conv2d(nn.Module):\n    def forward(self, x): return x * 0",
            }.get(name, f"def {name}(*args, **kwargs):\n    return torch.zeros(1)")
            cell.source += "\n" + "\n".join(f"answer_{i} = -1" for i in range(1, 5))
    job = Job("ada", "01-convolution", "j", explain=True)
    result, executed, evidence = grade(job, nbformat.writes(submitted).encode(), source, client, KEY)
    assert result.status == "graded" and result.score == 0 and len(evidence) > 20
    page = feedback.page(Entry(result, True, True), executed, source, Record())
    known = "\n".join([*(cell.source for cell in submitted.cells), *(row.title for row in result.criteria)])
    shown = [text for item in evidence for text in (item["case"], item["expected"])]
    hidden = [text for text in shown if len(text) > 6 and text not in known]
    assert len(hidden) > 20 and not [text for text in hidden if text in page]
    assert "autograder" not in page and "HIDDEN TESTS" not in page and ".grade(" not in page
