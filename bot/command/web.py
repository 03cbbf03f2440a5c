"""`devchat-bot web`: takes deliveries, and hands them to the queue."""

from __future__ import annotations

from typing import Annotated

import typer


def web(
    context: typer.Context,
    supervised: Annotated[bool, typer.Option("--supervised", hidden=True)] = False,
) -> int:
    """Take GitHub's deliveries, and do nothing else.

    `devchat-bot worker` does the reviews, on this machine or on others. `serve` is both.
    """
    from bot.command.listening import check_free
    from bot.command.parts import open_configuration, open_jobs, open_ledger
    from bot.command.supervisor import end_with_supervisor
    from bot.web import create_app
    from bot.web.serving import serve

    configuration = open_configuration(context.obj, service=True)
    if supervised:
        end_with_supervisor()
    else:
        check_free(configuration)
    return serve(
        configuration,
        lambda: create_app(configuration, open_jobs(configuration), open_ledger(configuration)),
    )
