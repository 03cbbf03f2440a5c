"""A piece of work in a thread of its own, so that a hang in it can be left behind."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextvars import copy_context
from types import TracebackType
from typing import Generic, TypeVar

from devchat.errors import DevchatError

T = TypeVar("T")
LOOK = 1.0
"""Seconds between two looks whether anybody still waits."""
Stop = threading.Event
"""Set once nobody waits any more: the work should end at its next occasion."""


class LateError(DevchatError):
    """It took too long."""


class _Work(Generic[T]):
    """What a thread does, and what came of it: a result, or what was raised."""

    def __init__(self, deed: Callable[[Stop], T]) -> None:
        self.stop, self.results = Stop(), list[T]()
        self._deed = deed
        self._error: BaseException | None = None

    def __call__(self) -> None:
        with self:
            self.results.append(self._deed(self.stop))

    def __enter__(self) -> None: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        self._error = error
        return True  # raised where it is waited for

    def result(self) -> T:
        """Return the result, or raise what was raised."""
        if self._error is not None:
            raise self._error
        return self.results[0]


def within(seconds: float, goes_on: Callable[[], bool], deed: Callable[[Stop], T]) -> T | None:
    """Do a deed and return its result; None where `goes_on` says that nobody waits for it.

    Raises what the deed raises, `LateError` where it takes longer than that.
    """
    work = _Work(deed)
    context = copy_context()
    thread = threading.Thread(target=context.run, args=(work,), name="review", daemon=True)
    end = time.monotonic() + seconds
    thread.start()
    try:
        while True:
            thread.join(min(LOOK, max(0.0, end - time.monotonic())))
            if not thread.is_alive():
                return work.result()
            if not goes_on():
                return None
            if time.monotonic() >= end:
                raise LateError(f"it was given up after {_said(seconds)}")
    finally:
        work.stop.set()


def _said(seconds: float) -> str:
    return f"{seconds / 60:g} minutes" if seconds >= 60 else f"{seconds:g} seconds"
