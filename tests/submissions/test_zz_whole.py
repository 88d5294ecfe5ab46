import pytest, nbformat, time
from autograder.classroom.jobs import ROOT, source_of
from autograder.demo.students import filled_in, reference_solutions, Student
from autograder.examiner.grading import Job, grade
A="04-augmentation"
from examining import handed_out, source, written  # noqa

@pytest.mark.parametrize("stem", ["with_dataclasses","with_comprehensions","with_library_calls","with_numpy","with_loops","with_grid_sample"])
def test_whole(client, stem):
    released = nbformat.read(ROOT / "assignments" / A / f"{A}.ipynb", as_version=4)
    src = nbformat.read(source_of(A), as_version=4)
    nb = filled_in(released, Student("ada","correct",stem,A).solutions(reference_solutions(A)))
    result, executed, _ = grade(Job("ada", A, "j"), nbformat.writes(nb).encode(), src, client, bytes(32))
    size=[(len(str(c.get("outputs"))), c.id) for c in executed.cells if c.cell_type=="code"]
    print(stem, result.score, result.bonus, result.max_score, result.status, result.faults, [ (r.title, r.sentence) for r in result.criteria if r.sentence], sum(s for s,_ in size)/2**20, max(size))
    errs=[(c.id, [o.get("evalue") for o in c.outputs if o.output_type=="error"]) for c in executed.cells if c.cell_type=="code" and any(o.output_type=="error" for o in c.outputs)]
    print(errs)
    assert result.score==40 and not errs
