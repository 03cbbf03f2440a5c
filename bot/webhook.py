"""A delivery of GitHub's as bytes -> a checked `Delivery`. Pure: knows no server and no queue.

The signature comes first, on the bytes as they came; nothing unsigned is ever parsed.
https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from devchat.errors import DevchatError

ROUTE = "/api/github/webhooks"
"""Where GitHub delivers; Probot's path, so that an App can move house."""
MAX_BYTES = 25 * 1024 * 1024
"""GitHub's own limit: https://docs.github.com/en/webhooks/webhook-events-and-payloads."""
MAX_DEPTH = 64
"""How deep objects and lists may lie in each other; GitHub's stay below 12."""
_GUID = re.compile(r"[0-9A-Za-z-]{1,64}")
_NAME = re.compile(r"[a-z][a-z_]{0,63}")


@dataclass(frozen=True, slots=True)
class Delivery:
    """A signed delivery. `action` is "" where its event has none; `payload` is GitHub's JSON."""

    guid: str
    event: str
    action: str
    payload: Mapping[str, Any]

    @property
    def name(self) -> str:
        """What happened: "pull_request.opened", "ping"."""
        return ".".join(filter(None, (self.event, self.action)))


class DeliveryError(DevchatError):
    """A delivery that is not taken; `status` is what HTTP calls the reason."""

    exit_code = 5

    def __init__(self, status: Literal[400, 401, 413], message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.status = status


def read_event(headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> Delivery:
    """Check a delivery and read it; any of the secrets may have signed. Raises DeliveryError."""
    named = {name.lower(): value for name, value in headers.items()}
    check_size(len(body))
    check_signature(named.get("x-hub-signature-256", ""), body, secrets)
    if named.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise _bad("the body is not `application/json`", "set the webhook's content type to it")
    guid = _header(named, "x-github-delivery", _GUID)
    event = _header(named, "x-github-event", _NAME)
    return to_delivery(guid, event, parse_payload(body))


def check_size(size: int) -> None:
    """Refuse what is beyond GitHub's own limit. Raises DeliveryError."""
    if size > MAX_BYTES:
        raise DeliveryError(413, "the delivery is larger than 25 MB")


def check_signature(given: str, body: bytes, secrets: Sequence[str]) -> None:
    """Raise DeliveryError unless one of the secrets signed the body; without secrets, always."""
    # As bytes, for a header of other letters makes `compare_digest` fail on text. All secrets
    # are tried, whichever fits, so that time does not tell which.
    seen = given.encode("utf-8", "backslashreplace")
    fits = [hmac.compare_digest(sign(body, one), seen) for one in secrets if one]
    if not any(fits):
        reason = "the delivery is signed with another secret" if given else "it is not signed"
        raise DeliveryError(401, reason, "compare the App's webhook secret with ours")


def sign(body: bytes, secret: str) -> bytes:
    """Make the value of `X-Hub-Signature-256`."""
    return b"sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest().encode()


def parse_payload(body: bytes) -> dict[str, Any]:
    """Read a JSON object within limits. Raises DeliveryError."""
    try:
        payload = json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise _bad("the body is not JSON") from error
    if not isinstance(payload, dict):
        raise _bad("the body is no JSON object")
    if _depth(payload) > MAX_DEPTH:
        raise _bad(f"the body is nested deeper than {MAX_DEPTH}")
    return payload


def to_delivery(guid: str, event: str, payload: Mapping[str, Any]) -> Delivery:
    """Put together a delivery; an action that is no name is an error. Raises DeliveryError."""
    action = payload.get("action", "")
    if not isinstance(action, str) or (action and not _NAME.fullmatch(action)):
        raise _bad("`action` is no name")
    return Delivery(guid, event, action, payload)


def _header(named: Mapping[str, str], name: str, form: re.Pattern[str]) -> str:
    value = named.get(name, "")
    if not form.fullmatch(value):
        raise _bad(f"the header `{name}` is {'not what GitHub sends' if value else 'missing'}")
    return value


def _depth(value: object) -> int:
    """Count how deep objects and lists lie in each other; without recursion, to a limit."""
    level, depth = [value], 0
    while level and depth <= MAX_DEPTH:
        level = [one for outer in level for one in _inside(outer)]
        depth += 1
    return depth


def _inside(outer: object) -> list[object]:
    """List the objects and lists in one."""
    found = outer.values() if isinstance(outer, dict) else outer
    assert isinstance(found, Iterable)
    return [one for one in found if isinstance(one, dict | list)]


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _bad(message: str, hint: str = "") -> DeliveryError:
    return DeliveryError(400, message, hint)
