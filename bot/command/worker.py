"""`devchat-bot worker`: does the reviews, and asks GitHub for what did not arrive."""

from __future__ import annotations

from typing import Annotated

import typer


def worker(
    context: typer.Context,
    name: Annotated[
        str, typer.Option(help="A name of its own, where several share a database.")
    ] = "",
    supervised: Annotated[bool, typer.Option("--supervised", hidden=True)] = False,
) -> None:
    """Do reviews until told to stop; what is under way then goes on at the next start."""
    from bot.command import parts
    from bot.command.rounds import Rounds
    from bot.command.supervisor import end_with_supervisor
    from bot.durable import run_worker
    from bot.reviewing import handlers

    configuration = parts.open_configuration(context.obj, service=True)
    app, ledger = parts.open_app(configuration), parts.open_ledger(configuration)
    desk = parts.open_desk(configuration, context.obj)
    doing = handlers(app, parts.open_jobs(configuration), ledger, desk)
    Rounds(app, ledger).start()
    if supervised:
        end_with_supervisor()
    run_worker(configuration.database_url, doing, name=name)
