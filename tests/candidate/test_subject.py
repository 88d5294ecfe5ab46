"""A `RemoteSubject` does what a `LocalSubject` does, on every operation."""

import gc
from contextlib import suppress

import pytest
import torch
import torch.nn.functional as F
from banning import banning
from torch.autograd.gradcheck import GradcheckError

from autograder.exam.subject import Banned, LocalSubject, Missing, Raised
from autograder.examiner.proxies import RemoteSubject
from autograder.objects.recipes import Loader, Recipe

CODE = '''
import torch
from torch import nn
import torch.nn.functional as F

limit = 3

def scale(x, by=2.0):
    return x * by

def conv(x, weight, bias=None, stride=1):
    return F.conv2d(x, weight, bias, stride)

def windows(x):
    return x.unfold(0, 2, 1).sum()

def spoil(x):
    x += 1
    return x

def strides(x):
    return x.stride(), x.is_contiguous(), x.requires_grad

def several(x):
    return x, [x + 1, "text", None, 1.5, True], {"a": (1, 2), 3: torch.float64}

def fails(x):
    raise IndexError(f"no {x}")

def prints(x):
    import warnings, sys
    warnings.warn("careful"); print("heard"); print("too", file=sys.stderr)
    return x

class Refusing(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.negative = bool(x.min() < 0)
        return 2 * x
    @staticmethod
    def backward(ctx, g):
        if ctx.negative:
            raise ValueError("negative")
        return 2 * g

def refusing(x):
    if x.max() > 9:
        raise IndexError("too large")
    return Refusing.apply(x)

SHARED = torch.zeros(3)

def shared(x):
    SHARED[:] = x
    return SHARED

def flagging(x):
    return 2 * x.requires_grad_()

def adder(n):
    def add(x):
        return x + n
    return add

class Layer(nn.Module):
    """A layer."""
    def __init__(self, n=2):
        super().__init__()
        self.weight = nn.Parameter(torch.eye(n))
        self.register_parameter("bias", None)
        self.register_buffer("seen", torch.zeros((), dtype=torch.long))
        self.same = self.weight
        self.n = n
    def forward(self, x):
        return F.relu(x @ self.weight) if self.training else x @ self.weight

class Nested(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
        self.last = nn.Linear(2, 1)
    def forward(self, x):
        return self.last(self.first(x))

def same(one):
    return one

def activations(model, layer, x):
    kept = []
    hook = layer.register_forward_hook(lambda module, args, out: kept.append(out.detach()))
    model(x)
    hook.remove()
    return kept[0]

def meddle(model, what):
    if what == "mode":
        model.first[1].eval()
    elif what == "flag":
        model.last.weight.requires_grad_(False)
    elif what == "gradient":
        model(torch.ones(3, 2)).sum().backward()
    elif what == "hook":
        model.first[0].register_forward_hook(print)
    elif what == "forward":
        model.first[0].forward = lambda x: x
    elif what == "statistics":
        model(torch.randn(3, 2))
    elif what == "weights":
        model.last.weight.data += 1
    elif what == "hooks away":
        model.first[0]._forward_hooks.clear()
    elif what == "forward back":
        model.first[0].forward = model.first[0].forward
    elif what == "another layer":
        model.last = nn.Sequential(model.last)
    elif what == "everywhere":
        everywhere.append(nn.modules.module.register_module_forward_hook(lambda *given: None))
    elif what == "tidy":
        for handle in everywhere:
            handle.remove()

everywhere = []

def wanting(image):
    image.requires_grad_()
    image.sum().backward()

class Odd(Layer):
    def forward(self, x):
        raise ValueError("odd")

def fit(model, loader, epochs):
    losses = []
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(epochs):
        total = 0.0
        for x, y in loader:
            optimizer.zero_grad()
            loss = F.mse_loss(model(x), y)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(x)
            assert loader.batch_size >= len(x)
        losses.append(total / len(loader.dataset))
    return losses

def convolves(x, weight):
    return scaled(x, weight)

def scaled(x, weight):
    return conv2d(x, weight)

def conv2d(x, weight):
    raise NotImplementedError
'''


@pytest.fixture
def remote(link):
    link.run_cell("code", CODE)
    return link.look_up


@pytest.fixture
def local(tmp_path):
    scope = {"__name__": "student"}
    exec(compile(CODE, "student", "exec"), scope)  # as one kernel of stock nbgrader has it
    return lambda name: LocalSubject(scope[name])


@pytest.fixture(params=["local", "remote"])
def find(request):
    return request.getfixturevalue(request.param)


