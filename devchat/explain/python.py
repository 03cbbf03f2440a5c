"""The outline of Python source, by Python's own parser; nothing of it is run."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator, Sequence
from textwrap import dedent

from devchat.explain.sample import clipped
from devchat.explain.symbol import Symbol

_LONGEST = 80
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def parse_python(text: str) -> ast.Module | str:
    """Parse a source, or some lines of one; where it is not (whole) Python return the reason."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about escapes in the text's own strings
            return ast.parse(dedent(text))
    except SyntaxError as error:
        return f"line {error.lineno}: {error.msg}"
    except (ValueError, RecursionError, MemoryError) as error:
        return f"{error}" or "nested too deeply"


def python_symbols(tree: ast.Module) -> tuple[Symbol, ...]:
    """Return classes, functions and methods in order; functions inside functions are left out."""
    return tuple(_symbols(tree.body, 0))


def python_imports(tree: ast.Module) -> tuple[str, ...]:
    """Return the modules that are imported at the top, each once."""
    names: dict[str, None] = {}
    for node in tree.body:
        if isinstance(node, ast.Import):
            names.update((alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names["." * node.level + (node.module or "")] = None
    return tuple(names)


def _symbols(body: Sequence[ast.stmt], depth: int) -> Iterator[Symbol]:
    for node in body:
        if not isinstance(node, Definition):
            continue
        yield _symbol(node, depth)
        if isinstance(node, ast.ClassDef):
            yield from _symbols(node.body, depth + 1)


def _symbol(node: Definition, depth: int) -> Symbol:
    first_line = (ast.get_docstring(node) or "").strip().split("\n")[0]
    return Symbol(
        kind=_kind(node, depth),
        name=clipped(node.name + _arguments(node), _LONGEST),
        line=node.lineno,
        end=node.end_lineno or node.lineno,
        depth=depth,
        about=clipped(first_line, _LONGEST),
    )


def _kind(node: Definition, depth: int) -> str:
    if isinstance(node, ast.ClassDef):
        return "class"
    return "method" if depth else "function"


def _arguments(node: Definition) -> str:
    if isinstance(node, ast.ClassDef):
        bases = ", ".join(_source(base) for base in node.bases)
        return f"({bases})" if bases else ""
    return f"({_source(node.args)})"


def _source(node: ast.AST) -> str:
    try:
        return ast.unparse(node)
    except RecursionError:  # the parser goes deeper than what writes it again
        return "…"
