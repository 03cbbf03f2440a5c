"""The jobs: what a delivery asks for, and the review of one head of a pull, by `devchat.review`.

Knows no HTTP and no queue of its own: GitHub is `bot.forge`, a job's steps are `bot.jobs`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.forge import App, PullRef
from bot.jobs import Handlers, Jobs
from bot.reviewing.burial import Burial
from bot.reviewing.intake import Intake
from bot.reviewing.job import ReviewJob
from bot.reviewing.looking import Preview, preview_pull
from bot.reviewing.values import Desk

if TYPE_CHECKING:
    from bot.ledger import Ledger

__all__ = ["Desk", "Preview", "handlers", "preview"]


def handlers(app: App, jobs: Jobs, ledger: Ledger, desk: Desk) -> Handlers:
    """Return what does each kind of job."""
    return {
        "intake": Intake(app, jobs, ledger, desk),
        "review": ReviewJob(app, jobs, ledger, desk),
        "bury": Burial(app, ledger),
    }


def preview(app: App, ref: PullRef, desk: Desk) -> Preview:
    """Review a pull as it is now, and write nothing anywhere. Raises `DevchatError`."""
    return preview_pull(app, ref, desk)
