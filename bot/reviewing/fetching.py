"""Fetch a pull's change and its policy through the forge."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from bot.errors import TooLargeError
from bot.forge import Pull, Pulls
from bot.reviewing.policies import read_default
from bot.reviewing.records import Fetched

if TYPE_CHECKING:
    from bot.ledger import Ledger

FILES_LISTED = 3_000
"""How many files GitHub lists of a pull: https://docs.github.com/en/rest/pulls/pulls."""
_ABOUT = 8_000


def fetch(pulls: Pulls, pull: Pull, ledger: Ledger | None, installation: int = 0) -> Fetched:
    """Read what there is to review; without a ledger no policy is remembered."""
    repository = pull.ref.repository
    base = pulls.merge_base(repository, pull.base, pull.head)
    policy = read_default(pulls, pull, ledger, installation)
    about = f"{pull.title}\n\n{pull.body}"[:_ABOUT]
    said = policy.text, policy.notes, about
    try:
        return Fetched(base, pull.head, pulls.diff(pull.ref), (), *said)
    except TooLargeError:
        files = tuple(islice(pulls.files(pull.ref), FILES_LISTED))
        return Fetched(base, pull.head, None, files, *said)
