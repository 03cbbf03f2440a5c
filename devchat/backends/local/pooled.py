"""One llama.cpp context for a model that embeds: many texts in, a row of numbers for each out.

The only file that evaluates such a model. It knows nothing of requests.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import replace

from devchat.backends.local.batch import Batch, Feed
from devchat.backends.local.shape import Shape
from devchat.backends.local.weights import Weights
from devchat.errors import EngineError

SEQUENCES = 64
"""Texts that are evaluated at once, at most."""


class Pooled:
    """A context that takes so many tokens at once; nothing is kept from call to call."""

    def __init__(self, weights: Weights, shape: Shape, size: int) -> None:
        """Make it. Raises `LoadError`."""
        # All tokens of a text are evaluated at once, for each attends to those after it too.
        whole = replace(shape, batch=size, ubatch=size)
        self.size, self._width = size, weights.width
        self._c, self._library = weights.c, weights.library
        self._context = weights.context(whole, size, SEQUENCES, embeds=True)
        weights.tell_progress(self._context, True)
        self._memory = self._c.llama_get_memory(self._context)
        self._batch = Batch(weights, size)

    def read(self, texts: Sequence[list[int]]) -> list[bytes]:
        """Evaluate texts; give the row of each, of 32-bit floats.

        Raises `EngineError`.
        """
        feeds = [Feed(seq, tokens, len(tokens)) for seq, tokens in enumerate(texts)]
        self._batch.fill(feeds, [0] * len(feeds))
        if self._memory:
            self._c.llama_memory_clear(self._memory, False)
        if self._c.llama_decode(self._context, self._batch.raw):
            raise EngineError(
                f"llama.cpp could not evaluate the texts: {self._library.complaint()}",
                "`devchat doctor` shows what works here; `DEVCHAT_LOCAL_GPU_LAYERS=0` avoids a GPU",
            )
        return [self._row(seq) for seq in range(len(feeds))]

    def free(self) -> None:
        """Give the memory back."""
        self._c.llama_free(self._context)

    def _row(self, seq: int) -> bytes:
        numbers = self._c.llama_get_embeddings_seq(self._context, seq)
        return ctypes.string_at(numbers, ctypes.sizeof(ctypes.c_float) * self._width)
