"""The job of one head: hands its attempt the steps, with whatever is logged on the way named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.forge import App
from bot.jobs import Job, Jobs, Steps
from bot.logs import logged
from bot.reviewing.attempt import Attempt
from bot.reviewing.values import Desk, read_target

if TYPE_CHECKING:
    from bot.ledger import Ledger


class ReviewJob:
    """Does jobs of the kind `review`."""

    def __init__(self, app: App, jobs: Jobs, ledger: Ledger, desk: Desk) -> None:
        self._app, self._jobs, self._ledger, self._desk = app, jobs, ledger, desk

    def __call__(self, job: Job, steps: Steps) -> None:
        """Review one head of a pull."""
        target = read_target(job.payload)
        place = {"repository": target.ref.repository, "pull": str(target.ref.number)}
        with logged(delivery=target.delivery, job=target.id, **place):
            Attempt(self._app, self._jobs, self._ledger, self._desk, target).go(steps)