x = torch.arange(6.0).reshape(2, 3)


def test_calls_give_plain_values(find):
    assert torch.equal(find("scale")(x), x * 2) and torch.equal(find("scale")(x, by=3), x * 3)
    first, rest, named = find("several")(x)
    assert torch.equal(first, x) and torch.equal(rest[0], x + 1) and rest[1:] == ["text", None, 1.5, True]
    assert named == {"a": (1, 2), 3: torch.float64} and [type(v) for v in (first, rest, named)] == [
        torch.Tensor,
        list,
        dict,
    ]


LAYOUTS = {
    "transposed": x.T,
    "expanded": x[:1, :1].expand(4, 3),
    "strided": torch.arange(12.0)[::2],
    "channels last": torch.ones(2, 3, 4, 5).contiguous(memory_format=torch.channels_last),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_arguments_keep_their_layout(find, layout):
    given = LAYOUTS[layout]
    assert find("strides")(given) == (given.stride(), given.is_contiguous(), False)
    assert find("strides").vjp((given.detach().requires_grad_(),), {}, None).output[2] is True


def test_an_answer_shows_whether_arguments_were_changed(find):
    given = torch.ones(2, 3)
    assert torch.equal(find("scale").vjp((given,), {}, None).after[0], given)
    for layout in (given, given.T, torch.ones(6)[::2]):
        answer = find("spoil").vjp((layout,), {}, None)
        assert torch.equal(answer.after[0], layout + 1) and torch.equal(layout, torch.ones_like(layout))


def test_one_backward_pass_in_one_call(find):
    given, weight = torch.randn(1, 2, 5, 5), torch.randn(3, 2, 3, 3, requires_grad=True)
    cotangent = torch.randn(1, 3, 3, 3)
    answer = find("conv").vjp((given, weight), {"bias": torch.ones(3, requires_grad=True)}, cotangent)
    expected = F.conv2d(given, weight, torch.ones(3))
    assert torch.allclose(answer.output, expected)
    assert len(answer.gradients) == 2 and answer.gradients[1].tolist() == pytest.approx(
        cotangent.sum((0, 2, 3)).tolist(), rel=1e-4
    )
    assert torch.allclose(answer.gradients[0], torch.autograd.grad(expected, weight, cotangent)[0], atol=1e-5)
    assert find("conv").vjp((given, weight), {}, torch.ones(2)).gradients == [None]  # of another shape


def test_calls_together_answer_each_for_itself(find):
    """One backward pass does for all of them; where it fails, it is found out whose fault it is."""
    given = [torch.tensor(values, requires_grad=True) for values in ([1.0, 2.0], [-1.0, 2.0], [10.0, 2.0], [3.0, 4.0])]
    cotangent = torch.tensor([1.0, 10.0])
    for chosen in (given[:1] + given[3:], given):
        answers = find("refusing").vjps([((x,), {}, cotangent) for x in chosen])
        for x, answer in zip(chosen, answers, strict=True):
            if isinstance(answer, Raised):
                assert answer.kind == ("ValueError" if x.min() < 0 else "IndexError")
            else:
                assert torch.equal(answer.output, 2 * x) and torch.equal(answer.gradients[0], 2 * cotangent)
        assert [isinstance(answer, Raised) for answer in answers] == [x.min() < 0 or x.max() > 9 for x in chosen]
    assert find("refusing").vjps([]) == []


def test_a_later_call_does_not_change_an_earlier_answer(find):
    one, other = (
        answer.output.tolist() for answer in find("shared").vjps([((n * torch.ones(3),), {}, None) for n in (1, 2)])
    )
    assert one == [1, 1, 1] and other == [2, 2, 2]


def test_scripts_go_step_by_step(find):
    grown, twice = (
        torch.tensor([[2.0, 1.0]], requires_grad=True),
        {"weight": 2 * torch.eye(2), "same": 2 * torch.eye(2)},
    )
    state = twice | {"seen": torch.tensor(0)}
    first, second, third = find("Layer").scripts(
        [
            [(0, "make", (2,), {}), (0, "make", (), {}), (1, "state"), (1, "load", state), (2, "state"), (1, "state")],
            [(0, "make", (), {}), (1, "load", {}), (1, "state")],
            [
                *((0, "make", (), {}), (1, "train", False), (1, "to", torch.float64), (1, "to", torch.float32)),
                *((1, "gradients", (grown,), {}, torch.ones(1, 2)), (1, "vjp", (-grown,), {}, None)),
            ],
        ]
    )
    assert first[:2] == ["module", "module"] and first[3] is None
    weights = [step["weight"].tensor for step in (first[2], first[4], first[5])]
    assert [w.trace().item() for w in weights] == [2, 2, 4]  # as they stood at that step
    assert second[0] == "module" and isinstance(second[1], Raised) and len(second) == 2
    assert third[1:4] == [None] * 3 and set(third[4].parameters) == {"weight", "same"}
    assert torch.equal(third[5].output, -grown)  # it is evaluating: no ReLU
    assert isinstance(find("Layer").scripts([[(0, "make", ("x",), {}), (1, "state")]])[0][0], Raised)
    assert find("adder").scripts([[(0, "make", (1,), {}), (1, "vjp", (2,), {}, None)]])[0][1].output == 3


def test_gradcheck_goes_through(find):
    args = torch.randn(1, 2, 4, 4).double().requires_grad_(), torch.randn(2, 2, 2, 3).double().requires_grad_()
    conv = find("conv")
    assert torch.autograd.gradcheck(lambda *t: conv(*t, stride=(1, 2)), args)


def test_gradcheck_finds_a_wrong_gradient(link):
    link.run_cell(
        "a",
        "import torch\nclass Twice(torch.autograd.Function):\n"
        "    @staticmethod\n    def forward(ctx, x): return 2 * x\n"
        "    @staticmethod\n    def backward(ctx, g): return 3 * g\ntwice = Twice.apply",
    )
    with pytest.raises(GradcheckError):
        torch.autograd.gradcheck(link.look_up("twice"), (torch.ones(2, dtype=torch.float64, requires_grad=True),))


def test_errors_come_by_kind_and_words(find):
    with pytest.raises(Raised) as caught:
        find("fails")(4)
    assert (caught.value.kind, caught.value.message, caught.value.refusal) == ("IndexError", "no 4", False)
    with pytest.raises(Raised) as caught:
        find("Odd")()(x)
    assert caught.value.refusal


def test_what_is_printed_in_a_call_is_not_heard(find, capsys, recwarn):
    assert find("prints")(3) == 3
    assert capsys.readouterr() == ("", "") and not recwarn.list


def test_a_ban_is_a_calls_own(find):
    conv, weight = find("conv"), torch.ones(1, 1, 2, 2)
    image = torch.ones(1, 1, 3, 3)
    with banning(conv, "convolution"), pytest.raises(Banned):
        conv(image, weight)
    assert conv(image, weight).shape == (1, 1, 2, 2)
    conv.ban = "convolution"
    assert find("conv")(image, weight).shape == (1, 1, 2, 2)


def test_inference_mode_refuses_autograd(find):
    conv = find("conv")
    with conv.inference():
        answer = conv.vjp(
            (torch.ones(1, 1, 3, 3, requires_grad=True), torch.ones(1, 1, 2, 2)), {}, torch.ones(1, 1, 2, 2)
        )
    assert answer.gradients == [None]


def test_what_is_no_plain_value_is_a_further_subject(find):
    add = find("adder")(2)
    assert add.kind == "function" and add.name == "add" and torch.equal(add(x), x + 2)
    assert find("Layer").kind == "class" and find("Layer")().kind == "module" and find("Layer")().is_module


def test_a_modules_state(find):
    layer = find("Layer").make(n=3)
    assert layer.name == "Layer" and layer.is_module
    state = layer.state()
    assert set(state) == {"weight", "bias", "seen", "same"}
    assert (
        torch.equal(state["weight"].tensor, torch.eye(3))
        and state["weight"].parameter
        and state["weight"].requires_grad
    )
    assert state["weight"].id == state["same"].id != state["seen"].id
    assert state["bias"].tensor is None and state["bias"].parameter and not state["seen"].parameter
    outline = layer.outline()
    assert (outline["weight"].shape, outline["seen"].shape, outline["bias"].shape) == ((3, 3), (), None)
    assert outline["weight"].id == outline["same"].id


def test_a_module_is_loaded_trained_and_converted(find):
    layer = find("Layer").make()
    weight = -torch.eye(2)
    layer.load({"weight": weight, "same": weight, "seen": torch.tensor(4)})
    assert torch.equal(layer(torch.ones(1, 2)), torch.zeros(1, 2))
    layer.eval()
    assert torch.equal(layer(torch.ones(1, 2)), -torch.ones(1, 2)) and layer.attribute("training") is False
    layer.to(torch.float64)
    assert layer.attribute("weight").dtype == torch.float64
    with pytest.raises(Raised) as caught:
        layer.load({"weights": weight})
    assert caught.value.kind == "RuntimeError"


def test_gradients_of_every_parameter(find):
    layer = find("Layer").make()
    given, cotangent = torch.tensor([[1.0, 2.0]], requires_grad=True), torch.tensor([[1.0, 1.0]])
    answer = layer.gradients((given,), {}, cotangent)
    assert torch.equal(answer.output, given.detach()) and torch.equal(answer.gradients[0], cotangent)
    assert torch.equal(answer.parameters["weight"], torch.tensor([[1.0, 1.0], [2.0, 2.0]]))


def test_the_text_it_was_written_as(remote):
    assert remote("scale").source().startswith("def scale(x, by=2.0):")
    assert remote("Layer").source().startswith("class Layer(nn.Module):")
    assert remote("adder").attribute("__doc__") is None


def test_grade_cells_read_attributes(remote):
    layer = remote("Layer")()
    assert torch.equal(layer.weight, torch.eye(2)) and layer.n == 2 and layer.bias is None
    assert set(layer.state_dict()) == {"weight", "seen", "same"} and type(layer.state_dict()) is dict
    assert not hasattr(layer, "wieght")
    with pytest.raises(AttributeError, match="`Layer` has no attribute `wieght`"):
        layer.wieght  # noqa: B018


def test_names_are_looked_up_as_they_stand_then(link, remote):
    first = remote("scale")
    link.run_cell("b", "def scale(x):\n    return x * 100\nlimit = 4\ndel adder")
    assert torch.equal(first(x), x * 2) and torch.equal(remote("scale")(x), x * 100)
    assert remote("limit") == 4 and isinstance(remote("adder"), Missing) and remote("adder").name == "adder"


def test_a_loader_is_pulled_batch_by_batch_and_counted(find):
    torch.manual_seed(1)
    batches = [(torch.randn(4, 2), torch.randn(4, 2)), (torch.randn(2, 2), torch.randn(2, 2))]
    model, loader = find("Layer").make(), Loader(batches)
    losses = find("fit")(model, loader, epochs=3)
    assert len(losses) == 3 and losses[2] < losses[0] and loader.passes == 3
    assert not torch.equal(model.attribute("weight"), torch.eye(2))
    assert find("fit")(model, Loader(batches), epochs=0) == []


def test_recipes_are_built_where_the_code_is(link, remote, local):
    with pytest.raises(KeyError):
        Recipe("reference")
    with link.stand_in(remote("convolves"), {"conv2d": "conv2d"}):
        assert torch.equal(
            remote("convolves")(torch.ones(1, 1, 3, 3), torch.ones(1, 1, 2, 2)), torch.full((1, 1, 2, 2), 4.0)
        )
    with pytest.raises(Raised) as caught:
        remote("convolves")(torch.ones(1, 1, 3, 3), torch.ones(1, 1, 2, 2))
    assert caught.value.kind == "NotImplementedError"


def test_a_name_that_was_not_there_is_gone_again(link):
    with link.stand_in(None, {"conv2d": "conv2d"}):
        assert isinstance(link.look_up("conv2d"), RemoteSubject)
    assert isinstance(link.look_up("conv2d"), Missing)


def test_what_the_examiner_lets_go_is_let_go_there(link):
    link.run_cell(
        "a",
        "import weakref, gc\nclass Thing: pass\nthings = []\n"
        "def make():\n    t = Thing(); things.append(weakref.ref(t)); return t\n"
        "def alive():\n    gc.collect(); return sum(t() is not None for t in things)",
    )
    make, alive = link.look_up("make"), link.look_up("alive")
    kept = make()
    make()
    gc.collect()
    assert alive() == 1 and kept.kind == "other"


def test_no_exam_data_stays_after_a_call(link):
    link.run_cell(
        "a",
        "import gc, torch\ndef f(x): return x.sum()\ndef g(x): raise ValueError('no')\n"
        "def seen():\n    gc.collect()\n"
        "    return sum(1 for o in gc.get_objects() if isinstance(o, torch.Tensor) and o.numel() == 777)",
    )
    for name in ("f", "g"):
        with suppress(Raised):
            link.look_up(name)(torch.ones(777))
    with suppress(Raised):
        link.look_up("f")(torch.ones(777, requires_grad=True)).backward()
    gc.collect()
    assert link.look_up("seen")() == 0


def test_a_part_of_a_model_is_handed_in_beside_it(find):
    model = find("Nested").make()
    layer = model.part("first.0")
    assert layer.is_module and set(layer.state()) == {"weight", "bias"}
    given = torch.randn(4, 2)
    assert torch.allclose(find("activations")(model, layer, given), layer(given))
    with pytest.raises(Raised) as caught:
        model.part("first.7")
    assert caught.value.kind == "AttributeError"


def test_two_subjects_may_be_one_object(find):
    model = find("Nested").make()
    back = find("same")(model)
    assert model.is_(back) is True and model.is_(find("Nested").make()) is False
    assert model.part("first").part("1").is_(back.part("first.1")) and not model.part("first").is_(model)
    assert model.part("").is_(model)


def test_a_footprint_is_the_same_where_nothing_was_changed(find):
    model = find("Nested").make()
    model.train()
    before = model.footprint()
    find("activations")(model.part("last"), model.part("last"), torch.ones(1, 2))
    assert model.footprint() == before
    assert set(before.modules) == {"", "first", "first.0", "first.1", "last"}
    assert before.tensors["first.1.running_mean"].requires_grad is False and before.tensors["last.bias"].requires_grad


@pytest.mark.parametrize("what", ["mode", "flag", "gradient", "hook", "forward", "statistics", "weights"])
def test_a_footprint_shows_what_was_changed(find, what):
    model = find("Nested").make()
    before = model.footprint()
    find("meddle")(model, what)
    after = model.footprint()
    changed = {name for name, mark in after.modules.items() if mark != before.modules[name]}
    changed |= {name for name, mark in after.tensors.items() if mark != before.tensors[name]}
    expected = {
        "mode": {"first.1"}, "flag": {"last.weight"}, "weights": {"last.weight"},
        "hook": {"first.0"}, "forward": {"first.0"},
        "statistics": {"first.1.running_mean", "first.1.running_var", "first.1.num_batches_tracked"},
    }  # fmt: skip
    if what == "gradient":  # which moves the statistics as well
        assert after.tensors["last.bias"].gradient is not None and before.tensors["last.bias"].gradient is None
    else:
        assert changed == expected[what]


WORDS = {
    "mode": {"mode"}, "flag": {"flags"}, "gradient": {"gradients", "values"}, "more gradient": {"gradients", "values"},
    "hook": {"hooks"}, "hooks away": {"lost hooks"}, "forward": {"hooks"}, "forward back": set(),
    "everywhere": {"hooks"}, "statistics": {"values"}, "weights": {"values"}, "another layer": {"modules", "values"},
}  # fmt: skip


@pytest.mark.parametrize("what", WORDS)
def test_what_was_changed_is_told_in_words(find, what):
    """Gradients that were there before are not those that are there now; hooks on all modules are a model's too."""
    model = find("Nested").make()
    if what in ("more gradient", "hooks away"):
        find("meddle")(model, {"more gradient": "gradient", "hooks away": "hook"}[what])
    before = model.footprint()
    assert model.footprint().since(before) == set()
    find("meddle")(model, {"more gradient": "gradient"}.get(what, what))
    assert model.footprint().since(before) == WORDS[what]
    find("meddle")(model, "tidy")


@pytest.mark.parametrize("where", ["local", "remote"])
def test_a_tensor_that_stands_for_itself_has_a_footprint(request, where):
    """It is handed in as it is, and looked at again afterwards."""
    find, recipe = request.getfixturevalue(where), Recipe("tensor", torch.ones(2))
    image = LocalSubject(recipe.build()) if where == "local" else request.getfixturevalue("link").build(recipe)
    before = image.footprint()
    find("wanting").run((image,), {})
    assert image.footprint().since(before) == {"flags", "gradients"}


def test_footprints_go_step_by_step_as_well(find):
    (steps,) = find("Nested").scripts([[(0, "make", (), {}), (1, "footprint"), (1, "train", False), (1, "footprint")]])
    assert steps[1] != steps[3] and steps[1].tensors == steps[3].tensors


def test_who_asks_for_gradients_of_an_argument_is_answered_as_others_are(find):
    answer = find("flagging").vjp((x,), {}, torch.ones(2, 3))
    assert torch.equal(answer.output, 2 * x) and answer.gradients == [] and not x.requires_grad


def test_what_is_kept_from_call_to_call(find):
    first, second = torch.zeros(3), torch.ones(3)
    assert [one.tolist() for one in find("scale").again((first,), (second,), {})] == [[0] * 3, [2] * 3]
    assert [one.tolist() for one in find("shared").again((first,), (second,), {})] == [[1] * 3, [1] * 3]
    assert first.tolist() == [0] * 3
