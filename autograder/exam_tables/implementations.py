"""Right and wrong implementations of what students write, which stand in `tests/exam/<exam>/{right,wrong}/`.

A file of Python opens with a docstring: what it is, then the lines of its header, `names: …` (what it defines) and,
where it is wrong, `mistake: …` (the id that should be found; `none` where no sentence fits) and `where: …` (all that a
true sentence about it may name: ids of `exam.feature_words`), perhaps `second: …` (the id of a second mistake, which is
named beside the first), `visible: caught` (the visible checks tell it, too) and `random: yes` (chance has its share in
what it loses: it draws random numbers of its own, or what it trains ends near the bar).

Most wrong ones are an *edit* on a right one, so that the file shows its mistake and nothing else:

    The kernel is turned by 180 degrees first, as in mathematics.

    names: conv2d
    mistake: flipped-kernel
    where: plainest
    base: conv_windows

    <<<
        out = torch.einsum("nchwij,ocij->nohw", windows, weight)
    ===
        out = torch.einsum("nchwij,ocij->nohw", windows, weight.flip(2, 3))
    >>>

`base` is the stem of a file in `right/`. The lines between `<<<` and `===` are whole lines of it, found exactly once;
those up to `>>>` take their place. A file has as many such blocks as it needs.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from types import ModuleType

from autograder.exam.feature_words import is_known

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "tests" / "exam"
BLOCK = re.compile(r"^<<<\n(.*?)^===\n(.*?)^>>>$\n*", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Implementation:
    """One file. mistake: the id that should be named, None where none should. second: that of a second mistake. where:
    ids of what a true sentence may name. base: the right file that is edited."""

    path: Path
    about: str
    names: tuple[str, ...]
    mistake: str | None = None
    where: frozenset[str] = frozenset()
    base: Path | None = None
    visible: bool = False
    random: bool = False
    second: str | None = None

    @property
    def mistakes(self) -> frozenset[str]:
        """The ids that should be named."""
        return frozenset(filter(None, (self.mistake, self.second)))

    @property
    def wrong(self) -> bool:
        return self.path.parent.name == "wrong"

    @property
    def id(self) -> str:
        """`wrong/conv_flipped`, by which it is known among those of its exam."""
        return f"{self.path.parent.name}/{self.path.stem}"

    def source(self) -> str:
        """Its Python code, which opens with a docstring."""
        text = self.path.read_text(encoding="utf-8")
        if self.base is None:
            return text
        return f'"""{self.about}"""\n' + edited(_body(self.base.read_text(encoding="utf-8")), text, self.path)

    def load(self) -> ModuleType:
        """Run its code as a module of its own."""
        module = ModuleType(f"implementation_{self.path.stem}")
        sys.modules[module.__name__] = module  # where dataclasses look for the names of their types
        exec(compile(self.source(), str(self.path), "exec", dont_inherit=True), vars(module))
        return module

    def cells(self, reference: Mapping[str, str]) -> dict[str, str]:
        """Its code by solution cell: each graded name in the cell that defines it in `reference` (code by grade_id),
        all else before the first of them."""
        source = self.source()
        lines, (docstring, *body) = source.splitlines(), ast.parse(source).body
        home = {name: cell for cell, code in reference.items() for name in _defined(code)}
        cell_of = {name: home.get(name, name) for name in self.names}
        cells: dict[str, list[str]] = {cell: [] for cell in sorted(set(cell_of.values()), key=list(reference).index)}
        rest: list[str] = []
        start = docstring.end_lineno or 0
        for node in body:
            end = node.end_lineno or start
            code = "\n".join(lines[start:end])  # with the comments and decorators above it
            start = end
            name = next((name for name in _mentioned(node) if name in cell_of), None)
            (cells[cell_of[name]] if name else rest).append(code)
        first = next(iter(cells))
        cells[first] = rest + cells[first]
        return {cell: re.sub(r"\n{3,}", "\n\n\n", "\n".join(parts)).strip() for cell, parts in cells.items()}


def exam_names() -> list[str]:
    """The exams that have implementations."""
    return sorted(folder.parent.name for folder in FOLDER.glob("*/wrong"))


@cache
def implementations(exam: str) -> tuple[Implementation, ...]:
    """Right ones, then wrong ones, each in the order of their names."""
    folder = FOLDER / exam
    return tuple(
        read(path)
        for kind in ("right", "wrong")
        for path in sorted((folder / kind).iterdir())
        if path.suffix in (".py", ".edit")
    )


def implementation(exam: str, id: str) -> Implementation:
    """The one that is called `wrong/conv_flipped` among those of an exam."""
    return next(one for one in implementations(exam) if one.id == id)


def read(path: Path) -> Implementation:
    """The header of a file; ValueError says what it lacks, or which id of `where` is unknown."""
    text = path.read_text(encoding="utf-8")
    top = text.split("\n<<<\n")[0] if path.suffix == ".edit" else ast.get_docstring(ast.parse(text), clean=False) or ""
    about, *rest = top.strip().split("\n\n")
    lines = [line.partition(": ") for line in (rest[0].splitlines() if len(rest) == 1 else [])]
    header = {key: value for key, _, value in lines}
    wrong, edit = path.parent.name == "wrong", path.suffix == ".edit"
    needed = {"names"} | ({"mistake", "where"} if wrong else set()) | ({"base"} if edit else set())
    if not needed <= set(header) <= needed | {"visible", "random", "second"}:
        raise ValueError(
            f"{path} should open with what it is, an empty line, and the lines `names: …`, `mistake: …` and `where: …` "
            f"if it is wrong, and `base: …` if it is an edit; found {', '.join(header) or 'none'}"
        )
    mistake = header.get("mistake")
    one = Implementation(
        path,
        " ".join(about.split()),
        tuple(header["names"].split(", ")),
        None if mistake == "none" else mistake,
        frozenset(header["where"].split(", ")) if wrong else frozenset(),
        path.parents[1] / "right" / f"{header['base']}.py" if edit else None,
        header.get("visible") == "caught",
        header.get("random") == "yes",
        header.get("second"),
    )
    source = one.source()
    arguments = set() if all(is_known(id, ()) for id in one.where) else _arguments(source)
    if unknown := sorted(id for id in one.where if not is_known(id, arguments)):
        raise ValueError(
            f"{path} has `where: {', '.join(unknown)}`, which autograder/exam/feature_words.py does not know"
        )
    return one


def _arguments(code: str) -> set[str]:
    """The names that may be arguments in this code."""
    nodes = list(ast.walk(ast.parse(code)))
    variables = {node.id for node in nodes if isinstance(node, ast.Name)}  # of an argument by another name, too
    return variables | {node.arg for node in nodes if isinstance(node, ast.arg)}


def edited(base: str, edit: str, path: Path) -> str:
    """The base with each block's old lines replaced; they must be found exactly once. `path` is for the error."""
    blocks = BLOCK.findall(edit)
    if not blocks or BLOCK.sub("", edit[edit.find("<<<\n") :]).strip():
        raise ValueError(
            f"{path} needs blocks of `<<<`, old lines, `===`, new lines and `>>>`, and nothing between them"
        )
    padded, places = f"\n{base}", []
    for old, new in blocks:
        if not old or (found := padded.count(f"\n{old}")) != 1:
            raise ValueError(f"{path} replaces lines which the base has {found if old else 0} times, not once:\n{old}")
        places.append((padded.index(f"\n{old}"), old, new))
    places.sort(reverse=True)
    for (start, _, _), (before, old, _) in pairwise(places):
        if before + len(old) > start:
            raise ValueError(f"{path} has two blocks that replace the same line:\n{old}")
    for start, old, new in places:
        base = base[:start] + new + base[start + len(old) :]
    return base


@cache
def _body(text: str) -> str:
    """The code below a file's docstring."""
    docstring = ast.parse(text).body[0]
    return "".join(text.splitlines(keepends=True)[docstring.end_lineno or 0 :])


@cache
def _defined(code: str) -> tuple[str, ...]:
    """The functions, classes and variables that a cell defines."""
    body = ast.parse(code).body
    targets = [target for node in body if isinstance(node, ast.Assign) for target in node.targets]
    names = [node.name for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    return (*names, *(target.id for target in targets if isinstance(target, ast.Name)))


def _mentioned(node: ast.stmt) -> Iterator[str]:
    """What a statement defines or, where it is no definition, mentions."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        yield node.name
    else:
        yield from (part.id for part in ast.walk(node) if isinstance(part, ast.Name))
