"""The pool: one llama.cpp context whose cells hold the tokens of many sequences.

The only file that decodes answers. What it knows of a token's numbers (measured on processors,
flash attention off): they are the same, bit for bit, in any batch of two tokens or more, with any
number of threads, as long as the tokens before it lie in order from the first cell; evaluated as
a batch of one, or scattered between others, its numbers differ in their last bits.
"""

from __future__ import annotations

import ctypes
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

from devchat.backends.local.batch import Batch, Feed
from devchat.backends.local.pace import Paces
from devchat.backends.local.shape import Shape
from devchat.backends.local.stand import positions
from devchat.backends.local.weights import Weights
from devchat.backends.local.worth import common
from devchat.errors import EngineError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LONG = 64
"""Tokens of a batch that takes so long that progress is told while it is evaluated."""
SEQUENCES, RECURRENT_SEQUENCES = 32, 4
"""Sequences that a pool holds at most; each of a recurrent model takes a state of its own."""


@dataclass(frozen=True, slots=True, eq=False)
class Saved:
    """A sequence outside the pool; the first `exact` tokens have the numbers of a quiet pool."""

    tokens: list[int]
    exact: int
    state: bytes


@dataclass(frozen=True, slots=True, eq=False)
class Taken:
    """A sequence taken out of a pool that is made anew.

    Its state is without its first `shared` tokens: it had them in common with `source`.
    """

    seq: int
    saved: Saved
    source: int
    shared: int


