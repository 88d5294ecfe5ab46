"""Names that an instructor's own asserts take from the rest of their notebook, and that are not the student's to say.

What the instructor's notebook imports, above a test, is imported here; the functions of its locked cells are defined
here as well. A student's code can put what it likes into `np.testing` or a helper: tests do not see it. Values that a
locked cell sets are made here, too, where the instructor's own solution had the same ones in the candidate. Classes of
locked cells are the candidate's, since the student's functions get their instances.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from nbformat import NotebookNode

from autograder.examiner.grade_cells import is_examined
from autograder.wire import codec
from autograder.wire.values import apart
from convcourse.submission.mending import parsed

IMPORTS = ast.Import | ast.ImportFrom
FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Binding:
    """A statement at the outermost level of a cell that sets a name. cell: its place. locked: no student writes it."""

    cell: int
    locked: bool
    statement: ast.stmt


class Given:
    """What the instructor's notebook sets, by name, in its order."""

    def __init__(self, source: NotebookNode):
        self._bindings: dict[str, list[Binding]] = {}
        self._place = {cell.id: place for place, cell in enumerate(source.cells)}
        for place, cell in enumerate(source.cells):
            if cell.cell_type == "code" and not is_examined(cell):
                tree, locked = parsed(cell.source), not cell.metadata.get("nbgrader", {}).get("solution")
                for statement in tree.body if tree else ():
                    for name in bound(statement):
                        self._bindings.setdefault(name, []).append(Binding(place, locked, statement))

    def place(self, cell: str) -> int:
        """Of a cell, by its id."""
        return self._place.get(cell, len(self._place))

    def set_by(self, cell: str) -> list[str]:
        """The names that a cell sets, in order."""
        return [name for name, some in self._bindings.items() if any(one.cell == self.place(cell) for one in some)]

    def last(self, name: str, before: int) -> Binding | None:
        """The last statement above this place that sets a name."""
        return next((one for one in reversed(self._bindings.get(name, [])) if one.cell < before), None)

    def wanted(self, tree: ast.AST) -> set[str]:
        """The names that a text takes from elsewhere. One of Python's own counts where the exercise is to write it."""
        own = {name for name, some in self._bindings.items() if any(not one.locked for one in some)}
        return {name for name in free(tree) if name in own or not hasattr(builtins, name)}


class Resolver:
    """Finds the names of one grade cell. values: names of locked cells' values that are made here; None: find out
    which may be, and leave them in `values`."""

    def __init__(self, given: Given, place: int, ask: Callable[[str], Any], values: Iterable[str] | None):
        """ask: for what a name of the student's stands for; raise KeyError where it stands for nothing."""
        self._given, self._before, self._ask = given, place, ask
        self._finding_out, self.values = values is None, set(values or ())
        self._found: dict[str, Any] = {}

    def find(self, name: str) -> Any:
        """What a name stands for. Raise KeyError where it stands for nothing."""
        if name not in self._found:
            self._found[name] = self._look_for(name)
        return self._found[name]

    def _look_for(self, name: str) -> Any:
        binding = self._given.last(name, self._before)
        if binding is None:
            return self._ask(name)
        if isinstance(binding.statement, IMPORTS):
            return self._run(binding.statement, name)
        if not binding.locked or isinstance(binding.statement, ast.ClassDef):
            return self._ask(name)
        if isinstance(binding.statement, FUNCTIONS):
            return self._run(binding.statement, name)
        if name in self.values:
            return self._run(binding.statement, name)
        theirs = self._ask(name)
        if self._finding_out and self._is_made_here(binding.statement, name, theirs):
            self.values.add(name)
        return theirs

    def _run(self, statement: ast.stmt, name: str) -> Any:
        """Run a statement of the instructor's; what the name stands for then."""
        scope: dict[str, Any] = {"__name__": "__main__"}
        names = self._given.wanted(statement) - {name}
        if not isinstance(statement, FUNCTIONS):
            self._fill(scope, names)
        exec(compile(ast.Module([statement], []), "<given>", "exec"), scope)
        self._found[name] = scope[name]  # before its own names are looked for: functions may call each other
        self._fill(scope, names)
        return scope[name]

    def _fill(self, scope: dict[str, Any], names: Iterable[str]) -> None:
        for name in sorted(names):
            try:
                scope[name] = self.find(name)
            except KeyError:  # Python says so, where it is used
                continue

    def _is_made_here(self, statement: ast.stmt, name: str, theirs: Any) -> bool:
        """Does the statement alone make the same value here?"""
        try:
            return _written(self._run(statement, name)) == _written(theirs)
        except Exception:  # whatever it is: it is looked up then
            return False


def _written(value: Any) -> tuple[bytes, list[bytes]]:
    return codec.encode(apart(value, _stays))


def _stays(value: Any) -> NoReturn:
    raise codec.Unsendable("an object")


def of_the_solution(source: NotebookNode) -> list[ast.Module]:
    """What runs the instructor's own solution without the rest of the notebook, in its order: the cells for answers,
    and those statements of locked cells that set names which these take, directly or through one another."""
    given, cells = Given(source), [cell for cell in source.cells if cell.cell_type == "code"]
    answers = [cell for cell in cells if cell.metadata.get("nbgrader", {}).get("solution")]
    parts = {given.place(cell.id): tree for cell in answers if (tree := parsed(cell.source))}
    left = [(place, name) for place, tree in parts.items() for name in given.wanted(tree)]
    taken: dict[int, list[ast.stmt]] = {}
    while left:
        place, name = left.pop()
        binding = given.last(name, place) or given.last(name, len(source.cells))  # functions may take what comes later
        if binding and binding.locked and binding.statement not in taken.setdefault(binding.cell, []):
            taken[binding.cell].append(binding.statement)
            left += [(binding.cell, other) for other in given.wanted(binding.statement) - {name}]
    for place, statements in taken.items():
        parts[place] = ast.Module(sorted(statements, key=lambda one: one.lineno), [])
    return [part for _, part in sorted(parts.items())]


def bound(tree: ast.AST) -> set[str]:
    """The names that a statement sets, those within functions and classes left out."""
    if isinstance(tree, FUNCTIONS | ast.ClassDef):
        return {tree.name}
    if isinstance(tree, IMPORTS):
        return {alias.asname or alias.name.split(".")[0] for alias in tree.names}
    if isinstance(tree, ast.Name):
        return set() if isinstance(tree.ctx, ast.Load) else {tree.id}
    if isinstance(tree, ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
        return set()
    return {name for part in ast.iter_child_nodes(tree) for name in bound(part)}


def free(tree: ast.AST) -> set[str]:
    """The names that a text reads and nowhere sets."""
    nodes = list(ast.walk(tree))
    names = [node for node in nodes if isinstance(node, ast.Name)]
    set_here = {node.id for node in names if not isinstance(node.ctx, ast.Load)}
    set_here |= {name for node in nodes if isinstance(node, FUNCTIONS | ast.ClassDef | IMPORTS) for name in bound(node)}
    set_here |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    set_here |= {node.name for node in nodes if isinstance(node, ast.ExceptHandler) and node.name}
    return {node.id for node in names} - set_here


def kept(scope: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Of a scope, these names that are there."""
    return {name: scope[name] for name in names if name in scope}
