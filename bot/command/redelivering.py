"""Deliveries that did not arrive, asked for again: GitHub never sends one twice by itself.

https://docs.github.com/en/webhooks/using-webhooks/automatically-redelivering-failed-deliveries-for-a-github-app-webhook
"""

from __future__ import annotations

from bot.forge import App

EVERY = 600.0
"""Seconds between two looks of a worker."""
WINDOW = 3 * 86_400.0
"""Seconds for which GitHub keeps deliveries."""


def redeliver_failed(app: App, since: float) -> int:
    """Ask for each delivery that failed since then; return how many. Raises ForgeError."""
    count = 0
    # One asked for twice does no harm: it keeps its GUID.
    for delivery in app.failed_deliveries(since):
        app.redeliver(delivery.id)
        count += 1
    return count
