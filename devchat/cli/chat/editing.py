"""Write a text in the user's editor."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from devchat.cli.editor import open_editor


def edited(text: str, environ: Mapping[str, str]) -> str:
    """Return a text as the user left it in their editor. Raises UsageError where that fails."""
    with tempfile.TemporaryDirectory(prefix="devchat-") as folder:
        path = Path(folder) / "message.md"
        path.write_text(text, "utf-8", "replace")
        open_editor(path, environ)
        return path.read_text("utf-8", "replace").removesuffix("\n")
