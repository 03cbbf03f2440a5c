"""What went over to GitHub and what it let us know of limits, for the metrics. Safe in threads."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

SHORTEST_WAIT, LONGEST_WAIT = 5.0, 300.0


@dataclass(frozen=True, slots=True)
class Quota:
    """How many requests an installation (0: the App itself) may still send, and until when."""

    installation: int
    left: int
    limit: int
    resets_at: float


@dataclass(frozen=True, slots=True)
class Traffic:
    """What this process asked GitHub: requests by status (0: no answer), and the quotas left.

    `ahead` is by how many seconds this machine's clock is before GitHub's, to a second or so.
    """

    requests: Mapping[int, int]
    quotas: tuple[Quota, ...]
    ahead: float | None


class Meter:
    """Counts requests and remembers what the headers said."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self._lock = threading.Lock()
        self._requests: Counter[int] = Counter()
        self._quotas: dict[int, Quota] = {}
        self._ahead: float | None = None
        self._troubled_since: float | None = None

    def count(self, installation: int, status: int, headers: Mapping[str, str]) -> None:
        """Take note of an answer; status 0 means that none came. Header names in lower case."""
        quota = _quota(installation, headers)
        date = date_of(headers)
        with self._lock:
            self._requests[status] += 1
            if quota is not None:
                self._quotas[installation] = quota
            if date is not None:
                self._ahead = self.clock() - date
            if 0 < status < 500:
                self._troubled_since = None

    def trouble(self) -> float:
        """Say how long to wait while GitHub is out of order: longer the longer it lasts."""
        with self._lock:
            now = self.clock()
            if self._troubled_since is None:
                self._troubled_since = now
            return min(max(now - self._troubled_since, SHORTEST_WAIT), LONGEST_WAIT)

    def traffic(self) -> Traffic:
        """Return what was counted so far."""
        with self._lock:
            return Traffic(dict(self._requests), tuple(self._quotas.values()), self._ahead)


def _quota(installation: int, headers: Mapping[str, str]) -> Quota | None:
    names = ("x-ratelimit-remaining", "x-ratelimit-limit", "x-ratelimit-reset")
    left, limit, resets_at = (number(headers.get(name)) for name in names)
    if left is None or limit is None or resets_at is None:
        return None
    return Quota(installation, int(left), int(limit), resets_at)


def number(text: str | None) -> float | None:
    """Read a header's number of seconds or requests, which is sometimes not whole."""
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if 0 <= value < 1e12 else None


def date_of(headers: Mapping[str, str]) -> float | None:
    """Read GitHub's own clock from an answer."""
    try:
        return parsedate_to_datetime(headers.get("date", "")).timestamp()
    except (ValueError, OverflowError):
        return None
