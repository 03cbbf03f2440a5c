"""Deliveries written into the ledger a little later, many at once: nobody waits for a record.

What decides is the job, which is in the queue by then. A kill loses the records of a moment.
"""

from __future__ import annotations

import atexit
import logging
import threading
from collections.abc import Callable

from bot.ledger import DeliveryRow
from devchat.errors import StorageError

LOG = logging.getLogger(__name__)
PAUSE = 0.1
MOST = 10_000
"""How many records wait at most while the database is away; the oldest go first."""


class Recorder:
    """Writes deliveries down from a thread of its own, and what is left when the process ends."""

    def __init__(self, write: Callable[[list[DeliveryRow]], None]) -> None:
        self._write_down = write
        self._lock = threading.Lock()
        self._waiting: list[DeliveryRow] = []
        self._ending = threading.Event()
        threading.Thread(target=self._keep, name="recorder", daemon=True).start()
        atexit.register(self.close)

    def record(self, delivery: DeliveryRow) -> None:
        """Take a delivery to be written down."""
        with self._lock:
            self._waiting.append(delivery)

    def close(self) -> None:
        """Write down what waits, now."""
        self._ending.set()
        self._write()

    def _keep(self) -> None:
        while not self._ending.wait(PAUSE):
            self._write()

    def _write(self) -> None:
        with self._lock:
            batch, self._waiting = self._waiting, []
        if not batch:
            return
        try:
            self._write_down(batch)
        except StorageError as error:
            LOG.warning("%d deliveries are not written down yet: %s", len(batch), error.message)
            with self._lock:
                self._waiting = [*batch, *self._waiting][-MOST:]
