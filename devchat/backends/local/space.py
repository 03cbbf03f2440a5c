"""The pool as large as it is needed: made for the first requests, grown for those that wait.

A request's window and the pool's size are two numbers: many windows share a pool.
"""

from __future__ import annotations

from collections.abc import Sequence

from devchat.backends.local.cache import PrefixCache
from devchat.backends.local.fit import STEP, Limits, free_memory, grown
from devchat.backends.local.kept import Head
from devchat.backends.local.library import LoadError
from devchat.backends.local.pace import Paces
from devchat.backends.local.plan import Plan
from devchat.backends.local.pool import RECURRENT_SEQUENCES, SEQUENCES, Pool, Saved
from devchat.backends.local.prefixes import Find, Memory, Parked, Prefixes, usable
from devchat.backends.local.run import Run
from devchat.backends.local.shape import Shape, Threads
from devchat.backends.local.weights import Weights, window_limit
from devchat.backends.local.worth import Held, Wanted, common

MOST = 16_384
"""Cells of a pool that many requests share; one that needs more by itself gets them."""
BEHIND = 1.0
"""Seconds after which who writes may have caught up, so that there is more to keep."""
PARKED = 512 << 20
"""Bytes of sequences kept beside the pool, at most; and a quarter of the memory that is free."""


