"""JSON for programs that is safe in a terminal as well."""

from __future__ import annotations

import json
import re
from typing import Any

from devchat.sanitize import HIDDEN

_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")


def to_json(value: dict[str, Any], *, indent: int | None = None) -> str:
    """Write an object as JSON: Chinese stays readable, what commands or deceives is escaped.

    What JSON doesn't know, such as a path, becomes text.
    """
    return HIDDEN.sub(_escape, json.dumps(value, ensure_ascii=False, indent=indent, default=str))


def in_encoding(text: str, encoding: str) -> str:
    """Return JSON that an encoding can write: the same text, or its equal in ASCII."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return _BEYOND_ASCII.sub(_escape, text)
    return text


def _escape(found: re.Match[str]) -> str:
    return json.dumps(found[0])[1:-1]
