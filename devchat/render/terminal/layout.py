"""Markdown blocks, laid out as rows of styled text for a given width."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from devchat.render.parsing import MAX_NESTING
from devchat.render.terminal import style
from devchat.render.terminal.code import Highlighter
from devchat.render.terminal.inline import inline
from devchat.render.terminal.table import table
from devchat.render.terminal.wrap import Row, Run, row_width, wrap

if TYPE_CHECKING:
    from markdown_it.tree import SyntaxTreeNode

_ROOMY = 8
"""Cells that must be left beside a bullet or a bar; else the text gets the whole width."""
_CODE_INDENT = 2
_CARRIED = 4
_RULE = 24
_HEADINGS = {"h1": style.TITLE, "h2": style.BOLD}


@dataclass(frozen=True, slots=True)
class Page:
    """Where blocks are laid out: their source's lines, the width in cells, the colours."""

    lines: Sequence[str]
    width: int
    code: Highlighter

    def narrower(self, cells: int) -> Page:
        """Make the page that is left beside a margin."""
        return replace(self, width=self.width - cells)


def block(node: SyntaxTreeNode, page: Page) -> list[Row]:
    """Lay out a block and what it contains."""
    if node.level >= MAX_NESTING - 2:
        return _source(node, page)
    return _LAYOUTS.get(node.type, _source)(node, page)


def item(node: SyntaxTreeNode, marker: str, page: Page) -> list[Row]:
    """Lay out a list item beside its bullet or number."""
    return _beside(Run(marker + " ", style.MARKER), node, page, repeat=False)


def code_lines(node: SyntaxTreeNode, page: Page) -> list[list[Row]]:
    """Lay out a code block, the rows of each line by themselves."""
    language, label = _language(node, page)
    margin = _CODE_INDENT if page.width > 2 * _ROOMY else 0
    laid = [wrap([Run(label, style.DIM)], page.width)] if label else []
    if node.content:
        for line in page.code.lines(node.content, language):
            laid.append(_code_line(line, page.width, margin))
    return laid


def starts_loose(node: SyntaxTreeNode, lines: Sequence[str]) -> bool:
    """Say whether the source leaves a blank line before a block."""
    start = node.map[0] if node.map else 0
    return start > 0 and not lines[start - 1].strip(" \t>")


def items(
    node: SyntaxTreeNode, depth: int = 0, at_least: int = 0
) -> Iterator[tuple[SyntaxTreeNode, str, int]]:
    """Yield a list's items with their marker and number.

    Numbers are counted on where the source repeats them, and kept where it leaves some out.
    """
    number = at_least - 1
    for child in node.children:
        if node.type == "bullet_list":
            yield child, "◦" if depth % 2 else "•", 0
        else:
            number = max(number + 1, int(child.info or 0))
            yield child, f"{number}{child.markup}", number


def _paragraph(node: SyntaxTreeNode, page: Page) -> list[Row]:
    return wrap(inline(node.children[0].children), page.width)


def _heading(node: SyntaxTreeNode, page: Page) -> list[Row]:
    look = _HEADINGS.get(node.tag, style.SUBTITLE)
    return wrap(inline(node.children[0].children, look), page.width)


def _code(node: SyntaxTreeNode, page: Page) -> list[Row]:
    return [row for line in code_lines(node, page) for row in line]


def _language(node: SyntaxTreeNode, page: Page) -> tuple[str, str]:
    # A language that colours show needs no label; anything else that stands there does.
    from devchat.sanitize import visible

    info = visible(node.info if node.type == "fence" else "").strip()
    words = info.split(maxsplit=1)
    if words and page.code.knows(words[0]):
        return words[0], "" if len(words) == 1 else info
    return "", info


@lru_cache(maxsize=1024)
def _code_line(line: Row, width: int, margin: int) -> list[Row]:
    """Wrap a line of code, what is carried over indented a little more than the line."""
    text = "".join(run.text for run in line)
    # In a narrow terminal an indent must not push the code out.
    indent = min(len(text) - len(text.lstrip(" ")), width // 2) + margin
    body = _without_indent(line)
    rows = wrap(body, width - indent)
    if len(rows) > 1 and width - indent > 4 * _CARRIED:
        rows = wrap(body, width - indent - _CARRIED)
        rows[1:] = [(Run(" " * _CARRIED), *row) for row in rows[1:]]
    return [(Run(" " * indent), *row) if indent else row for row in rows] or [()]


def _without_indent(line: Row) -> Row:
    for index, run in enumerate(line):
        if rest := run.text.lstrip(" "):
            return (Run(rest, run.style), *line[index + 1 :])
    return ()


def _quote(node: SyntaxTreeNode, page: Page) -> list[Row]:
    return _beside(Run("│ ", style.MARKER), node, page, repeat=True)


def _list(node: SyntaxTreeNode, page: Page) -> list[Row]:
    depth = sum(parent.type == "bullet_list" for parent in _parents(node))
    rows: list[Row] = []
    for child, marker, _ in items(node, depth):
        rows += [()] if rows and starts_loose(child, page.lines) else []
        rows += item(child, marker, page)
    return rows


def _parents(node: SyntaxTreeNode) -> list[SyntaxTreeNode]:
    return [node.parent, *_parents(node.parent)] if node.parent else []


def _table(node: SyntaxTreeNode, page: Page) -> list[Row]:
    return table(node, page.lines, page.width)


def _rule(node: SyntaxTreeNode, page: Page) -> list[Row]:
    return [(Run("─" * min(page.width, _RULE), style.DIM),)]


def _source(node: SyntaxTreeNode, page: Page) -> list[Row]:
    start, end = node.map or (0, 0)
    text = "\n".join(page.lines[start:end]).strip("\n").expandtabs(4)
    return wrap([Run(text)], page.width)


def _beside(margin: Run, node: SyntaxTreeNode, page: Page, *, repeat: bool) -> list[Row]:
    cells = row_width([margin])
    if page.width - cells < _ROOMY:
        sign = [] if repeat else wrap([Run(margin.text.strip(), margin.style)], page.width)
        return [*sign, *_children(node, page)]
    rows = _children(node, page.narrower(cells)) or [()]
    blank = Run(" " * cells)
    margins = [margin] + [margin if repeat else blank] * (len(rows) - 1)
    return [
        (before, *row) if row or before is margin else ()
        for before, row in zip(margins, rows, strict=True)
    ]


def _children(node: SyntaxTreeNode, page: Page) -> list[Row]:
    rows: list[Row] = []
    for child in node.children:
        laid = block(child, page)
        rows += [()] if rows and laid and starts_loose(child, page.lines) else []
        rows += laid
    return rows


_LAYOUTS: dict[str, Callable[[SyntaxTreeNode, Page], list[Row]]] = {
    "paragraph": _paragraph,
    "heading": _heading,
    "fence": _code,
    "code_block": _code,
    "blockquote": _quote,
    "bullet_list": _list,
    "ordered_list": _list,
    "table": _table,
    "hr": _rule,
}