class Space:
    """Where requests run: the pool, and what is remembered of earlier ones."""

    def __init__(self, weights: Weights, shape: Shape, cache: PrefixCache) -> None:
        self.cache = cache
        self._weights, self._shape = weights, shape
        self._token_bytes = weights.token_bytes(shape)
        self._most = Threads(shape.threads, shape.threads_batch)
        self._paces = Paces(self._most, cache.known_threads(self._most))
        self._prefixes: Prefixes | None = None
        self._beyond = 0
        """Cells that memory had no room for since an answer ended; 0 where it always had."""

    @property
    def size(self) -> int:
        """Cells of the pool; 0 while there is none."""
        # Any thread may ask, while the engine's own makes the pool anew.
        prefixes = self._prefixes
        return 0 if prefixes is None else prefixes.pool.size

    @property
    def prefixes(self) -> Prefixes:
        """What the sequences hold; only once a place was found."""
        assert self._prefixes is not None
        return self._prefixes

    def memory(self) -> int:
        """Count the tokens that memory can hold."""
        return window_limit(self._token_bytes, self.size, free_memory())

    def committed(self, runs: Sequence[Run]) -> int:
        """Count the cells that these answers hold or may yet take."""
        if self._prefixes is None:
            return 0
        pool = self._prefixes.pool
        return pool.taken([run.seq for run in runs]) + sum(run.remaining(pool) for run in runs)

    def cells(self, runs: Sequence[Run]) -> tuple[int, int]:
        """Count the cells that these answers hold, and those kept; any thread may ask."""
        prefixes = self._prefixes
        if prefixes is None:
            return 0, 0
        pool = prefixes.pool
        used = pool.taken([run.seq for run in runs])
        return used, pool.used - used

    def place(self, plan: Plan, runs: Sequence[Run], behind: Sequence[Plan]) -> Find | None:
        """Find a place for a request and what serves its prompt; `None` while there is none.

        Grows the pool for it, and for those `behind` it. Raises `LoadError` where nothing runs
        and still no pool can be made.
        """
        wanted = self._wanted(plan, runs, behind)
        if wanted > self.size:
            self._grow(plan, runs, wanted)
        return None if self._prefixes is None else self._found(plan, runs)

    def begin(self, plan: Plan, found: Find, runs: Sequence[Run]) -> tuple[int, int]:
        """Give a request a sequence; and how many of its prompt's tokens that holds already."""
        found = self._kept(plan, found, runs)
        return self.prefixes.begin(found, [run.seq for run in runs])

    def rest(self, run: Run, memory: Memory) -> None:
        """Keep what an answer that has ended leaves."""
        self._beyond = 0
        if self._prefixes is not None:
            self._prefixes.rest(run.seq, memory)

    def keep(self) -> float | None:
        """Have one idle sequence written to the disk, if one is worth it.

        Tells after how many seconds there may be another; `None`: not before somebody asks.
        """
        if self._prefixes is None:
            return None
        pool = self._prefixes.pool
        idle = [
            Held(seq, tuple(pool.held[seq]), pool.exact[seq], memory.asked, memory.private)
            for seq, memory in reversed(self._prefixes.idle.items())
            # What stands for a picture here is nothing to another engine.
            if min(pool.held[seq]) >= 0
        ]
        wanted = self.cache.next_to_keep(idle)
        if wanted is None:
            return BEHIND if self.cache.behind else None
        self.cache.keep(wanted, self._state(wanted))
        return 0.0

    def free(self) -> None:
        """Give the pool's memory back, and what is remembered beside it."""
        prefixes, self._prefixes = self._prefixes, None
        if prefixes is not None:
            prefixes.pool.free()

    def close(self, patience: float) -> None:
        """Remember what was found out, and wait so long for what is being written."""
        self.cache.remember_threads(self._most, self._paces.learned())
        self.cache.close(patience)

    def _state(self, wanted: Wanted) -> bytes:
        pool, count = self.prefixes.pool, len(wanted.tokens)
        if count == len(pool.held[wanted.seq]):
            return pool.state(wanted.seq)
        part = self.prefixes.free_sequence(spared=wanted.seq)
        pool.share(wanted.seq, part, count)
        state = pool.state(part)
        pool.drop(part)
        return state

    def _cells_of_kept(self, plan: Plan) -> int:
        """Count the cells of the file that serves most of a prompt: it is read whole, then cut."""
        prompt = tuple(plan.prompt)
        self.cache.turn(self._weights.rotation(plan.cells))
        kept = self.cache.find(lambda head: common(head.tokens, prompt), 0)
        return 0 if kept is None else len(kept.head.tokens)

    def _kept(self, plan: Plan, found: Find, runs: Sequence[Run]) -> Find:
        free, prompt = self.size - self.committed(runs), tuple(plan.prompt)

        def serves(head: Head) -> int:
            memory = Memory(head.asked, plan.asked.private)
            # Even what a running answer shares: it is taken anew.
            fits = max(len(head.tokens), plan.cells) <= free
            return fits * self.prefixes.serves(
                head.tokens, head.exact, memory, prompt, quiet=not runs
            )

        kept = self.cache.find(serves, found.count)
        loaded = None if kept is None else self.cache.load(kept.head)
        # Written anew since its head was read, a file may serve less.
        if kept is None or loaded is None or serves(loaded[0]) < kept.shared:
            return found
        head, state = loaded
        saved = Saved(list(head.tokens), head.exact, state)
        return Find(kept.shared, parked=Parked(saved, Memory(head.asked, plan.asked.private)))

    def _found(self, plan: Plan, runs: Sequence[Run]) -> Find | None:
        prefixes, sequences = self.prefixes, [run.seq for run in runs]
        if len(runs) >= prefixes.pool.sequences:
            return None
        found = prefixes.find(plan.prompt, sequences)
        free = self.size - self.committed(runs)
        for one in (found, Find()):
            if _need(plan, one, sequences) <= free:
                return one
        return None

    def _wanted(self, plan: Plan, runs: Sequence[Run], behind: Sequence[Plan]) -> int:
        """Count the cells of all who can be answered at once, sharing what they can."""
        most = RECURRENT_SEQUENCES if self._weights.recurrent else SEQUENCES
        ahead, wanted = [run.plan.prompt for run in runs], self.committed(runs)
        for one in (plan, *behind)[: most - len(runs)]:
            wanted += one.cells - self._shared(ahead, one)
            ahead = ahead or [plan.prompt]
        return wanted

    def _shared(self, ahead: Sequence[Sequence[int]], plan: Plan) -> int:
        if self._weights.recurrent:
            return 0
        return max((usable(prompt, plan.prompt) for prompt in ahead), default=0)

    def _grow(self, plan: Plan, runs: Sequence[Run], wanted: int) -> None:
        limits = Limits(max(MOST, plan.cells), max(self.memory(), plan.cells))
        if not self.size:
            wanted = max(wanted, self._cells_of_kept(plan))
        wanted = min(-(-wanted // STEP) * STEP, limits.model, limits.memory)
        size = grown(self.size, wanted, limits)
        in_vain = 0 < self._beyond <= size or self._turns(size)
        if wanted > self.size and not (runs and in_vain):
            self._resize(size, runs, plan.cells)

    def _turns(self, size: int) -> bool:
        """Tell whether what the pool holds means nothing in one of another size."""
        return self._weights.rotation(size) != self._weights.rotation(self.size)

    def _resize(self, size: int, runs: Sequence[Run], least: int) -> None:
        old = self._prefixes
        if old is not None and self._turns(size):
            old.pool.free()
            self._prefixes = old = None
        if old is None:
            self._prefixes = Prefixes(self._made(size), min(PARKED, free_memory() // 4))
            return
        taken = old.pool.take_out([run.seq for run in runs])
        old.park_all()
        old.pool.free()
        self._prefixes = None
        try:
            old.pool = self._made(size)
        except LoadError:
            if not runs and least > old.pool.size:
                raise
            self._beyond, old.pool = size, self._made(old.pool.size)
        self._prefixes = old
        old.pool.put_back(taken)

    def _made(self, size: int) -> Pool:
        pool = Pool(self._weights, self._shape, size, self._paces)
        self.cache.turn(self._weights.rotation(size))
        return pool


def _need(plan: Plan, found: Find, running: Sequence[int]) -> int:
    if found.parked is not None:
        return max(plan.cells, len(found.parked.saved.tokens))
    return plan.cells - (found.count if found.seq in running else 0)
