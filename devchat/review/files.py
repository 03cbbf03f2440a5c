"""The files around a change, as lines; those in use are read once."""

from __future__ import annotations

from devchat.changes import Side, Source

_MOST = 32
"""Files kept at once: what is asked of a file is asked of it in a row."""


class Files:
    """Reads files through a source, and keeps the last few."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._kept: dict[tuple[Side, str], tuple[str, ...] | None] = {}

    def lines(self, side: Side, path: str) -> tuple[str, ...] | None:
        """Return a file's lines, without their newlines; None where it is out of reach.

        The text after the last newline is a line too, be it empty.
        """
        key = side, path
        if key not in self._kept:
            if len(self._kept) == _MOST:
                del self._kept[next(iter(self._kept))]
            data = self.source.read(side, path)
            text = None if data is None else data.decode("utf-8", "surrogateescape")
            self._kept[key] = None if text is None else tuple(text.split("\n"))
        return self._kept[key]
