"""Write a small file so that it is either the old one or the new one, never half of each."""

from __future__ import annotations

import os
from pathlib import Path

from devchat.errors import StorageError


def write_atomic(path: Path, text: str, mode: int | None = None) -> None:
    """Write a file, making its folders (0700). `mode` None keeps the old file's, else 0644.

    A symbolic link stays one: the file it leads to is replaced. Raises StorageError.
    """
    try:
        target = path.resolve()
        _make_folder(target.parent)
        kept = target.stat().st_mode & 0o777 if target.exists() else 0o644
        _replace(target, text, kept if mode is None else mode)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise StorageError(
            f"`{path}` can't be written: {reason}",
            "make its folder writable, or point `DEVCHAT_CONFIG_DIR` to another one",
        ) from error


def _make_folder(folder: Path) -> None:
    if not folder.is_dir():
        _make_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def _replace(target: Path, text: str, mode: int) -> None:
    draft = target.with_name(f".{target.name}.{os.getpid()}.new")
    draft.unlink(missing_ok=True)
    try:
        # Nobody else may read it even for a moment: it may hold keys.
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fchmod(handle, mode)
            os.fsync(handle)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
