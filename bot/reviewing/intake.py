"""The job of a delivery: see what the pull is now, and hand in the review of its newest head.

GitHub is asked, for deliveries come late and in any order. A head that is not the newest any more
ends by itself at its next step (see `attempt`), so nothing here has to stop it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.errors import GoneError
from bot.events import ForgetPull, ReviewPulls, from_job, subject_of, to_job
from bot.forge import App, PullRef, Pulls
from bot.jobs import JSON, Job, Jobs, Steps
from bot.logs import logged
from bot.reviewing.seeing import see
from bot.reviewing.values import AGAIN, Desk, Target, attempt_of, delivery_of, is_delivery

if TYPE_CHECKING:
    from bot.ledger import Ledger

DEBOUNCE = 2.0
"""Seconds that a push waits for the next one."""
SETTLED = 15.0
"""Seconds after which GitHub surely tells the newest head."""
LATER = ":later"


class Intake:
    """Does jobs of the kind `intake`."""

    def __init__(self, app: App, jobs: Jobs, ledger: Ledger, desk: Desk) -> None:
        self._app, self._jobs, self._ledger, self._desk = app, jobs, ledger, desk

    def __call__(self, job: Job, steps: Steps) -> None:
        """Do what a delivery asks for; the job's id is its GUID."""
        intent = from_job(job)
        with logged(delivery=delivery_of(job.id), job=job.id, **subject_of(intent)):
            if isinstance(intent, ForgetPull):
                steps.run("look", lambda: self._forget(job, intent))
                return
            found = steps.run("look", lambda: self._look(intent))
            steps.run("enqueue", lambda: self._enqueue(job, intent, found))

    def _forget(self, job: Job, intent: ForgetPull) -> None:
        pulls = self._app.pulls(intent.installation, intent.repository)
        head = self._see(pulls, PullRef(intent.repository, intent.number), intent.installation)
        self._note(job, "wanted again" if head else intent.why)

    def _look(self, intent: ReviewPulls) -> JSON:
        """Return [number, head, attempt] of each review to do."""
        pulls = self._app.pulls(intent.installation, intent.repository)
        found = []
        for number in intent.numbers or self._ledger.pulls_at(intent.repository, intent.head):
            ref = PullRef(intent.repository, number)
            if head := self._see(pulls, ref, intent.installation):
                again = intent.again and head == intent.head
                found.append([number, head, self._attempt(ref, head, again=again)])
        return found

    def _see(self, pulls: Pulls, ref: PullRef, installation: int) -> str:
        """Remember what a pull is now; return its head, "" where none is to be reviewed."""
        try:
            seen = see(pulls, ref, installation, self._ledger, drafts=self._desk.drafts)
        except GoneError:
            self._ledger.close_pull(ref.repository, ref.number)
            return ""
        return seen.pull.head if seen.wanted else ""

    def _attempt(self, ref: PullRef, head: str, *, again: bool) -> int:
        """Return the number of the attempt to make; one that was made already does nothing."""
        before = self._ledger.attempts(ref.repository, ref.number, head)
        if not before:
            return 1
        latest = max(before, key=lambda one: attempt_of(one.id))  # a clock may step back
        return attempt_of(latest.id) + (again or latest.outcome in AGAIN)

    def _look_later(self, job: Job) -> None:
        """Look once more: either the delivery is late, or GitHub's answer is not the newest yet."""
        if not job.id.endswith(LATER):
            self._jobs.enqueue(to_job(from_job(job), f"{job.id}{LATER}", SETTLED))

    def _enqueue(self, job: Job, intent: ReviewPulls, found: JSON) -> None:
        delay = DEBOUNCE if intent.trigger == "synchronize" else 0.0
        for number, head, attempt in found:
            ref = PullRef(intent.repository, number)
            target = Target(ref, head, intent.installation, attempt, delivery_of(job.id))
            self._jobs.enqueue(target.job(delay))
        # None at all: the delivery told of one that is to be reviewed.
        if not intent.again and (not found or any(head != intent.head for _, head, _ in found)):
            self._look_later(job)
        said = ", ".join(f"review of #{number} at {head[:10]}" for number, head, _ in found)
        self._note(job, said or "nothing to review")

    def _note(self, job: Job, outcome: str) -> None:
        if is_delivery(job.id):
            self._ledger.note_delivery(job.id, outcome)
