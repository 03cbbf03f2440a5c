"""Syntax trees by tree-sitter's grammars: the only file that opens them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from time import monotonic
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node, Parser, Tree

_MOST = 100
_SECONDS, _PIECE = 2.0, 1 << 16

GRAMMARS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "bash": ("tree_sitter_bash", "language"),
        "c": ("tree_sitter_c", "language"),
        "cpp": ("tree_sitter_cpp", "language"),
        "csharp": ("tree_sitter_c_sharp", "language"),
        "go": ("tree_sitter_go", "language"),
        "java": ("tree_sitter_java", "language"),
        "javascript": ("tree_sitter_javascript", "language"),
        "jsx": ("tree_sitter_javascript", "language"),
        "php": ("tree_sitter_php", "language_php"),
        "ruby": ("tree_sitter_ruby", "language"),
        "rust": ("tree_sitter_rust", "language"),
        "tsx": ("tree_sitter_typescript", "language_tsx"),
        "typescript": ("tree_sitter_typescript", "language_typescript"),
    }
)
"""The module, and the function in it, that hand out the grammar of a language."""


def open_parser(language: str) -> Parser | None:
    """Return a parser; None where there is no grammar, or its package is not installed."""
    if language not in GRAMMARS:
        return None
    module, function = GRAMMARS[language]
    try:
        from tree_sitter import Language, Parser

        return Parser(Language(getattr(import_module(module), function)()))
    except ImportError:
        return None


def parse_tree(language: str, text: str) -> Tree | None:
    """Parse a text; None where there is no grammar.

    Raises TimeoutError after two seconds: some texts are made so that each word may be read in
    many ways.
    """
    parser = open_parser(language)
    if parser is None:
        return None
    source, end = text.encode("utf-8", "replace"), monotonic() + _SECONDS
    try:
        # Of the ways to give it the text, only this one can be ended.
        return parser.parse(
            lambda offset, _: source[offset : offset + _PIECE],
            progress_callback=lambda _offset, _broken: monotonic() > end,
        )
    except ValueError as error:
        raise TimeoutError from error


def tree_errors(language: str, text: str) -> tuple[tuple[int, int], ...] | None:
    """Return where a text breaks its language's syntax: 1-based lines, columns of bytes.

    At most 100 places, in order; None where there is no grammar, or parsing takes too long.
    """
    try:
        tree = parse_tree(language, text)
    except TimeoutError:
        return None
    errors = () if tree is None else _errors(tree.root_node)
    return (
        None if tree is None else tuple(one for one, _ in zip(errors, range(_MOST), strict=False))
    )


def _errors(root: Node) -> Iterator[tuple[int, int]]:
    """Walk without recursion, and only where there is an error further down."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.is_error or node.is_missing:
            yield node.start_point[0] + 1, node.start_point[1] + 1
        elif node.has_error:
            waiting += reversed(node.children)
