"""The files around a change, as lines; those in use are read once."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

from devchat.changes import Hit, Side, Source

_MOST = 16
"""Files and words kept at once: what is asked of one is asked of it in a row."""
_LARGEST = 1 << 20
"""Bytes of a file: a few larger ones would fill the memory, and take minutes to parse."""
_MOST_HITS, _LONGEST_HIT = 200, 2_000


class Files:
    """Reads files through a source, and keeps the last few."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._kept: dict[tuple[Side, str], tuple[str, ...] | None] = {}
        self._hits: dict[str, tuple[Hit, ...]] = {}

    def lines(self, side: Side, path: str) -> tuple[str, ...] | None:
        """Return a file's lines, without their newlines; None where it is out of reach or huge.

        The text after the last newline is a line too, be it empty.
        """
        key = side, path
        if key not in self._kept:
            if len(self._kept) == _MOST:
                del self._kept[next(iter(self._kept))]
            data = self.source.read(side, path)
            near = data if data is not None and len(data) <= _LARGEST else None
            text = None if near is None else near.decode("utf-8", "surrogateescape")
            self._kept[key] = None if text is None else tuple(text.split("\n"))
        return self._kept[key]

    def search(self, word: str) -> tuple[Hit, ...]:
        """Return the first places of a word in the files at head."""
        if word not in self._hits:
            if len(self._hits) == _MOST:
                del self._hits[next(iter(self._hits))]
            hits = islice(self.source.search(word), _MOST_HITS)
            self._hits[word] = tuple(replace(one, text=one.text[:_LONGEST_HIT]) for one in hits)
        return self._hits[word]
