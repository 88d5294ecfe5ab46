"""Files that examine the exam: how a header and an edit are read, and when a verdict counts as stale."""

import ast

import pytest

from autograder.exam_tables import implementations as files
from autograder.exam_tables import pages, verdicts
from autograder.exam_tables.implementations import edited, exam_names, implementation, implementations, read

BASE = '''"""How it is done.

names: double
"""

import math


def double(x):
    y = x
    return y + x
'''
EDIT = """It triples.

names: double
mistake: none
where: plainest, x
base: plain

<<<
    return y + x
===
    return y + x + x
>>>
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An exam's folder with a right one and an edit on it; they may be changed."""
    for name, text in (("right/plain.py", BASE), ("wrong/triples.edit", EDIT)):
        path = tmp_path / "convolution" / name
        path.parent.mkdir(parents=True)
        path.write_text(text)
    monkeypatch.setattr(files, "FOLDER", tmp_path)
    monkeypatch.setattr(verdicts, "KEPT", tmp_path / "verdicts")
    implementations.cache_clear()
    yield tmp_path / "convolution"
    implementations.cache_clear()


def test_an_edit_is_its_base_with_other_lines(folder):
    one = read(folder / "wrong" / "triples.edit")
    assert (one.about, one.names, one.mistake, one.where, one.wrong, one.id) == (
        "It triples.", ("double",), None, {"plainest", "x"}, True, "wrong/triples",
    )  # fmt: skip
    assert one.load().double(2) == 6
    assert one.source() == '"""It triples."""\n' + BASE.split('"""\n')[1].replace("y + x", "y + x + x")
    cells = one.cells({"setup": "import torch", "double": "def double(x): ..."})
    assert cells == {"double": "import math\n\n\ndef double(x):\n    y = x\n    return y + x + x"}


def test_two_mistakes_are_named_as_two(folder):
    path = folder / "wrong" / "triples.edit"
    path.write_text(EDIT.replace("mistake: none\n", "mistake: thrice\nsecond: late\n"))
    one = read(path)
    lost = {"double/a": "thrice", "double/b": "late"}
    rows = [pages.Row(one, verdicts.Verdict("", dict(list(lost.items())[:count]))) for count in (1, 2)]
    assert one.mistakes == {"thrice", "late"}
    assert [row.rightly for row in rows] == [False, True] and not any(row.wrongly for row in rows)


def block(old, new):
    return f"<<<\n{old}===\n{new}>>>\n"


@pytest.mark.parametrize(
    ("blocks", "said"),
    [
        ("", "needs blocks"),
        (block("    y = x\n", "") + "y = x\n", "nothing between"),
        (block("    y = x + 1\n", ""), "0 times"),
        (block("y = x\n", ""), "0 times"),
        (block("", "    y = x\n"), "0 times"),
        (block("\n", ""), "times, not once"),
        (block("    y = x\n    return y + x\n", "") + block("    return y + x\n", ""), "same line"),
    ],
)
def test_an_edit_that_does_not_fit_is_refused(blocks, said, tmp_path):
    with pytest.raises(ValueError, match=said):
        edited(BASE.split('"""\n')[1], blocks, tmp_path / "x.edit")


def test_blocks_may_stand_in_any_order(tmp_path):
    blocks = block("    return y + x\n", "    return 3 * y\n") + "\n" + block("import math\n", "")
    assert edited(BASE, blocks, tmp_path).endswith("\n\ndef double(x):\n    y = x\n    return 3 * y\n")


@pytest.mark.parametrize("line", ["names: double\n", "mistake: none\n", "where: plainest, x\n", "base: plain\n"])
@pytest.mark.parametrize("new", ["", "other: thing\n"])
def test_a_header_that_lacks_something_is_refused(folder, line, new):
    path = folder / "wrong" / "triples.edit"
    path.write_text(EDIT.replace(line, new))
    with pytest.raises(ValueError, match="should open with"):
        read(path)


def test_a_right_one_has_no_mistake(folder):
    path = folder / "right" / "plain.py"
    path.write_text(BASE.replace("names: double\n", "names: double\nwhere: plainest\n"))
    with pytest.raises(ValueError, match="should open with"):
        read(path)


