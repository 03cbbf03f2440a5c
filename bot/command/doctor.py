"""`devchat-bot doctor`: what works and what doesn't, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import typer


def doctor(
    context: typer.Context,
    offline: Annotated[
        bool, typer.Option("--offline", help="Ask nobody but the database.")
    ] = False,
) -> int:
    """Check configuration, key, secret, GitHub, permissions, clock, database, and model.

    Exits with 0 where all is well, else with 2.
    """
    from bot.command.checks import find_out

    wrong = 0
    for check in find_out(_environ(context), offline=offline):
        mark = "ok" if check.ok else "no"
        advice = f" -> {check.advice}" if check.advice else ""
        print(f"{mark}  {check.name:<13}  {check.detail}{advice}", flush=True)
        wrong += not check.ok
    print(f"\n{wrong} need a look: see each `no`." if wrong else "\nAll is well.")
    return 2 if wrong else 0


def _environ(context: typer.Context) -> Mapping[str, str]:
    environ: Mapping[str, str] = context.obj
    return environ
