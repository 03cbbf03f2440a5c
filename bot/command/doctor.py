"""`devchat-bot doctor`: what works and what doesn't, and what to do about it."""

from __future__ import annotations

from typing import Annotated

import typer


def doctor(
    context: typer.Context,
    offline: Annotated[
        bool, typer.Option("--offline", help="Ask nobody but the database.")
    ] = False,
) -> int:
    """Find out what works, and what to do about the rest.

    Configuration, secret, key, permissions, events, webhook, clock, database, and model. Exits
    with 0 where all is well, else with 2.
    """
    from bot.command.checks import find_out

    wrong = total = 0
    for check in find_out(context.obj, offline=offline):
        mark = "ok" if check.ok else "no"
        advice = f" -> {check.advice}" if check.advice else ""
        print(f"{mark}  {check.name:<13}  {check.detail}{advice}", flush=True)
        wrong, total = wrong + (not check.ok), total + 1
    print(f"\n{wrong} of {total} need a look: see each `no`." if wrong else "\nAll is well.")
    return 2 if wrong else 0
