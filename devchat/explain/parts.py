"""A text too large for the window, cut at line ends into parts that fit."""

from __future__ import annotations

from collections.abc import Callable

from devchat.context import Attachment
from devchat.context.cutting import Cuttable
from devchat.errors import ContextError
from devchat.explain.recognise import file_of
from devchat.explain.sample import lines_of


def in_parts(
    attachment: Attachment, room: int, count: Callable[[str], int]
) -> tuple[Attachment, ...]:
    """Cut a text into parts of at most `room` tokens, fences included, named by their lines.

    Nothing is left out. Raises `ContextError` where a single line does not fit.
    """
    file, first = file_of(attachment.name)
    lines = lines_of(attachment.text)
    parts = []
    start = 0
    while start < len(lines):
        rest = _slice(file, first, lines, start, len(lines))
        fitting = _fitting(rest, room, count)
        if not fitting:
            raise ContextError(
                f"line {first + start:,} of `{file}` alone does not fit into a part",
                "choose a model with a larger window with `-m`",
            )
        parts.append(_slice(file, first, lines, start, start + fitting))
        start += fitting
    return tuple(parts)


def _fitting(rest: Attachment, room: int, count: Callable[[str], int]) -> int:
    """Return how many first lines of a text fit; 0 for none."""
    whole = Cuttable(rest, count)
    if whole.at_least <= room and whole.whole().tokens <= room:
        return whole.lines
    return whole.cut(room).lines if whole.can_be_cut(room) else 0


def _slice(file: str, first: int, lines: list[str], start: int, stop: int) -> Attachment:
    name = f"{file}:{first + start}-{first + stop - 1}"
    return Attachment(name, "\n".join(lines[start:stop]) + "\n")
