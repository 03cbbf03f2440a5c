"""What DBOS logs, made fit for ours: while a database is away it says so in 30 lines a second."""

from __future__ import annotations

import logging
import time

QUIET = 30.0
"""Seconds in which the same line is not said again."""


def adopt_log() -> None:
    """Let what DBOS logs go our log's way: one line each, and no failed job, which is in it."""
    theirs = logging.getLogger("dbos")
    theirs.handlers.clear()
    theirs.propagate = True
    theirs.setLevel(logging.WARNING)
    if not any(isinstance(one, OneLine) for one in theirs.filters):
        theirs.addFilter(OneLine())


class OneLine(logging.Filter):
    """Cut what DBOS logs to a line, the same one at most every `QUIET` seconds."""

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether a record is new."""
        record.msg, record.args = record.getMessage().partition("\n")[0], ()
        record.exc_info = None
        now = time.monotonic()
        if "background workflow" in record.msg or now - self._said.get(record.msg, -QUIET) < QUIET:
            return False
        self._said = {line: at for line, at in self._said.items() if now - at < QUIET}
        self._said[record.msg] = now
        return True
