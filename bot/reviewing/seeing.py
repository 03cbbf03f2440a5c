"""See what a pull is now, by asking GitHub, and remember that as the newest that is known."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.events import SKIP
from bot.forge import Pull, PullRef, Pulls
from bot.ledger import Head

if TYPE_CHECKING:
    from bot.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Seen:
    """A pull, and whether it is to be reviewed."""

    pull: Pull
    wanted: bool


def see(pulls: Pulls, ref: PullRef, installation: int, ledger: Ledger, *, drafts: bool) -> Seen:
    """Ask what a pull is now. Raises `GoneError` where it is not there."""
    before = time.time()  # what another asks after us, it knows better
    pull = pulls.pull(ref)
    wanted = pull.state == "open" and (drafts or not pull.draft) and SKIP not in pull.labels
    ledger.see_head(Head(ref.repository, ref.number, installation, pull.head, before, wanted))
    return Seen(pull, wanted)
