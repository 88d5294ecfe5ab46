"""What students receive is what solutions/ says, and nothing more; an assignment with a fault is not released."""

import json
import os
import re
import subprocess
import sys
import zipfile

import nbformat
import pytest
from drawing import some_of
from nbgrader import utils
from notebooks import NAMES, ROOT, reference, released, source

from autograder import release, student_wheel
from autograder.exam.assignment import Assignment, assignment
from autograder.exam.core import Criterion, Exam
from convcourse import handed_out, rehearsal
from convcourse.handed_out import Allowed


@pytest.fixture(scope="module")
def built():
    """Every derived file, made once."""
    return release.build()


def test_what_is_checked_in_is_what_solutions_say(built):
    stale = [
        str(path.relative_to(ROOT))
        for path, text in built.items()
        if release.SOURCE not in path.parents and (not path.exists() or path.read_text(encoding="utf-8") != text)
    ]
    assert not stale, f"{', '.join(stale)}: not what solutions/ says. Run `make assignments`, and commit the result."


def test_a_notebook_names_the_limits_that_it_is_graded_with(name):
    text = " ".join(cell.source for cell in released(name).cells if cell.cell_type == "markdown")
    limits = assignment(name).limits
    for said in (
        f"A cell may take {limits.cell_seconds:g} seconds of processor time, the whole notebook "
        f"{limits.notebook_seconds:g}, and all of it {limits.memory_mib // 1024} GB of memory.",
        f"What a cell shows may be {limits.output_kib // 1024} MiB and {limits.outputs:,} outputs, and what the whole "
        f"notebook shows {limits.outputs_mib} MiB.",
    ):
        assert said in text


def test_every_version_that_was_made_is_remembered(built, tmp_path, monkeypatch):
    before = built[release.VERSIONS]
    file = tmp_path / "handed_out.txt"
    monkeypatch.setattr(handed_out, "VERSIONS", file)
    assert release.build()[release.VERSIONS] != "", "where the file is lost, the present version is in the next one"
    file.write_text("01-convolution\tsetup\tof-old\n<<<<<<< no line of ours\n01-gone\tx\told\n" + before)
    lines = release.build()[release.VERSIONS].splitlines()
    assert {*lines} == {*before.splitlines(), "01-convolution\tsetup\tof-old", "01-gone\tx\told"}
    assert lines == sorted(lines), "a line of its own for each, so that two people's additions merge"
    handed_out._versions.cache_clear()
    assert "of-old" in handed_out.versions("01-convolution")["setup"] and handed_out.versions("unheard-of") == {}
    handed_out._versions.cache_clear()


def test_the_same_bytes_twice(built):
    assert release.build() == built


LIMITS_SAID = {
    r"A cell may take (\d+) seconds of processor time, the whole notebook (\d+)": (
        lambda limits: (limits.cell_seconds, limits.notebook_seconds)
    ),
    r"all of it (\d+) GB of memory": lambda limits: (limits.memory_mib / 1024,),
    r"What a cell shows may be (\d+) MiB and ([\d,]+) outputs, and what the whole notebook shows (\d+) MiB": (
        lambda limits: (limits.output_kib / 1024, limits.outputs, limits.outputs_mib)
    ),
}


def test_limits_that_a_text_names_are_the_graders(name):
    text = " ".join(cell.source for cell in released(name).cells if cell.cell_type == "markdown")
    limits = assignment(name).limits
    for pattern, right in LIMITS_SAID.items():
        for said in re.finditer(pattern, text):
            assert tuple(int(number.replace(",", "")) for number in said.groups()) == right(limits)


def test_a_cells_id_is_its_grade_id_and_nothing_was_run(name):
    for nb in (source(name), released(name)):
        for cell in nb.cells:
            assert cell.id == cell.metadata.nbgrader.grade_id
            assert not cell.get("outputs") and cell.get("execution_count") is None
        nbformat.validate(nb)


