"""`devchat-bot web`: takes deliveries, and hands them to the queue."""

from __future__ import annotations

from typing import Annotated

import typer


def web(
    context: typer.Context,
    supervised: Annotated[bool, typer.Option("--supervised", hidden=True)] = False,
) -> None:
    """Take GitHub's deliveries under gunicorn; `worker` processes do the reviews."""
    from bot.command.parts import open_configuration, open_jobs, open_ledger
    from bot.command.supervisor import end_with_supervisor
    from bot.web import create_app
    from bot.web.serving import serve

    configuration = open_configuration(context.obj, service=True)
    if supervised:
        end_with_supervisor()
    serve(
        configuration,
        lambda: create_app(configuration, open_jobs(configuration), open_ledger(configuration)),
    )
