"""One attempt at one head: open the check, fetch, review, post, close the check, write it down.

Whether to go on is asked inside each step, so that a job taken up again goes the same way. A head
that is not the newest any more, or a pull that nobody wants reviewed, ends at its next step with
a neutral check, and nothing is posted for it.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.errors import GoneError, RejectedError, WaitError
from bot.events import ReviewPulls, to_job
from bot.forge import App, Check, Pull
from bot.jobs import JSON, Jobs, Steps
from bot.ledger import FindingRow, ReviewRow
from bot.reviewing import faces
from bot.reviewing.fetching import fetch
from bot.reviewing.intake import LATER, SETTLED
from bot.reviewing.looking import Scene, look
from bot.reviewing.posting import Board, post
from bot.reviewing.records import (
    Fetched,
    Looked,
    fetched_record,
    looked_record,
    read_fetched,
    read_looked,
)
from bot.reviewing.seeing import see
from bot.reviewing.values import Desk, Over, Target
from devchat.errors import DevchatError, StorageError

if TYPE_CHECKING:
    from bot.ledger import Ledger

LOG = logging.getLogger("bot.reviewing")
DAY = 86_400.0
ONE_PULL = 10
"""What part of a repository's reviews of a day one pull may have: a tenth."""
LIMITED = (
    "{limit} reviews of this {what} began in the last 24 hours. `DEVCHAT_REVIEWS_PER_DAY`, which "
    "is {most} for a repository and a tenth of it for a pull, is for the owner of the App to raise."
)


class _EndedEarly(Exception):
    """There is nothing more to do, and why."""

    def __init__(self, over: Over, why: str = "") -> None:
        super().__init__(over)
        self.over, self.why = over, why


