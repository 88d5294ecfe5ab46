"""Bans are held against all operators of this PyTorch and torchvision: each is refused, or allowed with a reason."""

import re
import warnings

import pytest
import scipy.ndimage
import scipy.signal
import skimage.filters
import skimage.transform
import torch
import torchvision  # noqa: F401 - its operators count as well

from autograder.objects.ban import BAN
from autograder.objects.bans import LISTS
from autograder.objects.bans.families import FAMILIES, HARMLESS
from autograder.objects.overrides import destroy, keys, names, overloads, overriding
from autograder.objects.rule import SPEAKS, BannedOperator, Rule

ALL = {schema.name.removeprefix("aten::") for schema in torch._C._jit_get_all_schemas()}
PLACED = [name for families in (FAMILIES, HARMLESS) for names in families.values() for name in names]
pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated")
POOLING = Rule(("pooling", "pooling of regions"), {}, "write it yourself.")
RULES = {**LISTS, "pooling": POOLING}
X = torch.rand(1, 4, 4, 4) + 0.5


def test_every_operator_that_speaks_of_it_is_in_one_family():
    """A PyTorch with a new one makes this red: give it a family, or a reason."""
    spoken = {name for name in ALL if re.search(SPEAKS, name)}
    assert sorted(spoken - set(PLACED)) == [], "in no family of autograder/objects/bans/families.py"
    assert sorted(set(PLACED) - ALL) == [], "not in this PyTorch"
    assert len(PLACED) == len(set(PLACED)) > 200


@pytest.mark.parametrize("name", LISTS)
def test_a_ban_says_of_every_family_that_it_is_refused_or_why_not(name):
    rule = LISTS[name]
    assert sorted([*rule.refused, *rule.allowed]) == sorted(FAMILIES)
    assert all(reason.endswith(".") for reason in rule.allowed.values())


def test_what_has_no_kernel_on_a_cpu_has_none():
    found = [overload for name in HARMLESS["It has no kernel on a CPU."] for overload in overloads(name)]
    assert all(overload.endswith(".out") for overload in found), "their `out` calls the others"


def class_objects():
    """What quantized operators take beside tensors, by the name of its class."""
    w2, w3 = (torch.quantize_per_tensor(torch.rand(4, 4, *[2] * n), 0.1, 0, torch.qint8) for n in (2, 3))
    mkldnn = torch.ops.mkldnn_prepacked.conv2d_prepack(
        torch.rand(4, 4, 2, 2), None, [1, 1], [0, 0], [1, 1], 1, [1, 4, 4, 4], "none"
    )
    return {
        "Conv2dPackedParamsBase": torch.ops.quantized.conv2d_prepack(w2, None, [1, 1], [0, 0], [1, 1], 1),
        "Conv3dPackedParamsBase": torch.ops.quantized.conv3d_prepack(w3, None, [1] * 3, [0] * 3, [1] * 3, 1),
        "ConvOpContext": mkldnn,
    }


with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    OBJECTS = class_objects()


def argument(type_, tensor, length=None):
    """Something of this type: what it is does not matter, since the operator refuses before it looks."""
    text = str(type_)
    if text.startswith("Optional") or text.endswith("?"):
        return None
    simple = {"Tensor": tensor, "int": 1, "float": 1.0, "bool": True, "str": "none", "number": 1, "SymInt": 1}
    if text in simple:
        return simple[text]
    if text.startswith("List["):
        inner = text[5:-1]
        return [] if inner.startswith("Optional") else [argument(inner, tensor)] * (length or 2)
    return OBJECTS[text.rpartition(".")[2]]


def call(overload):
    """Call this overload with arguments made after its schema."""
    name, _, of = overload.partition(".")
    schema = next(s for s in torch._C._jit_get_schemas_for_operator(name) if s.overload_name == of)
    tensor = X if "CPU" in keys(overload) else torch.quantize_per_tensor(X, 0.1, 0, torch.quint8)
    if keys(overload) == ["MkldnnCPU"]:
        tensor = X.to_mkldnn()
    given = [argument(a.type, tensor, a.N) for a in schema.arguments if not a.kwarg_only]
    named = {a.name: argument(a.type, tensor, a.N) for a in schema.arguments if a.kwarg_only}
    packet = getattr(getattr(torch.ops, name.partition("::")[0]), name.partition("::")[2])
    return getattr(packet, of or "default")(*given, **named)


@pytest.mark.parametrize("name", [name for name, rule in RULES.items() if rule.refused])
def test_every_overload_of_what_is_refused_refuses(name):
    rule = RULES[name]
    refused = {operator: overloads(operator) for operator in names(rule.refused)}
    assert sum(map(bool, refused.values())) > 8
    faults = []
    for operator, found in refused.items():
        for overload in found:
            up = overriding([operator], rule)  # one by one: which of them is it?
            try:
                call(overload)
                faults.append(f"{overload} was answered")
            except BannedOperator as error:
                if not str(error).startswith(f"{operator}: "):
                    faults.append(f"{overload}: {error}")
            except Exception as error:
                faults.append(f"{overload}: {type(error).__name__}: {error}")
            finally:
                destroy(up)
    assert not faults, "\n".join(faults)


