"""What a student reads are whole sentences in plain words: of exams and limits, of unreadable files, of visible checks.

Sentences that only a wrong program brings out are those of the programs below, which answer nothing that is asked, and
of every implementation, whose sentences stand in the verdicts.
"""

import ast
import signal
from importlib import import_module
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch
from drawing import some_of
from torch import nn

from autograder.exam import words
from autograder.exam.compare import kind
from autograder.exam.feature_words import CALLS
from autograder.exam.features import contrast
from autograder.exam.sentences import COMMON
from autograder.exam.subject import Missing, Raised
from autograder.exam_tables.examining import Quiet, parts_of, setting
from autograder.exam_tables.prose_of_feedback import faults_of
from autograder.examiner import limit_words
from autograder.objects.assignments import ASSIGNMENTS, topic
from autograder.objects.bans import LISTS, convolution
from autograder.wire.limits import LIMITS
from autograder.wire.messages import Ended
from convcourse.checks.core import _told, capital

ROOT = Path(__file__).resolve().parents[2]
SIGNATURES = """repeat_interleave(): argument 'repeats' must be Tensor or int, but expected one of:
 * (Tensor repeats, *, int output_size = None)
 * (Tensor input, int repeats)
"""


def faults(said):
    """Of texts by where they stand, those with a fault."""
    return {where: [text, *found] for where, text in said.items() if (found := faults_of(text))}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("The bias is added once. Is it?", None),
        ("`f` raised ValueError: “no: it is; a <class 'x'> ..”.", None),
        ("0/0 is undefined, so it is NaN (see the chapter).", None),
        ("the bias is never added.", "no capital letter"),
        ("The bias is never added", "no full stop"),
        ("`f` is wrong..", "without words between"),
        ("`f` is wrong. and so on.", "no capital letter"),
        ("With one: two: three.", "more than one colon"),
        ("One; two; three.", "more than one semicolon"),
        ("It gave back a other.", "article"),
        ("It gave back an tensor.", "article"),
        ("With {'with_logits': False} it is wrong.", "Python object"),
        ("It gave back <class 'int'>.", "Python object"),
        ("It gave back tensor([1.]).", "Python object"),
        ("It gave back RemoteSubject.", "names our code"),
        ("To a smaller size, align_corners=False,: wrong.", "without words between"),
        ("By a pair ((3, 1)) it is wrong.", "without words between"),
        ("The kernel is turned by 180°.", "flipped"),
    ],
)
def test_faults_of_a_text(text, said):
    found = faults_of(text)
    assert not found if said is None else any(said in one for one in found), found


@pytest.mark.parametrize("name", [topic(name) for name in ASSIGNMENTS])
def test_every_named_mistake_has_whole_sentences(name):
    sentences = import_module(f"autograder.exam.{name}").SENTENCES
    assert len(sentences) > 50 and faults({**COMMON, **sentences}) == {}


class Made(nn.Module):
    """A layer, a network or a loss that answers by the class's `answer`."""

    def __init__(self, *args, **kwargs):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(3))

    def forward(self, *args):
        return type(self).answer(*args)


def fails_with(error):
    def fail(*args, **kwargs):
        raise error

    return fail


ANSWERS = {
    "nothing": lambda *args, **kwargs: None,
    "numpy": lambda *args, **kwargs: np.ones(3),
    "list": lambda *args, **kwargs: [1, torch.ones(2)],
    "the first": lambda *args, **kwargs: args[0] if args else None,
    "an error": fails_with(ValueError(SIGNATURES)),
    "an own error": fails_with(type("Own", (Exception,), {})("“quoted” words:")),
    "unwritten": fails_with(NotImplementedError()),
}
VALUES = {"answer": [None, [], "?", -1, 2.5, "Z"], "KERNELS": [{}, 3, {"identity": 1}, {"identity": torch.ones(2)}]}


def programs(part):
    """For a graded name: what can stand there and answers nothing that is asked."""
    if values := VALUES.get(part.graded_name.split("_")[0]):
        return dict(enumerate(values))
    if part.graded_name[0].islower():
        return ANSWERS | {"value": 3}
    classes = {name: type("Made", (Made,), {"answer": staticmethod(answer)}) for name, answer in ANSWERS.items()}
    return classes | {"function": ANSWERS["nothing"], "failing": ANSWERS["an error"], "value": 3}


IDLE = [
    pytest.param(part, program, id=f"{part.name}, {which}")
    for name in ASSIGNMENTS
    for part in parts_of(topic(name))
    for which, program in programs(part).items()
]


@pytest.mark.parametrize(("part", "program"), some_of(IDLE, 20))
def test_programs_that_answer_nothing_are_told_so_in_whole_sentences(part, program):
    with setting(Quiet({})):
        said = {outcome.id: outcome.finding.sentence for outcome in part.examine(program) if outcome.finding}
    assert said and faults(said) == {}


