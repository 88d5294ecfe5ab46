"""Student's code against the examiner: it shares the candidate's process, and can write what it likes on its socket.

Whatever it sends, it may give wrong answers to the question in hand, and be given up; nothing else.
"""

import json
import os
import time
from contextlib import suppress

import pytest
import torch

from autograder.exam.core import Lost
from autograder.exam.subject import Raised
from autograder.examiner.proxies import RemoteSubject
from autograder.wire.errors import LINE_LIMIT, MESSAGE_LIMIT

# What a hostile student finds out first: the descriptor, and the question's number while a call is open.
TOOLS = """
import fcntl, gc, json, os, struct, sys, threading, time, torch

def channel():
    for fd in range(3, 64):
        try:
            if os.fstat(fd).st_mode >> 12 == 12: return fd
        except OSError: pass

def frame(tree, table=(), body=b""):
    head = tree if isinstance(tree, bytes) else json.dumps([list(table), tree]).encode()
    return struct.pack("<IQ", len(head), len(body)) + head + body

def number():
    f = sys._getframe()
    while f:
        if "question" in f.f_locals: return f.f_locals["question"].number
        f = f.f_back

def send(data): os.write(channel(), data)
def reply(answer, table=(), body=b""): send(frame(["Reply", number(), answer], table, body))
def vjp(output, gradients=("l",), after=("l",), parameters=("d",)):
    return ["Done", ["t", output, list(gradients), after and list(after), list(parameters)]]
def stop():
    while True: time.sleep(1)
"""


@pytest.fixture
def attack(fork):
    """Calls `f`, which the source defines, with these arguments."""

    def attacked(source, *args, **limits):
        link = fork(**{"call_seconds": 2, **limits})
        run = link.run_cell("attack", TOOLS + source)
        assert run.status == "ok", run.outputs
        f = link.look_up("f")
        assert isinstance(f, RemoteSubject)
        return f(*args)

    return attacked


def test_a_forged_answer_is_an_answer_to_the_question_in_hand(fork):
    """It counts for this question, as if it had been returned; what comes after it ends the candidate."""
    link = fork()
    link.run_cell("attack", TOOLS + "def f():\n    reply(vjp(7)); time.sleep(2); return 8\ndef g(): return 9")
    f, g = link.look_up("f"), link.look_up("g")
    assert f() == 7
    time.sleep(3)  # its own answer comes when nothing was asked
    with pytest.raises(Lost) as caught:
        g()
    assert caught.value.status == "crashed" and "own channel" in caught.value.sentence


REJECTED = {
    "an answer to another question": "send(frame(['Reply', number() ^ 1, vjp(7)])); stop()",
    "a number that is no number": "send(frame(['Reply', float(number()), vjp(7)])); stop()",
    "two answers at once": "d = frame(['Reply', number(), vjp(7)]); send(d + d); stop()",
    "an answer and a byte": "send(frame(['Reply', number(), vjp(7)]) + b'x'); stop()",
    "no message": "send(os.urandom(64)); stop()",
    "a head without end": "send(struct.pack('<IQ', 2**32 - 1, 2**64 - 1)); stop()",
    "a body without end": "send(struct.pack('<IQ', 2, 2**40) + b'[]'); stop()",
    "a question": "send(frame(['Question', number(), ['l'], ['LookUp', 'x']])); stop()",
    "a class of Python's": "reply(['__import__', 'os']); stop()",
    "an order to the zygote": "send(frame(['End'])); stop()",
    "Ready once more": "send(frame(['Ready'])); stop()",
    "a pull without a loader": "send(frame(['Pull', 0, 0])); stop()",
    "no tuple": "reply(['Done', 7]); stop()",
    "a tuple too short": "reply(['Done', ['t', 7, ['l'], ['l']]]); stop()",
    "more gradients than arguments": "reply(vjp(7, ['l', None])); stop()",
    "fewer arguments than were given": "reply(vjp(7, after=['l'])); stop()",
    "an argument that is text": "reply(vjp(7, after=['l', 'x'])); stop()",
    "parameters that are text": "reply(vjp(7, after=None, parameters=['d', 'w', 'x'])); stop()",
    "a handle of no kind": "reply(vjp(['Handle', 1, 'exam', 'x'], after=None)); stop()",
    "a message for a value": "reply(vjp(['Undefined'], after=None)); stop()",
    "a message within a value": "reply(vjp(['d', 'a', ['t', ['Undefined']]], after=None)); stop()",
    "a handle by text": "reply(vjp(['Handle', 'x', 'class', 'x'], after=None)); stop()",
    "a tensor of more than came": "reply(vjp(['T', 0]), [['float32', [1 << 40]]], b''); stop()",
    "a tensor laid out at will": "reply(vjp(['T', 0]), [['float32', [4], [-1], False]], bytes(16)); stop()",
    "a deep answer": "reply(json.loads('[\"l\",' * 90 + '1' + ']' * 90)); stop()",
    "a deeper answer": "send(frame(b'[' * 1_000_000)); stop()",
    "a million values": "reply(['l', *range(1_000_000)]); stop()",
    "an endless number": "send(frame(b'[[],' + b'9' * 100_000 + b']')); stop()",
    "an end": "os.close(channel()); stop()",
    "half an answer": "send(frame(['Reply', number(), vjp(7)])[:-3]); stop()",
}


