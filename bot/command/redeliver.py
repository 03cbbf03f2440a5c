"""`devchat-bot redeliver`: ask GitHub for the deliveries that did not arrive."""

from __future__ import annotations

import typer


def redeliver(context: typer.Context) -> None:
    """Ask GitHub for the deliveries of the last three days that did not arrive.

    A worker does so by itself every 10 minutes. One that was taken already does nothing again.
    """
    import time

    from bot.command.parts import open_app, open_configuration
    from bot.command.redelivering import WINDOW, redeliver_failed

    app = open_app(open_configuration(context.obj))
    count = redeliver_failed(app, time.time() - WINDOW)
    print(f"asked for {count}" if count else "nothing failed in the last three days")
