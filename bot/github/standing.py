"""How the App stands at GitHub: what it may do, what it is told of, and where that is sent.

https://docs.github.com/en/rest/apps/webhooks
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.github.connection import Connection


@dataclass(frozen=True, slots=True)
class Hook:
    """Where GitHub delivers, in which form, and how the latest delivery was answered (None: none).

    An answer of 0 or beyond 599 is GitHub's own word for none at all.
    """

    address: str
    form: str
    answered: int | None


@dataclass(frozen=True, slots=True)
class Standing:
    """The App as its page at GitHub has it: {"checks": "write", ...}, ("pull_request", ...)."""

    permissions: dict[str, str]
    events: tuple[str, ...]
    installations: int


def ask_standing(connection: Connection) -> Standing:
    """Ask what the App may do and is told of."""
    return connection.get("/app", _read_standing)


def ask_hook(connection: Connection) -> Hook:
    """Ask where deliveries go, and after the latest one."""
    address, form = connection.get("/app/hook/config", _read_config)
    answers = connection.get("/app/hook/deliveries", _read_answers, per_page=1)
    return Hook(address, form, answers[0] if answers else None)


def _read_standing(value: Any) -> Standing:
    permissions = {str(name): str(level) for name, level in value["permissions"].items()}
    events = tuple(map(str, value["events"]))
    return Standing(permissions, events, int(value.get("installations_count") or 0))


def _read_config(value: Any) -> tuple[str, str]:
    return str(value.get("url") or ""), str(value.get("content_type") or "form")


def _read_answers(value: Any) -> list[int]:
    return [int(one["status_code"]) for one in value]
