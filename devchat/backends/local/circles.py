"""Notice when a tiny model goes round in circles: the same few words, over and over."""

from __future__ import annotations

from collections.abc import Sequence

LONGEST = 64
"""Tokens of the longest round that is looked for."""
ROUNDS = 4
"""Times that the same tokens must follow each other."""
LEAST = 32
"""Tokens that the rounds must have together, so that `0, 0, 0, 0` is no circle."""
TINY = 1_000_000_000
"""Parameters below which a model is tiny; larger ones may have a reason to repeat."""
SAID = "the model began to go round in circles: the answer ends here"


def circling(tokens: Sequence[int]) -> bool:
    """Tell whether the last tokens are one round, said again and again."""
    return any(_repeats(tokens, length) for length in range(1, LONGEST + 1))


def _repeats(tokens: Sequence[int], length: int) -> bool:
    wanted = max(ROUNDS * length, LEAST)
    if len(tokens) < wanted or tokens[-1] != tokens[-1 - length]:
        return False
    tail = tokens[-wanted:]
    return tail[length:] == tail[:-length]
