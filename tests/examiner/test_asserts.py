"""An instructor's own asserts, held in the examiner on what real candidates answer."""

import copy
import json
from dataclasses import replace

import nbformat
import pytest

from autograder import release
from autograder.examiner import grading
from autograder.examiner.grading import Job, grade
from autograder.examiner.held import assignment
from autograder.wire.limits import Limits

GIVEN = """
import math
import numpy as np
from numpy.testing import assert_allclose
import pytest

data = [3, 1, 2]

def close(a, b):
    return abs(a - b) < 1e-9

class Node:
    def __init__(self, value, after=None):
        self.value, self.after = value, after
"""
SOLUTION = """
def double(x):
    return 2 * x

class Vector:
    def __init__(self, x, y):
        self.x, self.y = x, y

    def dot(self, other):
        return self.x * other.x + self.y * other.y

    def __add__(self, other):
        return Vector(self.x + other.x, self.y + other.y)

    def __eq__(self, other):
        return (self.x, self.y) == (other.x, other.y)

def length(node):
    return 0 if node is None else 1 + length(node.after)

def fill(values):
    values.append(0)
    return len(values)

def oddly(x):
    return (n for n in [x])
"""


def source_of(tests):
    """An instructor's notebook with these tests, each a cell of 2 points."""
    cells = [({"grade_id": "given"}, GIVEN), ({"grade_id": "solution", "solution": True}, SOLUTION)]
    cells += [({"grade_id": f"test-{n}", "grade": True, "points": 2}, text) for n, text in enumerate(tests)]
    return release.source_notebook("\n".join(f"# %% nbgrader={json.dumps(about)}\n{text}" for about, text in cells))


@pytest.fixture
def held(client):
    """A function: the result, its evidence and the executed notebook, of someone who wrote this solution."""

    def run(source, written=SOLUTION, recording=False):
        nb = copy.deepcopy(source)
        nb.cells[1].source = written
        job = Job("ada", "09-own", "the job", True, recording)
        result, executed, evidence = grade(job, nbformat.writes(nb).encode(), source, client, bytes(32))
        nbformat.validate(executed)
        return result, evidence, executed

    return run


@pytest.fixture
def recorded(held):
    """A function: an instructor's notebook with these tests, as it is released, which its own solution passes."""

    def make(*tests):
        source = source_of(tests)
        result, evidence, executed = held(source, recording=True)
        assert result.score == result.max_score and not result.faults, (evidence, result.faults, result.criteria)
        source.cells = executed.cells
        return source

    return make


def marks(result):
    return [cell["points"] for cell in result.cells.values()]


def said(result):
    return [row.sentence for row in result.criteria]


PLAIN = (
    "assert double(3) == 6",
    "assert double(3) != 5 and double(3) == 6",
    "assert abs(double(3) - 6) < 1e-9",
    "assert close(double(3), 6)",
    "assert 5 < double(3) < 7",
    "assert double(3) in (6, 7) and 6 in [double(3)]",
    "assert_allclose(double(np.arange(3.0)), [0, 2, 4])",
    "x = np.arange(1.0, 4.0)\nassert_allclose(double(x), x * 2)",
    "assert np.allclose(double(np.ones(2)), 2)",
    "assert double(data) == [3, 1, 2, 3, 1, 2]",
    "assert sorted(double(data)) == [1, 1, 2, 2, 3, 3]",
    "assert all(map(lambda n: double(n) == 2 * n, [1, 2, 3]))",
    "with pytest.raises(TypeError):\n    double()\nassert double(3) == 6",
    "try:\n    assert double(3) == 6\nexcept Exception:\n    assert False",
    "assert isinstance(double(3), int) and double(3) == 6 and type(double('a')) is str",
    "assert Vector(1, 2).dot(Vector(3, 4)) == 11",
)
LIAR = """
import numpy as np
class Liar{}:
    __hash__ = None
    def __eq__(self, other): return True
    def __ne__(self, other): return True
    def __sub__(self, other): return 0
    def __getitem__(self, i): return self
    def __len__(self): return 6
    def __iter__(self): return iter([self] * 6)
    def __bool__(self): return True
    def __array__(self, *a, **k): return np.zeros(3)
    __rsub__ = __sub__
    __lt__ = __le__ = __gt__ = __ge__ = __contains__ = __eq__
def double(*a): return Liar()
class Vector:
    def __init__(self, *a): pass
    def dot(self, other): return Liar()
"""
WRONG = {
    "an object that equals everything": LIAR.format(""),
    "a list that equals everything": LIAR.format("(list)"),
    "a float that equals everything": LIAR.format("(float)").replace("__len__", "_len"),
    "a dictionary that equals everything": LIAR.format("(dict)"),
    "an array of another class": "import numpy as np\nclass L(np.ndarray):\n    def __eq__(s, o): return True\n"
    "def double(*a): return np.zeros(3).view(L)",
    "its arguments emptied": "def double(x):\n    try:\n        x[:] = [0] * len(x)\n    except TypeError:\n"
    "        return 0\n    return x",
    "the tools of the tests put out of order": "import builtins, math, pytest, contextlib\nimport numpy.testing\n"
    "np.testing.assert_allclose = assert_allclose = np.allclose = close = lambda *a, **k: True\n"
    "pytest.raises = contextlib.nullcontext\nbuiltins.AssertionError = builtins.Exception = KeyboardInterrupt\n"
    "builtins.abs = lambda *a: 0\nbuiltins.sorted = builtins.all = builtins.isinstance = lambda *a: True\ndata = []\n"
    "def double(x): return 0",
    "loops ended early": "def double(*a): raise StopIteration",
    "an exit": "def double(*a): raise SystemExit",
    "no number": "def double(*a): return float('nan')",
    "nothing": "def double(*a): pass",
}


