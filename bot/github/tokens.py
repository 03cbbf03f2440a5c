"""Installation tokens that open one repository and only what is needed there.

They live in memory only, and are never shown: https://docs.github.com/en/rest/apps/apps
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bot.errors import GoneError, RejectedError
from bot.github.addresses import checked
from bot.github.connection import Connection, Login, log_in

if TYPE_CHECKING:
    from github.Auth import Auth

_SPARE_SECONDS = 300.0
"""A token that ends sooner is not used any more: a step may last that long."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a token opens: `permissions` are pairs like ("contents", "read")."""

    installation: int
    repository: str
    permissions: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Token:
    """A token and when it ends, in seconds since the epoch."""

    text: str = field(repr=False)
    ends: float
    auth: Auth = field(repr=False, compare=False)


class Tokens:
    """Asks for tokens as the App and remembers them until shortly before they end."""

    def __init__(self, app: Connection, clock: Callable[[], float]) -> None:
        self._app, self._clock = app, clock
        self._lock = threading.Lock()
        self._kept: dict[Scope, Token] = {}

    def login(self, scope: Scope) -> Login:
        """Return the login of a scope, for a `Connection`."""

        def login(refused: Auth | None) -> Auth:
            return self.token(scope, refused).auth

        return login

    def token(self, scope: Scope, refused: Auth | None = None) -> Token:
        """Return a token that is good for some minutes, and is not the one refused."""
        with self._lock:
            kept = self._kept.get(scope)
            if kept is not None and kept.auth is not refused and self._lasts(kept):
                return kept
        made = self._make(scope)
        with self._lock:
            alive = {one: token for one, token in self._kept.items() if self._lasts(token)}
            self._kept = {**alive, scope: made}
        return made

    def _lasts(self, token: Token) -> bool:
        return token.ends - self._clock() > _SPARE_SECONDS

    def _make(self, scope: Scope) -> Token:
        name = checked(scope.repository).partition("/")[2]
        # PyGithub's own `get_access_token` can't narrow a token to a repository.
        path = f"/app/installations/{scope.installation}/access_tokens"
        body = {"repositories": [name], "permissions": dict(scope.permissions)}
        try:
            return self._app.send("POST", path, body, _read_token)
        except RejectedError as error:
            raise GoneError(
                f"the App may not do its work in `{scope.repository}`: {error.message}",
                "was the repository taken from the App, or a new permission not accepted yet?",
            ) from None


def _read_token(value: Mapping[str, Any]) -> Token:
    text = str(value["token"])
    ends = datetime.fromisoformat(value["expires_at"]).timestamp()
    return Token(text, ends, log_in(text))
