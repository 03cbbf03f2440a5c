"""The App's configuration: the environment, read once into one frozen value. Knows no defaults
of devchat's own: its variables (models, keys, folders) are passed on to `devchat.settings`.

A secret is never shown, neither by `repr` nor in an error.
"""

from __future__ import annotations

import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from bot.configuration.variables import VARIABLES, Variable, read_pem
from devchat.errors import SettingsError

__all__ = ["VARIABLES", "Configuration", "address_of", "for_devchat", "read_configuration"]

PREFIX = "DEVCHAT_"


@dataclass(frozen=True, slots=True)
class Configuration:
    """What the owner decided. `private_key` is PEM; `api_url` has no slash at its end."""

    app_id: int
    private_key: str = field(repr=False)
    webhook_secrets: tuple[str, ...] = field(repr=False)
    api_url: str
    database_url: str = field(repr=False)
    host: str
    port: int
    log: str
    drafts: bool
    accounts: tuple[str, ...]
    per_day: int
    data: Path

    @property
    def address(self) -> str:
        """Where to listen, as an address says it."""
        return address_of(self.host, self.port)

    def secrets(self) -> tuple[str, ...]:
        """List what must never be written anywhere."""
        password = urlsplit(self.database_url).password or ""
        found = (self.private_key, *self.webhook_secrets, password, unquote(password))
        return tuple(one for one in found if one)


def read_configuration(environ: Mapping[str, str]) -> Configuration:
    """Read the environment and the file of the key. Raises SettingsError in one line."""
    from devchat.settings.paths import find_paths

    _refuse_unknown(environ)
    data = find_paths(environ).history.parent
    values = {one.name: _value(one, environ) for one in VARIABLES}
    return Configuration(
        app_id=values["DEVCHAT_GITHUB_APP_ID"],
        private_key=_private_key(values),
        webhook_secrets=values["DEVCHAT_GITHUB_WEBHOOK_SECRET"],
        api_url=values["DEVCHAT_GITHUB_API_URL"],
        database_url=values["DEVCHAT_DATABASE_URL"] or f"sqlite:///{data / 'bot.db'}",
        host=values["DEVCHAT_HOST"],
        port=values["DEVCHAT_PORT"],
        log=values["DEVCHAT_LOG"],
        drafts=values["DEVCHAT_DRAFTS"],
        accounts=values["DEVCHAT_ACCOUNTS"],
        per_day=values["DEVCHAT_REVIEWS_PER_DAY"],
        data=data,
    )


def address_of(host: str, port: int) -> str:
    """Write a host and a port as an address has them."""
    return f"{f'[{host}]' if ':' in host else host}:{port}"


def for_devchat(environ: Mapping[str, str]) -> dict[str, str]:
    """Leave of the environment what devchat and its processes may see: none of our variables."""
    ours = {one.name for one in VARIABLES} - {"DEVCHAT_MODEL"}
    return {name: value for name, value in environ.items() if name not in ours}


def _refuse_unknown(environ: Mapping[str, str]) -> None:
    from difflib import get_close_matches

    from devchat.settings.load import variable_of
    from devchat.settings.paths import FOLDERS
    from devchat.settings.schema import read_schema

    ours = [one.name for one in VARIABLES]
    known = [*ours, *FOLDERS, *(variable_of(key) for key in read_schema() if "*" not in key)]
    for name in environ:
        if name.startswith(PREFIX) and name not in known:
            near = get_close_matches(name, known, 1, 0.6)
            hint = f"did you mean `{near[0]}`?" if near else f"unset it; ours are {', '.join(ours)}"
            raise SettingsError(f"unknown environment variable `{name}`", hint)


def _value(variable: Variable, environ: Mapping[str, str]) -> Any:
    text = environ.get(variable.name, "").strip() or variable.default
    if not text and variable.needed:
        raise SettingsError(
            f"`{variable.name}` is not set", f"it is {variable.what}: `{variable.example}`"
        )
    try:
        return variable.read(text)
    except ValueError as error:  # never with its value: that may be a secret in the wrong place
        example = f": `{variable.example}`" if variable.example else ""
        hint = f"it is {variable.what}{example}"
        raise SettingsError(f"`{variable.name}` must be {error}", hint) from None


def _private_key(values: Mapping[str, Any]) -> str:
    key, path = values["DEVCHAT_GITHUB_PRIVATE_KEY"], values["DEVCHAT_GITHUB_PRIVATE_KEY_PATH"]
    if key and path:
        raise SettingsError(
            "`DEVCHAT_GITHUB_PRIVATE_KEY` and `DEVCHAT_GITHUB_PRIVATE_KEY_PATH` are both set",
            "unset one of them",
        )
    if not key and not path:
        raise SettingsError(
            "neither `DEVCHAT_GITHUB_PRIVATE_KEY` nor `DEVCHAT_GITHUB_PRIVATE_KEY_PATH` is set",
            "set one: the App's page at GitHub makes the key, under `Private keys`",
        )
    return str(key) if key else _read_key(path)


def _read_key(path: Path) -> str:
    name = "`DEVCHAT_GITHUB_PRIVATE_KEY_PATH`"
    try:
        if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise SettingsError(f"{name}: others may open {path}", f"run `chmod 600 {path}`")
        return read_pem(path.read_text("ascii"))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        hint = "check the path and its permissions"
        raise SettingsError(f"{name}: {path} can't be read: {reason}", hint) from error
    except ValueError as error:
        hint = "use the file as GitHub made it"
        raise SettingsError(f"{name}: {path} holds no private key", hint) from error
