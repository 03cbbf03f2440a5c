"""Pack: the hunks of a change into chunks that fit a model's window. Asks no model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from devchat.changes import FileDiff, Line
from devchat.review.surroundings import surroundings
from devchat.sanitize import visible

# No tokenizer makes so few tokens of a text: what is longer need not be counted to be too long.
_CHARACTERS_PER_TOKEN = 16
# What joins pieces may cost, and what a tokenizer saves within one and not across them.
_JOINT = 4


@dataclass(frozen=True, slots=True)
class Piece:
    """A hunk, or some of its lines; `name` is what the model calls the file.

    `place` says which file of the selection and which of its hunks; `told` are the team's
    instructions for the file.
    """

    file: FileDiff
    name: str
    place: tuple[int, int]
    lines: tuple[Line, ...]
    text: str
    tokens: int
    told: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Chunk:
    """Pieces that are asked about at once; `reason` where they can't be asked about at all."""

    pieces: tuple[Piece, ...]
    reason: str = ""

    @property
    def text(self) -> str:
        """The pieces as the model sees them, each file under its name."""
        shown = []
        name = ""
        for piece in self.pieces:
            shown += [piece.text] if piece.name == name else [_heading(piece), piece.text]
            name = piece.name
        return "\n".join(shown)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a chunk may hold, in tokens and in lines of the change; `count` counts tokens."""

    room: int
    lines: int
    count: Callable[[str], int]

    def beside(self, texts: Iterable[str]) -> Limits:
        """Return what is left beside some texts, at least half of it."""
        left = self.room - sum(map(self.count, texts))
        return replace(self, room=max(left, self.room // 2))


def part(chunk: Chunk, limits: Limits) -> tuple[Chunk, ...]:
    """Part a chunk in two, a single piece by its lines; none where that has only one."""
    pieces = chunk.pieces if len(chunk.pieces) > 1 else halves(chunk.pieces[0], limits)
    middle = len(pieces) // 2
    return (Chunk(pieces[:middle]), Chunk(pieces[middle:])) if pieces else ()


def named(files: Sequence[FileDiff]) -> tuple[str, ...]:
    """Give each file a name that shows its path and no other file has."""
    names: dict[str, None] = {}
    for file in files:
        name = shown = visible(file.path).replace("\n", "␊")
        number = 1
        while name in names:
            number += 1
            name = f"{shown} ({number})"
        names[name] = None
    return tuple(names)


def cut(
    files: Sequence[FileDiff],
    around: Callable[[str], Sequence[str] | None],
    told: Callable[[str], tuple[str, ...]],
    limits: Limits,
) -> Iterator[Piece | Chunk]:
    """Yield every hunk in pieces that fit; as a `Chunk` with a reason what can't be asked.

    `around` gives a file's lines at head, as they may be shown.
    """
    for number, (file, name) in enumerate(zip(files, named(files), strict=True)):
        instructions = told(file.path)
        inner, lines = limits.beside(instructions), around(file.path)
        for place, hunk in enumerate(file.hunks):
            before, after = surroundings(hunk, lines)
            text = "\n".join((*before, *map(_numbered, hunk.lines), *after))
            whole = Piece(file, name, (number, place), hunk.lines, text, 0, instructions)
            yield from _fitting(_written(whole, inner), inner)


def pack(pieces: Iterable[Piece | Chunk], limits: Limits) -> Iterator[Chunk]:
    """Fill chunks in order; an instruction is counted once in each."""
    held: list[Piece] = []
    told: set[str] = set()
    tokens = lines = 0
    for piece in pieces:
        if isinstance(piece, Chunk):
            yield piece
            continue
        more = piece.tokens + sum(map(limits.count, set(piece.told) - told))
        if held and (tokens + more > limits.room or lines + len(piece.lines) > limits.lines):
            yield Chunk(tuple(held))
            held, told, tokens, lines = [], set(), 0, 0
            more = piece.tokens + sum(map(limits.count, piece.told))
        held.append(piece)
        told.update(piece.told)
        tokens, lines = tokens + more, lines + len(piece.lines)
    if held:
        yield Chunk(tuple(held))


def _written(piece: Piece, limits: Limits) -> Piece:
    """Put a piece under its header, show what is hidden in it, and count it."""
    text = visible(f"{piece.file.hunks[piece.place[1]].header}\n{piece.text}")
    if len(text) > limits.room * _CHARACTERS_PER_TOKEN:
        tokens = len(text)
    else:
        tokens = limits.count(f"{_heading(piece)}\n{text}") + _JOINT
    return Piece(piece.file, piece.name, piece.place, piece.lines, text, tokens, piece.told)


def _fitting(piece: Piece, limits: Limits) -> Iterator[Piece | Chunk]:
    """Halve a piece until its parts fit."""
    waiting = [piece]
    while waiting:
        piece = waiting.pop()
        if piece.tokens <= limits.room and len(piece.lines) <= limits.lines:
            yield piece
        elif len(piece.lines) > 1:
            waiting += reversed(halves(piece, limits))
        else:
            yield Chunk((piece,), f"a line of {len(piece.lines[0].text):,} characters does not fit")


def halves(piece: Piece, limits: Limits) -> tuple[Piece, ...]:
    """Part a piece by its lines; none where it has a single one."""
    middle = len(piece.lines) // 2
    parts = (piece.lines[:middle], piece.lines[middle:]) if middle else ()
    return tuple(
        _written(replace(piece, lines=part, text="\n".join(map(_numbered, part))), limits)
        for part in parts
    )


def _numbered(line: Line) -> str:
    # A carriage return at the end is a line end's, and would show as a control character.
    text = line.text.removesuffix("\r")
    return f"{line.kind}{line.new or line.old}|{text}"


def _heading(piece: Piece) -> str:
    file = piece.file
    was = f", was {visible(file.old_path)}" if file.status in ("renamed", "copied") else ""
    return f"=== {piece.name} ({file.status}{was})"
