"""`devchat-bot serve`: web and worker on this machine, each in a process of its own."""

from __future__ import annotations

import sys

import typer

PARTS = ("web", "worker")


def serve(context: typer.Context) -> int:
    """Take deliveries and do the reviews, on this machine.

    Runs `web` and `worker`, and starts either again if it ends. It logs to standard error: words
    in a terminal, else JSON.
    """
    from bot.command import parts
    from bot.command.listening import check_free
    from bot.command.supervisor import supervise

    # What can't work is said now, and once.
    configuration = parts.open_configuration(context.obj, service=True)
    parts.open_app(configuration).close()
    check_free(configuration)
    parts.open_jobs(configuration).close()
    commands = {name: [sys.executable, "-m", "bot", name, "--supervised"] for name in PARTS}
    return supervise(commands)
