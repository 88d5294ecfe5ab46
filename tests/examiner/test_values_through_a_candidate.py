"""What a candidate gives back, and how it ends, costs the criterion or the candidate, never the submission."""

import os
import socket
import stat

import pytest
from odd_values import ODD, PRELUDE

from autograder.exam import convolution, segmentation
from autograder.exam.core import Lost, Missing, current
from autograder.exam_tables.implementations import implementation
from autograder.examiner import limit_words, watch
from autograder.examiner.absences import Absences
from autograder.examiner.setting import Remote
from autograder.wire.frames import Stream
from autograder.wire.limits import Limits
from autograder.wire.messages import Ended

LIMITS = Limits(cell_seconds=60, call_seconds=60)


@pytest.fixture
def examined(client):
    """A function: outcomes and faults of an exam whose name these cells define."""

    def examine(exam, *cells):
        remote = Remote(client, LIMITS, bytes(32), b"bytes", {exam.graded_name}, Absences([], {}))
        token = current.set(remote)
        try:
            for number, cell in enumerate((PRELUDE, *cells)):
                assert not any(o["output_type"] == "error" for o in remote.run(f"c{number}", cell)), cell
            outcomes = exam.examine(remote.look_up(exam.graded_name))
        finally:
            current.reset(token)
            remote.close()
        assert len(outcomes) == len(exam.criteria) and remote.faults == []
        return outcomes

    return examine


LAYER = """
class Conv2d(nn.Conv2d):
    def forward(self, *args, **kwargs):
        return {}
"""
SELECTED = [
    "None",
    "a tuple of tensors",
    "a dict",
    "text that no file holds",
    "an int of 1024 bits",
    "a list that changes",
    "a sparse tensor",
    "a quantised tensor",
    "a tensor without memory",
    "float16",
    "uint64",
    "a tensor of 70 axes",
    "a tensor that lies",
    "an object that will not be looked at",
]


@pytest.mark.parametrize("what", SELECTED)
def test_odd_values_of_a_layer(examined, what):
    outcomes = examined(convolution.Conv2d, LAYER.format(ODD[what]))
    met = {outcome.id for outcome in outcomes if outcome.earned}
    assert met <= {"parameters", "distribution", "refusals"}
    assert not any("channel" in o.finding.sentence for o in outcomes if o.finding)


def test_odd_values_of_a_variable(client):
    """All of them in one candidate: a cell, a look at the name, and the exam."""
    remote = Remote(client, LIMITS, bytes(32), b"bytes", {"answer_1"}, Absences([], {}))
    token = current.set(remote)
    try:
        remote.run("prelude", PRELUDE)
        # Where an object that will not be looked at has a name, IPython runs no further cell: it comes last.
        for what, text in sorted(ODD.items(), key=lambda item: "Refuser" in item[1]):
            assert not any(o["output_type"] == "error" for o in remote.run(what, f"answer_1 = {text}")), what
            (outcome,) = convolution.question_1.examine(remote.look_up("answer_1"))
            assert remote.happened == [], (what, remote.happened)
            assert outcome.earned == 0 and "channel" not in outcome.finding.sentence, what
    finally:
        current.reset(token)
        remote.close()
    assert remote.faults == []


@pytest.mark.parametrize("kind", ["np.int32", "np.float32", "np.longdouble", "np.array", "torch.tensor"])
def test_an_answer_is_a_number_whatever_its_type(examined, kind):
    (outcome,) = examined(convolution.question_1, f"answer_1 = {kind}(16)")
    assert outcome.earned == outcome.points


@pytest.mark.parametrize("kind", ["np.int64", "np.uint8", "np.array", "torch.tensor"])
def test_a_size_is_an_int_of_any_type(examined, kind):
    size = f"{kind}((n + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1)"
    cell = f"def output_size(n, kernel_size, stride=1, padding=0, dilation=1):\n    return {size}"
    assert all(o.finding is None for o in examined(convolution.output_size, cell))
    whole = cell.replace(kind, "np.float64")
    (told, *_) = [o.finding.mistake for o in examined(convolution.output_size, whole) if o.finding]
    assert told == "size-not-int"


@pytest.mark.parametrize(
    "given",
    [
        "[np.float32(loss) for loss in losses]",
        "[np.array(loss) for loss in losses]",
        "[torch.tensor([loss]) for loss in losses]",
        "np.array(losses)",
        "torch.tensor(losses)",
    ],
)
def test_losses_are_numbers_whatever_their_type(examined, given):
    right = implementation("segmentation", "right/fit_with_adam").source()
    outcomes = examined(segmentation.fit, right.replace("return losses", f"return {given}"))
    assert all(o.finding is None for o in outcomes)


