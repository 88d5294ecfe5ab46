"""How an exam is held: points, what is missing, what is lost, what stands in, what a table shows."""

from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module

import pytest
import torch

from autograder import exam as exams
from autograder.exam.core import Criterion, Evidence, Exam, Finding, Outcome, Unnamed, Wrong, charge, exams_of
from autograder.exam.setting import Local, Lost
from autograder.exam.subject import Missing
from autograder.exam.words import table_html, table_text
from autograder.exam_tables.examining import setting as in_setting
from autograder.exam_tables.implementations import Implementation, exam_names, implementation
from autograder.objects.ban import BAN


@pytest.mark.parametrize("name", exam_names())
def test_an_assignment_has_40_points_and_no_cell_above_8(name):
    held = exams_of(import_module(f"autograder.exam.{name}"))
    assert sum(exam.points for exam in held if not exam.bonus) == 40
    assert max(exam.points for exam in held) <= 8
    points = [criterion.points for exam in held for criterion in exam.criteria]
    assert all(value > 0 and value * 2 == int(value * 2) for value in points)


@pytest.mark.parametrize("name", exam_names())
def test_ids_are_unique_and_every_criterion_has_a_title(name):
    held = exams_of(import_module(f"autograder.exam.{name}"))
    assert len({exam.name for exam in held}) == len(held) == len({exam.graded_name for exam in held})
    for exam in held:
        assert len({criterion.id for criterion in exam.criteria}) == len(exam.criteria)
        assert all(criterion.title for criterion in exam.criteria)


def test_exams_are_loaded_by_name():
    assert exams.convolution.conv2d.name == "conv2d"
    with pytest.raises(AttributeError, match="no exam 'nothing'"):
        exams.nothing  # noqa: B018


def meets(subject, draw):
    assert subject(2) == 4


def fails(subject, draw):
    raise Wrong("an-id")


def loses(subject, draw):
    raise Lost("timeout", "The call took too long.")


def raises(subject, draw):
    subject("no number", "at all")


def made_of(*checks, **more):
    criteria = tuple(Criterion(f.__name__, f.__name__, 1.5, f) for f in checks)
    return Exam("double", criteria, sentences={"an-id": "<b>It is wrong.</b>"}, **more)


def double(x):
    return 2 * x


@dataclass
class Recorder(Local):
    """Keeps what an exam shows, and allows so many lost candidates."""

    fresh: int = 1
    shown: list = field(default_factory=list)

    def lost(self, lost):
        if self.fresh == 0:
            raise lost
        self.fresh -= 1

    def show(self, exam, outcomes):
        self.shown.append((exam.name, outcomes))


@contextmanager
def held_in(setting):
    with in_setting(setting):
        yield setting


def test_points_are_what_was_shown_to_be_right():
    with held_in(Recorder()) as setting:
        assert made_of(meets, fails, raises).grade(double) == 1.5
    ((name, outcomes),) = setting.shown
    assert name == "double" and [o.earned for o in outcomes] == [1.5, 0.0, 0.0]
    assert outcomes[1].finding.mistake == "an-id"
    assert outcomes[1].finding.sentence == "<b>It is wrong.</b>"
    assert "`double` raised TypeError" in outcomes[2].finding.sentence


def test_a_mistake_without_a_sentence_still_ends_in_one():
    def unheard_of(subject, draw):
        raise Wrong("unheard-of")

    def common(subject, draw):
        raise Wrong("detached")

    first, second = made_of(unheard_of, common).examine(double)
    assert first.finding.sentence == "`double` does not do what is asked."
    assert "autograd" in second.finding.sentence


def test_a_mistake_is_called_by_its_cause():
    """The first named one in the order of the diagnosis; what is exact, or raised, or unnamed for good, is not."""

    def found(mistake):
        def check(subject, draw):
            raise Wrong(mistake) if mistake else Unnamed("Something is wrong.")

        check.__name__ = mistake or "unnamed"
        return check

    checks = found("symptom"), found("exact"), found(None), meets, raises, found("shared-cause"), found("later")
    order = ("meets", "unnamed", "raises", "shared-cause", "later")
    exam = made_of(*checks, diagnosis=order, exact={"exact"}, ids={"shared-cause": "an-id"})
    outcomes = {o.id: o.finding and o.finding.mistake for o in exam.examine(double)}
    assert outcomes == {
        "symptom": "an-id", "exact": "exact", "unnamed": "an-id", "meets": None, "raises": None,
        "shared-cause": "an-id", "later": "an-id",
    }  # fmt: skip
    (alone,) = made_of(found("symptom"), diagnosis=("later",)).examine(double)
    assert alone.finding.mistake == "symptom"


