"""A student's object in an instructor's own asserts: a `Thing` is used as if the object were here.

Each use is a question (`examiner.uses`). A `Thing` has no attribute of its own that a student's object could have too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from autograder.examiner.proxies import Hold

if TYPE_CHECKING:
    from autograder.examiner.uses import Things

# Of the attributes that Python, NumPy and PyTorch look for by themselves, those that tests ask for.
ASKED = (
    "__name__ __qualname__ __dict__ __annotations__ __defaults__ __kwdefaults__ __code__ __bases__ __mro__ __self__ "
    "__func__ __closure__"
)
ONE = "len str repr bool int float complex iter next reversed round neg pos abs invert dir copy deepcopy"
TWO = "lt le eq ne gt ge contains getitem delitem setitem format iadd isub imul divmod"
TURNED = "add sub mul truediv floordiv mod pow matmul and or xor lshift rshift"


class Of:
    """What a `Thing` stands for. kind: "class" or "object". origin: the name that it came from, whose own object it is
    where `looked_up`."""

    __slots__ = ("hold", "kind", "looked_up", "name", "origin", "things")

    def __init__(self, things: Things, kind: str, name: str, origin: str, hold: Hold):
        self.things, self.kind, self.name, self.origin, self.hold = things, kind, name, origin, hold
        self.looked_up = False

    def use(self, use: str, *args: Any, **kwargs: Any) -> Any:
        return self.things.use(self, use, *args, **kwargs)


class Thing:
    """An object that stays in the candidate."""

    __slots__ = ("__weakref__", "_thing")
    __array_ufunc__ = None  # NumPy's operators leave those with a `Thing` to it

    def __init__(self, of: Of):
        object.__setattr__(self, "_thing", of)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__") and name not in ASKED.split():
            raise AttributeError(name)
        return of(self).use("getattr", name)

    def __setattr__(self, name: str, value: Any) -> None:
        of(self).use("setattr", name, value)

    def __delattr__(self, name: str) -> None:
        of(self).use("delattr", name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return of(self).use("call", *args, **kwargs)

    def __hash__(self) -> int:
        return id(self)

    def __instancecheck__(self, instance: Any) -> bool:
        return type(instance) is Thing and of(instance).use("instance", self)

    def __subclasscheck__(self, cls: Any) -> bool:
        return type(cls) is Thing and of(cls).use("subclass", self)

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise TypeError("an object of the student's code is no array")  # NumPy would look into it without end

    def __enter__(self) -> Any:
        return of(self).use("enter")

    def __exit__(self, *error: Any) -> None:
        of(self).use("exit")

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise TypeError("a student's object cannot be pickled")

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        return Thing if of(self).things.silent else of(self).use("type")


def of(thing: Thing) -> Of:
    """What it stands for."""
    return object.__getattribute__(thing, "_thing")


def local(thing: Thing) -> str:
    """How it is written where nothing is asked of it."""
    return f"<{of(thing).name}>"


def is_instance(value: Any, classes: Any) -> bool:
    """`isinstance`, which asks an object that is not here whether it is an instance of a class that is."""
    if type(value) is not Thing:
        return isinstance(value, classes)
    some = classes if type(classes) is tuple else (classes,)
    return any(is_instance(value, one) if type(one) is tuple else of(value).use("instance", one) for one in some)


def is_callable(value: Any) -> bool:
    """`callable`."""
    return of(value).use("callable") if type(value) is Thing else callable(value)


def _asks(use: str) -> Callable[..., Any]:
    def ask(self: Thing, *values: Any) -> Any:
        return of(self).use(use, *values)

    return ask


def _text(use: str) -> Callable[..., Any]:
    def ask(self: Thing, *values: Any) -> Any:
        mine = of(self)
        return local(self) if mine.things.silent else mine.use(use, *values)

    return ask


for _name in [*ONE.split(), *TWO.split(), *TURNED.split()]:
    setattr(Thing, f"__{_name}__", (_text if _name in ("str", "repr", "format") else _asks)(_name))
for _name in TURNED.split():
    setattr(Thing, f"__r{_name}__", _asks(f"r{_name}"))
Thing.__doc__ = property(lambda self: of(self).use("getattr", "__doc__"))  # type: ignore[assignment]
