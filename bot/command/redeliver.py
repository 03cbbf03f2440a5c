"""`devchat-bot redeliver`: ask GitHub for the deliveries that did not arrive."""

from __future__ import annotations

import typer


def redeliver(context: typer.Context) -> None:
    """Ask GitHub for deliveries that did not arrive.

    Those of the last three days: GitHub keeps them no longer. A worker asks by itself every 10
    minutes. What was taken already is not done again.
    """
    import time

    from bot.command.parts import open_app, open_configuration
    from bot.command.redelivering import WINDOW, redeliver_failed

    app = open_app(open_configuration(context.obj))
    count = redeliver_failed(app, time.time() - WINDOW)
    print(f"asked for {count}" if count else "nothing failed in the last three days")
