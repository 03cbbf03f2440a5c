"""The App's configuration: the environment, read once into one frozen value. Knows no defaults
of devchat's own: its variables (models, keys, folders) are passed on to `devchat.settings`.

A secret is never shown, neither by `repr` nor in an error.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from devchat.errors import SettingsError

PREFIX = "DEVCHAT_"
LEVELS = ("debug", "info", "warning", "error")
DATABASES = ("sqlite", "postgresql")
_ACCOUNT = re.compile(r"[\w-]{1,100}", re.ASCII)


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


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of the environment; one that is `needed` has no default.

    `read` raises ValueError with what is wanted.
    """

    name: str
    what: str
    default: str
    read: Callable[[str], Any]
    needed: bool = False
    example: str = ""


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
        return _pem(path.read_text("ascii"))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        hint = "check the path and its permissions"
        raise SettingsError(f"{name}: {path} can't be read: {reason}", hint) from error
    except ValueError as error:
        hint = "use the file as GitHub made it"
        raise SettingsError(f"{name}: {path} holds no private key", hint) from error


def _app_id(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 0 < int(text) < 2**63):
        raise ValueError("a number")
    return int(text)


def _pem(text: str) -> str:
    """Accept a key with `\\n` for its line ends, as some platforms can't keep real ones."""
    text = text.strip().replace("\\n", "\n")
    first, _, rest = text.partition("\n")
    whole = rest.rstrip().endswith("PRIVATE KEY-----")
    if text and not (first.startswith("-----BEGIN ") and "PRIVATE KEY-----" in first and whole):
        raise ValueError("a private key in PEM")
    return f"{text}\n" if text else ""


def _path(text: str) -> Path | None:
    return Path(text).absolute() if text else None


def _secrets(text: str) -> tuple[str, ...]:
    found = tuple(one.strip() for one in text.split(",") if one.strip())
    if not 1 <= len(found) <= 2:
        raise ValueError("one secret, or two with a comma between them")
    if min(map(len, found)) < 16:
        raise ValueError("at least 16 characters long")
    return found


def _url(text: str) -> str:
    from devchat.models.services import is_loopback

    parts = _split(text)
    local = is_loopback(parts.hostname or "")
    if not text.isascii():
        raise ValueError("an address")
    if parts.scheme != "https" and not (parts.scheme == "http" and local):
        raise ValueError("an https address (http only on this machine)")
    if not parts.hostname or "@" in text or parts.query or parts.fragment:
        raise ValueError("an address with no user, `?` or `#` in it")
    return text.rstrip("/")


def _split(text: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        return parts if parts.port != 0 else parts._replace(netloc="")
    except ValueError:
        raise ValueError("an address") from None


def _database(text: str) -> str:
    if text and _split(text).scheme not in DATABASES:
        raise ValueError("an address that begins with `sqlite:///` or `postgresql://`")
    return text


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text) < 65_536):
        raise ValueError("a number below 65536")
    return int(text)


def _accounts(text: str) -> tuple[str, ...]:
    """Read names of accounts, in lower case as they are compared."""
    found = tuple(one.strip().lower() for one in text.split(",") if one.strip())
    if not all(_ACCOUNT.fullmatch(one) for one in found):
        raise ValueError("names of accounts with commas between them")
    return found


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise ValueError("a number")
    return int(text)


def _level(text: str) -> str:
    if text.lower() not in LEVELS:
        raise ValueError(f"one of {', '.join(f'`{one}`' for one in LEVELS)}")
    return text.lower()


def _yes(text: str) -> bool:
    if text.lower() not in ("yes", "no"):
        raise ValueError("`yes` or `no`")
    return text.lower() == "yes"


VARIABLES = (
    Variable(
        "DEVCHAT_GITHUB_APP_ID",
        "the App's id, a number on its page at GitHub",
        "",
        _app_id,
        needed=True,
        example="DEVCHAT_GITHUB_APP_ID=123456",
    ),
    Variable("DEVCHAT_GITHUB_PRIVATE_KEY", "the App's private key itself (PEM), or:", "", _pem),
    Variable(
        "DEVCHAT_GITHUB_PRIVATE_KEY_PATH",
        "the file of the App's private key, which only its owner may open",
        "",
        _path,
    ),
    Variable(
        "DEVCHAT_GITHUB_WEBHOOK_SECRET",
        "the webhook's secret; two with a comma between them, the old and the new, while changing",
        "",
        _secrets,
        needed=True,
        example="DEVCHAT_GITHUB_WEBHOOK_SECRET=$(openssl rand -hex 32)",
    ),
    Variable(
        "DEVCHAT_GITHUB_API_URL",
        "the address of GitHub's API; an Enterprise Server's is `https://HOST/api/v3`",
        "https://api.github.com",
        _url,
    ),
    Variable(
        "DEVCHAT_DATABASE_URL",
        "`postgresql://USER:PASSWORD@HOST/NAME`, or `sqlite:////PATH`; without it a file in "
        "`DEVCHAT_DATA_DIR`",
        "",
        _database,
    ),
    Variable("DEVCHAT_MODEL", "the model that reviews, as `devchat models list` names it", "", str),
    Variable("DEVCHAT_HOST", "the address to listen on", "127.0.0.1", str),
    Variable("DEVCHAT_PORT", "the port to listen on; 0 takes a free one", "8000", _port),
    Variable("DEVCHAT_LOG", f"how much is logged: {', '.join(LEVELS)}", "info", _level),
    Variable("DEVCHAT_DRAFTS", "`yes` to review drafts too", "no", _yes),
    Variable(
        "DEVCHAT_ACCOUNTS",
        "the users and organisations whose repositories are reviewed, with commas between them; "
        "without it wherever the App is installed",
        "",
        _accounts,
        example="DEVCHAT_ACCOUNTS=octo,octo-labs",
    ),
    Variable(
        "DEVCHAT_REVIEWS_PER_DAY",
        "how many reviews of one repository may begin in 24 hours, a tenth of them of one pull; "
        "0 for any number",
        "500",
        _count,
    ),
)
