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
    from bot.command.parts import open_app, open_configuration, open_handlers
    from bot.command.redelivering import keep_redelivering
    from bot.command.supervisor import end_with_supervisor
    from bot.durable import run_worker

    configuration = open_configuration(context.obj, service=True)
    handlers = open_handlers(configuration, context.obj)
    keep_redelivering(open_app(configuration))
    if supervised:
        end_with_supervisor()
    run_worker(configuration.database_url, handlers, name=name)
