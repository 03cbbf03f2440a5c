"""What was entered at the prompt, kept for the arrow keys: a private file, a JSON text a line."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

MOST = 10_000
_SOME_BYTES = 4_000_000
_LONGEST = 100_000
"""A text with more characters is not brought back by an arrow key."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """The file of what was entered; nothing is added to it unless `kept`."""

    path: Path
    kept: bool = True

    def read(self) -> list[str]:
        """Return the latest inputs, the oldest first; none where there is no readable file."""
        try:
            with self.path.open("rb") as file:
                file.seek(max(0, os.fstat(file.fileno()).st_size - _SOME_BYTES))
                return list(_texts(file.read()))[-MOST:]
        except OSError:
            return []

    def add(self, text: str) -> None:
        """Add an input; several processes may. What can't be written is only missing later."""
        if not self.kept or len(text) > _LONGEST:
            return
        line = json.dumps(text, ensure_ascii=True) + "\n"
        with suppress(OSError):
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            with os.fdopen(handle, "wb", buffering=0) as file:
                file.write(line.encode())


def _texts(data: bytes) -> Iterator[str]:
    """Yield the texts of the lines that are whole."""
    for line in data.split(b"\n"):
        try:
            text = json.loads(line)
        except ValueError:
            continue
        if isinstance(text, str):
            yield text
