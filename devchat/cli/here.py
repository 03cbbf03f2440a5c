"""The folder that devchat was started in."""

from __future__ import annotations

from pathlib import Path

from devchat.errors import InputError


def here() -> Path:
    """Return it. Raises `InputError` where it is gone, or closed to this user."""
    try:
        return Path.cwd()
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise InputError(f"the folder you are in can't be read: {why}", "`cd` to another") from None
