"""Read objects of a repository by name, all through one long-lived git process."""

from __future__ import annotations

import subprocess
import weakref
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock

from devchat.source.git import LARGEST, Git, end


@dataclass(frozen=True, slots=True)
class Object:
    """A commit, tree, blob or tag as it is stored; `id` in full."""

    id: str
    kind: str
    data: bytes


class Objects:
    """The objects of a repository. The process starts with the first and ends with this value."""

    def __init__(self, git: Git) -> None:
        self._git = git
        self._lock = Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._end: weakref.finalize[[subprocess.Popen[bytes]], Objects] | None = None

    def read(self, name: str) -> Object | None:
        """Return an object by a name as in git-rev-parse(1), None where there is none.

        Also none: what is larger than 25 MB, and what a partial clone left out.
        """
        if "\0" in name:
            return None
        if "\n" in name or name.endswith("\r"):  # the process reads names line by line
            answer = self._git.run("rev-parse", "--verify", "--quiet", "--end-of-options", name)
            name = answer.output.decode().strip()
        with self._lock:
            try:
                return self._ask(name)
            except (OSError, ValueError):
                self._stop()
                return None

    def close(self) -> None:
        """End the process; a later read starts another."""
        with self._lock:
            self._stop()

    def _ask(self, name: str) -> Object | None:
        process = self._process or self._start()
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(name.encode("utf-8", "surrogateescape") + b"\n")
        process.stdin.flush()
        line = process.stdout.readline()
        if line.endswith((b" missing\n", b" ambiguous\n")):
            return None
        identity, kind, size = line.decode("ascii").split()
        if int(size) > LARGEST:
            self._stop()
            return None
        data = process.stdout.read(int(size) + 1)
        return Object(identity, kind, data[:-1])

    def _start(self) -> subprocess.Popen[bytes]:
        self._process = self._git.open_batch()
        self._end = weakref.finalize(self, _close, self._process)
        return self._process

    def _stop(self) -> None:
        if self._end is not None:
            self._end()
        self._process = self._end = None


def _close(process: subprocess.Popen[bytes]) -> None:
    end(process)
    with suppress(OSError), process:  # closes its pipes and waits
        pass
