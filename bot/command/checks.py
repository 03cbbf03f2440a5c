"""What `devchat-bot doctor` finds out: each check is a deed that says what it found, or fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.command import parts
from bot.configuration import Configuration, for_devchat
from bot.events import EVENTS
from bot.webhook import ROUTE
from devchat.errors import DevchatError, SettingsError

if TYPE_CHECKING:
    from bot.github import GitHub, Hook, Standing

ALLOW = "allow it on the App's page at GitHub, then accept it where it is installed"
SUBSCRIBE = "subscribe to it on the App's page at GitHub, under `Permissions & events`"
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
            yield from _asked(app)


def _asked(app: GitHub) -> Iterator[Check]:
    """Ask GitHub, which shows that it can be reached and knows us."""
    try:
        standing = app.standing()
    except DevchatError as error:
        yield Check("GitHub", False, error.message, error.hint)
    else:
        yield Check("GitHub", True, f"knows this App; installations: {standing.installations}")
        yield _check("permissions", lambda: _permissions(standing))
        yield _check("events", lambda: _events(standing))
        yield _check("webhook", lambda: _hook(app.hook()))
    ahead = app.traffic().ahead
    if ahead is not None:
        yield _check("clock", lambda: _clock(ahead))


def _permissions(standing: Standing) -> str:
    from bot.github import PERMISSIONS

    missing = [
        f"`{name}: {level}`"
        for name, level in PERMISSIONS.items()
        if standing.permissions.get(name) not in (level, "write", "admin")
    ]
    if missing:
        raise SettingsError(f"the App may not do all it must: {', '.join(missing)}", ALLOW)
    return "all that it needs"


def _events(standing: Standing) -> str:
    missing = [f"`{name}`" for name in EVENTS if name not in standing.events]
    if missing:
        raise SettingsError(f"GitHub does not tell of {', '.join(missing)}", SUBSCRIBE)
    return "told of all that it needs"


def _hook(hook: Hook) -> str:
    """See that deliveries come to us as we read them, as far as can be seen from here."""
    from urllib.parse import urlsplit

    if urlsplit(hook.address).path != ROUTE:
        raise SettingsError(
            f"GitHub delivers to {hook.address or 'no address'}",
            f"let the webhook's address on the App's page end with `{ROUTE}`",
        )
    if hook.form != "json":
        raise SettingsError(
            f"GitHub delivers as `{hook.form}`", "set the webhook's content type to JSON"
        )
    if hook.answered is None:
        return f"{hook.address}; nothing was delivered yet"
    if hook.answered == 401:
        raise SettingsError(
            "the latest delivery was refused: its signature does not fit",
            "the webhook's secret at GitHub must be in `DEVCHAT_GITHUB_WEBHOOK_SECRET`",
        )
    if not 200 <= hook.answered < 400:
        raise SettingsError(
            f"the latest delivery to {hook.address} did not arrive ({hook.answered})",
            "does `devchat-bot serve` run, and does https lead to it? `redeliver` asks again",
        )
    return f"{hook.address}; the latest delivery arrived"


def _clock(ahead: float) -> str:
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
