"""What went over to GitHub and what it let us know of limits, for the metrics. Safe in threads."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

SHORTEST_WAIT, LONGEST_WAIT = 5.0, 300.0


@dataclass(frozen=True, slots=True)
class Traffic:
    """What this process asked GitHub: requests by status (0: no answer).

    `left` is how many more each installation (0: the App itself) may send until GitHub's reset,
    `ahead` by how many seconds this machine's clock is before GitHub's, to a second or so.
    """

    requests: Mapping[int, int]
    left: Mapping[int, int]
    ahead: float | None


class Meter:
    """Counts requests and remembers what the headers said."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self._lock = threading.Lock()
        self._requests: Counter[int] = Counter()
        self._left: dict[int, int] = {}
        self._ahead: float | None = None
        self._troubled_since: float | None = None

    def count(self, installation: int, status: int, headers: Mapping[str, str]) -> None:
        """Take note of an answer; status 0 means that none came. Header names in lower case."""
        left = number(headers.get("x-ratelimit-remaining"))
        date = date_of(headers)
        with self._lock:
            self._requests[status] += 1
            if left is not None:
                self._left[installation] = int(left)
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
            return Traffic(dict(self._requests), dict(self._left), self._ahead)


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
