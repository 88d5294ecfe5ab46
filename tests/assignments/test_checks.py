"""The visible checks: right work passes, common mistakes are told in a sentence, and they are no way to full marks."""

import importlib
import inspect
import pkgutil
from dataclasses import replace

import pytest
import torch
from notebooks import header, implementations, namespace, release, visible_checks

import convcourse
from autograder.exam.assignment import assignment
from autograder.exam.subject import LocalSubject
from convcourse import checks
from convcourse.checks.core import Check, CheckFailed

# What the visible checks of a name must catch; all other mistakes are for the hidden tests.
COMMON = {
    "output_size": "plus-one-missing plus-one-inside ceil-for-floor size-not-int padding-one-side dilation-ignored "
    "dilation-off-by-one",
    "conv2d_naive": "flipped-kernel transposed-kernel square-kernel channels-not-summed channels-averaged "
    "batch-first-item bias-per-channel detached float32-result plus-one-missing",
    "KERNELS": "blur-not-divided identity-ones kernels-dtype sharpen-without-image sobel-sign sobel-swapped",
    "apply_kernel": "clamped valid-size channels-mixed kernel-normalised kernel-dtype plane-refused flipped-kernel "
    "padding-one-side padding-swapped padding-reflect wrap-around square-kernel input-changed float32-result",
    "conv2d": "flipped-kernel transposed-kernel square-kernel channels-not-summed channels-averaged batch-first-item "
    "batch-mixed reshape-for-permute bias-ignored bias-per-channel bias-wrong-axis bias-sign stride-ignored "
    "stride-swapped stride-first-only padding-swapped padding-ones padding-reflect padding-one-side wrap-around "
    "dilation-ignored dilation-off-by-one dilation-swapped groups-ignored groups-interleaved same-is-valid "
    "ceil-for-floor tuples-refused detached input-changed float32-result precision-lost no-refusal-kernel",
    "conv2d_backward": "grad-x-unflipped grad-weight-flipped grad-batch-averaged grad-bias-averaged "
    "grad-bias-not-summed grad-stride-ignored grad-untouched-lost grad-overwritten grad-padding-kept grad-swapped "
    "padding-swapped stride-swapped batch-first-item",
    "Conv2d": "names-differ weight-transposed weight-shape-groups no-bias-still-bias bias-not-registered bias-ignored "
    "init-fan-out init-fan-groups init-normal padding-mode-ignored reflect-is-replicate reflect-repeats-border "
    "padded-twice padding-mode-unknown square-kernel flipped-kernel stride-ignored dilation-ignored groups-ignored "
    "padding-swapped same-is-valid no-refusal-groups",
    "separate": "separate-scale separate-no-refusal",
}


def test_right_work_passes_however_it_is_written(name, capsys):
    files = implementations(name, "right")
    assert files
    for path in files:
        scope = namespace(name, path)
        for defined in header(path)[0]:
            exec(visible_checks(name, defined), scope)
    assert "✓" in capsys.readouterr().out


def test_common_mistakes_are_told_in_a_sentence(capsys):
    caught = {name: set() for name in COMMON}
    missed = []
    for path in implementations("01-convolution", "wrong"):
        names, mistake = header(path)
        scope = namespace("01-convolution", path)
        for defined in names:
            if mistake not in COMMON.get(defined, "").split():
                continue
            try:
                exec(visible_checks("01-convolution", defined), scope)
                missed.append(f"{path.stem}: {mistake}")
            except CheckFailed as failed:
                assert str(failed).startswith(f"{defined}: ") and len(str(failed)) > len(defined) + 20
                caught[defined].add(mistake)
    assert not missed
    for defined, mistakes in COMMON.items():
        assert caught[defined] == set(mistakes.split()), f"no wrong {defined} has these mistakes any more"


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
    for answer in (1, 12345, 7.0):
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


def public_things():
    """Every function and class of `convcourse` that has a public name."""
    for module in pkgutil.walk_packages(convcourse.__path__, "convcourse."):
        if not module.name.endswith("__main__"):
            for name, thing in inspect.getmembers(importlib.import_module(module.name)):
                if not name.startswith("_") and getattr(thing, "__module__", "").startswith("convcourse"):
                    yield f"{module.name}.{name}", thing


def passes(exam, thing):
    """Is every criterion met? The first that is not ends it."""
    return all(replace(exam, criteria=(criterion,)).examine(thing)[0].earned for criterion in exam.criteria)


def test_nothing_that_students_import_gets_full_marks(name, capsys):
    things = dict(public_things())
    assert len(things) > 20
    for exam in assignment(name).exams:
        for path, thing in things.items():
            assert not passes(exam, thing), f"{path} passes {exam.name}"
