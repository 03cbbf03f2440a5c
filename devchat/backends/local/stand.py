"""Numbers below zero that stand for a picture's tokens in a prompt. Pure.

Each says which picture it belongs to (by a hash of its content), its place in it, and, the last
one, how many positions the picture takes: some models count on from a picture's longer side.
"""

from __future__ import annotations

from collections.abc import Sequence

PLACES = 1 << 20
"""More than the tokens of any picture."""


def stand_ins(content: int, tokens: int, positions: int) -> list[int]:
    """Make the numbers of a picture, whose content is known by a number."""
    numbers = [(content * PLACES + place) * PLACES for place in range(tokens)]
    numbers[-1] += positions
    return [~number for number in numbers]


def before_picture(tokens: Sequence[int]) -> int:
    """Count the tokens of text before the first picture: all, where there is none."""
    return next((at for at, token in enumerate(tokens) if token < 0), len(tokens))


def whole(tokens: Sequence[int], count: int) -> int:
    """Give so many tokens, or fewer, that no picture is cut."""
    if count < len(tokens) and tokens[count] < 0:
        return count - ~tokens[count] // PLACES % PLACES
    return count


def positions(tokens: Sequence[int]) -> int:
    """Count the positions that whole texts and pictures take."""
    count = len(tokens)
    for token in tokens:
        if token < 0 and (taken := ~token % PLACES):
            count += taken - 1 - ~token // PLACES % PLACES
    return count
