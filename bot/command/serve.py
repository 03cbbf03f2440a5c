"""`devchat-bot serve`: web and worker on this machine, each in a process of its own."""

from __future__ import annotations

import sys

import typer

PARTS = ("web", "worker")


def serve(context: typer.Context) -> int:
    """Take deliveries and review, on this machine: web and worker, restarted if they end."""
    from bot.command.parts import open_configuration, open_jobs
    from bot.command.supervisor import supervise

    open_jobs(
        open_configuration(context.obj, service=True)
    ).close()  # what can't work is said now, and once
    commands = {name: [sys.executable, "-m", "bot", name, "--supervised"] for name in PARTS}
    return supervise(commands)
