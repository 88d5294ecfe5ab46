"""How the networks of assignment 03 are asked: as functions of an image, beside torchvision's own.

A case's named arguments are those that the network is made with and three of ours: `state`, the rules by which it is
filled, `seed` of what is random in it, and `how` it is asked (`recipes.architectures.Probe`). With a state that leaves
only some layers at work a criterion sees these alone. A mistake is a change to torchvision's network.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from inspect import Parameter, signature
from typing import Any, ClassVar

import torch
from torch import nn

from autograder.exam import network_errors
from autograder.exam.architectures.sentences import SENTENCES
from autograder.exam.calls import Call, Value
from autograder.exam.cases import Case, Cases
from autograder.exam.compare import fault
from autograder.exam.core import Stopped, Wrong, once
from autograder.exam.draw import Draw
from autograder.exam.features import Features
from autograder.exam.functions import Ask, FunctionExam, asked
from autograder.exam.mistakes import Function, Misconception, misconception, with_changes
from autograder.exam.networks import close
from autograder.exam.reading import Part, Reading
from autograder.exam.setting import current
from autograder.exam.subject import Answer, Raised, Subject, copy
from autograder.objects.recipes import Recipe
from autograder.objects.recipes.architectures import Probe

T = torch.Tensor
Change = Callable[[nn.Module], None]
OURS = ("how", "state", "seed", "changes")
JUDGE = Probe()  # the examiner's own

WHOLE = "with all its layers at work"
# Where a call looks, in words, and the features that these tell.
PLACES: dict[str, tuple[str, ...]] = {
    "in the names and shapes of its parameters": ("parameters",),
    "in its convolutions": ("convolutions",),
    "in its poolings, or for images of other sizes": ("pooling", "sizes"),
    "in its last, linear layers": ("last layer",),
    "with its normalisation layers": ("normalisation",),
    "in train mode": ("train",),
    WHOLE: (),
    "in its gradients": ("gradient",),
    "in the convolution of the 1×1 branch": ("convolutions",),
    "in the convolutions of the 3×3 branch": ("convolutions",),
    "in the convolutions of the 5×5 branch": ("convolutions",),
    "in the branch with the pooling": ("pooling",),
    "in the place of its branches, or inside them": ("place",),
    "in its convolutions, with their norms and ReLUs": ("convolutions",),
    "in its shortcut, which is a skip connection": ("skip",),
    "in the class attribute `expansion`": (),
    "in its first layers, from the convolution to the pooling": ("convolutions", "pooling"),
    "in the convolutions of its stages": ("convolutions",),
    "in its shortcuts, which are skip connections": ("skip",),
    "in its last layers": ("last layer",),
}


@cache
def altered(build: Callable[..., nn.Module], changes: tuple[Change, ...]) -> Callable[..., nn.Module]:
    """What builds the network with these changes."""

    def building(*args: Any, **options: Any) -> nn.Module:
        network = build(*args, **options)
        for change in changes:
            change(network)
        return network

    return building


def judged(
    build: Callable[..., nn.Module],
    made: Sequence[Any],
    options: dict[str, Any],
    free: bool,
    ours: dict[str, Any],
    x: T,
) -> Any:
    """What the network that is built with these arguments answers."""
    how, state, seed, changes = (ours[name] for name in OURS)
    if how == "expansion":
        return build.expansion  # type: ignore[attr-defined]
    token = token_of(made, options, state, seed)
    if how == "shapes" and not changes:
        return shapes_of(build, made, options)
    expected = None if free else shapes_of(build, made, options)
    given, named = list(copy(tuple(made))), copy(options)
    return JUDGE(altered(build, changes), given, named, expected, state, seed, how, token, x)


SHAPES: dict[tuple[Any, str], dict[str, list[int]]] = {}


def shapes_of(build: Callable[..., nn.Module], made: Sequence[Any], options: dict[str, Any]) -> dict[str, list[int]]:
    """Names and shapes of what is saved of the network that is built with these arguments."""
    key = build, token_of(made, options)
    if key not in SHAPES:
        given, named = list(copy(tuple(made))), copy(options)
        SHAPES[key] = JUDGE(build, given, named, None, (), 0, "shapes", "", torch.empty(0))
    return SHAPES[key]


def token_of(*parts: Any) -> str:
    """The same for the same arguments, recipes among them."""
    return repr(copy_of_recipes(parts))


def copy_of_recipes(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [copy_of_recipes(item) for item in value]
    if isinstance(value, dict):
        return {key: copy_of_recipes(item) for key, item in value.items()}
    return (value.name, value.args) if isinstance(value, Recipe) else value


def arguments_of(reference: Function, kwargs: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """What a network is made with: by position what has no default, the rest by name."""
    names = signature(reference).parameters
    needed = [name for name, one in names.items() if one.default is Parameter.empty and name != "x"]
    return [kwargs[n] for n in needed], {n: v for n, v in kwargs.items() if n not in (*needed, *OURS)}


@dataclass(frozen=True)
class AsNetwork:
    """A student's class as a function of an image and of what the network is made with."""

    subject: Subject
    reference: Function
    free: bool  # are names free?

    def vjps(self, calls: Sequence[tuple]) -> list[Answer | Raised]:
        """As `Subject.vjps`; calls of the same network are made one after the other."""
        probe = current.get().build(Recipe("network_probe"))
        probe.name, probe.ban = self.subject.name, self.subject.ban
        given = [self._given(*args, **kwargs) for args, kwargs, _ in calls]
        order = sorted(range(len(given)), key=lambda i: given[i][-2])
        answers = probe.vjps([(given[i], {}, None) for i in order])
        return [answer for _, answer in sorted(zip(order, answers, strict=True), key=lambda pair: pair[0])]

    def _given(self, x: T, **kwargs: Any) -> tuple[Any, ...]:
        made, options = arguments_of(self.reference, kwargs)
        ours = {"how": "eval", "state": (), "seed": 0} | {name: kwargs[name] for name in OURS if name in kwargs}
        expected = None if self.free else self.reference(x, **(kwargs | {"how": "shapes"}))
        token, how = token_of(made, options, ours["state"], ours["seed"]), ours["how"]
        state = [list(rule) for rule in ours["state"]]
        how = "eval" if how == "branch" else how
        return self.subject, made, options, expected, state, ours["seed"], how, token, x