def test_nothing_secret_is_handed_out(name):
    text = json.dumps(released(name), ensure_ascii=False)
    for word in ("autograder", "SOLUTION", "HIDDEN TESTS", "exam."):
        assert word not in text
    handed_out = {line for cell in released(name).cells for line in cell.source.splitlines()}
    for i, code in reference(name).items():
        solved = [line for line in code.splitlines() if line and line not in handed_out]
        assert solved, f"the solution of {i} is handed out"


def test_every_line_of_a_stub_stands_in_its_solution(name):
    for cell in released(name).cells:
        if cell.cell_type == "code" and cell.metadata.nbgrader.solution:
            assert release.STUB in cell.source
            for line in cell.source.splitlines():
                assert line.strip() in (release.STUB, "# YOUR CODE HERE") or line in reference(name)[cell.id]


def test_students_are_locked_out_of_all_but_their_cells(name):
    for cell in released(name).cells:
        about = cell.metadata.nbgrader
        assert about.locked != about.solution
        assert about.checksum == utils.compute_checksum(cell) or not (about.locked or about.grade)


def test_the_courses_own_assignments_have_40_points_and_8_a_cell_at_most(name):
    held = assignment(name)
    cells = [cell.metadata.nbgrader for cell in source(name).cells if utils.is_grade(cell)]
    assert sum(about.points for about in cells if not about.solution) == held.points == 40
    assert max(about.points for about in cells) <= held.largest == 8


def test_pictures_of_01_take_no_names_from_students():
    """A given cell that sets `windows` or `blur` overwrites a student's helper of this name."""
    pictures = [cell.source for cell in released("01-convolution").cells if "needs(" in cell.source]
    assert pictures
    for picture in pictures:
        scope = {"needs": lambda *_: lambda function: lambda: None}
        before = set(scope)
        exec(picture, scope)
        assert set(scope) - before - {"__builtins__"} == {"picture"}


def test_questions_are_the_exams(name):
    questions = [exam for exam in assignment(name).exams if exam.name.startswith("question")]
    cells = {cell.id: cell.source for cell in source(name).cells}
    assert questions and all(f"`{exam.defines}`" in cells[f"{exam.name}-text"] for exam in questions)


@pytest.mark.parametrize("name", some_of(NAMES, 1))
def test_the_reference_runs_from_start_to_end(name):
    """Given cells, pictures, visible checks and hidden tests, in a fresh process, as everybody would run it."""
    cells = [cell for cell in source(name).cells if cell.cell_type == "code"]
    entries = handed_out.assignments()[name].entries
    defined = [entry.defines for entry in entries if entry.defines]
    patient = Allowed(cell_seconds=280, call_seconds=280, notebook_seconds=900, memory_mib=4096, output_kib=4096)
    ran = rehearsal.rehearse([rehearsal.Cue(cell.source) for cell in cells], defined, patient)  # hidden tests may train
    assert ran.stopped is None and not ran.errors and not ran.late
    assert ran.defined[len(cells) - 1] == set(defined)


@pytest.mark.parametrize("name", some_of(NAMES[::-1], 1))  # backwards, so that it is another than above
def test_as_handed_out_every_check_says_that_nothing_is_written(name):
    cells = [cell for cell in released(name).cells if cell.cell_type == "code"]
    ran = rehearsal.rehearse([rehearsal.Cue(cell.source) for cell in cells], [], handed_out.assignments()[name].allowed)
    assert ran.stopped is None and not ran.late
    for number, cell in enumerate(cells):
        if cell.id.endswith("-visible"):
            assert "not written yet" in ran.errors[number] or "is not defined" in ran.errors[number]
        elif not cell.metadata.nbgrader.solution:
            assert number not in ran.errors, "a given cell fails where a part is not written yet"


@pytest.mark.parametrize("name", NAMES)
def test_without_the_package_the_first_cell_says_what_to_install(name):
    """In a sentence with the command, whose file is the one that `make student-wheel` writes."""
    setup = next(cell.source for cell in released(name).cells if cell.id == "setup")
    scope = {"__name__": "__main__"}
    with pytest.MonkeyPatch.context() as patched, pytest.raises(SystemExit) as raised:
        patched.setattr("importlib.util.find_spec", lambda name: None)
        exec(setup, scope)
    assert f"%pip install ./{student_wheel.wheel_name()}" in str(raised.value) and "torch" not in scope


