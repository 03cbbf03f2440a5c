"""Draft without a model: what followed the last few tokens where they stood before.

Answers that repeat their input (a refactored file, a quoted line) are found there; each drafted
token is still chosen by the model, many in one batch instead of one by one. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence

GRAM = 3
"""Tokens that must have stood together before."""
FIRST, LONGEST = 4, 16
"""Tokens of the first draft, and of the longest: a batch costs little less for each one more."""
PAUSE, LONGEST_PAUSE = 2, 64
"""Tokens without a draft after one that was refused at once; doubled each time."""


class Lookup:
    """The tokens of one request and its answer, by their groups of three."""

    def __init__(self, prompt: Sequence[int]) -> None:
        self._tokens = list(prompt)
        self._after: dict[tuple[int, ...], int] = {}
        for end in range(GRAM, len(prompt)):
            self._after[tuple(prompt[end - GRAM : end])] = end
        self._place: int | None = None
        self._length, self._pause, self._wait = FIRST, PAUSE, 0

    def add(self, token: int) -> None:
        """Note the next token of the answer."""
        tokens = self._tokens
        goes_on = self._place is not None and tokens[self._place] == token
        if len(tokens) >= GRAM:
            self._after[tuple(tokens[-GRAM:])] = len(tokens)
        tokens.append(token)
        self._wait = max(0, self._wait - 1)
        if goes_on and self._place is not None:
            # The longest run of equal tokens wins over the latest.
            self._place += 1
        else:
            self._place = self._after.get(tuple(tokens[-GRAM:]))

    def draft(self, most: int) -> list[int]:
        """Guess what comes next, at most so many tokens."""
        if self._place is None or self._wait:
            return []
        return self._tokens[self._place : self._place + min(most, self._length)]

    def judge(self, drafted: int, accepted: int) -> None:
        """Learn from a draft: longer ones after success, shorter ones or a pause after refusal."""
        if accepted == drafted:
            self._length, self._pause = min(2 * self._length, LONGEST), PAUSE
        elif 2 * accepted < drafted:
            self._length = max(self._length // 2, FIRST // 2)
            if not accepted:
                self._wait, self._pause = self._pause, min(2 * self._pause, LONGEST_PAUSE)
