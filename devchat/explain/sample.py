"""The lines of a text that are looked at: bounded, so that no text takes long to recognise."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

LONGEST_LINE = 400
_MOST = 400


def lines_of(text: str) -> list[str]:
    """Split at newlines alone, for other separators would shift every number; CR goes."""
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    return [line.removesuffix("\r") for line in lines]


def sample(text: str) -> list[str]:
    """Return the first and the last lines, each cut: errors stand at the end."""
    lines = [line[:LONGEST_LINE] for line in lines_of(text)]
    return lines if len(lines) <= 2 * _MOST else [*lines[:_MOST], *lines[-_MOST:]]


def share(lines: Sequence[str], pattern: re.Pattern[str]) -> float:
    """Return which part of the lines that are not blank matches at its start."""
    filled = [line for line in lines if line.strip()]
    return sum(1 for line in filled if pattern.match(line)) / len(filled) if filled else 0.0


def matches(lines: Sequence[str], pattern: re.Pattern[str]) -> Iterator[tuple[int, re.Match[str]]]:
    """Yield (1-based number, match) for each line that matches at its start, each cut."""
    for number, line in enumerate(lines, 1):
        if found := pattern.match(line[:LONGEST_LINE]):
            yield number, found


def counted(number: int, noun: str) -> str:
    """Write a number with its noun: `1 line`, `2,000 lines`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def clipped(text: str, limit: int) -> str:
    """Cut a text to so many characters, saying so by an ellipsis."""
    return text if len(text) <= limit else text[: limit - 1] + "…"
