"""What the grader itself meets on a submission costs one cell, or has a result at least, and the instructor is told."""

import errno

import numpy as np
import pytest
import torch

from autograder.examiner import fragments, grading, memory, template
from autograder.examiner.grading import Job, grade
from autograder.examiner.memory import EXAMINER_MIB
from autograder.examiner.mishaps import NotConfined, ZygoteGone

KEY = bytes(32)
SIZE = """def output_size(n, kernel_size, stride=1, padding=0, dilation=1):
    return (n + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1"""
TOO_MUCH = (EXAMINER_MIB << 20) + (64 << 20)
FAILURES = {
    "crashed": [ValueError("shape"), RecursionError(), AssertionError(), OSError(errno.EBADF, "Bad file descriptor")],
    "memory": [
        MemoryError(),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
        RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory: you tried 4 bytes"),
    ],
}
EACH = [(status, error) for status, errors in FAILURES.items() for error in errors]


def kind(value):
    return f"{type(value).__name__} {value}"[:30] if isinstance(value, Exception) else None


@pytest.mark.parametrize(
    "take",
    [
        lambda: torch.empty(TOO_MUCH, dtype=torch.uint8),
        lambda: np.empty(TOO_MUCH, dtype=np.uint8),
        lambda: bytearray(TOO_MUCH),
    ],
    ids=["torch", "numpy", "bytes"],
)
def test_what_an_examiner_may_take_is_bounded_and_the_bound_is_taken_away_again(take):
    with pytest.raises(Exception) as caught, memory.bounded():
        take()
    assert memory.ran_out(caught.value)
    torch.empty(TOO_MUCH, dtype=torch.uint8)
    with memory.bounded():
        torch.empty(TOO_MUCH // 4, dtype=torch.uint8)


@pytest.mark.parametrize(("status", "error"), EACH, ids=kind)
def test_a_cell_that_the_grader_fails_on_costs_its_own_points(monkeypatch, written, source, client, status, error):
    def fails(cell, *arguments, examine=grading.examine):
        if cell.id == "conv2d_naive-hidden":
            raise error
        examine(cell, *arguments)

    monkeypatch.setattr(grading, "examine", fails)
    result, executed, _ = grade(Job("ada", "01-convolution", "j"), written(output_size=SIZE), source, client, KEY)
    assert (result.status, result.score, result.max_score) == (status, 3.0, 7.0)
    assert result.cells["conv2d_naive-hidden"] == {"points": 0.0, "max_points": 4.0}
    assert "conv2d_naive-hidden" in result.limit
    (fault,) = result.faults
    assert fault.startswith(f"conv2d_naive-hidden: {type(error).__name__}")
    cell = next(cell for cell in executed.cells if cell.id == "conv2d_naive-hidden")
    assert [o.data["text/plain"] for o in cell.outputs if o.output_type == "execute_result"] == ["0.0"]


def test_after_a_failure_the_candidate_is_another(monkeypatch, written, source, client):
    """It may owe an answer to what it was asked last."""

    def fails(cell, remote, marks, *rest, examine=grading.examine):
        examine(cell, remote, marks, *rest)
        asked.append(remote._link)
        if cell.id == "output_size-hidden":
            raise ValueError("after a question, before its answer")

    asked = []
    monkeypatch.setattr(grading, "examine", fails)
    grade(Job("ada", "01-convolution", "j"), written(output_size=SIZE), source, client, KEY)
    before, after = asked[:2]
    assert before is not None and after is not None and after is not before


def test_an_exam_that_takes_too_much_memory_costs_its_own_points(monkeypatch, written, source, client):
    def takes(cell, remote, marks, *rest, examine=grading.examine):
        examine(cell, remote, marks, *rest)
        if cell.id == "conv2d_naive-hidden":
            torch.empty(TOO_MUCH, dtype=torch.uint8)

    monkeypatch.setattr(grading, "examine", takes)
    job = Job("ada", "01-convolution", "j", explain=True)
    answer, notebook = template.answer_to(job, written(output_size=SIZE), source, client, KEY)
    result = answer["result"]
    assert (result["status"], result["score"], len(result["faults"])) == ("memory", 3.0, 1)
    assert f"{EXAMINER_MIB} MiB" in result["limit"] and notebook
    assert {row["cell"] for row in (*result["criteria"], *answer["evidence"])} == {"output_size-hidden"}


def test_what_no_mark_depends_on_costs_no_mark(monkeypatch, written, source, client):
    def fails(*_):
        raise ValueError("surprise")

    monkeypatch.setattr(grading, "noticed", fails)
    monkeypatch.setattr(fragments, "coloured", fails)
    result, _, _ = grade(Job("ada", "01-convolution", "j"), written(output_size=SIZE), source, client, KEY)
    assert (result.status, result.score, len(result.faults)) == ("graded", 3.0, 2)


@pytest.mark.parametrize(("status", "error"), EACH, ids=kind)
def test_whatever_fails_is_a_result(monkeypatch, source, client, status, error):
    def fails(*_):
        raise error

    monkeypatch.setattr(grading, "grade", fails)
    answer, notebook = template.answer_to(Job("ada", "01-convolution", "j"), b"{}", source, client, KEY)
    result = answer["result"]
    assert notebook is None and answer["failure"] is None
    assert (result["status"], result["score"], result["max_score"], result["job"]) == (status, 0.0, 7.0, "j")
    assert result["limit"] and len(result["faults"]) == 1


@pytest.mark.parametrize("error", [NotConfined("a wall is missing"), OSError(errno.ENOSPC, "No space left on device")])
def test_where_the_machine_fails_there_is_no_result(monkeypatch, source, client, error):
    def fails(*_):
        raise error

    monkeypatch.setattr(grading, "grade", fails)
    answer, _ = template.answer_to(Job("ada", "01-convolution", "j"), b"{}", source, client, KEY)
    assert answer["result"] is None and str(error) in answer["failure"]


def test_an_examiner_without_a_zygote_ends(monkeypatch, source, client):
    def fails(*_):
        raise ZygoteGone("gone")

    monkeypatch.setattr(grading, "grade", fails)
    with pytest.raises(ZygoteGone):
        template.answer_to(Job("ada", "01-convolution", "j"), b"{}", source, client, KEY)


def test_code_is_coloured_where_a_page_shows_it_and_nowhere_else(written, source, client):
    from nbformat.v4 import new_code_cell

    def changed(nb):
        for cell in nb.cells:
            cell.metadata["autograder"] = {"code": "<script>"}
        nb.metadata["autograder"] = {"job": "another"}
        nb.cells.append(new_code_cell("mine = 1", metadata={"autograder": {"code": "<script>"}}))

    submitted = written(changed, output_size=SIZE)
    _, executed, _ = grade(Job("ada", "01-convolution", "the job"), submitted, source, client, KEY)
    assert executed.metadata["autograder"] == {"job": "the job"}
    shown = {cell.id: cell.metadata["autograder"]["code"] for cell in executed.cells if "autograder" in cell.metadata}
    assert set(shown) == {"output_size", "conv2d_naive", "added-1"}
    assert all(text.startswith('<div class="code"><pre>') and "<script>" not in text for text in shown.values())
    assert '<span class="k">def</span>' in shown["output_size"] and "mine" in shown["added-1"]


def test_fragments_are_bounded(executed_of, monkeypatch):
    monkeypatch.setattr(fragments, "ALL_FRAGMENTS", 5_000)
    nb = executed_of(["x = 1"] * 100 + ["y = 2" * 300])
    fragments.add_fragments(nb, set(), "j")
    sizes = [len(cell.metadata.get("autograder", {}).get("code", "")) for cell in nb.cells]
    assert 0 < sum(sizes) <= 5_000 and sizes[0] and not sizes[-1]


@pytest.fixture
def executed_of():
    from nbformat.v4 import new_code_cell, new_notebook

    return lambda sources: new_notebook(cells=[new_code_cell(source) for source in sources])
