"""What is remembered of earlier prompts, and what of it serves the next one.

A finished answer's sequence stays in the pool, *idle*: a conversation's next turn goes on from it.
When the pool is wanted for others it is *parked*, copied out of it, or dropped.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from devchat.backends.local.pool import Pool, Saved
from devchat.backends.local.stand import whole
from devchat.backends.local.worth import Reach, common

STEP = 16
"""Alone, prompts are evaluated from multiples of this on, the same ones whatever was there."""
LOSS = 256
"""Tokens that are not given up for a prompt that shares only what is before them."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What a sequence was last used for: so many tokens were asked, the rest is the answer."""

    asked: int
    private: bool


@dataclass(frozen=True, slots=True, eq=False)
class Parked:
    """A sequence outside the pool."""

    saved: Saved
    memory: Memory


@dataclass(frozen=True, slots=True)
class Find:
    """What serves a prompt's first `count` tokens: a sequence in the pool, or a parked one."""

    count: int = 0
    seq: int | None = None
    parked: Parked | None = None


class Prefixes:
    """The sequences of one pool, and those parked beside it, within so many bytes."""

    def __init__(self, pool: Pool, room: int) -> None:
        self.pool, self._room = pool, room
        self.idle: dict[int, Memory] = {}
        """Sequences at rest, the latest used last."""
        self.parked: list[Parked] = []
        self._begun: set[int] = set()

    def find(self, prompt: Sequence[int], running: Collection[int]) -> Find:
        """Find what serves most of a prompt."""
        quiet, pool = not running, self.pool
        finds = [Find(self.within(pool.held[seq], prompt), seq) for seq in running]
        for seq, memory in self.idle.items():
            count = self.serves(pool.held[seq], pool.exact[seq], memory, prompt, quiet)
            finds.append(Find(count, seq))
        for one in self.parked:
            saved = one.saved
            if quiet or len(saved.tokens) < len(prompt) + LOSS:
                count = self.serves(saved.tokens, saved.exact, one.memory, prompt, quiet)
                finds.append(Find(count, parked=one))
        return max((one for one in finds if one.count), key=lambda one: one.count, default=Find())

    def within(self, held: Sequence[int], prompt: Sequence[int]) -> int:
        """Count the tokens held that a prompt can use, but for its last two."""
        if self.pool.recurrent:
            count = common(held, prompt)
            return count if count == len(held) < len(prompt) - 1 else 0
        return usable(held, prompt)

    def begin(self, found: Find, running: Collection[int]) -> tuple[int, int]:
        """Give a prompt a sequence that holds what was found; and how many tokens those are."""
        seq, count = self._begin(found, running)
        self._begun.add(seq)
        return seq, count

    def _begin(self, found: Find, running: Collection[int]) -> tuple[int, int]:
        if found.seq in running:
            return self._shared(found)
        if not running and not self._in_place(found):
            found = self._cleared(found)
        if found.seq is not None:
            return self._taken_over(found, bool(running))
        if found.parked is not None:
            return self._restored(found)
        return self.free_sequence(), 0

    def rest(self, seq: int, memory: Memory) -> None:
        """Keep a sequence whose answer has ended."""
        self._begun.discard(seq)
        if self.pool.held[seq] and self.pool.whole(seq):
            self.idle[seq] = memory
        else:
            self.pool.drop(seq)

    def make_room(self, cells: int) -> None:
        """Have so many cells free, at the cost of what is idle, the oldest first."""
        while self.pool.size - self.pool.used < cells and self.idle:
            self._put_away(next(iter(self.idle)))

    def park_all(self) -> None:
        """Take all that is idle out of the pool."""
        while self.idle:
            self._put_away(next(reversed(self.idle)))

    def free_sequence(self, spared: int | None = None) -> int:
        """Give the number of an empty sequence, at the cost of an idle one, but never of this."""
        while (free := self._empty()) is None:
            self._put_away(next(seq for seq in self.idle if seq != spared))
        return free

    def _empty(self) -> int | None:
        held = enumerate(self.pool.held)
        return next((seq for seq, one in held if not one and seq not in self._begun), None)

    def serves(
        self, held: Sequence[int], exact: int, memory: Memory, prompt: Sequence[int], quiet: bool
    ) -> int:
        """Count the first tokens of a prompt that what is held serves; `quiet` if none runs."""
        count = self.within(held, prompt)
        # Alone, a request gets the numbers that it would get in a new engine; but what a model
        # said itself, in this conversation, is not read again.
        if quiet and not self.pool.recurrent and count <= memory.asked:
            count = uncut(prompt, min(count, exact), STEP)
        return count

    def _in_place(self, found: Find) -> bool:
        pool = self.pool
        if found.seq is None:
            return not pool.used
        lonely = pool.used == len(pool.held[found.seq])
        return lonely and (pool.recurrent or pool.straight[found.seq] >= found.count)

    def _cleared(self, found: Find) -> Find:
        if found.seq is not None:
            parked = Parked(self.pool.save(found.seq), self.idle[found.seq])
            self._drop(found.seq)
            found = Find(found.count, parked=parked)
        self.park_all()
        return found

    def _shared(self, found: Find) -> tuple[int, int]:
        assert found.seq is not None
        seq = self.free_sequence(spared=found.seq)
        self.pool.share(found.seq, seq, found.count)
        return seq, found.count

    def _taken_over(self, found: Find, busy: bool) -> tuple[int, int]:
        assert found.seq is not None
        lost = len(self.pool.held[found.seq]) - found.count
        if lost >= LOSS and busy and (len(self.idle) > 1 or self._empty() is not None):
            return self._shared(found)
        memory = self.idle.pop(found.seq)
        if lost >= LOSS:
            self._keep(Parked(self.pool.save(found.seq), memory))
        return found.seq, self.pool.cut(found.seq, found.count)

    def _restored(self, found: Find) -> tuple[int, int]:
        assert found.parked is not None
        if found.parked in self.parked:
            self.parked.remove(found.parked)
        saved, seq = found.parked.saved, self.free_sequence()
        if len(saved.tokens) - found.count >= LOSS:
            self._keep(found.parked)
        self.make_room(len(saved.tokens))
        if not self.pool.restore(seq, saved):
            return seq, 0
        return seq, self.pool.cut(seq, found.count)

    def _put_away(self, seq: int) -> None:
        """Park an idle sequence, unless most of it is parked already."""
        held = self.pool.held[seq]
        parked, reach = (one.saved for one in self.parked), Reach(cuts=not self.pool.recurrent)
        covered = reach.covered(parked, held, self.pool.exact[seq])
        if len(held) - covered >= max(LOSS // 4, len(held) // 2):
            self._keep(Parked(self.pool.save(seq), self.idle[seq]))
        self._drop(seq)

    def _keep(self, parked: Parked) -> None:
        size = len(parked.saved.state)
        while self.parked and size + self._parked_bytes() > self._room:
            del self.parked[0]
        if size <= self._room:
            self.parked.append(parked)

    def _parked_bytes(self) -> int:
        return sum(len(one.saved.state) for one in self.parked)

    def _drop(self, seq: int) -> None:
        self.idle.pop(seq)
        self.pool.drop(seq)


def usable(held: Sequence[int], prompt: Sequence[int]) -> int:
    """Count the tokens held that a prompt can use: not its last two, nor a part of a picture."""
    return uncut(prompt, max(0, min(common(held, prompt), len(prompt) - 2)), 1)


def uncut(prompt: Sequence[int], count: int, step: int) -> int:
    """Give a multiple, or fewer, where no picture is cut, nor the last token before one alone."""
    count = whole(prompt, count // step * step)
    while count and _lonely(prompt[count - 1 : count + 2]):
        count = whole(prompt, count - step)
    return count


def _lonely(around: Sequence[int]) -> bool:
    """Tell whether a token between two others is the last of a text that a picture follows."""
    return len(around) == 3 and around[0] >= 0 and around[1] >= 0 > around[2]
