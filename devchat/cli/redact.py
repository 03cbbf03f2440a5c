"""Text fit for a bug report: no keys, no credentials in addresses, no name of the home folder."""

from __future__ import annotations

import re
from collections.abc import Mapping

from devchat.sanitize import SECRET_NAME

REMOVED = "[removed]"
_USERINFO = re.compile(r"(?<=://)[^/?#\s`]*@")
_QUERY = re.compile(r"(\w://[^\s?#`]*)\?[^\s`]*")
# By their prefixes, for their lengths change: OpenAI and its like, GitHub, Hugging Face, bearers.
_TOKENS = re.compile(
    r"\b(?:sk|pk|rk)-[\w-]{6,}|\bgh[a-z]_\w{6,}|\bgithub_pat_\w{6,}|\bhf_\w{6,}"
    r"|(?<=bearer )[^\s`]{6,}",
    re.IGNORECASE,
)


def redact(text: str, environ: Mapping[str, str]) -> str:
    """Take out what nobody else should read."""
    for value in _secrets(environ):
        text = text.replace(value, REMOVED)
    text = _USERINFO.sub(f"{REMOVED}@", text)
    text = _QUERY.sub(rf"\1?{REMOVED}", text)
    text = _TOKENS.sub(REMOVED, text)
    return _hide_home(text, environ.get("HOME", ""))


def _secrets(environ: Mapping[str, str]) -> list[str]:
    """Return the values of variables that are named like secrets, the longest first."""
    # A short one ("1", "true") would take letters out of everything.
    found = {value.strip() for name, value in environ.items() if SECRET_NAME.search(name)}
    return sorted((value for value in found if len(value) >= 6), key=len, reverse=True)


def _hide_home(text: str, home: str) -> str:
    home = home.rstrip("/")
    if not home:
        return text
    return re.sub(rf"{re.escape(home)}(?![\w.-])", "~", text)