def unlike(got: Any, right: Any) -> str | None:
    """What is wrong with a value where this one is right: tensors to a thousandth of the largest number."""
    if isinstance(right, T) and isinstance(got, T) and got.shape == right.shape and got.is_floating_point():
        if close(got.to(right.dtype), right) or not (got.any() or right.any()):
            return None
        return "gave back wrong values"
    if isinstance(right, list | tuple) and isinstance(got, list | tuple) and len(got) == len(right):
        return next((found for found in map(unlike, got, right) if found), None)
    return fault(got, right)


@dataclass(eq=False)
class Reply(Value):
    """What a network answers, as it is asked by the case."""

    parted = False

    @property
    def tells(self) -> Features:  # type: ignore[override]
        told = self._error()
        return frozenset(told.tells if told else PLACES[self.case.about])

    def sentence(self, name, reference, when, numbers, beside):
        if isinstance(self.got, Raised):
            told = self._error(name)
            return f"{told.sentence} {beside}".rstrip() if told else super().sentence(name, reference, "", "", beside)
        said = f"`{name}` differs from the network of the text {self.case.about}."
        return f"{said} {beside}".rstrip()

    def _error(self, name: str = "") -> Stopped | None:
        """What an error means in a network, where that is known."""
        told = network_errors.told(name, self.got) if isinstance(self.got, Raised) else None
        return told if isinstance(told, Stopped) and told.tells else None

    def _unlike(self, got, right):
        return unlike(got, right)


@dataclass(eq=False)
class Branch(Reply):
    """An answer of which only those channels count that are not 0 throughout, wherever they stand."""

    def _unlike(self, got, right):
        return unlike(alive(got), alive(right))


def alive(maps: Any) -> Any:
    """The channels of maps (N, C, H, W) that are not 0 throughout."""
    return maps[:, maps.abs().amax((0, 2, 3)) > 0] if isinstance(maps, T) and maps.dim() == 4 and len(maps) else maps


