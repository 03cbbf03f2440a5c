"""Tables: columns as wide as they need, folded where there is no room, or else lists."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING

from rich.cells import cell_len

from devchat.render.terminal import style
from devchat.render.terminal.inline import inline
from devchat.render.terminal.wrap import Row, Run, longest_piece, row_width, wrap

if TYPE_CHECKING:
    from markdown_it.tree import SyntaxTreeNode

_GAP = 2
_NARROWEST = 4
_WORD = 16
Cell = list[Run]


def table(node: SyntaxTreeNode, lines: Sequence[str], width: int) -> list[Row]:
    """Lay out a table, or `header: cell` lines where columns would get too narrow to read.

    That is less than four cells, or less than a word that isn't very long.
    """
    header, *body = [_cells(row, lines) for row in node.walk() if row.type == "tr"]
    aligns = [str(cell.attrs.get("style", "")) for cell in node.walk() if cell.type == "th"]
    columns = list(zip(header, *body, strict=True))
    widths = _share([max(map(_cell_width, column)) for column in columns], width)
    if any(got < _needed(column) for got, column in zip(widths, columns, strict=True)):
        return _as_list(header, body, width)
    return _as_grid([header, *body], aligns, widths)


def _cells(row: SyntaxTreeNode, lines: Sequence[str]) -> list[Cell]:
    bold = style.BOLD if row.children[0].type == "th" else ""
    cells = [
        inline(cell.children[0].children if cell.children else (), bold) for cell in row.children
    ]
    # GFM drops cells beyond the header's, which a model means to be read.
    if row.map and (extra := _split(lines[row.map[0]])[len(cells) :]):
        cells[-1] = [*cells[-1], Run(" | " + " | ".join(extra))]
    return cells


def _split(line: str) -> list[str]:
    from markdown_it.rules_block.table import escapedSplit

    parts = [part.strip() for part in escapedSplit(line.strip(" >"))]
    first = 0 if parts[0] else 1
    last = len(parts) if parts[-1] else len(parts) - 1
    return parts[first:last]


def _needed(column: Sequence[Cell]) -> int:
    word = min(_WORD, max(map(longest_piece, column)))
    return min(max(_NARROWEST, word), max(map(_cell_width, column)))


def _cell_width(cell: Cell) -> int:
    text = "".join(run.text for run in cell)
    return max(map(cell_len, text.split("\n")))


def _share(natural: Sequence[int], width: int) -> list[int]:
    """Give each column what it needs, the widest ones sharing what is left."""
    room = width - _GAP * (len(natural) - 1)
    shares, left = [0] * len(natural), len(natural)
    for index in sorted(range(len(natural)), key=natural.__getitem__):
        shares[index] = max(0, min(natural[index], room // left))
        room -= shares[index]
        left -= 1
    return shares


def _as_grid(rows: Sequence[list[Cell]], aligns: list[str], widths: list[int]) -> list[Row]:
    folded = [
        [wrap(cell, max(1, width)) for cell, width in zip(row, widths, strict=True)] for row in rows
    ]
    rule = Run((" " * _GAP).join("─" * width for width in widths), style.DIM)
    airy = any(len(cell) > 1 for row in folded[1:] for cell in row)
    laid: list[Row] = [*_grid_row(folded[0], aligns, widths), (rule,)]
    for index, row in enumerate(folded[1:]):
        laid += [()] if airy and index else []
        laid += _grid_row(row, aligns, widths)
    return laid


def _grid_row(cells: list[list[Row]], aligns: list[str], widths: list[int]) -> list[Row]:
    laid = []
    for parts in zip_longest(*cells, fillvalue=()):
        row: list[Run] = []
        for part, align, width in zip(parts, aligns, widths, strict=True):
            row += [*_aligned(part, align, width), Run(" " * _GAP)]
        laid.append(_trimmed(row))
    return laid or [()]


def _aligned(part: Row, align: str, width: int) -> Row:
    spare = width - row_width(part)
    before = spare if "right" in align else spare // 2 if "center" in align else 0
    return (Run(" " * before), *part, Run(" " * (spare - before)))


def _trimmed(row: list[Run]) -> Row:
    while row and not row[-1].text.strip():
        row.pop()
    return tuple(run for run in row if run.text)


def _as_list(header: list[Cell], body: list[list[Cell]], width: int) -> list[Row]:
    if not body:
        return [row for cell in header for row in wrap(cell, width)]
    laid: list[Row] = []
    for index, row in enumerate(body):
        laid += [()] if index else []
        for name, cell in zip(header, row, strict=True):
            laid += wrap([*name, Run(": ", style.BOLD), *cell], width)
    return laid
