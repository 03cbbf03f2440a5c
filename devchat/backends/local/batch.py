"""Tokens of several sequences as llama.cpp takes them: one batch, laid out again for each call."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass

from devchat.backends.local.sight import View
from devchat.backends.local.weights import Weights


@dataclass(frozen=True, slots=True)
class Feed:
    """Tokens to evaluate after those that a sequence holds; `heard`: of how many of the last ones
    the logits are wanted. A picture's tokens are no such: it is evaluated from its `view`."""

    seq: int
    tokens: list[int]
    heard: int = 0
    view: View | None = None


class Batch:
    """A `llama_batch` over arrays of ours, kept from call to call."""

    def __init__(self, weights: Weights, size: int) -> None:
        c = weights.c
        self.tokens = (c.llama_token * size)()
        self.positions = (c.llama_pos * size)()
        self.owners = (c.llama_seq_id * size)()
        self.heard = (ctypes.c_int8 * size)()
        self._counts = (ctypes.c_int32 * size)(*[1] * size)
        width, start = ctypes.sizeof(c.llama_seq_id), ctypes.addressof(self.owners)
        pointer = ctypes.POINTER(c.llama_seq_id)
        each = [ctypes.cast(start + width * index, pointer) for index in range(size)]
        self._pointers = (pointer * size)(*each)
        self.raw = c.llama_batch(
            0, self.tokens, None, self.positions, self._counts, self._pointers, self.heard
        )

    def fill(self, feeds: Sequence[Feed], places: Sequence[int]) -> list[int]:
        """Lay out feeds, each from its sequence's next position on.

        Gives for each the index of the first token that is heard.
        """
        end, firsts = 0, []
        for feed in feeds:
            start, count, before = end, len(feed.tokens), places[feed.seq]
            end += count
            self.tokens[start:end] = feed.tokens
            self.positions[start:end] = range(before, before + count)
            self.owners[start:end] = [feed.seq] * count
            self.heard[start:end] = _flags(count, feed.heard)
            firsts.append(end - feed.heard)
        self.raw.n_tokens = end
        return firsts


def _flags(count: int, heard: int) -> list[ctypes.c_int8 | int]:
    return [*[0] * (count - heard), *[1] * heard]
