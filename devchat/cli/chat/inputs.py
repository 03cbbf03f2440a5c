"""What was entered at the prompt, kept for the arrow keys: a private file, a JSON text a line."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

MOST = 10_000
_SOME_BYTES = 4_000_000


def read_inputs(path: Path) -> list[str]:
    """Return the latest inputs, the oldest first; none where there is no readable file."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - _SOME_BYTES))
            return list(_texts(file.read()))[-MOST:]
    except OSError:
        return []


def add_input(path: Path, text: str) -> None:
    """Add an input; several processes may. What can't be written is only missing later."""
    line = json.dumps(text, ensure_ascii=True) + "\n"
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    except OSError:
        return
    with os.fdopen(handle, "wb", buffering=0) as file:
        try:
            file.write(line.encode())
        except OSError:
            return


def _texts(data: bytes) -> Iterator[str]:
    """Yield the texts of the lines that are whole."""
    for line in data.split(b"\n"):
        try:
            text = json.loads(line)
        except ValueError:
            continue
        if isinstance(text, str):
            yield text
