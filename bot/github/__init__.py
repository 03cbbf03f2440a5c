"""The forge by PyGithub: being an App, reading a pull, writing a review.

`connection` alone imports the library and knows the network; `failure` says what a refusal means,
`reading` turns GitHub's JSON into values, `tokens` keeps tokens that open one repository, `meter`
counts. Nothing here waits or tries again (but once, with a new token, where one had expired): a
`WaitError` says for how long the job should go back to its queue.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from bot.github.app import GitHub
from bot.github.connection import Connection, open_login
from bot.github.meter import Meter, Traffic
from bot.github.pulls import MAY as MAY_READ
from bot.github.reviews import MAY as MAY_WRITE
from bot.github.standing import Hook, Standing

__all__ = ["PERMISSIONS", "GitHub", "Hook", "Standing", "Traffic", "open_app"]

PERMISSIONS = {"metadata": "read"} | dict(MAY_READ) | dict(MAY_WRITE)
"""What the App must be granted, for `app.yml` and the doctor."""
SECONDS = 30
"""How long one request may be silent."""


def open_app(
    app_id: int,
    private_key: str,
    api_url: str,
    *,
    seconds: int = SECONDS,
    clock: Callable[[], float] = time.time,
) -> GitHub:
    """Open GitHub as an App (its key in PEM form) at the address of GitHub's API.

    The address is as `bot.configuration` took it: https, without a slash at its end. Nothing is
    sent yet. `clock` gives seconds since the epoch. Raises `SettingsError` where the key can't be
    used.
    """
    meter = Meter(clock)
    connection = Connection(api_url, open_login(app_id, private_key), meter, seconds)
    return GitHub(app_id, api_url, connection, meter, seconds, clock)
