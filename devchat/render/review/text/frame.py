"""The pen that rows are drawn with: marks, tints, wrapping, and escapes only where wanted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from devchat.render.review import Look
from devchat.render.terminal import style
from devchat.render.terminal.style import without_colour
from devchat.render.terminal.wrap import Row, Run, row_width, wrap
from devchat.sanitize import visible

_TINTS = MappingProxyType(
    {"error": "1;31", "warning": "1;33", "note": "1;36", "clean": "1;32", "-": "31", "+": "32"}
)
# Each with what stands for it where an encoding lacks it.
_MARKS = MappingProxyType(
    {
        "error": ("✖ ", "x "),
        "warning": ("▲ ", "! "),
        "note": ("● ", "* "),
        "failed": ("✖ ", "x "),
        "clean": ("✔ ", ""),
        "nothing": ("○ ", ""),
        "bar": ("│", "|"),
        "here": ("▸", ">"),
    }
)
_CODE = re.compile("(`[^`\n]+`)")
_WIDEST = 100
_NARROWEST = 20


@dataclass(frozen=True, slots=True)
class Pen:
    """Draws rows for one look."""

    look: Look

    @property
    def columns(self) -> int:
        """The width to fill: lines beyond some length are hard to read."""
        return max(_NARROWEST, min(self.look.columns, _WIDEST))

    def mark(self, name: str) -> str:
        """Return a mark that the output can show."""
        return _MARKS[name][not self.look.marks]

    def tint(self, name: str) -> str:
        """Return the style of a severity, of a side, or of a clean review."""
        return _TINTS[name]

    def wrap(
        self,
        runs: Sequence[Run],
        *,
        indent: int = 0,
        hang: int = 0,
        margin: Row = (),
        columns: int | None = None,
    ) -> list[Row]:
        """Wrap runs behind a margin; rows after the first are indented by `hang` besides."""
        width = (columns or self.columns) - row_width(margin) - indent
        rows = wrap(runs, max(4, width - hang))
        blank = (Run(" " * indent),) if indent else ()
        hanging = (Run(" " * hang),) if hang else ()
        return [(*margin, *blank, *(hanging if at else ()), *row) for at, row in enumerate(rows)]

    def paint(self, rows: Iterable[Row]) -> str:
        """Write rows as text, a newline after each, no blanks at their ends."""
        return "".join(f"{self._row(row)}\n" for row in rows)

    def _row(self, row: Row) -> str:
        if self.look.ink == "none":
            return "".join(visible(run.text) for run in row).rstrip()
        return "".join(map(self._run, _without_blank_end(row)))

    def _run(self, run: Run) -> str:
        codes = run.style if self.look.ink == "colour" else without_colour(run.style)
        text = visible(run.text)
        return f"\x1b[{codes}m{text}\x1b[0m" if codes and text else text


def words(text: str, base: str = "") -> list[Run]:
    """Style text whose code is in backticks."""
    parts = enumerate(_CODE.split(text))
    return [Run(part, style.join(base, style.CODE) if at % 2 else base) for at, part in parts]


def _without_blank_end(row: Row) -> Row:
    end = len(row)
    while end and not row[end - 1].text.strip():
        end -= 1
    return row[:end]
