"""Where a text breaks the syntax of its language: Python by `ast`, others by tree-sitter."""

from __future__ import annotations

import ast
import warnings
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SyntaxFault:
    """What Python's own parser says, at a 1-based line and column."""

    line: int
    column: int
    message: str


def syntax_errors(language: str, text: str) -> tuple[tuple[int, int], ...] | None:
    """Return the 1-based (line, column) places that don't parse; None without a grammar.

    Python names the first place only, and is judged by the grammar of the Python that runs
    this: a text of a newer one may seem broken. Text too deeply nested can't be judged: None.
    """
    if language == "python":
        try:
            fault = python_fault(text)
        except (RecursionError, MemoryError):
            return None
        return ((fault.line, fault.column),) if fault else ()
    from devchat.languages.trees import tree_errors

    return tree_errors(language, text)


def python_fault(text: str) -> SyntaxFault | None:
    """Parse, and return what is wrong; raises `RecursionError` and `MemoryError` as `ast` does."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ast.parse(text.removeprefix("\ufeff"))
        except SyntaxError as error:
            return SyntaxFault(error.lineno or 1, max(error.offset or 1, 1), error.msg)
        except ValueError as error:  # Before 3.12: NUL bytes; lone surrogates in any.
            return SyntaxFault(1, 1, str(error))
    return None
