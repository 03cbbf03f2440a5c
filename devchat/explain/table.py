"""Tables of values parted by commas, tabs or semicolons: their columns, and what these hold."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass

from devchat.explain.sample import LONGEST_LINE, clipped, counted, lines_of

_NAMES = {",": "commas", "\t": "tabs", ";": "semicolons"}
# Code has brackets and signs where a table has names, and prose a space after its commas.
_NAME = re.compile(r"\w[\w .%/#$€+-]{0,39}(?:\([^()]{0,20}\))?")
_MOST_COLUMNS = 40
_MOST_ROWS = 10_000
_LONGEST = 40
_FEWEST_ROWS = 3


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, whether it holds numbers or text, how many cells are empty."""

    name: str
    holds: str
    empty: int
    example: str

    def text(self) -> str:
        """Write it on a line."""
        empty = f", {self.empty:,} empty" if self.empty else ""
        return f"{self.name}: {self.holds}{empty}, such as {self.example}"


@dataclass(frozen=True, slots=True)
class Table:
    """A table whose first row names its columns."""

    rows: int
    parted_by: str
    columns: tuple[Column, ...]
    fault: str = ""

    def text(self) -> tuple[str, ...]:
        """Write it for people and models."""
        columns = counted(len(self.columns), "column")
        head = f"{counted(self.rows, 'row')} below the names of {columns}, parted by"
        fault = [self.fault] if self.fault else []
        shown = self.columns[:_MOST_COLUMNS]
        return (f"{head} {self.parted_by}", *fault, *(column.text() for column in shown))


def is_table(lines: Sequence[str]) -> bool:
    """Tell by rows that all have as many cells, under names that differ."""
    filled = [line for line in lines if line.strip()]
    if len(filled) < _FEWEST_ROWS or any(len(line) >= LONGEST_LINE for line in filled):
        return False
    return any(_is_parted(filled, mark) for mark in _NAMES)


def _is_parted(lines: Sequence[str], mark: str) -> bool:
    if mark not in lines[0]:
        return False
    names, *rows = _cells(lines, mark) or [[""]]
    named = all(map(_NAME.fullmatch, names))
    return named and len(set(names)) == len(names) and all(len(row) == len(names) for row in rows)


def read_table(text: str) -> Table:
    """Describe a table by its first ten thousand rows."""
    lines = [line for line in lines_of(text) if line.strip()]
    mark = max(_NAMES, key=lambda one: lines[0].count(one) if lines else 0)
    names, *rows = _cells(lines[: _MOST_ROWS + 1], mark) or [[]]
    uneven = next((at for at, row in enumerate(rows, 2) if len(row) != len(names)), 0)
    fault = f"row {uneven:,} has another number of cells than the first" if uneven else ""
    columns = (
        _column(name, [row[at] for row in rows if at < len(row)]) for at, name in enumerate(names)
    )
    return Table(max(len(lines) - 1, 0), _NAMES[mark], tuple(columns), fault)


def _cells(lines: Sequence[str], mark: str) -> list[list[str]]:
    try:
        return [row for row in csv.reader(lines, delimiter=mark) if row]
    except csv.Error:  # such as a cell beyond 128 KB
        return [line.split(mark) for line in lines]


def _column(name: str, cells: Sequence[str]) -> Column:
    filled = [cell.strip() for cell in cells if cell.strip()]
    numbers = bool(filled) and all(map(_is_number, filled))
    holds = "numbers" if numbers else "text" if filled else "nothing"
    example = clipped(filled[0], _LONGEST) if filled else "none"
    return Column(clipped(name.strip(), _LONGEST), holds, len(cells) - len(filled), example)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
