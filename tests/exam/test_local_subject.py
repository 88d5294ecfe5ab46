"""`LocalSubject`: what a criterion may do with an object of its own process, as it may with one behind the wall."""

import warnings

import pytest
import torch
from torch import nn
from torch.autograd.gradcheck import GradcheckError

from autograder.exam.subject import Banned, LocalSubject, Raised, copy, raised
from autograder.objects.ban import BAN


class Layer(nn.Module):
    def __init__(self, size=2):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self.twin = self.weight
        self.register_parameter("bias", None)
        self.register_buffer("count", torch.zeros(1))

    def forward(self, x):
        return x * self.weight if self.training else -x * self.weight


@pytest.mark.parametrize(
    "obj, kind",
    [
        (len, "function"),
        (Layer, "class"),
        (Layer(), "module"),
        (3, "value"),
        ({"a": [torch.ones(1)]}, "value"),
        (object(), "other"),
    ],
)
def test_kinds(obj, kind):
    subject = LocalSubject(obj)
    assert subject.kind == kind
    assert subject.is_module == (kind == "module")
    assert type(subject.value) is (type(obj) if kind == "value" else type(None))


@pytest.mark.parametrize(
    "tensor",
    [
        torch.arange(24.0).reshape(2, 3, 4).permute(2, 0, 1),
        torch.ones(1, 3, 1).expand(2, 3, 4),
        torch.zeros(1, 2, 3, 4).contiguous(memory_format=torch.channels_last),
        torch.arange(10.0)[3::2],
        torch.zeros(3, requires_grad=True),
    ],
)
def test_the_callee_gets_a_copy_in_the_same_layout(tensor):
    twin = copy(tensor)
    assert twin.stride() == tensor.stride() and twin.storage_offset() == tensor.storage_offset()
    assert torch.equal(twin, tensor) and twin.data_ptr() != tensor.data_ptr()
    assert twin.requires_grad == tensor.requires_grad and twin.is_leaf


def test_what_the_callee_changes_is_seen_in_after_and_nowhere_else():
    def changing(x):
        x += 1
        return x

    mine = torch.zeros(2)
    answer = LocalSubject(changing).vjp((mine,), {}, None)
    assert torch.equal(mine, torch.zeros(2)) and torch.equal(answer.after[0], torch.ones(2))


def test_answers_share_nothing_with_the_callee():
    kept = torch.zeros(2)
    subject = LocalSubject(lambda: kept)
    before = subject()
    kept += 1
    assert torch.equal(before, torch.zeros(2))


def test_output_and_warnings_are_swallowed(capsys):
    def noisy():
        print("hello")
        warnings.warn("careful", stacklevel=1)
        return 1

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert LocalSubject(noisy)() == 1
    assert capsys.readouterr() == ("", "")


class Unprintable(ValueError):
    def __str__(self):
        raise SystemExit


class Strange(BaseException):
    pass


def test_an_error_is_described_by_a_fixed_name_and_plain_text():
    def fails(error):
        def call():
            raise error

        with pytest.raises(Raised) as found:
            LocalSubject(call)()
        return found.value

    assert (fails(ZeroDivisionError("by 0")).kind, fails(ZeroDivisionError("by 0")).message) == (
        "ZeroDivisionError",
        "by 0",
    )
    assert fails(Unprintable()).kind == "ValueError"
    assert len(fails(ValueError("x" * 10**6)).message) <= 500
    assert "\x1b" not in fails(ValueError("\x1b[31m")).message
    assert fails(NotImplementedError()).kind == "NotImplementedError" and not fails(NotImplementedError()).refusal
    assert fails(ValueError()).refusal and fails(RuntimeError()).refusal and not fails(AssertionError()).refusal
    assert raised(Strange()).kind == "Exception"