@pytest.mark.parametrize(
    "given", ["iter(losses)", "np.array([losses])", "[losses]", "torch.tensor([losses])", "str(losses)"]
)
def test_what_is_no_list_of_numbers_is_told(examined, given):
    right = implementation("segmentation", "right/fit_with_adam").source()
    outcomes = examined(segmentation.fit, right.replace("return losses", f"return {given}"))
    (told,) = {o.finding.mistake for o in outcomes if o.finding}
    assert told == "fit-losses"


def test_a_network_without_return(examined):
    cell = "class UNet(nn.Module):\n    def __init__(self, *args, **kwargs):\n        super().__init__()\n"
    outcomes = examined(segmentation.UNet, f"{cell}    def forward(self, x):\n        self.seen = x.shape")
    assert all(o.earned == 0 for o in outcomes)
    assert "gave back nothing (None) where a tensor of float32 is expected" in outcomes[0].finding.sentence


def test_vectors_that_pytorch_does_not_multiply(examined):
    text = ODD["vectors that PyTorch does not multiply"]
    outcomes = examined(convolution.bonus, f"def separate(kernel):\n    return {text}")
    assert all("a tensor of uint64 and a tensor of uint16" in o.finding.sentence or o.earned == 0 for o in outcomes)


def test_a_parameter_that_is_made_at_the_first_call(examined):
    cell = (
        "class Conv2d(nn.Conv2d):\n"
        "    def forward(self, x):\n"
        "        self.scale = nn.Parameter(torch.ones(1))\n"
        "        with torch.no_grad():\n            return x * 1\n"
        "    def load_state_dict(self, state, strict=True):\n"
        "        return super().load_state_dict(state, strict=False)\n"
    )
    assert sum(o.earned for o in examined(convolution.Conv2d, cell)) < convolution.Conv2d.points


def test_a_name_that_cannot_be_read_says_why(client):
    remote = Remote(client, LIMITS, bytes(32), b"bytes", {"answer"}, Absences([], {}))
    remote.run("a", "answer = 10**5000")
    found = remote.look_up("answer")
    remote.close()
    assert type(found) is Missing and "cannot be read" in found.why


def test_every_signal_has_words():
    for number in range(65):
        status, sentence = limit_words.death(LIMITS, Ended(signal=number, cpu_seconds=0.0, peak_mib=0))
        assert status in ("crashed", "timeout") and sentence.endswith(".")


def test_a_signal_without_a_name_ends_the_candidate_alone(client):
    link = client.fork(LIMITS)
    with pytest.raises(Lost) as caught:
        link.run_cell("a", "import os\nos.kill(os.getpid(), 40)")
    assert caught.value.status == "crashed" and "signal 40" in caught.value.sentence
    assert not link._scratch.exists()


def test_a_line_that_is_closed_unread_ends_the_candidate_alone(client):
    """Where what the examiner sent is unread when the other end closes, the kernel says so by an error."""
    link = client.fork(LIMITS)
    link._socket.close()
    link._socket, theirs = socket.socketpair()
    link._stream = Stream(link._socket.fileno())
    link._socket.send(b"unread")
    theirs.close()
    with pytest.raises(Lost) as caught:
        link.look_up("f")
    assert caught.value.status == "crashed" and not link._scratch.exists()


def test_a_scratch_folder_never_stays(tmp_path):
    """Names that the grader once used are taken, folders are closed, and one cannot even be listed."""
    scratch = tmp_path / "candidate-x"
    for number in range(12):
        (scratch / f"{scratch.name}-{number}" / "full" / "deep").mkdir(parents=True)
    deep = scratch
    for _ in range(60):
        deep = deep / ("d" * 100)
        os.makedirs(deep) if len(str(deep)) < 3000 else None
    (scratch / "closed").mkdir()
    os.chmod(scratch / "closed", 0)
    os.chmod(scratch, stat.S_IRUSR)
    assert watch.remove(scratch) is None
    assert not scratch.exists() and watch.remove(scratch) is None


def test_what_cannot_be_removed_is_said_and_the_rest_goes(tmp_path, monkeypatch):
    for name in ("stays", "goes", "goes-too"):
        (tmp_path / "scratch" / name).mkdir(parents=True)
    plain = os.rmdir
    monkeypatch.setattr(os, "rmdir", lambda path: refuse() if str(path).endswith("stays") else plain(path))
    assert "no" in str(watch.remove(tmp_path / "scratch"))
    assert os.listdir(tmp_path / "scratch") == ["stays"]


def refuse():
    raise PermissionError("no")
