"""Markdown as devchat reads it: CommonMark with tables and strikethrough."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

MAX_NESTING = 64


def markdown_parser() -> MarkdownIt:
    """Make a parser that hides nothing.

    Link definitions stay where they stand as text, so that no later line changes an earlier one;
    addresses stay as they were written.
    """
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"maxNesting": MAX_NESTING})
    parser.enable(["table", "strikethrough"]).disable("reference")
    parser.normalizeLink = _unchanged  # type: ignore[assignment, method-assign]
    return parser


def _unchanged(address: str) -> str:
    return address
