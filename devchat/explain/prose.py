"""The measure of a text: how long it is, and its headings."""

from __future__ import annotations

import re
from dataclasses import dataclass

from devchat.explain.sample import clipped, counted, lines_of, matches

_HEADING = re.compile(r"(?P<marks>#{1,6}) +(?P<text>\S.*)")
_FENCE = re.compile(r" {0,3}(?:```|~~~)")
_MOST = 30


@dataclass(frozen=True, slots=True)
class Heading:
    """A Markdown heading and its line."""

    level: int
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Measure:
    """Lines, words (a Chinese or Japanese character is one) and headings of a text."""

    lines: int
    words: int
    headings: tuple[Heading, ...]

    def text(self) -> tuple[str, ...]:
        """Write it for people and models."""
        head = f"{counted(self.lines, 'line')}, {counted(self.words, 'word')}"
        shown = self.headings[:_MOST]
        return (
            head,
            *(f"{'  ' * (one.level - 1)}{one.text} (line {one.line})" for one in shown),
        )


_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]|[^\W\u3040-\u30ff\u3400-\u9fff]+")


def read_prose(text: str) -> Measure:
    """Measure a text; `#` lines in fenced code are no headings."""
    lines = lines_of(text)
    fences = {number for number, _ in matches(lines, _FENCE)}
    inside = False
    headings = []
    for number, line in enumerate(lines, 1):
        inside ^= number in fences
        found = _HEADING.match(line[:400])
        if found and not inside:
            title = clipped(found["text"].strip(), 80)
            headings.append(Heading(len(found["marks"]), title, number))
    return Measure(len(lines), sum(1 for _ in _WORD.finditer(text)), tuple(headings))
