"""The text of a grade cell with plain asserts, and what is told where it fails, to students and to instructors."""

from __future__ import annotations

import ast
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import CodeType
from typing import Any

from autograder.exam import errors, words
from autograder.exam.core import Evidence, Finding, Missing
from autograder.examiner.handing_in import CELL
from autograder.examiner.their_errors import Theirs
from autograder.wire.errors import MESSAGE_LIMIT, message_of, plain

BEGIN, END = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"
# Where the two sides of an assert's comparison are kept, by names that no Python text can use.
LEFT, RIGHT = "left side", "right side"
LONGEST_CASE, LONGEST_VALUE = 300, 200
MESSAGES = "msg", "err_msg"  # how unittest and NumPy call an assert's own message
TELLING = "AttributeError", "TypeError"  # of these, Python's words speak of types alone


@dataclass(frozen=True)
class Failure:
    """Why a cell gives no points."""

    finding: Finding


class Text:
    """The text of a grade cell."""

    def __init__(self, source: str):
        """Raise SyntaxError where it is no Python."""
        self.source, self.tree = source, ast.parse(source)
        self._lines = source.splitlines()

    @property
    def has_hidden(self) -> bool:
        return BEGIN in self.source

    @cached_property
    def for_themselves(self) -> set[int]:
        """The lines of calls whose value nobody takes, `sort(x)`, where no other call hands its value to them."""
        alone = [node.value for node in ast.walk(self.tree) if isinstance(node, ast.Expr)]
        calls = [node for node in alone if isinstance(node, ast.Call) and not _calls_in(*node.args, *node.keywords)]
        return {line for node in calls for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)}

    @cached_property
    def _compiled(self) -> tuple[CodeType, CodeType]:
        tree = Keeping().visit(ast.parse(self.source))
        last: ast.expr = ast.Constant(None)
        if tree.body and isinstance(tree.body[-1], ast.Expr):
            last = tree.body.pop().value
        ast.fix_missing_locations(tree)
        return compile(tree, CELL, "exec"), compile(ast.fix_missing_locations(ast.Expression(last)), CELL, "eval")

    @property
    def statements(self) -> CodeType:
        """All of it but the last expression."""
        return self._compiled[0]

    @property
    def last(self) -> CodeType:
        """Its last expression."""
        return self._compiled[1]

    def failure(self, error: BaseException, missing: Mapping[str, Missing]) -> Failure:
        """What this error means. missing: names that the student's notebook does not define."""
        if isinstance(error, Theirs) and error.raised is not None:
            sentence = f"{words.raised(self._called(error), error.raised)}."
        elif isinstance(error, NameError) and (name := error.name or "") in missing:
            sentence = words.not_there(missing[name])
        else:
            sentence = self.failed(error)
        return Failure(Finding(sentence, evidence=Evidence(self.case(error), *self._sides(error))))

    def failed(self, error: BaseException | None) -> str:
        """What the student reads of a test that failed: its message, its line where that is visible, or neither."""
        statement = self._statement(error)
        if message := self._message(error, statement):
            return f"A test of this cell failed: “{message}”."
        if statement is not None and not self._is_hidden(statement.lineno):
            return f"This test failed: `{self._segment(statement)}`."
        kind = type(error).__name__
        if error is not None and kind in TELLING:
            return f"A hidden test of this cell failed. It stopped with {errors.quoted(kind, message_of(error))}."
        return "A hidden test of this cell failed."

    def case(self, error: BaseException | None) -> str:
        """The statement that failed, for the instructor."""
        statement = self._statement(error)
        return "" if statement is None else f"line {statement.lineno}: {self._segment(statement)}"

    def _called(self, error: BaseException) -> str:
        """What the student's code was called by: the outermost call of the statement at which it raised."""
        statement = self._statement(error)
        calls = [node.func for node in ast.walk(statement) if isinstance(node, ast.Call)] if statement else []
        names = [ast.unparse(call) for call in calls if isinstance(call, ast.Name | ast.Attribute)]
        told = error.raised.line if isinstance(error, Theirs) and error.raised else ""
        return next((name for name in names if f"`{name}`" in told), names[-1] if names else "The notebook's code")

    def _statement(self, error: BaseException | None) -> ast.stmt | None:
        """The innermost statement of the cell at which it was raised."""
        frames = traceback.extract_tb(error.__traceback__) if error is not None else []
        line = next((frame.lineno for frame in reversed(frames) if frame.filename == CELL), None)
        if line is None:
            return None
        around = [
            node
            for node in ast.walk(self.tree)
            if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or node.lineno)
        ]
        return max(around, key=lambda node: (node.lineno, -(node.end_lineno or 0)), default=None)

    def _message(self, error: BaseException | None, statement: ast.stmt | None) -> str:
        """The instructor's own words: an assert's, an AssertionError's, or those that a library's assert was given.
        What a library adds to these shows what is hidden."""
        if not isinstance(error, AssertionError) or isinstance(error, Theirs) or statement is None:
            return ""
        if traceback.extract_tb(error.__traceback__)[-1].filename == CELL:
            return _one_line(message_of(error)) if error.args else ""
        calls = [node for node in ast.walk(statement) if isinstance(node, ast.Call)]
        given = [word.value for call in calls for word in call.keywords if word.arg in MESSAGES]
        return next((_one_line(str(one.value)) for one in given if isinstance(one, ast.Constant)), "")

    def _sides(self, error: BaseException) -> tuple[str, str]:
        """What was expected and what came, for the instructor."""
        if isinstance(error, AssertionError) and not isinstance(error, Theirs):
            trace = error.__traceback__
            while trace is not None and trace.tb_next is not None:
                trace = trace.tb_next
            kept = {**trace.tb_frame.f_globals, **trace.tb_frame.f_locals} if trace is not None else {}
            statement = self._statement(error)
            if isinstance(statement, ast.Assert) and _is_kept(statement.test) and LEFT in kept and RIGHT in kept:
                assert isinstance(statement.test, ast.Compare)
                sides = statement.test.left, statement.test.comparators[0]
                told = [f"{ast.unparse(side)} is {shown(kept[name])}" for side, name in zip(sides, (LEFT, RIGHT))]
                return ast.unparse(statement.test), ", ".join(told)
        return "the test runs to its end", shown(error)

    def _is_hidden(self, line: int) -> bool:
        """Does a line stand where students cannot read it?"""
        hidden = False
        for text in self._lines[: line - 1]:
            hidden = BEGIN in text or (hidden and END not in text)
        return hidden

    def _segment(self, statement: ast.stmt) -> str:
        text = ast.get_source_segment(self.source, statement) or ""
        return plain(" ".join(text.split()), LONGEST_CASE)


