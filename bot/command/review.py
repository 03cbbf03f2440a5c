"""`devchat-bot review`: review one pull request now."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

import typer

from devchat.errors import UsageError

if TYPE_CHECKING:
    from bot.forge import PullRef

_PULL = re.compile(r"([\w.-]+/[\w.-]+)#([0-9]{1,10})", re.ASCII)


def review(
    context: typer.Context,
    pull: Annotated[str, typer.Argument(metavar="OWNER/REPO#N", help="A pull request.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the review here, and post nothing.")
    ] = False,
) -> None:
    """Hand a pull request in to be reviewed again, or show here what a review would say."""
    raise NotImplementedError


def _read(pull: str) -> PullRef:
    from bot.forge import PullRef

    found = _PULL.fullmatch(pull)
    if found is None:
        raise UsageError(f"`{pull}` names no pull request", "write it as `OWNER/REPO#N`")
    return PullRef(found[1], int(found[2]))
