"""What can be told to go wrong, once or more often, for requests that match."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["refuse", "after", "hang", "reset", "reset after", "expire"]


@dataclass(slots=True)
class Fault:
    """A fault for requests like "POST /repos/.../reviews" that `match` finds.

    "refuse" answers `status` instead of doing the work, "after" once it is done; "hang" never
    answers, "reset" breaks the connection, "reset after" once the work is done; "expire" ends
    all tokens first.
    """

    match: str
    kind: Kind
    times: int = 1
    status: int = 502
    message: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


class Faults:
    """The faults to come, in order. Safe in threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rest: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Plan a fault."""
        with self._lock:
            self._rest.append(fault)

    def take(self, asked: str) -> Fault | None:
        """Return the first fault that a request meets, and count it."""
        with self._lock:
            for one in self._rest:
                if one.times > 0 and re.search(one.match, asked):
                    one.times -= 1
                    return one
        return None

    def clear(self) -> None:
        """Let everything go well again."""
        with self._lock:
            self._rest.clear()
