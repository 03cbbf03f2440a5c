"""Being an App: where it is installed, what it may do, and what did not arrive."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

from bot.forge import FailedDelivery
from bot.github.addresses import at
from bot.github.connection import Connection
from bot.github.meter import Meter, Traffic
from bot.github.pulls import MAY as MAY_READ
from bot.github.pulls import GitHubPulls
from bot.github.reading import read_attempts, read_id, read_login, read_nothing
from bot.github.reviews import MAY as MAY_WRITE
from bot.github.reviews import GitHubReviews
from bot.github.standing import Hook, Standing, ask_hook, ask_standing
from bot.github.tokens import Scope, Tokens

_PAGES = 300


class GitHub:
    """GitHub as one App sees it. Safe in threads; what it opens belongs to one thread."""

    def __init__(
        self,
        app_id: int,
        address: str,
        connection: Connection,
        meter: Meter,
        seconds: int,
        clock: Callable[[], float],
    ) -> None:
        self._app_id, self._address, self._connection = app_id, address, connection
        self._meter, self._seconds = meter, seconds
        self._tokens = Tokens(connection, clock)
        self._lock = threading.Lock()
        self._writing: dict[int, threading.Lock] = {}
        self._login = ""

    def installation(self, repository: str) -> int:
        """Return the installation that a repository belongs to."""
        return self._connection.get(at(repository, "installation"), read_id)

    def pulls(self, installation: int, repository: str) -> GitHubPulls:
        """Open reading for one repository, with a token narrowed to it and to reading."""
        scope = Scope(installation, repository, MAY_READ)
        return GitHubPulls(self._address, self._open(scope), self._tokens, scope)

    def reviews(self, installation: int, repository: str) -> GitHubReviews:
        """Open writing for one repository, with a token narrowed to it.

        Writes go one at a time for each installation, as GitHub asks.
        """
        scope = Scope(installation, repository, MAY_WRITE)
        with self._lock:
            writing = self._writing.setdefault(installation, threading.Lock())
        return GitHubReviews(self._app_id, self._who, self._open(scope), writing)

    def failed_deliveries(self, since: float) -> Iterator[FailedDelivery]:
        """Yield once each what was sent since then and never arrived, the latest first."""
        known: set[str] = set()
        attempts = self._connection.pages("/app/hook/deliveries", read_attempts, _PAGES)
        # An attempt that arrived is later than those that did not, so it is met before them.
        for attempt in attempts:
            if attempt.delivery.delivered_at < since:
                return
            if attempt.delivery.guid not in known:
                known.add(attempt.delivery.guid)
                if not attempt.arrived:
                    yield attempt.delivery

    def redeliver(self, delivery: int) -> None:
        """Ask GitHub to send a delivery again, under the same GUID."""
        path = f"/app/hook/deliveries/{int(delivery)}/attempts"
        self._connection.send("POST", path, None, read_nothing)

    def standing(self) -> Standing:
        """Return what the App may do and is told of, as GitHub says now."""
        return ask_standing(self._connection)

    def hook(self) -> Hook:
        """Return where GitHub delivers to, and how the latest delivery went."""
        return ask_hook(self._connection)

    def traffic(self) -> Traffic:
        """Return what this process has asked of GitHub so far."""
        return self._meter.traffic()

    def close(self) -> None:
        """Close the App's own connection."""
        self._connection.close()

    def _who(self) -> str:
        self._login = self._login or self._connection.get("/app", read_login)
        return self._login

    def _open(self, scope: Scope) -> Connection:
        login = self._tokens.login(scope)
        return Connection(self._address, login, self._meter, self._seconds, scope.installation)