SMALL = Assignment("01-small", (Exam("twice", (Criterion("a", "a", 8, lambda subject, draw: None),)),), {}, points=8)
TEXT = """\
# %% [markdown] nbgrader={"grade_id": "text"}
# Write twice.

# %% nbgrader={"grade_id": "twice", "solution": true}
def twice(x):
    ### BEGIN SOLUTION
    return x + x if x is not None else None
    ### END SOLUTION

# %% nbgrader={"grade_id": "twice-hidden", "grade": true, "points": 8}
# Hidden tests: 8 points
### BEGIN HIDDEN TESTS
from autograder import exam
exam.small.twice.grade(twice)
### END HIDDEN TESTS
"""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("", "", None),
        ('nbgrader={"grade_id": "text"}', "", "has no grade_id"),
        ('"grade_id": "text"', '"grade_id": "twice"', "2 cells have this grade_id"),
        ('"points": 8', '"points": 0.75', "multiple of 0.5"),
        ('"points": 8', '"points": 7', "7 points on the cell, 8 in its exam"),
        ("# Hidden tests: 8 points", "# Hidden tests", "must tell students what it gives"),
        ("exam.small.twice", "exam.small.thrice", "calls no exam"),
        ('"twice-hidden"', '"twice-tests"', "the grade_id of a cell that asks an exam must end in -hidden"),
        ("from autograder import exam\nexam.small.twice.grade(twice)", "", "8 points and no test"),
        ("from autograder import exam\nexam.small.twice.grade(twice)", "assert twice(1) == 2", None),
        ("from autograder import exam\nexam.small.twice.grade(twice)", "%timeit twice(1)", "is no Python"),
        ("    ### BEGIN SOLUTION\n", "", "no ### BEGIN SOLUTION"),
        ("    ### END SOLUTION\n", "", "nbgrader does not release it"),
        ("# Write twice.", "# Write twice, autograder reads it.", "students would read 'autograder'"),
        ("# Write twice.", "# return x + x if x is not None else None", "stands in the released notebook"),
        ("### BEGIN HIDDEN TESTS\n", "", "students would read"),
    ],
)
def test_faults_are_named(old, new, said):
    assert old in TEXT
    found, _ = release.checked(release.source_notebook(TEXT.replace(old, new, 1)), SMALL)
    assert (not found) if said is None else any(said in fault for fault in found), found


def test_all_faults_are_told_at_once_and_nothing_is_written(monkeypatch, tmp_path):
    for name in ("01-small", "02-small"):
        (tmp_path / f"{name}.py").write_text(TEXT.replace("points", "pence"))
    monkeypatch.setattr(release, "TEXTS", tmp_path)
    monkeypatch.setattr(release, "assignment", lambda name: SMALL)
    with pytest.raises(SystemExit) as told:
        release.build()
    assert "01-small.py" in str(told.value) and "02-small.py" in str(told.value)


OWN = TEXT.replace("from autograder import exam\nexam.small.twice.grade(twice)", "assert twice(1) == 2")


