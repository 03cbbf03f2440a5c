"""The variables of the environment: what each is, its default, and how its text is read.

A reader raises ValueError with what is wanted, never with what it was given.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

LEVELS = ("debug", "info", "warning", "error")
DATABASES = ("sqlite", "postgresql")
_ACCOUNT = re.compile(r"[\w-]{1,100}", re.ASCII)


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


def _app_id(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 0 < int(text) < 2**63):
        raise ValueError("a number")
    return int(text)


def read_pem(text: str) -> str:
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


def _number(below: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not (text.isascii() and text.isdecimal() and len(text) < 19 and int(text) < below):
            raise ValueError(f"a number below {below}")
        return int(text)

    return read


def _accounts(text: str) -> tuple[str, ...]:
    found = tuple(one.strip().lower() for one in text.split(",") if one.strip())
    if not all(_ACCOUNT.fullmatch(one) for one in found):
        raise ValueError("names of accounts with commas between them")
    return found


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
    Variable("DEVCHAT_GITHUB_PRIVATE_KEY", "the App's private key itself (PEM), or:", "", read_pem),
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
    Variable("DEVCHAT_PORT", "the port to listen on; 0 takes a free one", "8000", _number(65_536)),
    Variable("DEVCHAT_LOG", f"how much is logged: {', '.join(LEVELS)}", "info", _level),
    Variable("DEVCHAT_DRAFTS", "`yes` to review drafts too", "no", _yes),
    Variable(
        "DEVCHAT_ACCOUNTS",
        "whose repositories are reviewed, names with commas between them; without it everybody's "
        "who installed the App",
        "",
        _accounts,
    ),
    Variable(
        "DEVCHAT_REVIEWS_PER_DAY",
        "reviews of a repository that may begin in 24 hours, of one pull a tenth; 0: any number",
        "500",
        _number(10**6),
    ),
)
