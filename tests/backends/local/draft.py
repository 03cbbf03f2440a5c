"""A draft of a kept prompt that is never done: a pipe that takes its first bytes and no more."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from tests.backends.local.test_faults import until


class StuckDraft:
    """Where a process is going to write, so that it can be killed while it does."""

    def __init__(self, folder: Path, pid: int, name: str) -> None:
        """Lie in wait for a process that will write a file of that name."""
        self.path = folder / f".{pid}-{name}.part"
        self._pid = pid
        os.mkfifo(self.path, 0o600)
        # Both ends, so that opening it waits for nobody; locked, so that nobody clears it away.
        self._pipe = os.open(self.path, os.O_RDWR)
        fcntl.flock(self._pipe, fcntl.LOCK_EX)

    def begun(self) -> bytes:
        """Wait until the process is writing; give what it wrote first."""
        until(lambda: opened_to_write(self.path, self._pid))
        fcntl.flock(self._pipe, fcntl.LOCK_UN)
        return os.read(self._pipe, 1000)

    def leave(self, data: bytes) -> None:
        """Leave a plain file with what was written, as on a disk."""
        os.close(self._pipe)
        self.path.unlink()
        self.path.write_bytes(data)


def opened_to_write(path: Path, pid: int) -> bool:
    """Tell whether a process has opened a file to write it."""
    process = Path(f"/proc/{pid}")
    for link in process.glob("fd/*"):
        with suppress(FileNotFoundError):
            if link.readlink() == path:
                flags = (process / "fdinfo" / link.name).read_text().split("flags:")[1].split()
                if int(flags[0], 8) & os.O_ACCMODE == os.O_WRONLY:
                    return True
    return False
