"""The exam of the exams, by the verdicts that are kept: none wrong keeps full marks, none right loses a point, and
nearly every mistake is named. That the verdicts are true is tested by a draw (`test_draw.py`) and by `make exam-table`.
"""

import tomllib
from collections import Counter
from importlib import import_module

from autograder.exam.feature_words import PROPERTIES, phrases
from autograder.exam_tables import pages, verdicts
from autograder.exam_tables.examining import parts_of
from autograder.exam_tables.implementations import FOLDER, exam_names, implementations
from autograder.exam_tables.shares import counted, fairness
from autograder.exam_tables.truth import share, told


def of_kind(name, *, wrong):
    return [row for row in pages.rows(name) if row.implementation.wrong == wrong]


def test_every_verdict_is_of_the_files_that_stand_here(name):
    assert not verdicts.faults(name)


def test_the_page_says_what_the_verdicts_say(name):
    assert pages.path_of(name).read_text(encoding="utf-8") == pages.page(name), "the page is stale: make exam-table"


def test_none_right_loses_a_point(name):
    assert not {row.implementation.id: row.verdict.lost for row in of_kind(name, wrong=False) if row.verdict.lost}


def test_none_wrong_keeps_full_marks(name):
    assert [row.implementation.id for row in of_kind(name, wrong=True) if not row.verdict.lost] == []


def test_every_file_is_examined_in_something(name):
    asked = {part.graded_name for part in parts_of(name)}
    assert [one.id for one in implementations(name) if not asked & set(one.names)] == []


def test_every_criterion_is_failed_by_something(name):
    asked = {f"{part.name}/{c.id}" for part in parts_of(name) for c in part.criteria}
    assert asked == set().union(*(row.verdict.lost for row in of_kind(name, wrong=True)))


def test_mistakes_are_named_rightly(name):
    wrong = of_kind(name, wrong=True)
    assert {row.implementation.id: sorted(row.verdict.named) for row in wrong if row.wrongly} == {}
    with_sentence = [row for row in wrong if row.implementation.mistake]
    unnamed = [row.implementation.id for row in with_sentence if not row.rightly]
    assert len(unnamed) <= 0.15 * len(with_sentence), unnamed


ALSO = {"sizes": "shape", "result": "answer", "parameters": "Weight and bias"}  # words for one and the same


def test_what_is_said_is_true():
    """By the `where:` of wrong implementations: it names something true, and nothing that is false."""
    known = [one for exam in exam_names() for one in told(exam)]
    unknown = [one for exam in exam_names() for one in told(exam, forgotten=True)]
    assert {one.implementation.id: sorted(one.false) for one in known if one.false} == {}
    assert len(known) > 480 and share(known) >= 0.95, [one.implementation.id for one in known if not one.counts]
    assert len(unknown) > 250 and share(unknown) >= 0.85, [one.implementation.id for one in unknown if not one.counts]


def test_a_sentence_names_what_it_tells(name):
    """Each feature or property that a criterion tells stands in one of the sentences, by its word."""
    for row in pages.rows(name):
        said = " ".join(row.verdict.said)
        for id in {*row.verdict.told, *row.verdict.told_forgotten}:
            words = PROPERTIES.get(id), phrases(id)[0].removeprefix("with "), f"`{id}`", id, ALSO.get(id)
            assert any(word in said for word in words if word), (row.implementation.id, id, said)


# At most this may one mistake cost: the median of what is lost of a part, and the share that loses more than 60% of it.
BARS = {"known": (0.25, 0.10), "unknown": (0.40, 0.25)}


def test_one_mistake_costs_one_criterion(name):
    """`limits.toml` names the bars that an exam does not reach yet."""
    bars = BARS | tomllib.loads((FOLDER / name / "limits.toml").read_text()).get("bars", {})
    known, unknown = fairness(name), fairness(name, forgotten=True)
    told = [f"{one.part} {one.mistake} {one.lost:.2f}/{one.forgotten:.2f}" for one in counted(name)]
    assert known.count > 50
    for found, (median, above) in ((known, bars["known"]), (unknown, bars["unknown"])):
        assert found.median <= median and found.above <= above, told


def test_every_sentence_is_some_implementations(name):
    sentences = import_module(f"autograder.exam.{name}").SENTENCES
    assert {one.mistake for one in implementations(name) if one.mistake} == set(sentences)


def test_there_are_enough_of_them(name):
    """`limits.toml` says how many there are at least: right and wrong ones, mistakes with a sentence, and wrong ones of
    single parts."""
    limits = tomllib.loads((FOLDER / name / "limits.toml").read_text())
    wrong = [row.implementation for row in of_kind(name, wrong=True)]
    assert len(of_kind(name, wrong=False)) >= limits["right"] >= 15
    assert len(wrong) >= limits["wrong"] >= 60
    assert len({one.mistake for one in wrong} - {None}) >= limits["mistakes"] >= 25
    counted = Counter(defined for one in wrong for defined in one.names)
    assert {part: counted[part] for part, least in limits["wrong_of"].items() if counted[part] < least} == {}