def test_a_call_is_a_node_of_the_examiners_graph():
    subject = LocalSubject(lambda x, w, scale: (x * w).sum(1) * scale)
    given = [torch.randn(2, 3, dtype=torch.float64, requires_grad=True) for _ in range(2)]
    assert torch.autograd.gradcheck(lambda x, w: subject(x, w, scale=2.0), given)
    detached = LocalSubject(lambda x, w: (x.detach() * w).sum(1))
    with pytest.raises(GradcheckError):
        torch.autograd.gradcheck(lambda x, w: detached(x, w), given)


def test_one_backward_pass_comes_with_a_call():
    x = torch.ones(2, requires_grad=True)
    answer = LocalSubject(lambda x, y: x * x + y).vjp((x, torch.ones(2)), {}, torch.tensor([1.0, 2.0]))
    assert [g.tolist() for g in answer.gradients] == [[2.0, 4.0]]
    assert answer.output.requires_grad is False
    assert LocalSubject(lambda x: x.detach()).vjp((x,), {}, torch.ones(2)).gradients == [None]
    assert LocalSubject(lambda x: x.sum()).vjp((x,), {}, torch.ones(2)).gradients == [None]


def test_inference_refuses_autograd():
    def by_autograd(x):
        x = x.clone().requires_grad_()
        (x * x).sum().backward()
        return x.grad

    subject = LocalSubject(by_autograd)
    assert subject(torch.ones(2)).tolist() == [2.0, 2.0]
    with subject.inference(), pytest.raises(Raised):
        subject(torch.ones(2))


def test_modules():
    layer = LocalSubject(Layer).make(size=3)
    state = layer.state()
    assert list(state) == ["weight", "twin", "bias", "count"]
    assert state["weight"].id == state["twin"].id != state["count"].id
    assert state["bias"].tensor is None and not state["count"].parameter and state["weight"].requires_grad
    layer.load({"weight": 2 * torch.ones(3), "twin": 2 * torch.ones(3), "count": torch.ones(1)})
    answer = layer.gradients((torch.ones(3, requires_grad=True),), {}, torch.ones(3))
    assert answer.output.tolist() == [2.0] * 3 and answer.gradients[0].tolist() == [2.0] * 3
    assert answer.parameters["weight"].tolist() == [1.0] * 3
    layer.eval()
    assert layer(torch.ones(3)).tolist() == [-2.0] * 3
    layer.train()
    layer.to(torch.float64)
    assert layer.state()["weight"].tensor.dtype == torch.float64
    assert layer.attribute("training") is True
    with pytest.raises(Raised):
        layer.load({"weight": torch.ones(3)})
    with pytest.raises(Raised):
        LocalSubject(len).make()


def convolve(x, w):
    return torch.nn.functional.conv2d(x, w)


def test_a_ban_holds_in_the_call_and_nowhere_else():
    subject = LocalSubject(convolve)
    x, w = torch.ones(1, 1, 3, 3), torch.ones(1, 1, 2, 2)
    assert subject(x, w).shape == (1, 1, 2, 2)
    subject.ban = "convolution"
    with pytest.raises(Banned):
        subject(x, w)
    assert BAN.name is None and convolve(x, w).shape == (1, 1, 2, 2)
    with subject.series(), pytest.raises(Banned):
        subject(x, w)
    subject.ban = None
    assert BAN.name is None and subject(x, w).shape == (1, 1, 2, 2)


def test_a_ban_holds_in_the_backward_pass_too():
    class Late(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x.clone()

        @staticmethod
        def backward(ctx, g):
            return convolve(g, torch.ones(1, 1, 1, 1))

    subject = LocalSubject(Late.apply)
    subject.ban = "convolution"
    x = torch.ones(1, 1, 2, 2, requires_grad=True)
    with pytest.raises(Banned):
        subject.vjp((x,), {}, torch.ones(1, 1, 2, 2))
    with pytest.raises(Banned):
        subject(x).sum().backward()


def test_source_is_there_where_python_has_it():
    assert "def convolve" in LocalSubject(convolve).source()
    assert LocalSubject(len).source() is None
