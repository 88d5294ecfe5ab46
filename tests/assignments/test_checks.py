"""The visible checks: right work passes, common mistakes are told in a sentence, and they are no way to full marks."""

import numpy as np
import pytest
import torch
from drawing import drawn
from notebooks import NAMES, namespace, of_kind, visible_checks

from autograder.objects.assignments import topic

from convcourse import checks
from convcourse.checks.core import Check, CheckFailed

ASSIGNMENTS = {topic(name): name for name in NAMES}
DRAWN = [(ASSIGNMENTS[exam], one) for exam, one, _ in drawn()]


def each(chosen):
    return pytest.mark.parametrize(("name", "one"), [pytest.param(*pair, id=pair[1].id) for pair in chosen])


@each([(name, one) for name, one in DRAWN if not one.wrong])
def test_right_work_passes_however_it_is_written(name, one, capsys):
    scope = namespace(name, one)
    assert [complaint(name, defined, scope) for defined in one.names] == [None] * len(one.names)
    assert "✓" in capsys.readouterr().out


@each([(name, one) for name, one in DRAWN if one.visible])
def test_what_the_checks_catch_is_told_in_a_sentence(name, one):
    """Wrong implementations whose header says `visible: caught`; all other mistakes are for the hidden tests."""
    scope = namespace(name, one)
    told = list(filter(None, (complaint(name, defined, scope) for defined in one.names)))
    assert told
    for said in told:
        assert said.startswith(tuple(f"{defined}: " for defined in one.names)) and len(said) > 40


def test_the_checks_catch_much(name):
    wrong = of_kind(name, wrong=True)
    assert len([one for one in wrong if one.visible]) > len(wrong) / 2


def complaint(name, defined, scope):
    """What the visible checks of a name say of what stands in `scope`; None where they let it pass."""
    try:
        exec(visible_checks(name, defined), scope)
    except CheckFailed as failed:
        return str(failed)
    return None


def test_what_a_slip_leads_to_is_named():
    turned = lambda x, w, b=None, **k: torch.nn.functional.conv2d(x, w.flip(2, 3), b, **k)
    with pytest.raises(CheckFailed, match="you turn the kernel"):
        checks.convolution.conv2d(turned)
    with pytest.raises(CheckFailed, match=r"must be the input times that number; its shape must be \(1, 1, 4, 5\)"):
        checks.convolution.conv2d(lambda x, w, b=None: x[:, :, 1:])
    with pytest.raises(CheckFailed, match="answers as if it were stride=1"):
        checks.convolution.conv2d(lambda x, w, b=None, stride=1, **k: torch.nn.functional.conv2d(x, w, b, **k))


def test_an_error_is_told_with_the_call_and_its_own_traceback():
    def conv2d(x, weight, bias=None):
        raise IndexError("of mine")

    with pytest.raises(CheckFailed) as failed:
        checks.convolution.conv2d(conv2d)
    assert "called with (a tensor of shape (1, 1, 4, 5), a tensor of shape (1, 1, 1, 1))" in str(failed.value)
    shown = failed.value._render_traceback_()
    assert any(line.startswith("✗ conv2d: ") for line in shown)
    assert 'raise IndexError("of mine")' in "".join(shown) and "core.py" not in "".join(shown)


def test_what_is_not_written_is_no_error_of_theirs():
    def conv2d(x, weight, bias=None):
        raise NotImplementedError

    with pytest.raises(CheckFailed, match="not written yet"):
        checks.convolution.conv2d(conv2d)
    with pytest.raises(CheckFailed, match="not defined"):
        checks.convolution.conv2d(None)


def test_answers_are_checked_for_their_form_only(capsys):
    for answer in (1, 12345, 7.0, np.int64(3), np.float32(4), np.array(5), torch.tensor([6])):
        checks.convolution.question_1(answer)
    for answer in (0, -3, 2.5, "16", None, True, float("nan")):
        with pytest.raises(CheckFailed):
            checks.convolution.question_1(answer)
    for answer in ("A", "d"):
        checks.convolution.question_3(answer)
    for answer in ("E", "AB", 1, None):
        with pytest.raises(CheckFailed):
            checks.convolution.question_3(answer)
    assert "right" in capsys.readouterr().out


def test_a_refusal_is_a_value_error_or_one_derived_from_it():
    class MyError(ValueError):
        pass

    def raising(error):
        def call():
            raise error

        return call

    for error in (ValueError("no"), RuntimeError("no"), MyError("no")):
        Check("f").refuses(raising(error), why="nonsense")
    for error in (NotImplementedError(), TypeError("no"), RecursionError()):
        with pytest.raises(CheckFailed, match=f"yours raised {type(error).__name__}"):
            Check("f").refuses(raising(error), why="nonsense")
    with pytest.raises(CheckFailed, match="yours gave an answer"):
        Check("f").refuses(lambda: 1, why="nonsense")
