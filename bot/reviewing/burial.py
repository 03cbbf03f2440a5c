"""The job of a dead job: those who wait for its review are told that none comes, and why.

Only what is not told yet: a review that died after its check was completed stands as it is.
"""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from bot.errors import GoneError
from bot.events import ForgetPull, from_job
from bot.forge import App, PullRef
from bot.jobs import Dead, Job, Steps, read_dead
from bot.ledger import ReviewRow
from bot.logs import logged
from bot.reviewing.faces import ended
from bot.reviewing.values import Target, is_delivery, read_target

if TYPE_CHECKING:
    from bot.ledger import Ledger

LOG = logging.getLogger("bot.reviewing")
AGAIN = "Re-run this check, or push, to try again."


class Burial:
    """Does jobs of the kind `bury`."""

    def __init__(self, app: App, ledger: Ledger) -> None:
        self._app, self._ledger = app, ledger

    def __call__(self, job: Job, steps: Steps) -> None:
        """Write down that a job failed, then say so on its pull."""
        dead = read_dead(job)
        if dead.job.kind == "review":
            target = read_target(dead.job.payload)
            steps.run("note", lambda: self._note_review(target))
            targets = [target]
        else:
            steps.run("note", lambda: self._note_delivery(dead))
            targets = self._targets(dead.job)
        for target in targets:
            ref = target.ref
            with logged(job=job.id, repository=ref.repository, pull=str(ref.number)):
                steps.run("close", partial(self._close, target, dead.why))

    def _note_delivery(self, dead: Dead) -> None:
        if is_delivery(dead.job.id):
            self._ledger.note_delivery(dead.job.id, f"failed: {dead.why}")

    def _note_review(self, target: Target) -> None:
        ref = target.ref
        row = ReviewRow(target.id, ref.repository, ref.number, target.head, time.time())
        self._ledger.begin_review(row)  # it may not even have come so far
        if self._ledger.fail_review(target.id):
            self._ledger.add("reviews", "failed")

    def _targets(self, job: Job) -> list[Target]:
        """Return what an intake would have led to: attempts that were never begun."""
        intent = from_job(job)
        if isinstance(intent, ForgetPull):
            return []
        numbers = intent.numbers or self._ledger.pulls_at(intent.repository, intent.head)
        refs = [PullRef(intent.repository, number) for number in numbers]
        return [Target(ref, intent.head, intent.installation, 0) for ref in refs]

    def _close(self, target: Target, why: str) -> None:
        """Complete the check of an attempt; where it has none yet, open one that is."""
        repository, head = target.ref.repository, target.head
        reviews = self._app.reviews(target.installation, repository)
        face = ended("failed", f"{why}. {AGAIN}")
        with suppress(GoneError):
            ours = reviews.checks(repository, head)
            there = next((one for one in ours if one.body == target.id), None)
            if there is None:
                reviews.open_check(repository, head, target.id, face)
            elif not there.completed:
                reviews.update_check(repository, there.id, face)
        LOG.info("the review failed, and its check says so: %s", why)
