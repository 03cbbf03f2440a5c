"""How many threads to decode with just now, found by measuring, and remembered for the next time.

llama.cpp's threads spin while they wait for each other, so one core that is busy with something
else stalls them all: with both of 2 cores busy, two threads were measured 50 times slower than one.
"""

from __future__ import annotations

from devchat.backends.local.shape import Threads

SOONEST, LATEST = 16, 2_048
"""Tokens until the other number of threads is tried again: the more often it lost, the later."""
WEIGHT = 0.3
"""How much the newest token counts in the average of seconds for a token."""
WORSE = 2.0
"""Times its seconds when it was chosen, at which a choice is put in doubt."""


class Pace:
    """Chooses between all threads and half of them, by the seconds that tokens lately took."""

    def __init__(self, most: int, best: int = 0) -> None:
        """Choose up to so many; `best` was found to be the quickest the last time, 0 = unknown."""
        self._choices = (most, max(1, most // 2))
        self._best = best if best in self._choices else most
        self._seconds: dict[int, float] = {}
        self._settled = 0.0
        # What is not known is tried at once.
        self._wait, self._interval = SOONEST if best else 1, SOONEST

    @property
    def best(self) -> int:
        """The quickest number of threads as far as was measured, 0 where nothing was."""
        return self._best if self._settled else 0

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

    Larger ones, of prompts, always have all threads: what is computed between two meetings of the
    threads takes long enough there, even on cores that are busy.
    """

    def __init__(self, most: Threads, known: Threads | None = None) -> None:
        """Take the most threads for an answer's single tokens, and for larger batches.

        `known` are those that an earlier engine found to be the quickest.
        """
        best = known or Threads(0, 0)
        self._paces = [Pace(most.answer, best.answer), *(Pace(most.prompt) for _ in range(5))]
        self._most = most.prompt

    def learned(self) -> Threads | None:
        """Tell the quickest numbers of threads, once they were measured."""
        found = self._paces[0].best
        return Threads(found, self._most) if found else None

    def threads(self, count: int) -> int:
        """Choose for a batch of so many tokens."""
        pace = self._pace(count)
        return self._most if pace is None else pace.threads()

    def took(self, count: int, threads: int, seconds: float) -> None:
        """Note how long such a batch took."""
        if (pace := self._pace(count)) is not None:
            pace.took(threads, seconds)

    def _pace(self, count: int) -> Pace | None:
        step = (count - 1).bit_length()
        return self._paces[step] if step < len(self._paces) else None
