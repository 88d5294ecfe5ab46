"""The words of a source: what it names, as far as that can be told without running it.

`import torch as t; t._C` names `torch._C`, `getattr(sys, "mod" + "ules")` names `sys.modules`, and what stands in
`sys.modules["a.b"]` is `a.b`. Linear in the source, however long its dotted names and joined texts are.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator

Path = tuple[str, ...]
PARTS = 3  # of a dotted name that are looked at; no word that is looked for has more
WAYS = 4  # meanings of one name that are kept
TEXT_LIMIT = 200  # of a joined text, in characters
IMPORTING = ("importlib", "import_module"), ("__import__",)


class Words:
    """The words of statements of one notebook, whose imports and assignments say what its names stand for."""

    def __init__(self) -> None:
        self._stands_for: dict[str, list[Path]] = defaultdict(list)

    def learn(self, tree: ast.AST) -> None:
        """Take in what names stand for, cell after cell. Nothing of the tree is kept."""
        assigned = []
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    self._remember(alias.asname, (_parts(alias.name),))
            elif isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    self._remember(alias.asname or alias.name, (_parts(f"{node.module}.{alias.name}"),))
            elif isinstance(node, ast.Assign | ast.NamedExpr) and node.value is not None:
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                assigned += [(target.id, node.value) for target in targets if isinstance(target, ast.Name)]
        for name, value in assigned:
            self._remember(name, self.paths(value))

    def _remember(self, name: str | None, paths: Iterable[Path]) -> None:
        for path in paths:
            if name and path != (name,) and path not in self._stands_for[name] and len(self._stands_for[name]) < WAYS:
                self._stands_for[name].append(path)

    def of(self, tree: ast.AST) -> set[str]:
        """Names, and dotted names from their beginning ("torch", "torch._C"), attributes with a dot before them, and
        texts, which `getattr` and `import_module` take, as both."""
        found: set[str] = set()
        ahead: list[ast.AST] = [tree]
        while ahead:
            node = ahead.pop()
            if isinstance(node, ast.Import):
                found.update(word for alias in node.names for word in _beginnings(_parts(alias.name)))
            elif isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    found.update(_beginnings(_parts(f"{node.module}.{alias.name}")))
                    found.add(f".{alias.name}")
            elif isinstance(node, ast.Name | ast.Attribute | ast.Call | ast.Subscript):
                for path in self.paths(node):
                    found.update(_beginnings(path))
            if (text := text_of(node)) is not None:
                found.update((*_beginnings(_parts(text)), f".{text}"))
            while isinstance(node, ast.Attribute):  # all that a chain of names says was said at its end
                found.add(f".{node.attr}")
                node = node.value
                if not isinstance(node, ast.Attribute):
                    ahead.append(node)
                    break
            else:
                ahead += _leaves(node) if isinstance(node, ast.BinOp) else ast.iter_child_nodes(node)
        return found

    def paths(self, node: ast.AST) -> list[Path]:
        """What an expression may be: dotted names, in parts; [] where that cannot be told."""
        attributes: list[str] = []
        while isinstance(node, ast.Attribute):
            attributes.append(node.attr)
            node = node.value
        tail = tuple(attributes[: -PARTS - 1 : -1])
        return [(path + tail)[:PARTS] for path in self._bases(node)]

    def _bases(self, node: ast.AST) -> list[Path]:
        if isinstance(node, ast.Name):
            return [(node.id,), *self._stands_for.get(node.id, ())]
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name) and node.func.id == "getattr" and len(node.args) > 1:
                return self._member(node.args[0], node.args[1])
            if node.args and any(path in IMPORTING for path in self.paths(node.func)):
                text = text_of(node.args[0])
                return [] if text is None else [_parts(text)]
            if isinstance(node.func, ast.Name) and node.func.id == "vars" and node.args:
                return self.paths(node.args[0])
        if isinstance(node, ast.Subscript):
            owners = self.paths(node.value)
            if ("sys", "modules") in owners:
                text = text_of(node.slice)
                return [] if text is None else [_parts(text)]
            if isinstance(node.value, ast.Attribute) and node.value.attr == "__dict__":
                return self._member(node.value.value, node.slice)
            if isinstance(node.value, ast.Call):
                return self._member(node.value, node.slice)
        return []

    def _member(self, owner: ast.AST, name: ast.AST) -> list[Path]:
        text = text_of(name)
        return [] if text is None else [(*path, text)[:PARTS] for path in self.paths(owner)]


def text_of(node: ast.AST) -> str | None:
    """The text that an expression of texts comes to: one, several added, an f-string, or a `join` of some."""
    pieces: list[ast.AST]
    between = ""
    if isinstance(node, ast.Constant):
        return node.value[:TEXT_LIMIT] if isinstance(node.value, str) else None
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        pieces = _leaves(node)
    elif isinstance(node, ast.JoinedStr):
        pieces = [part.value if isinstance(part, ast.FormattedValue) else part for part in node.values]
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "join":
        if len(node.args) != 1 or not isinstance(node.args[0], ast.List | ast.Tuple):
            return None
        pieces = list(node.args[0].elts)
        if not isinstance(node.func.value, ast.Constant) or not isinstance(node.func.value.value, str):
            return None
        between = node.func.value.value
    else:
        return None
    texts = [p.value for p in pieces if isinstance(p, ast.Constant) and isinstance(p.value, str)]
    return between.join(texts[:TEXT_LIMIT])[:TEXT_LIMIT] if len(texts) == len(pieces) else None


def _leaves(node: ast.BinOp) -> list[ast.AST]:
    """What is added or otherwise combined, from left to right."""
    leaves: list[ast.AST] = []
    ahead: list[ast.AST] = [node]
    while ahead:
        one = ahead.pop()
        if isinstance(one, ast.BinOp):
            ahead += (one.left, one.right)
        else:
            leaves.append(one)
    return leaves[::-1]


def _parts(dotted: str) -> Path:
    return tuple(dotted.split(".", PARTS)[:PARTS])


def _beginnings(path: Path) -> Iterator[str]:
    """ "a.b.c" gives "a", "a.b" and "a.b.c"."""
    return (".".join(path[:count]) for count in range(1, len(path) + 1))
