"""Anchor: find the lines that a model quotes. What can't be found gets no line; none is guessed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from devchat.changes import Finding, Line, Side
from devchat.review.answers import Draft
from devchat.review.chunks import Chunk, Piece
from devchat.sanitize import visible

_LEAST = 8
"""Characters that a part of a line must have to stand for it."""
_LONGEST_SPAN = 60
_MARK = re.compile(r"[ +-]?\d+\|")

Form = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Dropped:
    """A finding that goes no further, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Spot:
    """A line on the side where it can be commented; `run` are the lines sent of its hunk."""

    line: Line
    run: tuple[Line, ...]

    @property
    def side(self) -> Side:
        """LEFT only for what is gone."""
        return "LEFT" if self.line.kind == "-" else "RIGHT"

    @property
    def number(self) -> int:
        """The line's number on its side."""
        return number_of(self.line, self.side)


def number_of(line: Line, side: Side) -> int:
    """Return a line's number on a side, 0 where it is not there."""
    return (line.old if side == "LEFT" else line.new) or 0


class Index:
    """The lines of a chunk by what a quote of them may read; made once for all its findings."""

    def __init__(self, chunk: Chunk) -> None:
        self.paths = {piece.name: piece.file.path for piece in chunk.pieces}
        self._pieces = chunk.pieces
        self._known: dict[str, Quotable] = {}

    def find(self, name: str, quote: str, number: int | None) -> Spot | None:
        """Find the one line that is meant."""
        if name not in self._known:
            self._known[name] = Quotable([one for one in self._pieces if one.name == name])
        for found in self._known[name].ways(quote):
            for some in (_changed(found), found):
                if some:
                    return _chosen(some, number)
        return None


class Quotable:
    """The lines of a file that were sent in a chunk."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self._spots = [(line, piece.lines) for piece in pieces for line in piece.lines]
        # As a whole, so that it costs one search; it also takes the carriage returns away.
        text = visible("".join(f"{line.text}\n" for line, _ in self._spots))
        self._texts = text.split("\n")[:-1]
        self._normal: list[str] = []

    def ways(self, quote: str) -> Iterator[list[Spot]]:
        """Yield the spots that a quote may mean, from the surest way of reading it to the last."""
        if not quote.strip():
            return
        exact = quote.removesuffix("\r")
        yield self._where(text == exact for text in self._texts)
        self._normal = self._normal or [_normal(text) for text in self._texts]
        for wanted in (_normal(quote), part := _unmarked(quote)):
            yield self._where(text == wanted for text in self._normal)
        if len(part) >= _LEAST:
            found = self._where(part in text for text in self._normal)
            some = _changed(found) or found
            yield some if len(some) == 1 else []

    def _where(self, matches: Iterable[bool]) -> list[Spot]:
        pairs = zip(self._spots, matches, strict=True)
        return [Spot(line, run) for (line, run), match in pairs if match]


def anchor(draft: Draft, index: Index) -> Finding | Dropped:
    """Find a draft's lines among those of its chunk.

    Exactly, else but for white space, else by a part that only one line has; each among changed
    lines before the others. A finding whose lines are not there is about its file.
    """
    if draft.name not in index.paths:
        return Dropped("about no file of the change")
    first, last = _ends(draft)
    spot = index.find(draft.name, first, draft.line)
    span = _span(spot, last) if spot is not None else ()
    return _placed(draft, index.paths[draft.name], spot, span, whole=bool(span) or not last)


def _placed(
    draft: Draft, path: str, spot: Spot | None, span: Sequence[Line], *, whole: bool
) -> Finding:
    side = spot.side if spot else "RIGHT"
    lines = span or ([spot.line] if spot else [])
    numbers = [number_of(line, side) for line in lines]
    return Finding(
        path=path,
        side=side,
        start_line=numbers[0] if numbers else None,
        line=numbers[-1] if numbers else None,
        severity=draft.severity,
        category=draft.category,
        title=draft.title,
        body=draft.body,
        quote="\n".join(line.text.removesuffix("\r") for line in lines),
        # It replaces what was quoted, and that was not found.
        suggestion=draft.suggestion if lines and whole else None,
        rule=draft.rule,
    )


def _ends(draft: Draft) -> tuple[str, str]:
    """Return the first and the last line of what is quoted; "" where it is one line."""
    lines = [line for line in draft.quote.split("\n") if line.strip()]
    more = [line for line in draft.last_quote.split("\n") if line.strip()]
    first = lines[0] if lines else ""
    last = more[-1] if more else lines[-1] if len(lines) > 1 else ""
    return first, "" if last == first else last


def _changed(spots: Sequence[Spot]) -> list[Spot]:
    return [spot for spot in spots if spot.line.kind != " "]


def _normal(text: str) -> str:
    return " ".join(text.split())


def _unmarked(text: str) -> str:
    """Normalise a quote that was copied with the number before it."""
    return _normal(_MARK.sub("", text, count=1) if _MARK.match(text) else text)


def _chosen(found: Sequence[Spot], number: int | None) -> Spot | None:
    """Choose among identical lines: by number, else what is there over what is gone."""
    if number is not None:
        nearest = min(abs(spot.number - number) for spot in found)
        found = [spot for spot in found if abs(spot.number - number) == nearest]
    if len(found) > 1:
        found = [spot for spot in found if spot.side == "RIGHT"] or found
    return found[0] if len(found) == 1 else None


def _span(spot: Spot, last: str) -> tuple[Line, ...]:
    """Return the lines from a spot to the next one that reads `last`; none where none does."""
    if not last:
        return ()
    lines = [line for line in spot.run if number_of(line, spot.side) >= spot.number]
    for form in (str, _normal, _unmarked):
        for count, line in enumerate(lines[:_LONGEST_SPAN], 1):
            may_end = spot.side == "RIGHT" or line.kind == "-"
            if may_end and _reads(line, last, form):
                return tuple(lines[:count])
    return ()


def _reads(line: Line, quote: str, form: Form) -> bool:
    text = visible(line.text.removesuffix("\r"))
    return (text if form is str else _normal(text)) == form(quote.removesuffix("\r"))
