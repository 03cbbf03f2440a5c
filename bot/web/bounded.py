"""Storage asked with a limit of time: GitHub hangs up after 10 seconds, whatever a disk does."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

from devchat.errors import StorageError

T = TypeVar("T")
SECONDS = 8.0
THREADS = 16


class Bounded:
    """Runs calls in threads of its own and waits for each so many seconds.

    A call that is late may still be done: what it does must be harmless to do again. With one
    thread calls go in the order they came: those who write to SQLite at once wait far longer, for
    each looks for its turn less and less often. https://sqlite.org/c3ref/busy_timeout.html
    """

    def __init__(self, seconds: float = SECONDS, threads: int = THREADS) -> None:
        self._seconds = seconds
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="storage")

    def run(self, call: Callable[[], T]) -> T:
        """Return what a call returns or raise what it raises, StorageError where it is late."""
        try:
            begun = self.begin(call)
        except RuntimeError:  # this process is about to end, and starts no thread any more
            return call()
        try:
            return self.wait(begun)
        except StorageError:
            begun.cancel()
            raise

    def begin(self, call: Callable[[], T]) -> Future[T]:
        """Have a call made as soon as there is a thread for it. Raises RuntimeError at the end."""
        return self._threads.submit(copy_context().run, call)

    def wait(self, begun: Future[T]) -> T:
        """Wait for a call that others may wait for too."""
        try:
            return begun.result(self._seconds)
        except TimeoutError as error:
            raise StorageError(
                "the database does not answer", "`devchat-bot doctor` looks into it"
            ) from error