@pytest.fixture(scope="module")
def plain(client):
    """The notebook with all plain tests, as it is released."""
    source = source_of(PLAIN)
    job = Job("solution", "09-own", "the job", True, True)
    result, executed, evidence = grade(job, nbformat.writes(source).encode(), source, client, bytes(32))
    assert result.score == result.max_score, evidence
    source.cells = executed.cells
    return source


@pytest.mark.parametrize("kind", WRONG)
def test_no_trick_earns_anything(held, plain, kind):
    result, _, _ = held(plain, WRONG[kind])
    assert result.score == 0 and not result.faults, list(zip(PLAIN, marks(result), strict=True))
    assert all(said(result))


def test_an_object_in_the_place_of_a_number_is_called_that(held, plain):
    told = said(held(plain, WRONG["an object that equals everything"])[0])
    assert told[0] == (
        "`double` gave back an object of the class `Liar` where a number, a text or another plain value is expected."
    )


@pytest.mark.parametrize(
    ("written", "status"),
    [("import os\ndef double(*a): os._exit(0)", "crashed"), ("def double(*a):\n    while True: pass", "timeout")],
)
def test_a_lost_candidate_costs_its_cell_whatever_the_test_catches(held, recorded, monkeypatch, written, status):
    limits = Limits(call_seconds=1)
    monkeypatch.setattr(grading, "assignment", lambda name: replace(assignment(name), limits=limits))
    source = recorded("try:\n    double(1)\nexcept:\n    pass", "assert data", "assert length(Node(1, Node(2))) == 2")
    result, _, _ = held(source, f"{SOLUTION}\n{written}")
    assert marks(result) == [0, 2, 2] and result.status == status


def test_operators_of_the_students_class_are_asked_where_the_solution_has_objects(held, recorded):
    source = recorded(
        "assert Vector(1, 2) + Vector(3, 4) == Vector(4, 6)", "assert (Vector(1, 2) + Vector(3, 4)).x == 4"
    )
    assert source.cells[2].metadata.objects == ["1 add", "1 eq"]
    wrong = SOLUTION.replace("self.x + other.x", "self.x - other.x")
    assert marks(held(source, wrong)[0]) == [0, 0]


def test_names_are_the_instructors_where_the_notebook_gives_them(held, recorded):
    source = recorded("assert close(double(1.5), 3) and data == [3, 1, 2] and math.pi > 3", "assert Node(5).value == 5")
    changed = f"{SOLUTION}\ndata, close, math = None, None, None\nNode = lambda value: None"
    assert marks(held(source, changed)[0]) == [2, 0]
    assert source.cells[2].metadata.made_here == ["data"]


def test_what_earlier_tests_import_and_set_is_there(recorded):
    recorded("import fractions\nhalf = fractions.Fraction(1, 2)", "assert double(half) == fractions.Fraction(1)")


