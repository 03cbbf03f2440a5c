"""A growing Markdown text: which of it is finished, and how the rest looks for now.

The unit is a top-level block, or an item of a top-level list. Only the last one can still change,
for no Markdown that follows reaches further back (link definitions are left as they stand).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from devchat.render.parsing import markdown_parser
from devchat.render.terminal.code import Highlighter
from devchat.render.terminal.layout import (
    Page,
    block,
    code_lines,
    item,
    items,
    starts_loose,
)
from devchat.render.terminal.wrap import Row

if TYPE_CHECKING:
    from markdown_it.tree import SyntaxTreeNode

# A last line of these alone says not yet what it is: a heading, a fence, a rule, a table.
_UNDECIDED = re.compile(r"[\s`~#>*+=|:\-_]*")

_BLANK_LINES = re.compile(r"\A(?:[ \t]*\n)+")


@dataclass(frozen=True, slots=True)
class _Unit:
    """A block or list item; `gap` wants a blank row before it, `number` counts items on."""

    node: SyntaxTreeNode
    start: int
    gap: bool
    marker: str = ""
    number: int = 0


class Document:
    """The text of an answer, laid out as it grows."""

    def __init__(self) -> None:
        self._parser = markdown_parser()
        self._code = Highlighter()
        self._pending = ""
        self._gap = False
        self._number = 0
        self._lines_done = 0

    def stand_apart(self, gap: bool) -> None:
        """Say whether what comes next wants a blank row before it."""
        self._gap = gap

    def feed(self, text: str) -> None:
        """Add text, already made visible."""
        self._pending += text
        self._pending = _BLANK_LINES.sub("", self._pending)

    def settle(self, width: int, *, final: bool = False) -> list[Row]:
        """Take out and lay out what can't change any more; everything, if nothing will follow."""
        text = self._pending if final else self._pending[: self._pending.rfind("\n") + 1]
        page, units = self._read(text, width)
        done = units if final else units[:-1]
        rows = [row for unit in done for row in self._rows(unit, page)]
        if final:
            self._pending, self._gap = "", self._gap or bool(units)
        elif done:
            last = units[-1]
            self._pending = "".join(_lines(self._pending)[last.start :])
            self._gap, self._number = last.gap, last.number
        if done:
            self._lines_done = 0
        return rows

    def live(self, width: int, room: int) -> tuple[list[Row], list[Row]]:
        """Lay out the rest: what is so tall that it must scroll away now, and what may change.

        Only code scrolls away early. Other rows beyond `room` are the caller's to hide for now.
        """
        page, units = self._read(self._shown(), width)
        if len(units) == 1 and units[0].node.type == "fence":
            return self._scroll(units[0], page, room)
        return [], [row for unit in units for row in self._rows(unit, page)]

    def _shown(self) -> str:
        head, newline, tail = self._pending.rpartition("\n")
        return head + newline if _UNDECIDED.fullmatch(tail) else self._pending

    def _read(self, text: str, width: int) -> tuple[Page, list[_Unit]]:
        from markdown_it.tree import SyntaxTreeNode

        page = Page(text.split("\n"), width, self._code)
        root = SyntaxTreeNode(self._parser.parse(text))
        return page, list(self._units(root, page))

    def _units(self, root: SyntaxTreeNode, page: Page) -> Iterator[_Unit]:
        gap, number = self._gap, self._number
        for node in root.children:
            if node.type in {"bullet_list", "ordered_list"}:
                yield from _items(node, page, gap, number)
            else:
                yield _Unit(node, _start(node), gap)
            gap, number = True, 0

    def _rows(self, unit: _Unit, page: Page) -> list[Row]:
        if unit.marker:
            rows = item(unit.node, unit.marker, page)
        elif self._lines_done and unit.start == 0:
            return [row for line in code_lines(unit.node, page)[self._lines_done :] for row in line]
        else:
            rows = block(unit.node, page)
        return [(), *rows] if unit.gap and rows else rows

    def _scroll(self, unit: _Unit, page: Page, room: int) -> tuple[list[Row], list[Row]]:
        lines = code_lines(unit.node, page)[self._lines_done :]
        if lines and unit.gap:
            lines[0] = [(), *lines[0]]
        left, count = sum(map(len, lines)), 0
        while left > room and count < len(lines) - 1:
            left -= len(lines[count])
            count += 1
        if count:
            self._gap = False
            self._lines_done += count
        return _flat(lines[:count]), _flat(lines[count:])


def _items(node: SyntaxTreeNode, page: Page, gap: bool, number: int) -> Iterator[_Unit]:
    for index, (child, marker, count) in enumerate(items(node, at_least=number)):
        loose = starts_loose(child, page.lines) if index else gap
        yield _Unit(child, _start(child), loose, marker, count)


def _start(node: SyntaxTreeNode) -> int:
    return node.map[0] if node.map else 0


def _lines(text: str) -> list[str]:
    # Markdown's only line end here; `splitlines` would know more.
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def _flat(lines: list[list[Row]]) -> list[Row]:
    return [row for line in lines for row in line]
