"""The part of a terminal that an answer grows in: rows above are finished, rows below are ours.

Between draws the cursor rests, hidden, at the start of the first live row. So there is nothing to
count back over when the terminal was resized and has moved its rows: what is below goes, and is
drawn anew. A draw goes up no further than it came down, so that rows above are never touched, even
where we learn of a new size too late.
"""

from __future__ import annotations

import os
import re
import select
from collections.abc import Iterator
from itertools import groupby
from typing import TextIO

from rich.cells import cell_len

from devchat.render.terminal.style import without_colour
from devchat.render.terminal.wrap import Row, Run, row_width
from devchat.sanitize import visible

# Terminals disagree on the width of these; a row with them is written whole.
_DISPUTED = re.compile(
    "[\u0300-\u036f\u0590-\u0eff\u1000-\u109f\u1780-\u17ff\u200c\u200d\u20d0-\u20ff\ufe0f"
    "\U0001f1e6-\U0001f1ff\U0001f3fb-\U0001f3ff\U0001fa70-\U0001faff]"
)
_FALLBACK = os.terminal_size((80, 24))


def terminal_size(terminal: TextIO) -> os.terminal_size:
    """Ask for columns and lines; some terminals don't know theirs and say zero."""
    try:
        size = os.get_terminal_size(terminal.fileno())
    except OSError:
        return _FALLBACK
    return os.terminal_size((size.columns or 80, size.lines or 24))


class Screen:
    """Draws rows on a terminal, and remembers which of them are live."""

    def __init__(self, stdout: TextIO, *, colour: bool) -> None:
        self.written = 0
        self._stdout = stdout
        self._colour = colour
        self._rows: list[Row] = []
        self._size = self.size()
        self._hidden = False

    def size(self) -> os.terminal_size:
        """Ask for columns and lines."""
        return terminal_size(self._stdout)

    def room(self, size: os.terminal_size) -> int:
        """Say how many live rows fit."""
        return max(1, size.lines - 1)

    def draw(self, finished: list[Row], live: list[Row], size: os.terminal_size) -> None:
        """Print finished rows for good, and below them the last live rows that fit."""
        if size != self._size:
            self.clear()
            self._size = size
        live = live[-self.room(size) :]
        finished, live = list(map(_merged, finished)), list(map(_merged, live))
        self._write(self._changes(finished, live))
        self._rows = live

    def clear(self) -> None:
        """Erase the live rows."""
        if self._rows:
            self._write("\x1b[J")
        self._rows = []

    def forget(self) -> None:
        """Take it that something else was written: the live rows are gone, the cursor shown."""
        self._rows, self._hidden = [], False

    def close(self) -> None:
        """Erase what is live and show the cursor."""
        self.clear()
        if self._hidden:
            self._write("\x1b[?25h")
        self._hidden = False

    def _changes(self, finished: list[Row], live: list[Row]) -> str:
        """Write finished rows whole, and of the live ones what differs; park the cursor."""
        settled = [f"\x1b[K{self._paint(row)}\r\n" for row in finished]
        old = self._rows[len(finished) :]
        if any(map(_disputed, finished)):
            # They may have taken more rows than we think, so what was below them is unknown.
            settled, old = ["\x1b[J", *settled], []
        written, at = [], 0
        for index, row in enumerate(live):
            before = old[index] if index < len(old) else None
            if row != before:
                written += [_down(index - at), self._row(row, before or ())]
                at = index
        if len(old) > len(live):
            written += [_down(len(live) - at), "\x1b[J"]
            at = len(live)
        return self._framed("".join(settled), "".join(written), at)

    def _framed(self, settled: str, written: str, at: int) -> str:
        if written:
            # A live row must not take two, should the terminal be narrower than it told us.
            written = f"\x1b[?7l{written}\x1b[?7h\r{_move(at, 'A')}"
        if (settled or written) and not self._hidden:
            self._hidden = True
            settled = "\x1b[?25l" + settled
        text = settled + written
        # Terminals that know it draw all of this at once; the others ignore it.
        return f"\x1b[?2026h{text}\x1b[?2026l" if text.count("\n") > 1 else text

    def _row(self, row: Row, before: Row) -> str:
        if _disputed(row) or _disputed(before):
            return f"\x1b[K{self._paint(row)}"
        same = _common(before, row)
        kept = "".join(run.text for run in row)[:same]
        erase = "\x1b[K" if row_width(before) > row_width(row) else ""
        return _move(cell_len(kept), "C") + self._paint(_after(row, same)) + erase

    def _paint(self, row: Row) -> str:
        return "".join(map(self._paint_run, row))

    def _paint_run(self, run: Run) -> str:
        style = run.style if self._colour else without_colour(run.style)
        text = visible(run.text)
        return f"\x1b[{style}m{text}\x1b[0m" if style else text

    def _write(self, text: str) -> None:
        data = text.encode(self._stdout.encoding or "utf-8", "backslashreplace")
        self.written += len(data)
        # Not through the stream: a thread that dies in its lock takes the interpreter along.
        while data:
            try:
                data = data[os.write(self._stdout.fileno(), data) :]
            except BlockingIOError:
                select.select([], [self._stdout], [])


def _down(rows: int) -> str:
    # A newline always goes down a row, by scrolling if it must; a cursor movement might not.
    return "\r" + "\n" * rows if rows else ""


def _move(count: int, direction: str) -> str:
    return f"\x1b[{count}{direction}" if count > 0 else ""


def _merged(row: Row) -> Row:
    groups = groupby(row, key=lambda run: run.style)
    return tuple(Run("".join(run.text for run in runs), style) for style, runs in groups)


def _disputed(row: Row) -> bool:
    return any(_DISPUTED.search(run.text) for run in row)


def _common(old: Row, new: Row) -> int:
    """Count the characters that two rows have in common at their start."""
    pairs = zip(_characters(old), _characters(new), strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if a != b), min(_length(old), _length(new)))


def _characters(row: Row) -> Iterator[tuple[str, str]]:
    return ((char, run.style) for run in row for char in run.text)


def _length(row: Row) -> int:
    return sum(len(run.text) for run in row)


def _after(row: Row, count: int) -> Row:
    rest = []
    for run in row:
        if text := run.text[count:]:
            rest.append(Run(text, run.style))
        count = max(0, count - len(run.text))
    return tuple(rest)
