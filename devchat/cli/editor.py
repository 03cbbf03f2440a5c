"""Open the user's own editor on a file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from devchat.errors import UsageError


def open_editor(path: Path, environ: Mapping[str, str]) -> None:
    """Run `$VISUAL` or `$EDITOR` (else vi) on a file and wait. Raises UsageError if it fails."""
    import shlex
    import subprocess

    chosen = environ.get("VISUAL") or environ.get("EDITOR") or "vi"
    hint = f"set EDITOR to your editor, or open {path} yourself"
    try:
        done = subprocess.run([*shlex.split(chosen), str(path)], check=False)
    except (OSError, ValueError) as error:
        raise UsageError(f"the editor `{chosen}` can't be started", hint) from error
    if done.returncode:
        raise UsageError(f"the editor `{chosen}` ended with code {done.returncode}", hint)
