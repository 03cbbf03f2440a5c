"""Long output, cut in its middle: how a command began and, more so, how it ended."""

from __future__ import annotations

from collections.abc import Callable

MOST_CHARACTERS = 1_000_000
_BEGINNING = 0.25
_USUAL_TOKEN = 4
# No tokenizer in use averages more characters a token: what is longer need not be counted.
_LONGEST_TOKEN = 16


class Kept:
    """The beginning and the end of a text that grows; `missing` characters between are gone."""

    def __init__(self, most: int = MOST_CHARACTERS) -> None:
        self._first = int(most * _BEGINNING)
        self._last = most - self._first
        self._beginning = ""
        self._end = ""
        self.missing = 0

    def add(self, text: str) -> None:
        """Take in what comes next."""
        room = self._first - len(self._beginning)
        self._beginning += text[:room]
        end = self._end + text[room:]
        self.missing += max(0, len(end) - self._last)
        self._end = end[-self._last :]

    @property
    def text(self) -> str:
        """What is kept, with a marker for what is missing."""
        if not self.missing:
            return self._beginning + self._end
        return _marked(self._beginning, f"{self.missing:,} characters", self._end)


def excerpt(text: str, room: int, count: Callable[[str], int]) -> str:
    """Return a text, or as much of its beginning and end as fits into `room` tokens."""
    if len(text) <= _LONGEST_TOKEN * room and count(text) <= room:
        return text
    length = min(len(text), _USUAL_TOKEN * room)
    while (tokens := count(cut := _cut(text, length))) > room and length:
        length = int(0.95 * length * room / tokens)
    return cut


def _cut(text: str, length: int) -> str:
    """Cut a text to about so many characters, at line ends where there are any."""
    first = int(length * _BEGINNING)
    first = text.rfind("\n", 0, first) + 1 or first
    last = len(text) - (length - first)
    last = text.find("\n", last) + 1 or last
    missing = text[first:last]
    lines = missing.count("\n")
    return _marked(
        text[:first],
        f"{lines:,} lines" if lines > 1 else f"{len(missing):,} characters",
        text[last:],
    )


def _marked(beginning: str, missing: str, end: str) -> str:
    newline = "" if beginning.endswith("\n") or not beginning else "\n"
    return f"{beginning}{newline}[devchat: {missing} are not shown]\n{end}"