class Pool:
    """A context and what each of its sequences holds; shared tokens are counted once."""

    def __init__(self, weights: Weights, shape: Shape, size: int, paces: Paces) -> None:
        """Make a pool of so many cells. Raises `LoadError`."""
        self.size, self.batch, self.recurrent = size, shape.batch, weights.recurrent
        self.sequences = RECURRENT_SEQUENCES if weights.recurrent else SEQUENCES
        self.context = weights.context(shape, size, self.sequences)
        self.held: list[list[int]] = [[] for _ in range(self.sequences)]
        self.exact = [0] * self.sequences
        self.straight = [0] * self.sequences
        """How many tokens of a sequence lie in order from the first cell."""
        self._places = [0] * self.sequences
        """The next position of each sequence: a picture may take fewer than it has tokens."""
        self._c, self._library, self._paces = weights.c, weights.library, paces
        self._weights, self._telling = weights, False
        self._memory = self._c.llama_get_memory(self.context)
        self._batch, self._row = Batch(weights, shape.batch), ctypes.c_float * weights.size
        self._threads = (shape.threads, shape.threads_batch)
        # A number for each cell in use, and how many sequences hold it.
        self._cells: list[list[int]] = [[] for _ in range(self.sequences)]
        self._holders: dict[int, int] = {}
        self._newest = 0

    @property
    def used(self) -> int:
        """Cells that hold a token."""
        return len(self._holders)

    def taken(self, sequences: Collection[int]) -> int:
        """Count the cells that these sequences hold."""
        return len(set[int]().union(*(self._cells[seq] for seq in sequences)))

    def decode(self, feeds: Sequence[Feed]) -> list[int]:
        """Evaluate one batch; give for each feed the index of its first logits.

        Raises `EngineError`; the sequences fed are empty then.
        """
        firsts = self._batch.fill(feeds, self._places)
        if self._evaluate(self._batch.raw.n_tokens):
            for feed in feeds:
                self.drop(feed.seq)
            raise self._failed("evaluate the prompt")
        for feed in feeds:
            self._note(feed, len(feeds) == 1)
        return firsts

    def look(self, feed: Feed) -> None:
        """Evaluate a picture. Raises `EngineError`; its sequence is empty then."""
        seq = feed.seq
        self._tell(True)
        if feed.view is None or not feed.view.evaluate(self.context, self._places[seq], seq):
            self.drop(seq)
            raise self._failed("look at the picture")
        self._note(feed, True)

    def logits(self, index: int) -> NDArray[np.float32]:
        """Give a token's logits, one for each token there is: llama.cpp's own, until it decodes."""
        import numpy as np

        pointer = self._c.llama_get_logits_ith(self.context, index)
        row = memoryview(self._row.from_address(ctypes.addressof(pointer.contents)))
        return np.frombuffer(row, np.float32)

    def share(self, source: int, target: int, count: int) -> None:
        """Give an empty sequence the first tokens of another, in the same cells."""
        self.held[target] = self.held[source][:count]
        end = self._places[target] = positions(self.held[target])
        self._c.llama_memory_seq_cp(self._memory, source, target, 0, end)
        self.exact[target] = min(self.exact[source], count)
        self.straight[target] = min(self.straight[source], count)
        self._cells[target] = self._cells[source][:count]
        for cell in self._cells[target]:
            self._holders[cell] += 1

    def cut(self, seq: int, count: int) -> int:
        """Take back all but the first tokens; give how many are left.

        None are where the model can't: a recurrent one, or one that has let go of early tokens.
        """
        end = self._end(seq, count)
        if count < len(self.held[seq]) and (
            not count or not self._c.llama_memory_seq_rm(self._memory, seq, end, -1)
        ):
            self._c.llama_memory_seq_rm(self._memory, seq, -1, -1)
            count = 0
        self._forget(seq, count)
        return len(self.held[seq])

    def drop(self, seq: int) -> None:
        """Take all of a sequence back, even what a batch that failed has left in it."""
        self._c.llama_memory_seq_rm(self._memory, seq, -1, -1)
        self._forget(seq, 0)

    def whole(self, seq: int) -> bool:
        """Tell whether a sequence may go on from where it is, or be cut."""
        return self.recurrent or not self._c.llama_memory_seq_pos_min(self._memory, seq)

    def state(self, seq: int) -> bytes:
        """Copy a sequence's numbers."""
        size = self._c.llama_state_seq_get_size(self.context, seq)
        data = (ctypes.c_uint8 * size)()
        # A slice of such an array would be a list of numbers.
        got = self._c.llama_state_seq_get_data(self.context, data, size, seq)
        return ctypes.string_at(data, got)

    def save(self, seq: int) -> Saved:
        """Copy a sequence."""
        return Saved(self.held[seq][:], self.exact[seq], self.state(seq))

    def restore(self, seq: int, saved: Saved) -> bool:
        """Fill an empty sequence with what was saved; tell whether that went well."""
        quiet = not self.used
        if not self._load(seq, saved):
            return False
        self._hold(seq, saved.tokens)
        self.exact[seq] = saved.exact
        self.straight[seq] = len(saved.tokens) if quiet else 0
        return True

    def take_out(self, sequences: Sequence[int]) -> list[Taken]:
        """Copy sequences, what they share only once; the pool is of no use after that."""
        taken = []
        for at, seq in enumerate(sequences):
            shares = [(common(self._cells[one], self._cells[seq]), one) for one in sequences[:at]]
            shared, source = max(shares, default=(0, 0))
            if end := positions(self.held[seq][:shared]):
                self._c.llama_memory_seq_rm(self._memory, seq, 0, end)
            taken.append(Taken(seq, self.save(seq), source, shared))
        return taken

    def put_back(self, taken: Sequence[Taken]) -> None:
        """Fill the sequences of an empty pool; one that can't be stays empty, to be read again."""
        for one in taken:
            saved, rest = one.saved, one.saved.tokens[one.shared :]
            if not one.shared:
                self.restore(one.seq, saved)
            elif self.held[one.source] and self._load(one.seq, saved):
                self.share(one.source, one.seq, one.shared)
                self._hold(one.seq, rest)
                self.exact[one.seq] = saved.exact

    def free(self) -> None:
        """Give the memory back."""
        self._c.llama_free(self.context)

    def _load(self, seq: int, saved: Saved) -> bool:
        size = len(saved.state)
        data = ctypes.cast(ctypes.c_char_p(saved.state), ctypes.POINTER(ctypes.c_uint8))
        read = self._c.llama_state_seq_set_data(self.context, data, size, seq)
        if read == size and self._ends_as(seq, saved.tokens):
            return True
        self._c.llama_memory_seq_rm(self._memory, seq, -1, -1)
        return False

    def _end(self, seq: int, count: int) -> int:
        """Give the position after a sequence's first tokens."""
        return self._places[seq] - positions(self.held[seq][count:])

    def _ends_as(self, seq: int, tokens: list[int]) -> bool:
        """Tell whether llama.cpp holds as many positions; after a picture it doesn't say."""
        end = self._c.llama_memory_seq_pos_max(self._memory, seq) + 1
        return int(end) == positions(tokens) or (bool(tokens) and tokens[-1] < 0)

    def _failed(self, what: str) -> EngineError:
        return EngineError(
            f"llama.cpp could not {what}: {self._library.complaint()}",
            "`devchat doctor` shows what works here; `DEVCHAT_LOCAL_GPU_LAYERS=0` avoids a GPU",
        )

    def _evaluate(self, count: int) -> int:
        threads = self._paces.threads(count)
        answer, prompt = self._threads
        wanted = (threads, prompt) if count == 1 else (answer, threads)
        if wanted != self._threads:
            self._c.llama_set_n_threads(self.context, *wanted)
            self._threads = wanted
        self._tell(count >= LONG)
        started = perf_counter()
        failed = self._c.llama_decode(self.context, self._batch.raw)
        self._paces.took(count, threads, perf_counter() - started)
        return int(failed)

    def _tell(self, on: bool) -> None:
        if on != self._telling:
            self._weights.tell_progress(self.context, on)
            self._telling = on

    def _note(self, feed: Feed, alone: bool) -> None:
        seq, held = feed.seq, len(self.held[feed.seq])
        straight = alone and self.used == held == self.straight[seq]
        exact = straight and len(feed.tokens) > 1 and self.exact[seq] == held
        self._hold(seq, feed.tokens)
        if straight:
            self.straight[seq] = len(self.held[seq])
        if exact:
            self.exact[seq] = len(self.held[seq])

    def _hold(self, seq: int, tokens: list[int]) -> None:
        cells = range(self._newest, self._newest + len(tokens))
        self._newest = cells.stop
        self._holders.update(dict.fromkeys(cells, 1))
        self._cells[seq] += cells
        self.held[seq] += tokens
        self._places[seq] += positions(tokens)

    def _forget(self, seq: int, count: int) -> None:
        for cell in self._cells[seq][count:]:
            if self._holders[cell] == 1:
                del self._holders[cell]
            else:
                self._holders[cell] -= 1
        self._places[seq] = self._end(seq, count)
        del self._cells[seq][count:]
        del self.held[seq][count:]
        self.exact[seq] = min(count, self.exact[seq])
        self.straight[seq] = min(count, self.straight[seq])
        if not self._holders:
            self._c.llama_memory_clear(self._memory, False)
