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
