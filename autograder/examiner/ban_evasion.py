"""What a submission's source says of ways round a ban: read as a syntax tree, never run.

A ban (see `objects.ban`) is a rule of the exercise and no wall: code in the same process can take it back. No mark is
forged so, but the exercise is avoided. What is found here costs nothing; it tells the instructor whose source to read.
It is a help and no detector: it knows ways round by their names, and sees through other names for them only so far.

Two kinds of things are looked for. What only meddling needs (the library of overrides, autograd's engine, the grader's
package) is noticed in any cell. What honest notebooks use as well (`gc`, `exec`, `sys.modules`) is noticed in graded
names under a ban and in what these reach. `F.conv2d` in a cell of the student's own is nobody's business.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from autograder.examiner.source_words import Words
from convcourse.submission.mending import parsed

# Names as they stand, attributes with a dot before them.
ANYWHERE = frozenset(
    {
        *("autograder", "torch.library", "._destroy", ".redispatch", "._execution_engine", "._dispatch_key_set"),
        *(".BannedOperator", "._pop_saved_tensors_default_hooks", "._saved_tensors_hooks_enable"),
        *("._saved_tensors_hooks_set_tracing", ".set_anomaly_enabled"),
    }
)
REACHED = frozenset(
    {
        *("gc", "ctypes", "importlib", "inspect", "eval", "exec", "compile", "__import__", "sys.modules", ".sys"),
        *("torch._C", "torch.ops", "torch._decomp", "torch._refs", "torch._inductor"),
        *("scipy.ndimage", "scipy.signal", "skimage.filters", "PIL.ImageFilter", "cv2"),
        *(".set_detect_anomaly", ".detect_anomaly", ".ImperativeEngine", "._EngineBase"),
        *("._getframe", ".f_back", ".f_globals", ".tb_frame", ".gi_frame"),
        *(".__globals__", ".__closure__", ".__code__", ".__subclasses__"),
    }
)
# Ways to a name that is not written as it stands.
UNSAID = "getattr", "vars", "__dict__", "__getattribute__", "attrgetter", "globals"
# Most sources have none of these in their text, and need not be parsed.
HINT = re.compile(
    r"\b(" + "|".join(sorted({word.split(".")[-1] for word in ANYWHERE | REACHED} | set(UNSAID))) + r")\b"
)


@dataclass(frozen=True)
class Statement:
    """What is kept of a statement of a cell, when its tree is gone: the words of ours that it uses, and the names that
    it gives a value and that it takes from elsewhere."""

    words: frozenset[str]
    bound: frozenset[str]
    free: frozenset[str]


Definitions = dict[str, list[Statement]]


def noticed(cells: Iterable[str], banned: Iterable[str]) -> list[str]:
    """A sentence for each thing that was noticed. `banned`: graded names in which something may not be called."""
    cells = list(cells)
    if not any(HINT.search(cell) for cell in cells):
        return []
    words = Words()
    for cell in cells:
        if tree := parsed(cell):
            words.learn(tree)
    statements = [statement for cell in cells for statement in read(cell, words)]
    anywhere = sorted({word for statement in statements for word in statement.words} & ANYWHERE)
    found = [
        f"A cell uses `{word.lstrip('.')}`: read it, since the rules of the exercise can be undone with it."
        for word in anywhere
    ]
    definitions: Definitions = defaultdict(list)
    for statement in statements:
        for name in statement.bound:
            definitions[name].append(statement)
    for name in banned:
        reached = {word for statement in reach(name, definitions) for word in statement.words}
        found += [
            f"`{name}` reaches `{word.lstrip('.')}`: read it, since its ban can be got round with it."
            for word in sorted(reached & REACHED)
        ]
    return found


def read(cell: str, words: Words) -> list[Statement]:
    """A cell's statements. Its tree, which takes up to a kilobyte for a byte of text, is gone before the next one's."""
    tree = parsed(cell)
    return [
        Statement(
            frozenset((words.of(s) & (ANYWHERE | REACHED)) - (own(s) - imported(s))),
            frozenset(bound(s)),
            frozenset(free(s)),
        )
        for s in (tree.body if tree else ())
    ]


def bound(statement: ast.stmt) -> set[str]:
    """The names that a statement of a cell gives a value."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {statement.name}
    names = imported(statement)
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
    return names


def reach(name: str, definitions: Definitions) -> Iterator[Statement]:
    """Every statement that gives the name, or one that is used there, and so on, a value, once each."""
    names, ahead = {name}, [name]
    seen: set[int] = set()
    while ahead:
        for statement in definitions.get(ahead.pop(), []):
            if id(statement) not in seen:
                seen.add(id(statement))
                yield statement
                ahead += statement.free - names
                names |= statement.free


def free(statement: ast.stmt) -> set[str]:
    """The names that a statement takes from elsewhere: what its functions have of their own is left out."""
    return {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)} - own(statement)


def own(statement: ast.stmt) -> set[str]:
    """Arguments and variables of a statement: names that it gives a value, otherwise than by an import."""
    nodes = list(ast.walk(statement))
    names = {node.arg for node in nodes if isinstance(node, ast.arg)}
    names |= {node.id for node in nodes if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
    return names


def imported(statement: ast.stmt) -> set[str]:
    """The names that a statement imports."""
    imports = [node for node in ast.walk(statement) if isinstance(node, ast.Import | ast.ImportFrom)]
    return {(alias.asname or alias.name).split(".")[0] for node in imports for alias in node.names}
