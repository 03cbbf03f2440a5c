"""The files around a pull's change, read through the forge one by one."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from bot.forge import Pulls
from devchat.changes import Diff, Hit, Side
from devchat.source.patch import PatchSource

MOST_READS = 300
"""Files asked of GitHub for one review: it counts requests."""
MOST_BYTES = 50 << 20


class ForgeSource:
    """Files at both sides of a pull; those that the diff shows whole are not asked for.

    Not `complete`: what is beyond the limits, or larger than GitHub hands out, is not found.
    """

    complete = False

    def __init__(self, pulls: Pulls, repository: str, base: str, head: str, diff: Diff) -> None:
        self.base, self.head = base[:10], head[:10]
        self._pulls, self._repository = pulls, repository
        self._revisions = {"LEFT": base, "RIGHT": head}
        self._patch = PatchSource(diff)
        self._absent = {("LEFT", one.path) for one in diff.files if one.status == "added"}
        self._absent |= {("RIGHT", one.path) for one in diff.files if one.status == "deleted"}
        self._lock = threading.Lock()
        self._kept: dict[tuple[Side, str], bytes | None] = {}
        self._bytes = 0

    def read(self, side: Side, path: str) -> bytes | None:
        """Return a file's content, None where it is not there or out of reach."""
        whole = self._patch.read(side, path)
        if whole is not None or (side, path) in self._absent:
            return whole
        with self._lock:
            if (side, path) not in self._kept:
                self._kept[side, path] = self._ask(side, path)
            return self._kept[side, path]

    def search(self, word: str) -> Iterator[Hit]:
        """Yield nothing: GitHub searches default branches only."""
        yield from ()

    def _ask(self, side: Side, path: str) -> bytes | None:
        if len(self._kept) >= MOST_READS or self._bytes >= MOST_BYTES:
            return None
        data = self._pulls.content(self._repository, path, self._revisions[side])
        self._bytes += len(data or b"")
        return data
