"""What an instructor's notebook says of its grade cells."""

from __future__ import annotations

import ast
import builtins
import functools
from collections.abc import Mapping
from types import CodeType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the main process asks for points before it has time to import nbformat
    from nbformat import NotebookNode


def points_by_cell(source: Mapping[str, Any]) -> dict[str, float]:
    """The points that each grade cell of an instructor's notebook gives by itself, by grade_id."""
    about = [cell["metadata"]["nbgrader"] for cell in source["cells"] if is_examined(cell)]
    return {values["grade_id"]: float(values["points"]) for values in about}


def points_of(source: Mapping[str, Any]) -> float:
    """The points that an instructor's notebook gives by itself."""
    return float(sum(points_by_cell(source).values()))


def is_examined(cell: Mapping[str, Any]) -> bool:
    """Is it a grade cell that gives points by itself?"""
    about = cell["metadata"].get("nbgrader", {})
    return bool(about.get("grade")) and not about.get("solution")


def is_check(cell: NotebookNode) -> bool:
    """Is this grade cell a visible check, which is worth nothing and holds no hidden test?"""
    return not cell.metadata.nbgrader.points and not is_hidden(cell.source)


def asks_an_exam(source: str) -> bool:
    """Does a grade cell ask an exam of `autograder.exam`? All others hold an instructor's own asserts."""
    return "autograder" in source


def is_hidden(source: str) -> bool:
    return "BEGIN HIDDEN TESTS" in source


@functools.cache
def compiled(source: str) -> tuple[CodeType, CodeType]:
    """A grade cell's statements, and its last expression."""
    tree = ast.parse(source)
    last: ast.expr = ast.Constant(None)
    if tree.body and isinstance(tree.body[-1], ast.Expr):
        last = tree.body.pop().value  # type: ignore[attr-defined]
    expression = ast.fix_missing_locations(ast.Expression(last))
    return compile(tree, "<grade cell>", "exec"), compile(expression, "<grade cell>", "eval")


@functools.cache
def free_names(source: str) -> frozenset[str]:
    """The names that a grade cell takes from the student's notebook."""
    nodes = list(ast.walk(ast.parse(source)))
    names = [node for node in nodes if isinstance(node, ast.Name)]
    bound = {node.id for node in names if not isinstance(node.ctx, ast.Load)}
    bound |= {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    bound |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    imports = [alias for node in nodes if isinstance(node, ast.Import | ast.ImportFrom) for alias in node.names]
    bound |= {alias.asname or alias.name.split(".")[0] for alias in imports}
    return frozenset({node.id for node in names} - bound - vars(builtins).keys())
