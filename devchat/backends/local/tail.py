"""Turn the bytes of tokens into text: whole characters only, and nothing after a stop string."""

from __future__ import annotations

import codecs


class Tail:
    """The end of an answer that grows; holds back what may yet become a stop string."""

    def __init__(self, stops: tuple[str, ...]) -> None:
        self.stopped = False
        self._stops = tuple(stop for stop in stops if stop)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._held = ""

    def feed(self, data: bytes, last: bool = False) -> str:
        """Take the next bytes; give what is safe to show. `last` holds nothing back."""
        self._held += self._decoder.decode(data, last)
        places = [place for stop in self._stops if (place := self._held.find(stop)) >= 0]
        if places:
            self.stopped = True
            return self._give(min(places))
        return self._give(len(self._held) - (0 if last else self._begun()))

    def _begun(self) -> int:
        return max((_overlap(self._held, stop) for stop in self._stops), default=0)

    def _give(self, size: int) -> str:
        given, self._held = self._held[:size], self._held[size:]
        return given


def _overlap(text: str, stop: str) -> int:
    sizes = range(min(len(stop) - 1, len(text)), 0, -1)
    return next((size for size in sizes if text.endswith(stop[:size])), 0)
