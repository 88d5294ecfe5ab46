"""The candidate that exams are held on is kept alive, and its names stand for what they should."""

import pytest
import torch
import torch.nn.functional as F

from autograder.exam.core import Criterion, Exam, Lost, Outcome
from autograder.exam.subject import Missing, Subject
from autograder.examiner.absences import Absences
from autograder.examiner.setting import Remote
from autograder.wire.limits import Limits

CELLS = (
    "import os\ncount = 0\ndef add(x):\n    return x + 1\ndef die(x):\n    os._exit(3)",
    "def conv2d(x, weight):\n    return x * 0\ndef layer(x, weight):\n    return conv2d(x, weight) + 1",
    "KERNELS = {'a': 1.5}\nanswer = 7",
)
CONV2D = Exam("conv2d", (Criterion("a", "a", 1.0, lambda subject, draw: None),))


@pytest.fixture
def remote(client):
    made = []

    def make(limits=None, graded=("add", "layer"), cells=CELLS):
        made.append(
            Remote(
                client,
                limits or Limits(cell_seconds=5, call_seconds=5),
                bytes(32),
                b"bytes",
                set(graded),
                Absences([], {}),
            )
        )
        for number, cell in enumerate(cells):
            assert not any(o["output_type"] == "error" for o in made[-1].run(f"c{number}", cell))
        return made[-1]

    yield make
    for each in made:
        each.close()


def lose(remote):
    with pytest.raises(Lost) as caught:
        remote.subject(remote.look_up("die"))(torch.ones(1))
    return caught.value


def test_names_stand_for_values_subjects_or_nothing(remote):
    setting = remote()
    assert setting.look_up("answer") == 7 and setting.look_up("KERNELS") == {"a": 1.5}
    assert isinstance(setting.look_up("add"), Subject) and isinstance(setting.look_up("nothing"), Missing)
    assert setting.subject(setting.look_up("answer")).value == 7


def test_a_subject_outlives_its_candidate(remote):
    setting = remote()
    add = setting.look_up("add")
    assert setting.subject(add)(torch.ones(1)) == 2
    lost = lose(setting)
    setting.lost(lost)
    assert setting.subject(add)(torch.ones(1)) == 2
    assert [h.status for h in setting.happened] == ["crashed"]


def test_the_second_loss_ends_an_exam_and_not_the_next(remote):
    setting = remote(Limits(cell_seconds=5, call_seconds=5, revivals=3))
    with setting.examining():
        setting.lost(lose(setting))
        with pytest.raises(Lost):
            setting.lost(lose(setting))
    with setting.examining():
        assert setting.subject(setting.look_up("add"))(torch.ones(1)) == 2


def test_no_more_than_so_many_fresh_candidates(remote):
    setting = remote(Limits(revivals=1))
    for _ in range(2):
        with pytest.raises(Lost):
            setting.lost(lose(setting))
    assert isinstance(setting.look_up("add"), Lost)
    with pytest.raises(Lost):
        setting.subject(setting.look_up("add"))
    assert "Not run" in setting.run("more", "1")[0]["evalue"]


def test_what_did_not_pass_is_stood_in_for_also_in_a_fresh_candidate(remote):
    setting = remote()
    x, weight = torch.randn(1, 1, 4, 4), torch.randn(1, 1, 2, 2)
    layer = setting.look_up("layer")
    assert torch.equal(setting.subject(layer)(x, weight), torch.ones_like(x))
    with setting.standing_in(layer, {"conv2d": "conv2d"}):
        for _ in range(2):
            assert torch.allclose(setting.subject(layer)(x, weight), F.conv2d(x, weight) + 1)
            setting.lost(lose(setting)) if setting._lost_here == 0 else None
    assert torch.equal(setting.subject(layer)(x, weight), torch.ones_like(x))


def test_what_passed_is_not_stood_in_for(remote):
    setting = remote()
    x, weight = torch.randn(1, 1, 4, 4), torch.randn(1, 1, 2, 2)
    setting.show(CONV2D, [Outcome("conv2d", "a", "a", 1.0, 1.0)])
    layer = setting.look_up("layer")
    with setting.standing_in(layer, {"conv2d": "conv2d"}):
        assert torch.equal(setting.subject(layer)(x, weight), torch.ones_like(x))


def test_what_is_gone_after_the_cells_ran_again_says_so(remote):
    setting = remote(Limits(cell_seconds=1, call_seconds=5))
    setting.run("long", "def slow(x):\n    return x\nwhile True: pass")
    slow = setting.look_up("slow")
    assert setting.subject(slow)(torch.ones(1)) == 1
    setting.lost(lose(setting))
    with pytest.raises(Lost, match="gone when your cells ran again"):
        setting.subject(slow)
    assert [h.status for h in setting.happened] == ["timeout", "crashed"]


def test_an_object_that_cannot_be_looked_at_is_as_good_as_missing(remote):
    setting = remote(cells=["class Liar:\n    def __getattribute__(self, name): raise ValueError(name)\nliar = Liar()"])
    found = setting.look_up("liar")
    assert isinstance(found, Missing | Subject)


def test_seeds_depend_on_key_bytes_and_criterion(client):
    def seed(key=bytes(32), submitted=b"bytes", criterion="conv2d/values"):
        return Remote(client, Limits(), key, submitted, set(), Absences([], {})).seed(criterion)

    assert seed() == seed() and seed() < 2**64
    assert len({seed(), seed(key=bytes(31) + b"1"), seed(submitted=b"other"), seed(criterion="conv2d/bias")}) == 4


def test_a_name_that_cannot_be_looked_at_costs_itself_alone(remote):
    odd = "import os\nbig = [0.5] * 250_000\nclass Evil:\n    @property\n    def __class__(self): os._exit(3)\n"
    odd += "evil = Evil()"
    setting = remote(cells=(*CELLS, odd))
    left = setting._forks
    big = setting.look_up("big")
    assert isinstance(big, Lost) and big.status == "output" and "`big` holds more" in big.sentence
    assert setting.look_up("answer") == 7 and setting._forks == left
    evil = setting.look_up("evil")
    assert isinstance(evil, Lost) and evil.status == "crashed"
    assert setting.look_up("answer") == 7 and setting._forks == left - 1
    assert setting.look_up("evil") is evil and setting._forks == left - 1
