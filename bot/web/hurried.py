"""A gunicorn worker that slow or silent clients can't hold up. Imports it: only to serve.

Gunicorn's own gives a thread to a connection that says nothing yet, and then waits for the rest
of a request for ever: sixteen such connections, and GitHub is not heard any more.
"""

from __future__ import annotations

import signal
import socket
import time
from contextlib import suppress
from functools import partial
from selectors import EVENT_READ
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker

SECONDS = 10.0
"""How long a request may take, from its first byte to its answer: GitHub hangs up by then."""


class HurriedWorker(ThreadWorker):  # type: ignore[misc]
    """Takes up a connection once it says something, and ends one whose request takes too long."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._until: dict[TConn, float] = {}

    def init_signals(self) -> None:
        """Leave Ctrl-C to the arbiter, which hears it too and tells us: twice would be too much."""
        super().init_signals()
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def enqueue_req(self, conn: TConn) -> None:
        """Hand a connection to a thread; a new one waits for its first byte without any."""
        if conn.initialized or conn.data_ready:
            super().enqueue_req(conn)
            return
        conn.set_timeout()
        self.pending_conns.append(conn)
        readable = partial(self.on_pending_socket_readable, conn)
        self.poller.register(conn.sock, EVENT_READ, readable)

    def handle(self, conn: TConn) -> object:
        """Read a request and answer it, in a thread."""
        self._until[conn] = time.monotonic() + SECONDS
        try:
            return super().handle(conn)
        finally:
            del self._until[conn]

    def murder_pending(self) -> None:
        """End what takes too long: its thread then reads an end, or can't write."""
        super().murder_pending()
        now = time.monotonic()
        for conn, until in self._until.copy().items():
            if until < now:
                with suppress(OSError):
                    conn.sock.shutdown(socket.SHUT_RDWR)