@pytest.mark.parametrize("name", REJECTED)
def test_what_is_no_answer_ends_the_candidate(attack, name):
    began = time.monotonic()
    with pytest.raises(Lost) as caught:
        attack(f"def f(x):\n    {REJECTED[name]}", torch.ones(1))
    assert caught.value.status in (["timeout"] if "half" in name else ["output", "crashed"])
    assert time.monotonic() - began < 30


DONE, FAILED = "['Done', 'module']", "['Failed', 'ValueError', 'no', False, '', '']"
SCRIPTS = {
    "no list": "7",
    "too few scripts": "['l']",
    "a script without a step": "['l', ['l']]",
    "more steps than were asked for": f"['l', ['l', {DONE}, {DONE}, {DONE}]]",
    "fewer steps, and no error": f"['l', ['l', {DONE}]]",
    "a step after an error": f"['l', ['l', {FAILED}, {DONE}]]",
    "a kind that is none": "['l', ['l', ['Done', 'exam'], ['Done', ['l']]]]",
    "a state that is text": f"['l', ['l', {DONE}, ['Done', 'x']]]",
    "no answer": "['l', ['l', 7]]",
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_what_is_no_answer_to_a_script_ends_the_candidate(fork, name):
    link = fork()
    link.run_cell("attack", TOOLS + f"def f():\n    reply(['Done', {SCRIPTS[name]}]); stop()")
    with pytest.raises(Lost) as caught:
        link.look_up("f").scripts([[(0, "make", (), {}), (1, "state")]])
    assert caught.value.status == "crashed"


@pytest.mark.parametrize("early", ["send(frame(['Reply', 1, ['Done', 7]]))", "send(b'x')", "send(frame(['Ready']))"])
def test_what_comes_early_ends_the_candidate(fork, early):
    link = fork()
    link.run_cell("attack", TOOLS + "def f(): return 1")
    f = link.look_up("f")
    with pytest.raises(Lost):  # with the cell's own answer, or when the next question is asked
        link.run_cell("early", f"threading.Timer(0.1, lambda: {early}).start()")
        time.sleep(0.5)
        f()


def test_a_forged_cell_shows_only_text(fork):
    """Outputs are rebuilt: no metadata, no other kind of data, no count of the student's."""
    link = fork()
    link.run_cell("tools", TOOLS)
    output = {"output_type": "execute_result", "execution_count": 99, "metadata": {"x": 1}, "extra": "y",
              "data": {"text/plain": "seen", "application/javascript": "alert(1)", "text/html": "<b>"}}  # fmt: skip
    tree = ["Ran", ["l", node(output)], "ok", 1]
    run = link.run_cell("forged", f"reply({tree!r})\nstop()")
    assert run.outputs == [
        {
            "output_type": "execute_result",
            "data": {"text/plain": "seen", "text/html": "<b>"},
            "metadata": {},
            "execution_count": 1,
        }
    ]


def node(value):
    """A value as it stands in a message's tree."""
    if isinstance(value, dict):
        return ["d", *(part for key, item in value.items() for part in (key, node(item)))]
    return ["l", *map(node, value)] if isinstance(value, list) else value


OUTPUTS = [
    {"output_type": "stream", "name": "stdout", "text": 7},
    {"output_type": "stream", "name": "stdout"},
    {"output_type": "error", "ename": "E", "evalue": "v", "traceback": "text"},
    {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["x"] * 5000},
    {"output_type": "display_data", "data": {"image/png": 7}},
    {"output_type": "display_data", "data": "text"},
    {"output_type": "update_display_data", "data": {}},
    {"data": {}},
    "text",
]


@pytest.mark.parametrize("output", OUTPUTS, ids=lambda output: json.dumps(output)[:40])
def test_outputs_of_no_form_end_the_candidate(fork, output):
    link = fork()
    link.run_cell("tools", TOOLS)
    with pytest.raises(Lost):
        link.run_cell("forged", f"reply(['Ran', ['l', {node(output)!r}], 'ok', 1])\nstop()")


def test_forged_outputs_have_a_size(fork):
    link = fork(output_kib=20)
    link.run_cell("tools", TOOLS)
    text = node([{"output_type": "stream", "name": "stdout", "text": "x" * 15_000}] * 9)
    run = link.run_cell("forged", f"reply(['Ran', {text!r}, 'ok', 1])\nstop()")
    assert run.status == "output" and len(str(run.outputs)) < 50_000


def test_an_error_is_a_bounded_plain_text(attack):
    with pytest.raises(Raised) as caught:
        attack("def f(): x = 'x\\x00\\x1b[0m' * 9999; reply(['Failed', 'Evil', x, False, x, x]); stop()")
    error = caught.value
    assert error.kind == error.name == "Exception" and len(error.message) <= MESSAGE_LIMIT
    assert len(error.line) <= 3 * LINE_LIMIT
    assert "\x00" not in str(error) and "\x1b" not in str(error)


HOSTILE = {
    "a float that is everything": (
        "class E(float):\n    __eq__ = __lt__ = lambda *a: True\n    __repr__ = lambda s: 'nan'\ndef f(): return E(8)",
        8.0,
    ),
    "an integer that is everything": ("class E(int):\n    __eq__ = lambda *a: True\ndef f(): return E(8)", 8),
    "a text that is everything": ("class E(str):\n    __eq__ = lambda *a: True\ndef f(): return E('a')", "a"),
    "a list that is everything": ("class E(list):\n    __eq__ = lambda *a: True\ndef f(): return E([1])", [1]),
    "a dict that is everything": ("class E(dict):\n    __eq__ = lambda *a: True\ndef f(): return E(a=1)", {"a": 1}),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_answers_are_of_exact_types(attack, name):
    source, expected = HOSTILE[name]
    got = attack(source)
    assert type(got) is type(expected) and got == expected and got != 9


def test_a_tensor_of_a_class_of_its_own_is_a_tensor(attack):
    got = attack(
        "class T(torch.Tensor):\n    @classmethod\n    def __torch_function__(cls, f, types, args=(), kwargs=None):\n"
        "        return super().__torch_function__(f, types, args, kwargs or {})\n    __eq__ = lambda *a: True\n"
        "def f(): return torch.ones(2).as_subclass(T)"
    )
    assert type(got) is torch.Tensor and got.tolist() == [1, 1]


PATCHED = """
import builtins
builtins.isinstance = lambda *args: True
builtins.len = lambda *args: 0
torch.allclose = torch.equal = lambda *args, **kwargs: True
torch.Tensor.__eq__ = lambda self, other: torch.ones_like(self, dtype=torch.bool)
def f(x): return x
"""


def test_patching_everything_gains_nothing(fork):
    """In the examiner nothing is patched; what the candidate can no longer answer is lost."""
    link = fork(call_seconds=2)
    got = None
    with suppress(Lost, Raised):
        link.run_cell("a", TOOLS)
        link.run_cell("b", PATCHED)
        got = link.look_up("f")(torch.zeros(2))
    assert got is None or got.tolist() == [0, 0]
    assert not torch.equal(torch.zeros(2), torch.ones(2)) and len("abc") == 3
    assert fork().run_cell("a", "print(isinstance(1, str), len('abc'))").outputs[0]["text"] == "False 3\n"


def test_a_batch_is_pulled_only_from_what_was_handed_in(fork):
    from autograder.objects.recipes import Loader

    batches = [(torch.ones(1), torch.ones(1))] * 3
    link = fork()
    link.run_cell("attack", "def honest(x): return sum(1 for _ in x)\ndef f(x): return [x.batch(i) for i in (0, 7)]")
    loader = Loader(batches)
    assert link.look_up("honest")(loader) == 3 and loader.passes == 1
    with pytest.raises(Lost):
        link.look_up("f")(loader)


def test_a_kept_loader_is_of_no_use_later(fork):
    from autograder.objects.recipes import Loader

    link = fork(call_seconds=2)
    link.run_cell("attack", "kept = []\ndef keep(x): kept.append(x)\ndef use(): return list(kept[0])")
    link.look_up("keep")(Loader([(torch.ones(1), torch.ones(1))]))
    with pytest.raises(Lost, match="after the call that it was given to"):
        link.look_up("use")()


def test_a_kept_loader_gives_no_other_calls_batches(fork):
    from autograder.objects.recipes import Loader

    link = fork()
    link.run_cell("attack", "kept = []\ndef f(x):\n    kept.append(x)\n    return list(kept[0])[0][0]")
    first, second = (Loader([(torch.full((1,), n), torch.ones(1))]) for n in (1.0, 2.0))
    assert link.look_up("f")(first) == 1
    with pytest.raises(Lost, match="after the call that it was given to"):
        link.look_up("f")(second)


def test_counting_passes_cannot_be_cheated(fork):
    """Asking for one batch again and again is no pass."""
    from autograder.objects.recipes import Loader

    link = fork()
    link.run_cell("attack", "def f(x):\n    for _ in range(9): x.batch(0)")
    loader = Loader([(torch.ones(1), torch.ones(1))] * 2)
    link.look_up("f")(loader)
    assert loader.passes == 0


def test_the_questions_show_no_more_than_the_question(attack):
    """Everything reachable from the frames of a call: the arguments, and nothing of the exam's."""
    found = attack(
        "def f(x):\n"
        "    texts, frame = [], sys._getframe()\n"
        "    while frame:\n"
        "        texts += [k + repr(type(v)) for k, v in frame.f_locals.items()]; frame = frame.f_back\n"
        "    return [t for t in texts if 'autograder.exam' in t or 'expected' in t or 'Lost' in t]",
        torch.ones(2),
    )
    assert found == []


def test_memory_holds_no_exam(link):
    """No object of the zygote's heap comes from an exam or the examiner."""
    run = link.run_cell(
        "a",
        "import gc, types\n"
        "print({type(o).__module__ for o in gc.get_objects()} & {'autograder.exam.core', 'autograder.examiner.link'},\n"
        "      [m for m in map(lambda o: o.__name__, filter(lambda o: type(o) is types.ModuleType, gc.get_objects()))\n"
        "       if m.startswith(('autograder.exam', 'solutions'))])",
    )
    assert run.outputs[0]["text"] == "set() []\n"


def test_many_handles_are_let_go(fork):
    link = fork()
    link.run_cell("a", "def f(): return lambda: 1\ndef seen(): import gc; return len(gc.get_objects())")
    f = link.look_up("f")
    for _ in range(300):
        f()
    answering = "import gc; print(max(len(o._objects) for o in gc.get_objects() if type(o).__name__ == 'Answering'))"
    assert int(link.run_cell("b", answering).outputs[0]["text"]) < 10


def test_killing_in_every_way_kills_only_itself(fork):
    for source in ("os._exit(0)", "os.kill(os.getpid(), 9)", "os.abort()", "__import__('ctypes').string_at(0)"):
        link = fork()
        with pytest.raises(Lost) as caught:
            link.run_cell("a", f"import os\n{source}")
        assert caught.value.status == "crashed"
    assert fork().run_cell("a", "print(1)").outputs[0]["text"] == "1\n"


def test_deep_recursion_costs_only_itself(fork):
    link = fork(call_seconds=3)
    link.run_cell("a", "import sys\ndef f(n=0): return f(n + 1)\ndef g(): sys.setrecursionlimit(10**9); return f()")
    with pytest.raises(Raised) as caught:
        link.look_up("f")()
    assert caught.value.kind == "RecursionError"
    with pytest.raises((Lost, Raised)):
        link.look_up("g")()


def test_a_value_that_refers_to_itself(fork):
    link = fork()
    link.run_cell("a", "x = []; x.append(x)\ny = {}; y['y'] = y")
    assert link.look_up("x").kind == "other" and link.look_up("y").kind == "other"


def test_a_value_that_cannot_be_sent_is_an_error(fork):
    link = fork()
    link.run_cell("a", "import torch\ndef big(): return 2 ** 5000\ndef sparse(): return torch.eye(2).to_sparse()")
    with pytest.raises(Raised, match="cannot be read"):
        link.look_up("big")()
    assert link.look_up("sparse")().kind == "other"


def test_descriptors_do_not_pass_through_the_channel(fork):
    """`sendmsg` is refused, and the examiner's end takes no descriptors in any case."""
    link = fork()
    before = len(os.listdir("/proc/self/fd"))
    run = link.run_cell(
        "a",
        TOOLS + "import array, socket\ns = socket.socket(fileno=channel())\n"
        "try: s.sendmsg([b'x'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [0]))])\n"
        "except OSError as error: print(error)\ns.detach()",
    )
    assert "not permitted" in str(run.outputs) and len(os.listdir("/proc/self/fd")) == before
