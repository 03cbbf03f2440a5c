"""`devchat-bot review`: review one pull request now."""

from __future__ import annotations

import re
from contextlib import closing
from typing import TYPE_CHECKING, Annotated

import typer

from devchat.errors import UsageError

if TYPE_CHECKING:
    from bot.configuration import Configuration
    from bot.forge import PullRef

_PULL = re.compile(r"([\w.-]+/[\w.-]+)#([0-9]{1,9})", re.ASCII)


def review(
    context: typer.Context,
    pull: Annotated[str, typer.Argument(metavar="OWNER/REPO#N", help="A pull request.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the review here, and write nothing anywhere.")
    ] = False,
) -> None:
    """Review a pull request now, or look what it would say.

    Hands the pull in, to be reviewed once more by a worker.
    """
    from bot.command import parts

    ref = _read(pull)
    configuration = parts.open_configuration(context.obj)
    if not dry_run:
        print(f"handed in as {_hand_in(configuration, ref)}")
        return
    from bot.reviewing import preview
    from devchat.render.review import render_review

    with closing(parts.open_app(configuration)) as app:
        seen = preview(app, ref, parts.open_desk(configuration, context.obj))
    print(render_review(seen.review, seen.diff, "text"), end="")


def _read(pull: str) -> PullRef:
    from bot.forge import PullRef

    found = _PULL.fullmatch(pull)
    if found is None:
        raise UsageError(f"`{pull}` names no pull request", "write it as `OWNER/REPO#N`")
    return PullRef(found[1], int(found[2]))


def _hand_in(configuration: Configuration, ref: PullRef) -> str:
    """Enqueue what a person asks for; return the job's id. Raises ForgeError, StorageError."""
    import time

    from bot.command import parts
    from bot.events import ReviewPulls, to_job

    with closing(parts.open_app(configuration)) as app:
        installation = app.installation(ref.repository)
        head = app.pulls(installation, ref.repository).pull(ref).head
    asked = (ref.number,), head, installation, "asked for by hand"
    intent = ReviewPulls(ref.repository, *asked, again=True)
    id = f"hand:{ref}:{time.time_ns():x}"
    with closing(parts.open_jobs(configuration)) as jobs:
        jobs.enqueue(to_job(intent, id))
    return id
