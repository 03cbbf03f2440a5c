"""Fetch a pull's change and its policy through the forge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from bot.errors import TooLargeError
from bot.forge import FilePatch, Pull, Pulls
from bot.reviewing.materials import FILES_LISTED, is_same
from bot.reviewing.policies import read_default
from bot.reviewing.records import Fetched
from devchat.changes import FileDiff
from devchat.diff import parse
from devchat.errors import InputError

if TYPE_CHECKING:
    from bot.ledger import Ledger

_ABOUT = 8_000
_BARE = 100
"""Files without changed lines (renamed, empty, of another mode) that are compared one by one."""


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
    listed = tuple(islice(pulls.files(pull.ref), FILES_LISTED))
    if text is not None and _is_of(pulls, pull, base, text, listed):
        return Fetched(base, pull.head, text, (), *said)
    files = tuple(one if one.head == pull.head else replace(one, patch=None) for one in listed)
    return Fetched(base, pull.head, None, files, *said)


def _is_of(pulls: Pulls, pull: Pull, base: str, text: str, listed: Sequence[FilePatch]) -> bool:
    """Tell whether a diff is of this head: as listed, and unchanged where it has no lines."""
    try:
        diff = parse(text)
    except InputError:
        return False
    if any(one.head != pull.head for one in listed) or not is_same(diff, listed):
        return False
    bare = [one for one in diff.files if not one.hunks and not one.binary]
    return len(bare) <= _BARE and all(_is_unchanged(pulls, pull, base, one) for one in bare)


def _is_unchanged(pulls: Pulls, pull: Pull, base: str, file: FileDiff) -> bool:
    """Tell whether a file without changed lines has none: one that is binary is listed alike."""
    repository = pull.ref.repository
    added, deleted = file.status == "added", file.status == "deleted"
    before = b"" if added else pulls.content(repository, file.old_path, base)
    after = b"" if deleted else pulls.content(repository, file.path, pull.head)
    return before is not None and before == after


def _diff(pulls: Pulls, pull: Pull) -> str | None:
    try:
        return pulls.diff(pull.ref)
    except TooLargeError:
        return None