@dataclass(eq=False)
class Named(Reply):
    """Names and shapes of what is saved, or, where names are free, the shapes alone."""

    def mistake(self, reference):
        right = self.given(reference)
        if isinstance(self.got, Raised) or not isinstance(self.got, dict):
            return None
        lost, more = (sorted(set(a) - set(b)) for a, b in ((right, self.got), (self.got, right)))
        if "block" in self.case.kwargs and self.got.get("fc.weight", [0])[1:] != right["fc.weight"][1:]:
            return "resnet-expansion-ignored"
        if "thin" in str(list(right)) and "thin" not in str(list(self.got)):
            return "resnet-block-ignored"
        if lost and not more and all("downsample." in name for name in lost):
            return "resnet-shortcut-missing" if "layer" in lost[0] else "block-downsample-ignored"
        return "state-names" if lost or more else "state-shapes"

    def _unlike(self, got, right):
        """The shape of a layer that waits for its first input is not known yet."""
        if isinstance(got, dict):
            got = {name: shape or right.get(name, shape) for name, shape in got.items()}
        return fault(got, right)


@dataclass(eq=False)
class Expansion(Reply):
    """The class attribute `expansion`."""

    def mistake(self, reference):
        return "block-expansion"


@dataclass(eq=False)
class Shaped(Named):
    """The shapes alone, of weights and biases; a linear layer may be a 1×1 convolution."""

    def mistake(self, reference):
        return "state-shapes" if isinstance(self.got, dict) else None

    def _unlike(self, got, right):
        return fault(*(sorted(map(bare, some.values())) if isinstance(some, dict) else some for some in (got, right)))


def bare(shape: Any) -> Any:
    """A shape without sides of one pixel."""
    return [*shape[:2], *(side for side in shape[2:] if side != 1)] if isinstance(shape, list) else shape


@dataclass(eq=False)
class Noise(Reply):
    """What dropout does to logits that are all alike without it."""

    def mistake(self, reference):
        got, right = seen(self.got), seen(self.given(reference))
        return "dropout-rate" if got and right and got[1:] == right[1:] and got[0] != right[0] else None

    def _unlike(self, got, right):
        return None if seen(got) is not None and seen(got) == seen(right) else "gave back wrong values"


def seen(logits: Any) -> tuple[Any, ...] | None:
    """Of logits (N, K): the factors of dropout, where it has the same on all; is there a 0; do rows differ but for it;
    do the first 36, which come from one channel, differ in where it is."""
    if not isinstance(logits, T) or logits.dim() != 2 or not logits.isfinite().all():
        return None
    rounded = (logits.double() * 100).round()
    values = rounded.unique().tolist()
    kept = [column[column != 0].unique() for column in rounded.T]
    off = rounded[:, :36] == 0
    varied = any(len(one) > 1 for one in kept)
    return tuple(values) if len(values) < 4 else (), 0.0 in values, varied, bool((off.any(1) & ~off.all(1)).any())


class NetworkPart(Part):
    """A part whose door is open where one of its groups of calls is right: calls of one group look at one place."""

    @property
    def answered(self) -> bool:
        return not all(isinstance(call.got, Raised) for call in (*self.door, *self.calls))

    def verdicts(self) -> dict[str, Wrong | None]:
        """What names and shapes of parameters show is told, whatever else is wrong, and is the cause of errors."""
        found = super().verdicts()
        wrong = {one.id: [call for call in one.calls if not self.right(call, self.best)] for one in self.asked}
        named = [call for calls in wrong.values() for call in calls if isinstance(call, Named)]
        mistake = next(filter(None, (call.mistake(self.reference) for call in named)), None)
        for id, calls in wrong.items():
            told = [call for call in calls if isinstance(call, Named) or isinstance(call.got, Raised)]
            if mistake and calls and told == calls:
                found[id] = Wrong(mistake, calls[0].evidence(self.reference))
        return found

    def opens(self, reading: Reading) -> bool:
        places = {call.case.about for call in self.door}
        return any(all(self.right(call, reading) for call in self.door if call.case.about == place) for place in places)

    def _with_one_more(self, first: Reading) -> Iterator[Reading]:
        """A second mistake is looked for where the first opens the door and leaves something to be explained."""
        if self.opens(first) and not all(self.explained(one, first) for one in self.asked):
            yield from super()._with_one_more(first)