def test_what_is_said_of_errors_and_of_wrong_answers():
    error, message = Raised("ValueError", SIGNATURES), f"torch.conv2d: {convolution.RULE.sentence}"
    whens = ["", "with `dilation=2`", *(when for when, _ in CALLS.values())]
    odd = [np.ones(2), np.int64(3), None, (1,), [], object(), torch.ones(2), True, int, len, 1j, b"", {1}]
    texts = [
        *(f"{words.raised('f', error, when)}." for when in whens),
        *(words.seen("f", error, "", when) for when in whens),
        *(words.seen("f", torch.ones(2), "gave back wrong values", when) for when in whens),
        *(words.seen("f", one, f"gave back {kind(one)} where a tensor is expected", "") for one in odd),
        *(words.not_refused("f", what, error) for what in ("", "channels that do not fit")),
        *(words.not_there(missing) for missing in (Missing("f"), Missing("f", "cannot be looked at"))),
        *(words.banned("f", said) for said in (message, "anything else", "rm -rf: no", "")),
        *(words.some_right(right, 7) for right in (1, 2)),
        *(contrast([frozenset({one})], [frozenset({one})], [frozenset()]).beside for one in CALLS),
        *(words.not_compared("f"), words.shut("f"), words.not_reached("It stopped.")),
    ]
    assert faults(dict(enumerate(texts))) == {}
    assert "\n" not in words.raised("f", error) and len(words.raised("f", Raised("E", "x" * 9999))) < 300
    assert words.raised("f", Raised("AssertionError", "")) == "`f` raised AssertionError"


def test_what_bans_and_limits_say():
    texts = [rule.sentence for rule in LISTS.values()]
    texts += [limit_words.too_late(LIMITS, cell, 2, by) for cell, by in product(("a", ""), ("processor", "clock"))]
    texts += [limit_words.all_used(LIMITS, by, cell) for cell, by in product(("a", ""), ("processor", "clock"))]
    texts += [limit_words.out_of_memory(LIMITS, "A call"), limit_words.too_large(LIMITS, "A call gave back")]
    texts += [limit_words.over(LIMITS, status, "a", texts[-1]) for status in ("timeout", "memory", "output")]
    texts += [limit_words.death(LIMITS, Ended(number, 0.0, 0))[1] for number in (0, signal.SIGXCPU, signal.SIGKILL, 60)]
    texts += [limit_words.KEPT_LOADER, limit_words.TOO_LONG.format(8, 64)]
    assert faults(dict(enumerate(texts))) == {}


def filled(node, names):
    """The text of an expression, its holes filled; None where it is none."""
    if isinstance(node, ast.Name) and node.id in names:
        return filled(names[node.id], {})
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        text = "".join(str(part.value) if isinstance(part, ast.Constant) else "X" for part in node.values)
        return text if isinstance(node.values[-1], ast.Constant) else f"{text}."  # what fills the last hole ends it
    return None


def told_by_checks(path):
    """The sentences of a visible check: those that end it, its rules, what it asks to be refused, and its slips."""
    found = written(path, "fail")
    for where, rule in written(path, "same").items():
        found[f"{where}, rule"] = _told(rule.rstrip("."), "the output is wrong.")
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.keyword) and node.arg == "why" and (why := filled(node.value, {})):
            found[f"{path.name}:{node.value.lineno}, why"] = f"{capital(why)} must be refused."
        if isinstance(node, ast.Tuple) and len(node.elts) == 2 and isinstance(node.elts[0], ast.Lambda | ast.Call):
            found[f"{path.name}:{node.lineno}, slip"] = filled(node.elts[1], {}) or "None."
    return found


def test_visible_checks_speak_in_whole_sentences():
    said = {}
    for path in sorted((ROOT / "convcourse" / "checks").rglob("*.py")):
        said |= told_by_checks(path)
    assert len(said) > 100 and faults(said) == {}


def written(path, *callees):
    """The texts that stand in calls of these names in a file, by their lines."""
    found = {}
    for function in ast.walk(ast.parse(path.read_text())):
        if not isinstance(function, ast.FunctionDef):
            continue
        nodes = list(ast.walk(function))
        names = {node.targets[0].id: node.value for node in nodes
                 if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)}  # fmt: skip
        for node in nodes:
            called = getattr(node, "func", None)
            if isinstance(node, ast.Call) and (getattr(called, "attr", None) or getattr(called, "id", None)) in callees:
                texts = [filled(arg, names) for arg in (*node.args, *(k.value for k in node.keywords))]
                found |= {f"{path.name}:{node.lineno}": text for text in texts if text and " " in text}
    return found


def test_sentences_that_stand_in_the_code():
    said = {}
    for path in sorted((ROOT / "autograder" / "exam").rglob("*.py")):
        said |= written(path, "Unnamed", "Finding")
        said |= {where: f"`X` {text}" if text[0].islower() else text for where, text in written(path, "Told").items()}
    for path in sorted((ROOT / "autograder" / "examiner").glob("*.py")):
        said |= written(path, "Unreadable", "Lost", "_lose")
    assert len(said) > 40 and faults(said) == {}
