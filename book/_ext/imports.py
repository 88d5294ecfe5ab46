"""Which files of this project a page's cells run: what they import, and what that imports in its turn."""

import ast
from collections.abc import Iterator
from pathlib import Path

import jupytext
from IPython.core.inputtransformer2 import TransformerManager


def code_of(page: Path) -> str:
    """The code of a page's cells as Python: magics become calls."""
    cells = jupytext.read(page, fmt="md:myst").cells
    transform = TransformerManager().transform_cell
    return "\n".join(transform(cell.source) for cell in cells if cell.cell_type == "code")


def files_behind(code: str, places: list[Path]) -> list[Path]:
    """The files below `places` (where imports are looked for) that this code runs, and the data beside them which they
    name, in the order of their paths."""
    todo, found = list(_imported(code, [])), set()
    while todo:
        for place in places:
            found_before = set(found)
            # Of `a.b.c` the packages `a` and `a.b` are run, too, and `c` may be a name or a module.
            parts = todo[-1].split(".")
            for end in range(1, len(parts) + 1):
                module = place.joinpath(*parts[:end])
                found |= {p for p in (module.with_suffix(".py"), module / "__init__.py") if p.is_file()}
            for path in found - found_before:
                package = list(path.relative_to(place).with_suffix("").parts[:-1])
                todo[:0] = _imported(path.read_text(encoding="utf-8"), package)
        todo.pop()
    beside = ((path.read_text(encoding="utf-8"), file) for path in found for file in path.parent.iterdir())
    return sorted(found | {file for text, file in beside if file.is_file() and file.name in text})


def _imported(code: str, package: list[str]) -> Iterator[str]:
    """Dotted names that code imports; relative ones are resolved against the package that it is in."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            stem = [*base, *([node.module] if node.module else [])]
            yield from (".".join([*stem, alias.name]) for alias in node.names)


def definitions_behind(code: str, places: list[Path]) -> Iterator[tuple[Path, str]]:
    """What this code runs of the files behind it, as pairs of a file and a part of its text.

    Of a module those definitions at its top level count whose names occur in the code, or in a definition that
    counts; and every statement there that defines nothing. Names are compared as they stand, so that all definitions
    of one name count. Docstrings are left out. Of data those files count that a definition names.
    """
    files = files_behind(code, places)
    pending = [
        (path, text.splitlines(), node)
        for path in files
        if path.suffix == ".py" and (text := path.read_text(encoding="utf-8"))
        for statement in ast.parse(text).body
        for node in _one_by_one(statement)
    ]
    used, counted = _names(ast.parse(code)), True
    while counted:
        counted = [part for part in pending if not (bound := _bound(part[2])) or bound & used]
        pending = [part for part in pending if part not in counted]
        for path, lines, node in counted:
            used |= _names(node)
            if not isinstance(node, ast.Import | ast.ImportFrom):
                yield path, (text := _without_docstrings(node, lines))
                named = (file for file in files if file.suffix != ".py" and file.parent == path.parent)
                yield from ((file, file.read_text(encoding="utf-8")) for file in named if file.name in text)


def _one_by_one(node: ast.stmt) -> list[ast.stmt]:
    """An import of several names as several imports; any other statement as it is."""
    if isinstance(node, ast.ImportFrom):
        return [ast.ImportFrom(node.module, [alias], node.level) for alias in node.names]
    return [node]


def _names(tree: ast.AST) -> set[str]:
    """All names that occur: variables, attributes, and what is imported."""
    found = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    found |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    imports = (node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom))
    return found | {alias.name.split(".")[-1] for node in imports for alias in node.names}


def _bound(node: ast.stmt) -> set[str]:
    """The names that a statement defines."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {alias.asname or alias.name.split(".")[0] for alias in node.names}
    if isinstance(node, ast.Assign | ast.AnnAssign):
        return {part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)}
    return set()


def _without_docstrings(node: ast.stmt, lines: list[str]) -> str:
    """A statement's lines of text, less those of texts that stand alone."""
    alone = [part for part in ast.walk(node) if isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant)]
    hidden = {line for part in alone for line in range(part.lineno, (part.end_lineno or part.lineno) + 1)}
    first = min([node.lineno, *(part.lineno for part in getattr(node, "decorator_list", []))])
    return "\n".join(lines[n - 1] for n in range(first, (node.end_lineno or first) + 1) if n not in hidden)
