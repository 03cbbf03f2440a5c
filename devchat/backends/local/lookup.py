"""Draft without a model: what followed the last few tokens where they stood before.

Answers that repeat their input (a refactored file, a quoted line) are found there; each drafted
token is still chosen by the model, many in one batch instead of one by one. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence

from devchat.backends.local.stand import before_picture

GRAM = 3
"""Tokens that must have stood together before."""
FIRST, LEAST, LONGEST = 4, 2, 12
"""Tokens of the first draft, of the shortest and of the longest.

On a processor, a drafted token costs half of one that is chosen alone: half of them must be right.
"""
PAUSE, LONGEST_PAUSE = 2, 64
"""Tokens without a draft after one that was refused at once; doubled each time."""


class Lookup:
    """The tokens of one request and its answer, by their groups of three."""

    def __init__(self, prompt: Sequence[int]) -> None:
        """Note the tokens of a prompt."""
        self._tokens = list(prompt)
        self._after: dict[tuple[int, ...], int] = {}
        for end in range(GRAM, len(prompt)):
            self._after[tuple(prompt[end - GRAM : end])] = end
        self._place: int | None = None
        self._agreed = 0
        self._length, self._pause, self._wait = FIRST, PAUSE, 0

    def add(self, token: int) -> None:
        """Note the next token of the answer."""
        tokens, place = self._tokens, self._place
        self._after[tuple(tokens[-GRAM:])] = len(tokens)
        tokens.append(token)
        self._wait = max(0, self._wait - 1)
        if place is not None and tokens[place] == token:
            # What has agreed longest wins over what was said last.
            self._place, self._agreed = place + 1, self._agreed + 1
        else:
            self._place, self._agreed = self._after.get(tuple(tokens[-GRAM:])), GRAM

    def draft(self, most: int) -> list[int]:
        """Guess what comes next, at most so many tokens, and no more than agreed so far."""
        if self._place is None or self._wait:
            return []
        length = min(most, self._length, self._agreed)
        guess = self._tokens[self._place : self._place + max(0, length)]
        return guess[: before_picture(guess)]

    def judge(self, drafted: int, accepted: int) -> None:
        """Learn from a draft: longer ones after success, shorter ones or a pause after refusal."""
        if accepted == drafted:
            self._length, self._pause = min(2 * self._length, LONGEST), PAUSE
            return
        self._length = max(LEAST, min(LONGEST, (self._length + accepted) // 2 + 1))
        if not accepted:
            self._wait, self._pause = self._pause, min(2 * self._pause, LONGEST_PAUSE)
