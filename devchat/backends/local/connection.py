"""The engine's end of one client's connection: whoever sends never waits for its reader."""

from __future__ import annotations

import select
import socket
import time
from contextlib import suppress
from threading import Lock, Thread

from devchat.backends.local.wire import LARGEST, Frame, encode

BEAT = 1.0
"""Seconds between two signs of life to a client that waits."""


class Client:
    """One connection. What its reader is too slow for waits here, not in the main thread."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.gone = False
        self.waiting = False
        self.holds = False
        self._unsent = bytearray()
        self._behind = False
        self._lock = Lock()

    def send(self, frame: Frame) -> None:
        """Send a frame, now or as soon as the reader takes it."""
        data = encode(frame)
        with self._lock:
            self._unsent += data
            if len(self._unsent) > LARGEST:
                self.gone = True
        self.flush()

    def flush(self) -> bool:
        """Send what the reader takes without waiting; tell whether nothing is left."""
        with self._lock:
            try:
                while self._unsent and not self.gone:
                    sent = self.connection.send(self._unsent, socket.MSG_DONTWAIT)
                    del self._unsent[:sent]
            except BlockingIOError:
                if not self._behind:
                    self._behind = True
                    Thread(target=self._catch_up, daemon=True).start()
                return False
            except OSError:
                self.gone = True
            self._behind = False
        return True

    def beat(self, steps: int, loaded: bool) -> None:
        """Say that we live, unless the client is not even reading what it was sent."""
        if self.flush():
            self.send({"alive": steps, "at": time.monotonic(), "model": loaded})

    def _catch_up(self) -> None:
        # A client that has gone meanwhile is no socket any more.
        with suppress(OSError, ValueError):
            reader = select.poll()
            reader.register(self.connection, select.POLLOUT)
            while not self.flush():
                reader.poll(1000 * BEAT)