def _calls_in(*nodes: ast.AST) -> bool:
    return any(isinstance(part, ast.Call) for node in nodes for part in ast.walk(node))


class Keeping(ast.NodeTransformer):
    """Asserts that keep the two sides of their comparison."""

    def visit_Assert(self, node: ast.Assert) -> ast.Assert:
        if _is_kept(node.test):
            assert isinstance(node.test, ast.Compare)
            node.test.left = _kept(LEFT, node.test.left)
            node.test.comparators = [_kept(RIGHT, node.test.comparators[0])]
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.ClassDef:
        for part in node.body:
            if isinstance(part, ast.FunctionDef):
                self.visit(part)
        return node


def _is_kept(test: ast.expr) -> bool:
    return isinstance(test, ast.Compare) and len(test.ops) == 1


def _kept(name: str, value: ast.expr) -> ast.expr:
    return ast.copy_location(ast.NamedExpr(ast.Name(name, ast.Store()), value), value)


def _one_line(message: str) -> str:
    return errors.first_line(plain(message, MESSAGE_LIMIT)).replace("“", '"').replace("”", '"')


def shown(value: Any) -> str:
    """A value or an error as the instructor reads it."""
    if isinstance(value, BaseException):
        return plain(f"{type(value).__name__}: {message_of(value)}", LONGEST_VALUE)
    try:
        return plain(" ".join(repr(value).split()), LONGEST_VALUE)
    except Exception:  # too long an integer, say
        return f"<{type(value).__name__}>"
