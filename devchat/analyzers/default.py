"""Whether a function changes the default of one of its parameters."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

_CHANGING = frozenset(
    ("add", "append", "clear", "discard", "extend", "insert", "pop", "popitem", "remove")
    + ("reverse", "setdefault", "sort", "update", "appendleft", "extendleft")
)
_MEANT = re.compile("^_|cache|memo")
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def is_changed(functions: Sequence[_Function], line: int, column: int) -> bool:
    """Tell whether one of some functions changes its default at a 1-based place."""
    for node in functions:
        near = node.lineno <= line <= node.body[0].lineno
        if near and (name := _parameter(node, line, column)):
            return not _MEANT.search(name) and any(
                _changes(one, name) for part in node.body for one in ast.walk(part)
            )
    return False


def _parameter(function: _Function, line: int, column: int) -> str:
    """Return the name of the parameter whose default begins at a place."""
    return next(
        (name for name, value in _defaults(function.args) if _begins(value, line, column)), ""
    )


def _begins(value: ast.expr, line: int, column: int) -> bool:
    """Tell whether a default begins at a place; one with something in it is often meant."""
    filled = getattr(value, "elts", None) or getattr(value, "keys", None)
    return not filled and value.lineno == line and value.col_offset in (column - 1, column)


def _defaults(arguments: ast.arguments) -> Iterator[tuple[str, ast.expr]]:
    placed = [*arguments.posonlyargs, *arguments.args]
    ends = zip(reversed(placed), reversed(arguments.defaults), strict=False)
    named = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    yield from ((one.arg, value) for one, value in ends)
    yield from ((one.arg, value) for one, value in named if value is not None)


def _changes(node: ast.AST, name: str) -> bool:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr in _CHANGING and _is(node.func.value, name)
    if isinstance(node, ast.Subscript):
        return isinstance(node.ctx, ast.Store | ast.Del) and _is(node.value, name)
    return isinstance(node, ast.AugAssign) and _is(node.target, name)


def _is(node: ast.expr | None, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name
