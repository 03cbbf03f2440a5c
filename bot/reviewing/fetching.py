"""Fetch a pull's change and its policy through the forge."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from bot.errors import TooLargeError
from bot.forge import Pull, Pulls
from bot.reviewing.materials import FILES_LISTED, is_same
from bot.reviewing.policies import read_default
from bot.reviewing.records import Fetched

if TYPE_CHECKING:
    from bot.ledger import Ledger

_ABOUT = 8_000


def fetch(pulls: Pulls, pull: Pull, ledger: Ledger | None, installation: int = 0) -> Fetched:
    """Read what there is to review; without a ledger no policy is remembered."""
    repository = pull.ref.repository
    base = pulls.merge_base(repository, pull.base, pull.head)
    policy = read_default(pulls, pull, ledger, installation)
    about = f"{pull.title}\n\n{pull.body}"[:_ABOUT]
    said = policy.text, policy.notes, about
    text = _diff(pulls, pull)
    # Both are the pull's as it is when GitHub is asked, and only the list names the commit that it
    # is of: who pushes another one for a moment must get no verdict on what this head is not.
    listed = islice(pulls.files(pull.ref), FILES_LISTED)
    files = tuple(one if one.head == pull.head else replace(one, patch=None) for one in listed)
    if text is not None and is_same(text, files):
        return Fetched(base, pull.head, text, (), *said)
    return Fetched(base, pull.head, None, files, *said)


def _diff(pulls: Pulls, pull: Pull) -> str | None:
    try:
        return pulls.diff(pull.ref)
    except TooLargeError:
        return None