def test_objects_of_earlier_tests_are_used_as_any_other(held, recorded):
    source = recorded("v = Vector(1, 2)\nassert v.x == 1", "w = v + v\nassert w == Vector(2, 4) and w.dot(v) == 10")
    assert source.cells[3].metadata.objects == ["1 add", "2 call", "2 eq"]
    assert marks(held(source)[0]) == [2, 2]


def test_arguments_are_changed_where_that_is_looked_at_and_nowhere_else(held, recorded):
    source = recorded("x = [1]\nfill(x)\nassert x == [1, 0]", "x = [1]\nassert fill(x) == 2\nassert x == [1, 0]")
    assert source.cells[3].metadata.objects == ["2 changes"]
    assert marks(held(source, SOLUTION.replace("values.append(0)", "values = [*values, 0]"))[0]) == [0, 0]


@pytest.mark.parametrize(
    ("last", "points"),
    [
        ("", 2),
        ("1.5", 1.5),
        ("0", 0),
        ("7", 2),
        ("-1", 0),
        ("True", 2),
        ("float('nan')", 0),
        ("'text'", 2),
        ("np.float64(1)", 1),
    ],
)
def test_a_number_at_the_end_is_partial_credit(held, last, points):
    result, _, _ = held(source_of([f"assert double(1) == 2\n{last}"]))
    assert marks(result) == [points]


HIDDEN = "{}\n### BEGIN HIDDEN TESTS\nprint('the key')\n{}\n### END HIDDEN TESTS"


@pytest.mark.parametrize(
    ("test", "sentence"),
    [
        (HIDDEN.format("", "assert double(4) == 9"), "A hidden test of this cell failed."),
        (HIDDEN.format("", "assert double(4) == 9, 'Four.'"), "A test of this cell failed: “Four”."),
        (HIDDEN.format("assert double(4) == 9", ""), "This test failed: `assert double(4) == 9`."),
        (HIDDEN.format("", "assert_allclose(double(np.ones(2)), 9)"), "A hidden test of this cell failed."),
        (
            HIDDEN.format("", "assert_allclose(double(np.ones(2)), 9, err_msg='Not twice')"),
            "A test of this cell failed: “Not twice”.",
        ),
        (
            HIDDEN.format("", "assert double(4)[0] == 9"),
            "A hidden test of this cell failed. It stopped with TypeError: “'int' object is not subscriptable”.",
        ),
        (HIDDEN.format("", "assert {1: 2}[double(4)]"), "A hidden test of this cell failed."),
        (HIDDEN.format("", "assert triple(4) == 12"), "`triple` is not defined where this cell runs."),
        (
            HIDDEN.format("", "double(None)"),
            "`double` raised TypeError: “unsupported operand type(s) for *: 'int' and 'NoneType'” "
            "(at `return 2 * x`, line 3 of the cell with `double`).",
        ),
    ],
    ids=lambda value: None,
)
def test_what_students_read(held, test, sentence):
    result, evidence, executed = held(source_of([test]))
    assert said(result) == [sentence] and marks(result) == [0]
    assert evidence[0]["case"].startswith("line ") and evidence[0]["got"]
    assert "the key" not in str([cell.get("outputs") for cell in executed.cells])


def test_the_instructor_reads_both_sides(held):
    _, (case,), _ = held(source_of(["assert double(4) == 9"]))
    assert (case["case"], case["got"]) == ("line 1: assert double(4) == 9", "double(4) is 8, 9 is 9")


def test_a_value_that_does_not_cross_is_named(held):
    _, (case,), _ = held(source_of(["assert double(n for n in [1]) == 2"]), recording=True)
    assert case["case"] == "line 1: assert double(n for n in [1]) == 2" and case["got"] == "a generator does not cross."


def test_what_students_print_in_calls_is_shown_to_nobody_but_a_test_that_reads_it(held):
    loud = SOLUTION.replace("    return 2 * x", "    print('INPUT', x)\n    return 2 * x")
    read = "import contextlib, io\nwith contextlib.redirect_stdout(io.StringIO()) as out:\n    double(4)\n"
    result, _, executed = held(source_of(["assert double(4321) == 8642", f"{read}assert out.getvalue()"]), loud)
    assert marks(result) == [2, 2] and "INPUT" not in str([cell.get("outputs") for cell in executed.cells])


def test_random_numbers_follow_from_the_submission(held):
    source = source_of(["import random\nassert double(random.randrange(10**9)) < 0"])
    first, again = (held(source)[1] for _ in range(2))
    other = held(source, f"{SOLUTION}\n# changed")[1]
    assert first == again != other
