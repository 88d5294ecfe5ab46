"""The exam of the exams: none wrong keeps full marks, none right loses a point, and nearly every mistake is named."""

import re
from importlib import import_module

from autograder import exam_table as table
from autograder.exam.core import exams_of


def exams(name):
    return exams_of(import_module(f"autograder.exam.{name}"))


def slow_exams(name):
    return {exam.name for exam in exams(name) if any(criterion.slow for criterion in exam.criteria)}


def test_none_right_loses_a_point(rows):
    losing = {r.implementation.path.name: sorted(r.failed) for r in rows if not r.implementation.wrong and r.failed}
    assert not losing


def test_none_wrong_keeps_full_marks(name, rows):
    """Those that only a slow criterion fails are in the checked-in page, which says the same (below)."""
    keeping = [r for r in rows if r.implementation.wrong and not r.failed]
    assert [r.implementation.path.name for r in keeping if not set(r.outcomes) & slow_exams(name)] == []


def test_every_file_is_examined_in_something(rows):
    assert [r.implementation.path.name for r in rows if not r.all] == []


def test_every_criterion_is_failed_by_something(name, rows):
    asked = {(exam.name, c.id) for exam in exams(name) for c in exam.criteria if not c.slow}
    assert asked - frozenset().union(*(r.failed for r in rows)) == set()


def test_mistakes_are_named_rightly(rows):
    wrong = [r for r in rows if r.implementation.wrong and r.failed]
    misnamed = {r.implementation.path.name: sorted(r.named) for r in wrong if r.named - {r.implementation.mistake}}
    assert not misnamed, "named, but as something else"
    with_sentence = [r for r in wrong if r.implementation.mistake]
    unnamed = [r.implementation.path.name for r in with_sentence if not r.rightly]
    assert len(unnamed) <= 0.15 * len(with_sentence), unnamed


def test_every_sentence_is_some_implementations(name):
    sentences = import_module(f"autograder.exam.{name}").SENTENCES
    mistakes = {one.mistake for one in table.implementations(name) if one.mistake}
    assert mistakes == set(sentences)


def test_the_page_is_of_these_files(name):
    """Slow criteria run in `make exam-table` only; its page must be of the files that stand here."""
    text = table.path_of(name).read_text()
    assert f"SHA-256 {table.inputs_hash(name)}" in text, "the page is stale: make exam-table"
    facts = dict(re.findall(r"^\| ([^|]+?) \| (\d+)", text, re.MULTILINE))
    assert facts["… that lose a point"] == facts["… that keep full marks"] == facts["… named wrongly"] == "0"


def test_the_page_says_what_was_found(name, rows):
    if not slow_exams(name):
        assert table.path_of(name).read_text() == table.page(name, rows), "make exam-table"


def test_there_are_enough_of_them(rows):
    """60 wrong ones with 25 sentences, 15 right ones."""
    wrong = [r.implementation for r in rows if r.implementation.wrong]
    assert len(wrong) >= 60
    assert len({one.mistake for one in wrong} - {None}) >= 25
    assert len(rows) - len(wrong) >= 15