def test_operators_that_come_later_are_refused_as_well():
    """A cell may import torchvision, or load another library of operators, after the first banned call."""
    library = torch.library.Library("torchvision", "FRAGMENT")
    rule = Rule(("made by hand",), {}, "write it yourself.")
    FAMILIES["made by hand"] = ("later::conv2d",)
    try:
        destroy(overriding(names(rule.refused), rule))
        library = torch.library.Library("later", "DEF")
        library.define("conv2d(Tensor x) -> Tensor")
        library.impl("conv2d", lambda x: x, "CPU")
        up = overriding(names(rule.refused), rule)
        with pytest.raises(BannedOperator):
            torch.ops.later.conv2d(X)
        destroy(up)
        assert torch.ops.later.conv2d(X) is not None
    finally:
        del FAMILIES["made by hand"]
        library._destroy()


def test_quantized_tensors_are_no_way_round():
    """They have kernels of their own: `F.interpolate`'s work on 32-bit integers would be as good as exact."""
    x = torch.quantize_per_tensor(X, 1e-6, 0, torch.qint32)
    bigger = lambda: torch.ops.aten.upsample_nearest2d(x, [8, 8])
    assert bigger().shape == (1, 4, 8, 8)
    with BAN.during("upsampling"), pytest.raises(BannedOperator):
        bigger()


def script_of(operator, *given):
    return lambda: torch._C._jit_get_operation(f"aten::{operator}")[0](*given)


ON_ITS_OWN = {
    "upsampling": [
        script_of("__interpolate", X, [8, 8], None, "nearest", None, None, False),
        script_of("__upsample", X, [8, 8], None, "bilinear", None),
        script_of("__upsample_bilinear", X, [8, 8]),
        script_of("__upsample_nearest", X, [8, 8]),
    ],
    "convolution": [lambda: optimised(X), lambda: frozen(X)],
}


class Module(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.rand(4, 4, 2, 2))

    def forward(self, x):
        return torch.nn.functional.conv2d(x, self.weight)


with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    frozen = torch.jit.freeze(torch.jit.script(Module().eval()))
    optimised = torch.jit.optimize_for_inference(torch.jit.script(Module().eval()))  # prim::mkldnn_convolution


@pytest.mark.parametrize(("name", "at"), [(name, at) for name, calls in ON_ITS_OWN.items() for at in range(len(calls))])
def test_what_torchscript_has_of_its_own_comes_to_what_is_refused(name, at):
    call = ON_ITS_OWN[name][at]
    assert call() is not None
    with BAN.during(name), pytest.raises(RuntimeError, match="write it yourself"):
        call()


FILTERS = (
    r"convol|correl|filt|blur|gauss|sobel|prewitt|laplac|scharr|roberts|farid|unsharp|gabor|wiener|smooth|resample"
)
RESIZING = r"resize|rescale|warp|zoom|pyramid|rotate|swirl|affine|map_coord|geometric|shift|interp"
LIBRARIES = {
    "convolution": (FILTERS, [scipy.ndimage, scipy.signal, skimage.filters]),
    "upsampling": (RESIZING, [scipy.ndimage, skimage.transform]),
}
NO_FILTER = {
    "fourier_gaussian": "FFT is allowed.",
    "fourier_shift": "It shifts, by FFT, and keeps the size.",
    "gausspulse": "A signal, and nothing done with it.",
    "iirfilter": "It designs a filter, and applies none.",
    "morphological_laplace": "Maxima and minima, with no sum.",
    "spline_filter": "It prepares an interpolation; its weights are fixed.",
    "spline_filter1d": "It prepares an interpolation; its weights are fixed.",
}


def refuses(function):
    """Refusals ask for no arguments; whoever asks for some would do the work."""
    try:
        function()
    except BannedOperator:
        return True
    except Exception:
        return False
    return False


@pytest.mark.parametrize("name", LIBRARIES)
def test_libraries_public_functions_are_held_against_the_ban_too(name):
    pattern, libraries = LIBRARIES[name]
    found = {
        (library.__name__, spoken): getattr(library, spoken)
        for library in libraries
        for spoken in dir(library)
        if not spoken.startswith("_") and re.search(pattern, spoken) and callable(getattr(library, spoken))
    }
    assert len(found) > 12
    with BAN.during(name):
        free = sorted(key for key, function in found.items() if not refuses(function))
    assert [key for key in free if key[1] not in NO_FILTER] == []
    assert not any(map(refuses, found.values())), "nothing is banned any more"
