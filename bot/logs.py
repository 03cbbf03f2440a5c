"""Logs on standard error, a line for each event, with what it is about, without any secret.

JSON for machines; where a terminal shows them, words for who sits there.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TextIO

from devchat.sanitize import visible
from devchat.sanitize.tokens import MASK, without_tokens

_SUBJECT: ContextVar[tuple[tuple[str, str], ...]] = ContextVar("subject", default=())
# By their beginnings, for lengths change; no boundary before them, unlike what is shown to people:
# a log may lose a letter too many.
_TOKENS = re.compile(
    r"gh[a-z]_[\w.=+/-]{4,}|github_pat_\w{4,}|v1\.[0-9a-f]{40}"
    r"|eyJ[\w-]{4,}\.[\w-]+(?:\.[\w-]*)?"  # JSON Web Tokens
    r"|(?<=://)[^\s/@]+(?=@)"
    r"|(?i:(?<=bearer )|(?<=basic )|(?<=token ))[\w.=+/~-]{6,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)",
    re.DOTALL,
)


@contextmanager
def logged(**subject: str) -> Iterator[None]:
    """Put what the work is about (delivery, repository, pull, job) on each line logged inside."""
    known = tuple((name, value) for name, value in subject.items() if value)
    token = _SUBJECT.set(_SUBJECT.get() + known)
    try:
        yield
    finally:
        _SUBJECT.reset(token)


class Redactor:
    """Takes out of a text the secrets given, and all that has the form of one."""

    def __init__(self, secrets: Sequence[str] = ()) -> None:
        # A key of several lines is also hidden line by line, for a log may cut it anywhere.
        lines = {line for one in secrets for line in one.splitlines() if len(line) >= 6}
        self._secrets = sorted({*(one for one in secrets if one), *lines}, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        return without_tokens(_TOKENS.sub(MASK, text))


class JsonFormatter(logging.Formatter):
    """Writes a record as one line of JSON; every text in it is redacted."""

    def __init__(self, redact: Redactor) -> None:
        super().__init__()
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        """Write a record."""
        fields = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **dict(_SUBJECT.get()),
        }
        if record.exc_info:
            fields["error"] = self.formatException(record.exc_info)
        return json.dumps({name: self._redact(text) for name, text in fields.items()})


class PlainFormatter(logging.Formatter):
    """Writes a record for a terminal: the time, the pull or delivery, and what happened."""

    def __init__(self, redact: Redactor) -> None:
        super().__init__()
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        """Write a record; only a traceback takes further lines."""
        at = datetime.fromtimestamp(record.created).strftime("%H:%M:%S")
        level = "" if record.levelno <= logging.INFO else f"{record.levelname.lower()}:"
        words = (at, _about(dict(_SUBJECT.get())), level, " ".join(record.getMessage().split("\n")))
        text = " ".join(word for word in words if word)
        if record.exc_info:
            text = f"{text}\n{self.formatException(record.exc_info)}"
        return visible(self._redact(text))


def _about(subject: Mapping[str, str]) -> str:
    place = "#".join(subject[name] for name in ("repository", "pull") if name in subject)
    return place or subject.get("job", "") or subject.get("delivery", "")


class _Handler(logging.StreamHandler[TextIO]):
    """Writes to standard error as it is now, and shrugs where nobody reads it."""

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:
        """Lose the line: what can't be logged must not stop the work, nor be printed raw."""


def open_logs(level: str, secrets: Sequence[str] = ()) -> None:
    """Send what this process logs to standard error, from this level on."""
    handler, redact = _Handler(), Redactor(secrets)
    handler.setFormatter((PlainFormatter if sys.stderr.isatty() else JsonFormatter)(redact))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    logging.captureWarnings(True)