class Attempt:
    """The steps of one attempt. Each gives {"done": ...}, or {"over": ..., "why": ...}."""

    def __init__(self, app: App, jobs: Jobs, ledger: Ledger, desk: Desk, target: Target) -> None:
        self._jobs, self._ledger, self._desk, self._target = jobs, ledger, desk, target
        self._ref, self._repository = target.ref, target.ref.repository
        self._pulls = app.pulls(target.installation, self._repository)
        self._reviews = app.reviews(target.installation, self._repository)

    def go(self, steps: Steps) -> None:
        """Go through the steps; what ends the review early leads straight to closing the check."""
        target, check, looked = self._target, None, None
        row = ReviewRow(target.id, self._repository, self._ref.number, target.head, time.time())
        self._ledger.begin_review(row)
        posted: tuple[str, ...] = ()
        try:
            check = self._run(steps, "open", self._open)
            fetched = read_fetched(self._run(steps, "fetch", self._fetch))
            looked = self._look(steps, check, fetched)
            posted = self._posted(steps, looked)
            face = faces.finished(looked)
            outcome = str(face.conclusion)
        except _EndedEarly as early:
            face, outcome = faces.ended(early.over, early.why), early.over
        if check is not None:
            steps.run("close", lambda: self._close(check, face))
        steps.run("note", lambda: self._note(outcome, looked, posted))
        LOG.info("%s: %s", outcome, face.title)

    def _run(self, steps: Steps, name: str, deed: Callable[[], JSON]) -> JSON:
        result = steps.run(name, lambda: self._attempt(name, deed))
        if "over" in result:
            raise _EndedEarly(result["over"], result["why"])
        return result["done"]

    def _attempt(self, name: str, deed: Callable[[], JSON]) -> JSON:
        """Do a step. That it is over, and an error for good, are results: the check says them."""
        started = time.monotonic()
        try:
            done = deed()
        except _EndedEarly as early:
            return {"over": early.over, "why": early.why}
        except (WaitError, StorageError):
            raise
        except DevchatError as error:
            LOG.warning("the step `%s` failed: %s", name, error.message)
            return {"over": "failed", "why": f"{error.message}. {error.hint}".strip()}
        self._ledger.add("step", name, time.monotonic() - started)
        return {"done": done}

    def _over(self) -> Over:
        """Say whether this head is still the one to review, as far as deliveries told."""
        newest = self._ledger.newest_head(self._repository, self._ref.number)
        if newest is None or (newest.open and newest.head == self._target.head):
            return ""
        return "superseded" if newest.open else "unwanted"

    def _check_over(self) -> None:
        if over := self._over():
            raise _EndedEarly(over)

    def _open(self) -> JSON:
        ours = self._reviews.checks(self._repository, self._target.head)
        there = next((one.id for one in ours if one.body == self._target.id), None)
        if there is not None:  # even where it is over now: what was opened must be closed
            return there
        self._check_over()
        face = faces.under_way("Reading the change")
        return self._reviews.open_check(self._repository, self._target.head, self._target.id, face)

    def _check_limit(self) -> None:
        """See that nobody spends the owner's model by opening pulls, pushing or asking again."""
        most = self._desk.per_day
        since, repository = time.time() - DAY, self._repository
        here = self._ledger.count_reviews(repository, since, self._ref.number)
        everywhere = self._ledger.count_reviews(repository, since)
        for what, count, limit in (
            ("pull", here, max(1, most // ONE_PULL)),
            ("repository", everywhere, most),
        ):
            if most and count > limit:
                raise _EndedEarly("limited", LIMITED.format(limit=limit, what=what, most=most))

    def _fetch(self) -> JSON:
        self._check_limit()
        installation = self._target.installation
        fetched = fetch(self._pulls, self._see(), self._ledger, installation)
        self._see()  # what was pushed meanwhile has a review of its own
        return fetched_record(fetched)

    def _see(self) -> Pull:
        """Ask GitHub, for a push that was made just now has not been delivered yet."""
        drafts, installation = self._desk.drafts, self._target.installation
        seen = see(self._pulls, self._ref, installation, self._ledger, drafts=drafts)
        self._check_over()
        return seen.pull

    def _look(self, steps: Steps, check: int, fetched: Fetched) -> Looked:
        def deed() -> JSON:
            self._check_over()
            face = faces.under_way("Reviewing")
            self._reviews.update_check(self._repository, check, face)
            scene = Scene(self._pulls, self._ref, fetched, self._desk)
            looked = look(scene, lambda: not self._over())
            if looked is None:
                raise _EndedEarly(self._over() or "superseded")
            return looked_record(looked)

        return read_looked(self._run(steps, "review", deed))

    def _posted(self, steps: Steps, looked: Looked) -> tuple[str, ...]:
        def deed() -> JSON:
            self._see()
            if looked.trouble:
                return []
            return list(post(Board(self._pulls, self._reviews, self._target), looked))

        return tuple(self._run(steps, "post", deed))

    def _close(self, check: int, face: Check) -> None:
        with suppress(GoneError):
            try:
                self._reviews.update_check(self._repository, check, face)
            except RejectedError as error:
                LOG.warning("the check's annotations were refused: %s", error.message)
                bare = replace(face, annotations=())
                self._reviews.update_check(self._repository, check, bare)

    def _note(self, outcome: str, looked: Looked | None, posted: tuple[str, ...]) -> None:
        """Write down how it ended."""
        target, ledger = self._target, self._ledger
        if looked is None:
            ledger.finish_review(target.id, outcome)
        else:
            receipt = looked.review.receipt
            ledger.finish_review(
                target.id,
                outcome,
                model=receipt.model,
                prompt_tokens=receipt.usage.prompt_tokens,
                completion_tokens=receipt.usage.completion_tokens,
            )
            self._count(looked, posted)
        ledger.add("reviews", outcome)
        # A pull that was closed may be open again; what told so found this attempt still under way.
        if outcome in ("superseded", "unwanted"):
            self._look_later()

    def _look_later(self) -> None:
        """See to it that the newest head is reviewed, were its delivery lost or this one right."""
        target = self._target
        numbers, head, installation = (self._ref.number,), target.head, target.installation
        look = ReviewPulls(self._repository, numbers, head, installation, "looking back")
        self._jobs.enqueue(to_job(look, f"{target.id}{LATER}", SETTLED))

    def _count(self, looked: Looked, posted: tuple[str, ...]) -> None:
        findings, usage = looked.review.findings, looked.review.receipt.usage
        known = [
            FindingRow(one.fingerprint, one.path, one.line or 0, one.severity, one.rule)
            for one in findings
            if one.fingerprint in posted
        ]
        self._ledger.keep_findings(self._target.id, known)
        for severity, count in Counter(one.severity for one in findings).items():
            self._ledger.add("findings", severity, count)
        self._ledger.add("tokens", "prompt", usage.prompt_tokens)
        self._ledger.add("tokens", "completion", usage.completion_tokens)
