"""How far a review is, on standard error: one line in a terminal, else a line now and then."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from time import monotonic
from types import MappingProxyType, TracebackType
from typing import TextIO

from devchat.render.review.facts import plural
from devchat.review import Progress

_WORDS = MappingProxyType(
    {
        "analyse": ("analyzing", "analyzer"),
        "ask": ("reviewing", "chunk"),
        "verify": ("looking again", "finding"),
        "summarise": ("summing up", "step"),
    }
)
_TICK = 0.5
# Logs of machines that wait for a line now and then would take silence for a hang.
_RARELY = 30.0


class ProgressLine:
    """Tells of progress while it is open; in a terminal its line is gone afterwards."""

    def __init__(self, stderr: TextIO) -> None:
        self._stderr = stderr
        self._live = stderr.isatty() and os.environ.get("TERM", "dumb") not in {"", "dumb"}
        self._started = monotonic()
        self._latest: Progress | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._tell_on, daemon=True)

    def __enter__(self) -> ProgressLine:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()

    def update(self, progress: Progress) -> None:
        """Take in how far it is; it is seen within a moment."""
        self._latest = progress

    def tell(self) -> None:
        """Write how far it is now; nothing before it is known."""
        if line := self.words():
            self._write(f"\r\x1b[2m{line}\x1b[0m\x1b[K" if self._live else f"{line}\n")

    def words(self) -> str:
        """Say how far it is, in a terminal as far as its width goes."""
        progress = self._latest
        if progress is None:
            return ""
        what, unit = _WORDS[progress.phase]
        seconds = monotonic() - self._started
        count = f"{progress.done:,} of {plural(progress.total, unit)}"
        tokens = f" · {progress.tokens:,} tokens" if progress.tokens else ""
        line = f"{what}: {count}{tokens} · {seconds:.0f} s"
        return line[: _columns(self._stderr) - 1] if self._live else line

    def _tell_on(self) -> None:
        while not self._over.wait(_TICK if self._live else _RARELY):
            self.tell()
        if self._live:
            self._write("\r\x1b[K")

    def _write(self, text: str) -> None:
        # A review is worth more than its progress.
        with suppress(OSError, ValueError):
            self._stderr.write(text)
            self._stderr.flush()


def _columns(stream: TextIO) -> int:
    with suppress(OSError):
        return os.get_terminal_size(stream.fileno()).columns or 80
    return 80
