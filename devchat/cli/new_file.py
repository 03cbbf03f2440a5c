"""A new file of the user's, for what was said: private, and never in place of another one."""

from __future__ import annotations

import os
from pathlib import Path

from devchat.errors import StorageError, UsageError


def write_new(path: Path, text: str) -> None:
    """Write a file that must not be there yet. Raises UsageError, or StorageError."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                file.write(text)
        except OSError:
            path.unlink()  # half of it would stand in the way of the next try
            raise
    except FileExistsError:
        raise UsageError(f"`{path}` is there already", "name a new file") from None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise StorageError(f"`{path}` can't be written: {reason}", "name another file") from error
