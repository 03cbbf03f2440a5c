"""`devchat-bot worker`: does the reviews, and asks GitHub for what did not arrive."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bot.reviewing import Desk

LOG = logging.getLogger(__name__)


def worker(
    context: typer.Context,
    name: Annotated[
        str, typer.Option(help="A name of its own, where several share a database.")
    ] = "",
    supervised: Annotated[bool, typer.Option("--supervised", hidden=True)] = False,
) -> int:
    """Do the reviews, until told to stop.

    What is under way then goes on at the next start, or at once with another worker.
    """
    from bot.command import parts
    from bot.command.memory import bound_memory
    from bot.command.rounds import Rounds
    from bot.command.supervisor import end_with_supervisor
    from bot.durable import run_worker
    from bot.reviewing import handlers

    configuration = parts.open_configuration(context.obj, service=True)
    app, ledger = parts.open_app(configuration), parts.open_ledger(configuration)
    desk = parts.open_desk(configuration, context.obj)
    _say_who_reviews(desk)
    bound_memory()
    doing = handlers(app, parts.open_jobs(configuration), ledger, desk)
    Rounds(app, ledger).start()
    if supervised:
        end_with_supervisor()
    return run_worker(configuration.database_url, doing, name=name)


def _say_who_reviews(desk: Desk) -> None:
    """Say which model speaks, or that none does: it is not looked for in the middle of a review."""
    from devchat.errors import BackendError
    from devchat.models.resolve import resolve

    try:
        LOG.info("reviews with %s", resolve("", desk.settings).name)
    except BackendError as error:
        LOG.warning("analyzers review alone, for %s: %s", error.message, error.hint)