def test_a_notebook_that_was_made_with_nbgrader_is_a_source_too():
    """With outputs, cells that nbgrader knows nothing of, and points as they are."""
    nb = release.source_notebook(OWN.replace('"points": 8', '"points": 2.5'))
    nb.cells.append(nbformat.v4.new_code_cell("print(1)", execution_count=3, metadata={"trusted": True}))
    nb.cells[-1].outputs = [nbformat.v4.new_output("stream", text="1\n")]
    made = release.source_notebook(nbformat.writes(nb), "ipynb")
    found, released = release.checked(made, Assignment("09-mine", (), {}))
    assert found == []
    assert [cell.metadata.nbgrader.grade_id for cell in made.cells[:3]] == ["text", "twice", "twice-hidden"]
    given = made.cells[-1]
    assert given.metadata.nbgrader.locked and not given.outputs and given.execution_count is None
    assert '"1\\n"' not in release.to_text(released)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("09-mine.ipynb", "{", "it is no source of a notebook"),
        ("09-mine.ipynb", '{"cells": 3}', "it is no source of a notebook"),
        ("09-mine.py", OWN.replace("assert twice", "assert twice("), "twice-hidden: line 3 is no Python"),
        ("09-mine.py", OWN.replace('{"grade_id": "twice",', '{"grade_id": ,'), "has no grade_id"),
        ("ps1.py", OWN.replace("    ### BEGIN SOLUTION\n", "").replace("    ### END SOLUTION\n", ""), "BEGIN SOLUTION …"),
        ("09-mine.py", TEXT.replace("exam.small", "exam.mine"), "autograder/exam/mine has no exam at all"),
    ],
)
def test_what_is_no_assignment_is_told_and_no_traceback(monkeypatch, tmp_path, name, text, said):
    (tmp_path / name).write_text(text)
    monkeypatch.setattr(release, "TEXTS", tmp_path)
    with pytest.raises(SystemExit) as told:
        release.build()
    assert str(told.value).startswith("Nothing was released:") and name in str(told.value) and said in str(told.value)


@pytest.mark.parametrize("notebook", [nbformat.writes(release.source_notebook(OWN)), "{"])
def test_two_sources_of_one_assignment_are_told(monkeypatch, tmp_path, notebook):
    (tmp_path / "09-mine.py").write_text(OWN)
    (tmp_path / "09-mine.ipynb").write_text(notebook)
    monkeypatch.setattr(release, "TEXTS", tmp_path)
    with pytest.raises(SystemExit, match=r"09-mine\.py: there is 09-mine\.ipynb too; keep one of the two"):
        release.build()


def test_the_wheel_holds_what_students_import_and_nothing_else(tmp_path):
    with zipfile.ZipFile(student_wheel.wheel(tmp_path)) as wheel:
        names = wheel.namelist()
        wheel.extractall(tmp_path)
    ours = {str(path.relative_to(ROOT)) for path in (ROOT / "convcourse").rglob("*") if path.is_file()}
    assert {n for n in names if not n.startswith("convcourse-")} == {n for n in ours if "__pycache__" not in n}

    metadata = next(tmp_path.glob("convcourse-*.dist-info/METADATA")).read_text()
    needs = re.findall(r"^Requires-Dist: (\S+)$", metadata, re.MULTILINE)
    assert "Name: convcourse\n" in metadata
    assert "torch" in needs and set(needs) <= set(student_wheel.project()["dependencies"])

    code = "import convcourse.handed_out as c; print(c.__file__, *c.assignments())"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    run = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert run.stdout.split() == [str(tmp_path / "convcourse" / "handed_out.py"), *NAMES], run.stderr


def test_wrong_usage_is_told():
    with pytest.raises(SystemExit, match="Usage"):
        release.main(["wheels"])


# A directive, a role, a target, a labelled equation, a comment, a block break: JupyterLab shows these as they stand.
MYST = re.compile(
    r"^ *(?:`{3,}|~{3,}|:{3,}) *\{|(?<!`)\{[a-zA-Z][\w:+.-]*\}`[^`]|^\([\w-]+\)=\s*$|^\$\$ *\([\w-]+\)\s*$|^% |^\+\+\+", re.M
)


@pytest.mark.parametrize(
    "text", ["```{note}\nx\n```", ":::{tip}", "see {ref}`x`", "(anchor)=\n", "$$\nx\n$$ (eq-x)", "% hidden", "+++"]
)
def test_what_only_myst_shows_is_found(text):
    assert MYST.search(text)


def test_no_notebook_needs_an_extension_to_look_right():
    files = [*ROOT.glob("assignments/*/*.ipynb"), *ROOT.glob("_build/notebooks/*.ipynb")]
    cells = [(file, cell.source) for file in files for cell in nbformat.read(file, as_version=4).cells
             if cell.cell_type == "markdown"]  # fmt: skip
    assert len(cells) > 100
    assert [(file.name, found.group()) for file, source in cells if (found := MYST.search(source))] == []
