"""The calls of requests that are made together, and their end together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from devchat.backends.local.call import Call


class Calls:
    """Calls in several threads. One more may end them all, and those that are yet to come."""

    def __init__(self) -> None:
        self._open: set[Call] = set()
        self._ended, self._lock = False, Lock()

    @contextmanager
    def holding(self, call: Call) -> Iterator[Call]:
        """Make a call one of these, and close it in the end."""
        with self._lock:
            self._open.add(call)
            if self._ended:
                call.hang_up()
        try:
            yield call
        finally:
            # Forgotten first: what is closed may be another's number by then.
            with self._lock:
                self._open.discard(call)
            call.close()

    def end(self) -> None:
        """Take all requests back, also those that wait or whose prompts are still read."""
        with self._lock:
            self._ended = True
            for call in self._open:
                call.hang_up()
