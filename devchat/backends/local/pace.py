"""How many threads to decode with just now, found by measuring.

llama.cpp's threads spin while they wait for each other, so one core that is busy with something
else stalls them all: with both of 2 cores busy, two threads were measured 50 times slower than one.
"""

from __future__ import annotations

SOONEST, LATEST = 16, 2_048
"""Tokens until the other number of threads is tried again: the more often it lost, the later."""
WEIGHT = 0.3
"""How much the newest token counts in the average of seconds for a token."""
WORSE = 2.0
"""Times its seconds when it was chosen, at which a choice is put in doubt."""


class Pace:
    """Chooses between all threads and half of them, by the seconds that tokens lately took."""

    def __init__(self, most: int) -> None:
        self._choices = (most, max(1, most // 2))
        self._best = most
        self._seconds: dict[int, float] = {}
        self._settled = 0.0
        self._wait, self._interval = 1, SOONEST

    def threads(self) -> int:
        """Choose for the next token."""
        return self._best if self._wait else self._other()

    def took(self, threads: int, seconds: float) -> None:
        """Note how long a token took with so many threads."""
        trial = threads != self._best
        before = seconds if trial else self._seconds.get(threads, seconds)
        self._seconds[threads] = before + WEIGHT * (seconds - before)
        if trial or not self._wait:
            self._judge()
        else:
            doubtful = self._settled and self._seconds[threads] > WORSE * self._settled
            self._wait = 0 if doubtful else self._wait - 1

    def _judge(self) -> None:
        other = self._other()
        if self._seconds.get(other, self._seconds[self._best]) < self._seconds[self._best]:
            self._best, self._interval = other, SOONEST
        else:
            self._interval = min(2 * self._interval, LATEST)
        self._settled, self._wait = self._seconds[self._best], self._interval

    def _other(self) -> int:
        return self._choices[1] if self._best == self._choices[0] else self._choices[0]


class Paces:
    """A pace for each size of batch: a token alone, two, up to 4, 8, 16 or 32 at once.

    Larger ones, of prompts, always get all threads: they meet too seldom to stall.
    """

    def __init__(self, answer: int, prompt: int) -> None:
        """Take the most threads for an answer's single tokens, and for larger batches."""
        self._prompt = prompt
        self._paces = [Pace(answer), *(Pace(prompt) for _ in range(5))]

    def threads(self, count: int) -> int:
        """Choose for a batch of so many tokens."""
        step = (count - 1).bit_length()
        return self._paces[step].threads() if step < len(self._paces) else self._prompt

    def took(self, count: int, threads: int, seconds: float) -> None:
        """Note how long such a batch took."""
        step = (count - 1).bit_length()
        if step < len(self._paces):
            self._paces[step].took(threads, seconds)