@dataclass(frozen=True)
class NetworkExam(FunctionExam):
    """The criteria of a network."""

    part: ClassVar[type[Part]] = NetworkPart
    free: bool = False

    def ask_values(self, cases: Cases, *, plain: Callable[[Case], Case] | None = None) -> Ask:
        def ask(subject: Subject, draw: Draw) -> list[Call]:
            seed = once(draw, lambda: int(draw.integers(0, 2**31, 1)))
            given = draw.shuffled([replace(case, kwargs=case.kwargs | {"seed": seed}) for case in cases(draw)])
            calls = asked(subject, given, self.reply)
            late = [call for call in calls if call.case.kwargs.get("how") in ("train", "gradients")]
            plain = [replace(call.case, kwargs=call.case.kwargs | {"how": "eval"}, about=WHOLE) for call in late]
            twins = dict(zip(map(id, late), asked(subject, plain, self.reply), strict=True))
            return [replace(call, twin=twins.get(id(call))) for call in calls]

        return ask

    def reply(self, case: Case, answer: Answer | Raised) -> Reply:
        """The call of this case."""
        kinds = {"shapes": Shaped if self.free else Named, "dropout": Noise, "branch": Branch, "expansion": Expansion}
        return kinds.get(case.kwargs.get("how", "eval"), Reply)(case, answer)


def network_exam(
    name: str, reference: Function, mistakes: Sequence[Misconception], door: Cases, *, free: bool = False, **more: Any
) -> NetworkExam:
    """The exam of a network. free: are the names of its parameters free?"""
    through = partial(AsNetwork, reference=reference, free=free)
    return NetworkExam(
        name, reference, mistakes, SENTENCES, door, ban="architectures", through=through, free=free, **more
    )


def mistake(id: str, reference: Function, *changes: Change, raises: bool = False) -> Misconception:
    """A mistake that is recognised by torchvision's network with one of these changes."""
    mutants = [
        with_changes(reference, lambda changes, change=change, **rest: {"changes": (*changes, change)})
        for change in changes
    ]
    return misconception(id, *mutants, raises=raises)


def cases(about: str, *chosen: tuple[tuple[int, ...], dict[str, Any]], signed: bool = False) -> Cases:
    """Cases of images of these shapes, each with its arguments. Pixels are of either sign, or above 0 and mostly small,
    so that windows differ in their largest one."""

    def drawn(draw: Draw) -> Iterator[Case]:
        for shape, arguments in chosen:
            x = draw.normal(*shape) if signed else 8 * draw.uniform(*shape) ** 6
            yield Case((x,), dict(arguments), about)

    return drawn


# ---------------------------------------------------------------- changes of layers
def put(path: str, make: Callable[[nn.Module], nn.Module]) -> Change:
    """The module at this path is replaced by what is made of it."""

    def change(network: nn.Module) -> None:
        parent, _, name = path.rpartition(".")
        holder = network.get_submodule(parent)
        setattr(holder, name, make(getattr(holder, name)))

    return change


def everywhere(kind: type[nn.Module], make: Callable[[nn.Module], nn.Module]) -> Change:
    """Every module of this kind is replaced."""

    def change(network: nn.Module) -> None:
        for path in [path for path, module in network.named_modules() if isinstance(module, kind)]:
            put(path, make)(network)

    return change


def together(*changes: Change) -> Change:
    """All of these."""

    def change(network: nn.Module) -> None:
        for one in changes:
            one(network)

    return change


def setting(path: str, **values: Any) -> Change:
    """The module at this path has other attributes."""

    def change(network: nn.Module) -> None:
        for name, value in values.items():
            setattr(network.get_submodule(path), name, value)

    return change


def nothing(_: nn.Module) -> nn.Module:
    """For `put`: the module is left out."""
    return nn.Identity()


def followed_by(function: Callable[[T], T]) -> Change:
    """The network's result is changed."""
    return lambda network: network.register_forward_hook(lambda module, given, output: function(output)) and None


def with_biases(network: nn.Module) -> None:
    """All convolutions have a bias."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d) and module.bias is None:
            module.bias = nn.Parameter(torch.empty(module.out_channels))


def without_biases(network: nn.Module) -> None:
    """No convolution has a bias."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            module.bias = None


def activations(reference: Function) -> tuple[Misconception, ...]:
    """Other activations than ReLU, in the middle and at the end."""
    others = (
        nn.LeakyReLU(),
        nn.LeakyReLU(0.1),
        nn.LeakyReLU(0.2),
        nn.GELU(),
        nn.ELU(),
        nn.SiLU(),
        nn.Tanh(),
        nn.Sigmoid(),
    )
    return (
        mistake("relu-other", reference, *(everywhere(nn.ReLU, lambda _, one=one: one) for one in others)),
        mistake("network-relu-last", reference, followed_by(torch.relu)),
        mistake(
            "network-softmax-last",
            reference,
            *map(followed_by, (partial(torch.softmax, dim=1), partial(torch.log_softmax, dim=1), torch.sigmoid)),
        ),
    )
