"""What a worker does beside its jobs, now and then: count traffic, ask for lost deliveries."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from bot.command.redelivering import EVERY, WINDOW, redeliver_failed
from devchat.errors import DevchatError

if TYPE_CHECKING:
    from bot.github import GitHub
    from bot.ledger import Ledger

BEAT = 10.0
DAY = 86_400.0
KEPT = 60 * DAY
"""Longer than jobs are remembered: an attempt that is forgotten here must not be known there."""
LOG = logging.getLogger(__name__)


class Rounds:
    """Looks after what no job does; a failure is logged and tried again in the next round."""

    def __init__(self, app: GitHub, ledger: Ledger) -> None:
        self._app, self._ledger = app, ledger
        self._counted: Mapping[int, int] = {}
        self._since = time.time() - WINDOW
        self._due = self._pruned = 0.0

    def start(self, beat: float = BEAT) -> None:
        """Go round in a thread of its own for as long as this process lives."""
        threading.Thread(target=self._keep, args=(beat,), name="rounds", daemon=True).start()

    def _keep(self, beat: float) -> None:
        while True:
            for deed in (self.redeliver, self.count, self.prune):
                try:
                    deed()
                except DevchatError as error:
                    LOG.warning("%s", error.message)
            time.sleep(beat)

    def redeliver(self) -> None:
        """Ask for deliveries that did not arrive, where the last look is long enough ago."""
        if time.monotonic() < self._due:
            return
        self._due = time.monotonic() + EVERY
        now = time.time()
        if count := redeliver_failed(self._app, self._since):
            LOG.info("asked GitHub for %d deliveries that did not arrive", count)
        self._since = now - EVERY

    def count(self) -> None:
        """Write into the ledger what was asked of GitHub since the last round."""
        traffic = self._app.traffic()
        for status, count in traffic.requests.items():
            if new := count - self._counted.get(status, 0):
                self._ledger.add("github_requests", str(status), new)
        self._counted = traffic.requests
        for installation, left in traffic.left.items():
            self._ledger.set("github_quota", str(installation), left)

    def prune(self) -> None:
        """Forget what is older than two months, once a day."""
        now = time.time()
        if now - self._pruned > DAY:
            self._ledger.prune(now - KEPT)
            self._pruned = now
