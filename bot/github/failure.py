"""What a refusal of GitHub's means to us. Pure.

https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.errors import ForgeError, GoneError, RejectedError, TooLargeError, WaitError
from bot.github.meter import date_of, number
from devchat.sanitize import single_line
from devchat.sanitize.tokens import without_tokens

UNSAID_WAIT = 60.0
"""What GitHub asks for at least where it names no time."""
_MOST_WAIT = 6 * 3600.0
_LIMITS = ("rate limit", "abuse detection", "wait a few minutes", "retry your request again")
# Said with 422 or with 500, for hours, and not only of large diffs:
# https://github.com/googleapis/repo-automation-bots/issues/4475
_NO_DIFF = ("this diff is taking too long to generate", "diff not_available")
_REDIRECTS = frozenset({301, 302, 307, 308})


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that says no; header names in lower case. `asked` is like "GET /app"."""

    asked: str
    status: int
    headers: Mapping[str, str]
    body: bytes


def explain(refusal: Refusal, now: float, trouble: float) -> ForgeError:
    """Translate a refusal; `trouble` is how long to wait where GitHub is out of order."""
    status, asked, reason = refusal.status, refusal.asked, reason_of(refusal.body)
    if status in (403, 429) and (seconds := _asked_to_wait(refusal, reason, now)) is not None:
        return WaitError(f"GitHub asks to wait {seconds:.0f} s: {reason}", seconds)
    if status in (404, 410, 451) or (status == 403 and "suspended" in reason.lower()):
        return GoneError(
            f"GitHub has nothing for us at `{asked}`: {reason}",
            "was it deleted, renamed or made private, or the App taken from it?",
        )
    if status == 406 or any(one in reason for one in _NO_DIFF):
        return TooLargeError(f"the diff is beyond what GitHub hands out: {reason}")
    if status == 422:
        return RejectedError(f"GitHub refused `{asked}`: {reason}")
    if status >= 500:
        seconds = max(trouble, _bounded(number(refusal.headers.get("retry-after")) or 0))
        return WaitError(f"GitHub is out of order ({status}) at `{asked}`: {reason}", seconds)
    return ForgeError(f"GitHub refused `{asked}` ({status}): {reason}", _hint(status))


def _hint(status: int) -> str:
    if status == 401:
        return "check the App's id, its private key and this machine's clock: `devchat-bot doctor`"
    if status == 403:
        return "does the App have the permissions that `app.yml` names? `devchat-bot doctor` tells"
    if status in _REDIRECTS:
        return "check `DEVCHAT_GITHUB_API_URL`"
    return "https://www.githubstatus.com tells whether GitHub is well"


def _asked_to_wait(refusal: Refusal, reason: str, now: float) -> float | None:
    """Return the seconds until the next try, None where this is no matter of waiting."""
    headers = refusal.headers
    after = number(headers.get("retry-after"))
    if after is not None:
        return _bounded(after)
    reset = number(headers.get("x-ratelimit-reset"))
    if headers.get("x-ratelimit-remaining") == "0" and reset is not None:
        # By GitHub's clock, for ours may be wrong.
        return _bounded(reset - (date_of(headers) or now) + 1)
    limited = refusal.status == 429 or any(one in reason.lower() for one in _LIMITS)
    return UNSAID_WAIT if limited or "retry-after" in headers else None


def _bounded(seconds: float) -> float:
    return min(max(seconds, 1.0), _MOST_WAIT)


def cause_of(error: Exception) -> str:
    """Say in a few words why a connection failed; around them urllib3 wraps its own objects."""
    outer = error.args[0] if error.args else error
    reason = getattr(outer, "reason", None) or outer
    inner = [getattr(reason, "__cause__", None), *getattr(reason, "args", ())]
    said = [one.strerror or str(one) for one in inner if isinstance(one, OSError)]
    return said[0].lower() if said else str(reason)


def reason_of(body: bytes) -> str:
    """Return what GitHub said, in one line without secrets."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        value = None
    said = _said(value) if isinstance(value, dict) else ""
    return single_line(without_tokens(said), 300) or "it did not say why"


def _said(value: dict[str, Any]) -> str:
    errors = value.get("errors")
    rows = errors if isinstance(errors, list) else []
    whole = [str(value.get("message") or "")] + [_error(one) for one in rows[:5]]
    return "; ".join(one for one in whole if one)


def _error(error: object) -> str:
    """Put one of `errors` into words: a text, or a resource, field, code and message."""
    if not isinstance(error, dict):
        return str(error)
    named = [str(error[name]) for name in ("field", "code") if error.get(name)]
    return str(error.get("message") or " ".join(named))
