"""Read files of a work tree as git sees them: never through a link, never outside."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from devchat.source.git import LARGEST


def is_plain(path: str) -> bool:
    """Tell whether a path is one that git can have in a tree: relative, without `..` or `.git`."""
    try:
        steps = path.encode("utf-8", "surrogateescape").split(b"/")
    except UnicodeEncodeError:
        return False
    odd = any(step in (b"", b".", b"..") or step.lower() == b".git" for step in steps)
    return not odd and "\0" not in path


def read_file(top: Path, path: str) -> bytes | None:
    """Return a file's content, or where a link points to, as git stores it.

    None where there is no such file, where a folder on the way is a link, where it is no regular
    file, or larger than 25 MB.
    """
    if not is_plain(path):
        return None
    *folders, name = path.encode("utf-8", "surrogateescape").split(b"/")
    try:
        folder = os.open(top, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return None
    try:
        for step in folders:
            inner = os.open(step, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
            os.close(folder)
            folder = inner
        return _read(name, folder)
    except OSError:
        return None
    finally:
        os.close(folder)


def _read(name: bytes, folder: int) -> bytes | None:
    if stat.S_ISLNK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
        return os.readlink(name, dir_fd=folder)
    # Without waiting for the writer of a pipe that somebody put there.
    descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        data = file.read(LARGEST + 1)
    return data if len(data) <= LARGEST else None
