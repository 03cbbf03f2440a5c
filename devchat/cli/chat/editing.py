"""Write a text in the user's editor."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from devchat.cli.editor import open_editor
from devchat.errors import StorageError, UsageError


def edited(text: str, environ: Mapping[str, str]) -> str:
    """Return a text as the user left it in their editor. Raises UsageError, or StorageError."""
    try:
        return _edited(text, environ)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        hint = "make room, or let `TMPDIR` name a folder that has some"
        raise StorageError(f"the text can't be edited: {reason}", hint) from error


def _edited(text: str, environ: Mapping[str, str]) -> str:
    with tempfile.TemporaryDirectory(prefix="devchat-") as folder:
        path = Path(folder) / "message.md"
        path.write_text(text, "utf-8", "replace")
        try:
            open_editor(path, environ)
        except UsageError as error:
            raise UsageError(error.message, "set EDITOR to your editor") from error
        return path.read_text("utf-8", "replace").removesuffix("\n")
