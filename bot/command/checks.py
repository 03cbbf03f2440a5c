"""What `devchat-bot doctor` finds out: each check is a deed that says what it found, or fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.command import parts
from bot.configuration import Configuration, for_devchat
from devchat.errors import DevchatError, SettingsError

if TYPE_CHECKING:
    from bot.github import GitHub

NEEDED = {
    "checks": "write",
    "contents": "read",
    "metadata": "read",
    "pull_requests": "write",
}
"""What the App must be allowed; `app.yml` asks for exactly this."""
SKEW = 30.0
"""Seconds that our clock may be before or behind GitHub's: a token of the App lives 10 minutes."""


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the report."""

    name: str
    ok: bool
    detail: str
    advice: str = ""


def find_out(environ: Mapping[str, str], *, offline: bool) -> Iterator[Check]:
    """Yield a check after another, as each is done; without a configuration only that one."""
    try:
        configuration = parts.open_configuration(environ)
    except SettingsError as error:
        yield Check("configuration", False, error.message, error.hint)
        return
    yield Check("configuration", True, f"App {configuration.app_id} at {configuration.api_url}")
    yield Check("secret", True, _secrets(configuration))
    yield from _github(configuration, offline=offline)
    yield _check("database", lambda: _database(configuration))
    yield _check("model", lambda: _model(environ))


def _check(name: str, deed: Callable[[], str]) -> Check:
    try:
        return Check(name, True, deed())
    except DevchatError as error:
        return Check(name, False, error.message, error.hint)


def _secrets(configuration: Configuration) -> str:
    two = len(configuration.webhook_secrets) == 2
    return "two are accepted, while changing from one to the other" if two else "one is accepted"


def _github(configuration: Configuration, *, offline: bool) -> Iterator[Check]:
    try:
        app = parts.open_app(configuration)
    except SettingsError as error:
        yield Check("key", False, error.message, error.hint)
        return
    yield Check("key", True, "can sign")
    if not offline:
        with closing(app):
            yield _check("GitHub", lambda: _permissions(app))
            yield _check("clock", lambda: _clock(app))


def _permissions(app: GitHub) -> str:
    """Ask GitHub, which shows that it can be reached and knows us, and compare."""
    allowed = app.permissions()
    missing = [
        f"`{name}: {level}`"
        for name, level in NEEDED.items()
        if allowed.get(name) not in (level, "write", "admin")
    ]
    if missing:
        raise SettingsError(
            f"the App may not do all it must: {', '.join(missing)}",
            "allow it on the App's page at GitHub, then accept it where it is installed",
        )
    return "reached, and it knows this App and its permissions"


def _clock(app: GitHub) -> str:
    ahead = app.traffic().ahead
    if ahead is None:
        return "GitHub did not say its time"
    if abs(ahead) > SKEW:
        way = "ahead of" if ahead > 0 else "behind"
        raise SettingsError(
            f"this machine's clock is {abs(ahead):.0f} s {way} GitHub's", "set it by NTP"
        )
    return "as GitHub's"


def _database(configuration: Configuration) -> str:
    with closing(parts.open_jobs(configuration)) as jobs:
        backlog = jobs.backlog()
    with closing(parts.open_ledger(configuration)) as ledger:
        ledger.deliveries(1)
    kind = configuration.database_url.partition(":")[0]
    return f"{kind} answers; {backlog.waiting} jobs wait, {backlog.running} are under way"


def _model(environ: Mapping[str, str]) -> str:
    from devchat.backends import open_backend
    from devchat.models.resolve import resolve

    settings = parts.open_settings(environ)
    model = resolve("", settings)
    with closing(open_backend(model, settings, for_devchat(environ))) as backend:
        backend.count("ready?")
        return f"{backend.name}, on {backend.location}, {backend.tier}"