@pytest.mark.parametrize("id", ["plain", "strides", "stride pair", "", "Plainest"])
def test_where_names_what_a_sentence_can_name(folder, id):
    """`double` has no argument `stride`."""
    path = folder / "wrong" / "triples.edit"
    path.write_text(EDIT.replace("plainest, x", f"plainest, x pair, {id}"))
    with pytest.raises(ValueError, match=f"`where: {id}`"):
        read(path)


@pytest.mark.parametrize("exam", exam_names())
def test_every_file_can_be_read(exam):
    for one in implementations(exam):
        assert ast.get_docstring(ast.parse(one.source())) and one.about.endswith(".")


def test_a_whole_file_is_run_as_it_stands():
    """Its annotations are not those of the module that loads it."""
    assert implementation("segmentation", "right/checkpointed").load().__doc__


def keep(exam):
    found = {one.id: verdicts.Verdict(verdicts.code(one), {"double/a": "an-id"}) for one in implementations(exam)}
    verdicts.save(exam, verdicts.Verdicts(verdicts.exam_code(exam), found))


def test_a_verdict_is_stale_when_its_file_or_base_changes(folder):
    assert {one.id for one in verdicts.stale("convolution")} == {"right/plain", "wrong/triples"}
    keep("convolution")
    assert verdicts.stale("convolution") == [] == verdicts.faults("convolution")
    assert verdicts.load("convolution").of["wrong/triples"].named == {"an-id"}

    edit = folder / "wrong" / "triples.edit"
    edit.write_text(EDIT.replace("x + x\n>>>", "x * x\n>>>"))
    assert [one.id for one in verdicts.stale("convolution")] == ["wrong/triples"]
    edit.write_text(EDIT)
    base = folder / "right" / "plain.py"
    base.write_text(BASE.replace("y = x\n", "y = +x\n"))
    assert len(verdicts.stale("convolution")) == 2
    assert "2 verdicts are stale" in verdicts.faults("convolution")[0]
    base.write_text(BASE)

    edit.unlink()
    implementations.cache_clear()
    assert verdicts.faults("convolution") == ["convolution: there is a verdict of wrong/triples, which is gone"]


def test_a_line_of_the_file_is_an_implementation(folder):
    keep("convolution")
    lines = (verdicts.KEPT / "convolution.json").read_text().splitlines()
    assert len(lines) == 4 and lines[2].startswith('"wrong/triples": ')


@pytest.fixture
def sources(tmp_path, monkeypatch):
    """A small tree in the place of the project's."""
    monkeypatch.setattr(verdicts, "ROOT", tmp_path)
    monkeypatch.setattr(verdicts, "exam_names", lambda: ["pooling", "context"])
    for name in ("exam/core.py", "exam/pooling/pools.py", "exam/context/pyramid.py", "objects/bans/context.py"):
        (tmp_path / "autograder" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "autograder" / name).write_text("a = 1\n")
    return tmp_path / "autograder"


@pytest.mark.parametrize(
    ("changed", "stale"),
    [
        ("exam/core.py", {"pooling", "context"}),
        ("exam/new/layers.py", {"pooling", "context"}),
        ("exam/pooling/pools.py", {"pooling"}),
        ("exam/pooling/words.txt", {"pooling"}),
        ("objects/bans/context.py", {"context"}),
        ("exam/__pycache__/core.pyc", set()),
        ("classroom/cli.py", set()),
    ],
)
def test_verdicts_depend_on_the_exam_and_on_what_exams_share(sources, changed, stale):
    before = {exam: verdicts.exam_code(exam) for exam in ("pooling", "context")}
    (sources / changed).parent.mkdir(parents=True, exist_ok=True)
    (sources / changed).write_text("a = 2\n")
    assert {exam for exam in before if verdicts.exam_code(exam) != before[exam]} == stale


def test_verdicts_depend_on_what_computes(sources, monkeypatch):
    before = verdicts.exam_code("pooling")
    monkeypatch.setattr(verdicts, "version", lambda name: "0.0")
    assert verdicts.exam_code("pooling") != before