def test_a_bonus_is_worth_nothing_to_nbgrader_and_is_recorded():
    with held_in(Recorder()) as setting:
        assert made_of(meets, bonus=True).grade(double) == 0.0
    assert setting.shown[0][1][0].earned == 1.5


def test_a_missing_name_earns_nothing_and_says_so():
    with held_in(Recorder()) as setting:
        assert made_of(meets, fails).grade(Missing("double")) == 0.0
    assert {o.finding.sentence for o in setting.shown[0][1]} == {"`double` is not defined where this cell runs."}


def test_a_mistake_is_charged_once_and_what_stands_beside_it_is_still_judged():
    """The first criterion that meets it is lost; one after it is met, another loses by something else; the next student
    is charged anew."""
    evidence = Evidence("a call", "4", "5")

    def first(subject, draw):
        charge(draw, "an-id", evidence)

    def second(subject, draw):
        charge(draw, "an-id", evidence)

    def third(subject, draw):
        charge(draw, "an-id", evidence)
        raise Wrong("another-id")

    exam = made_of(first, second, third)
    for _ in range(2):
        found = [outcome.finding and outcome.finding.mistake for outcome in exam.examine(double)]
        assert found == ["an-id", None, "another-id"]


def test_a_table_says_the_same_sentence_once():
    outcomes = made_of(meets, fails).examine(Missing("double"))
    for table in (table_text("double", outcomes), table_html("double", outcomes)):
        assert table.count("is not defined") == 1 and table.count("The same.") == len(outcomes) - 1 > 0


def test_a_lost_candidate_costs_the_criterion_in_hand():
    with held_in(Recorder(fresh=1)) as setting:
        assert made_of(loses, meets).grade(double) == 1.5
    assert setting.shown[0][1][0].finding.sentence == "The call took too long."


def test_without_a_fresh_candidate_the_rest_is_not_reached():
    with held_in(Recorder(fresh=0)) as setting:
        assert made_of(loses, meets, meets).grade(double) == 0.0
    assert [o.finding.sentence for o in setting.shown[0][1]][1:] == [
        "This was not reached. The call took too long."
    ] * 2


@pytest.mark.parametrize("obj", [None, 5, "text", [1], torch.ones(2), object(), object, ..., torch.nn.Identity()])
@pytest.mark.parametrize("exam", exams_of(exams.convolution), ids=lambda exam: exam.name)
def test_whatever_stands_there_is_examined_and_earns_nothing(exam, obj):
    with held_in(Recorder()):
        assert exam.grade(obj) == 0.0
    assert BAN.name is None


def test_pytorchs_own_stands_in_for_a_function_that_is_missing_or_wrong(tmp_path):
    source = implementation("convolution", "right/unfold_einsum").source()
    assert "conv2d(" in source.split("class Conv2d")[1], "this layer is built on its own conv2d"
    path = tmp_path / "right" / "layer.py"
    path.parent.mkdir()
    for conv in ("", "\ndef conv2d(x, *rest, **more):\n    return torch.zeros(1)\n"):
        path.write_text(source + (conv or "\ndel conv2d\n"))
        module = Implementation(path, "", ("Conv2d",)).load()
        with held_in(Recorder(passed={"conv2d": False})):
            assert exams.convolution.Conv2d.grade(module.Conv2d) == 8.0
        with held_in(Recorder(passed={"conv2d": True})):
            assert exams.convolution.Conv2d.grade(module.Conv2d) < 4.0


def test_a_table_shows_text_as_text():
    outcomes = [Outcome("double", "a", "<i>title</i>", 1.0, 0.0, Finding("<script>alert(1)</script>"))]
    html = table_html("double", outcomes)
    assert "<script>" not in html and "<i>" not in html and "&lt;script&gt;" in html
    assert table_text("double", outcomes).splitlines() == [
        "double",
        " ✗ 0/1  <i>title</i>",
        "      <script>alert(1)</script>",
    ]
