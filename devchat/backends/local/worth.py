"""Which evaluated prompts are worth their place on the disk. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

LONG, SLOW = 512, 1.0
"""Tokens that a sequence has at least, and seconds that its new part took to evaluate."""
SHARED, SHARED_SLOW = 256, 0.25
"""The same of what several requests begin with: it is likely to be needed again."""
COVERED = 0.8
"""The part of a sequence that a file may hold already, so that it is not written again."""
GAIN = 64
"""Tokens by which a file must be better than what is in memory."""
BLOCK = 128
"""Tokens compared at once."""
READ_BYTES = 500e6
"""Bytes of a state that are read, checked and restored in a second, at least."""
SUPERSEDED = 0.5
"""A file is replaced by one that goes on from it if it holds at least this part of that one."""

Tokens = tuple[int, ...]


class Evaluated(Protocol):
    """Tokens whose state there is; the first `exact` have the numbers of a request alone."""

    @property
    def tokens(self) -> Sequence[int]: ...

    @property
    def exact(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Held:
    """A sequence that nobody uses just now; `private` where it must not reach the disk.

    The first `exact` tokens have the numbers of a request answered alone, and `asked` are its
    prompt, before the answer.
    """

    seq: int
    tokens: Tokens
    exact: int
    asked: int
    private: bool = False

    def first(self, count: int) -> Wanted:
        """Ask for the first tokens of it."""
        exact, asked = min(self.exact, count), min(self.asked, count)
        return Wanted(self.seq, self.tokens[:count], exact, asked)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to keep: the first tokens of a sequence."""

    seq: int
    tokens: Tokens
    exact: int
    asked: int


@dataclass(frozen=True, slots=True)
class Reach:
    """How kept states can be used: a recurrent model's can't be cut (`cuts` is false)."""

    cuts: bool = True

    def shared(self, kept: Sequence[int], prompt: Sequence[int]) -> int:
        """Count the first tokens of a prompt that a kept state serves."""
        count = common(kept, prompt)
        return count if self.cuts or count == len(kept) else 0

    def covered(self, kept: Iterable[Evaluated], tokens: Sequence[int], exact: int) -> int:
        """Count the tokens of a state, of which the first are `exact`, that another kept covers."""
        return max((self._covered(one, tokens, exact) for one in kept), default=0)

    def _covered(self, kept: Evaluated, tokens: Sequence[int], exact: int) -> int:
        count = self.shared(kept.tokens, tokens)
        # What was read among others is read anew for who asks alone.
        anew = min(count, exact) - kept.exact if self.cuts else 0
        return count - max(0, anew)


def common(one: Sequence[int], other: Sequence[int]) -> int:
    """Count the tokens with which both begin."""
    start, most = 0, min(len(one), len(other))
    while start < most and one[start : start + BLOCK] == other[start : start + BLOCK]:
        start += BLOCK
    return next((at for at in range(start, most) if one[at] != other[at]), most)


def worth_keeping(count: int, covered: int, rate: float) -> bool:
    """Tell whether an idle sequence is worth a file; `rate` is tokens evaluated in a second."""
    new = count - covered
    return count >= LONG and covered < COVERED * count and new >= SLOW * rate > 0


def worth_sharing(count: int, covered: int, rate: float) -> bool:
    """Tell whether a beginning that several requests share is worth a file of its own."""
    return count >= SHARED and covered < COVERED * count and count >= SHARED_SLOW * rate > 0


def worth_reading(gain: int, size: int, rate: float) -> bool:
    """Tell whether to read so many bytes is quicker than to evaluate so many tokens."""
    return gain >= GAIN and (not rate or gain / rate > size / READ_BYTES)


def superseded(old: Tokens, new: Tokens) -> bool:
    """Tell whether a kept state is of no use beside one that goes on from it."""
    return SUPERSEDED * len(new) <= len(old) < len(new) and common(old, new) == len(old)


def allowed(limit: int, held: int, free: int) -> int:
    """Tell how many bytes the cache may hold: never more than it leaves free on the disk."""
    return max(0, min(limit, (held + free) // 2))


class Beginnings:
    """Remembers the latest prompts, to notice what several of them begin with."""

    def __init__(self, most: int = 32) -> None:
        self._most = most
        self._prompts: list[Tokens] = []
        self.shared: list[Tokens] = []
        """What two prompts or more began with, the latest last."""

    def learn(self, prompt: Tokens) -> None:
        """Take note of a prompt."""
        counts = [common(prompt, one) for one in self._prompts]
        # All of an earlier prompt is a conversation that goes on, not a common beginning.
        ends = {
            count
            for count, one in zip(counts, self._prompts, strict=True)
            if SHARED <= count < min(len(one), len(prompt))
        }
        for count in sorted(ends):
            begun = prompt[:count]
            self.shared = [one for one in self.shared if one != begun][1 - self._most :] + [begun]
        self._prompts = [*self._prompts, prompt][-self._most :]
