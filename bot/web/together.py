"""What several requests hand in at the same moment, handed on in one go: they share a commit."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

from bot.web.bounded import Bounded

T = TypeVar("T")


class Together(Generic[T]):
    """Hands things on: all that wait when `bounded` has a thread free go in one batch.

    What becomes of the batch becomes of each thing in it.
    """

    def __init__(self, hand_on: Callable[[list[T]], None], bounded: Bounded) -> None:
        self._hand_on, self._bounded = hand_on, bounded
        self._lock = threading.Lock()
        self._things: list[T] = []
        self._handed: Future[None] | None = None

    def give(self, thing: T) -> None:
        """Hand a thing on, and return once that is done. Raises what it raises, StorageError."""
        try:
            handed = self._join(thing)
        except RuntimeError:  # this process is about to end, and starts no thread any more
            self._hand_on([thing])
        else:
            self._bounded.wait(handed)

    def _join(self, thing: T) -> Future[None]:
        with self._lock:
            if self._handed is None:
                self._handed = self._bounded.begin(self._hand_on_all)
            self._things.append(thing)
            return self._handed

    def _hand_on_all(self) -> None:
        with self._lock:
            things, self._things, self._handed = self._things, [], None
        self._hand_on(things)
