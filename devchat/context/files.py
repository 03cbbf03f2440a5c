"""Read one file that a user named, or say in one line why it can't be read."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO

from devchat.context import Attachment, Lines
from devchat.context.decode import read_bytes
from devchat.context.lines import read_lines
from devchat.context.names import LARGEST, Unusable, shown, size
from devchat.types import Image

_DESCRIPTORS = ("/dev/fd/", "/proc/self/fd/")
_PIPE_IT = "pipe its content and name standard input: `... | devchat ask -f -`"


def read_file(path: Path, name: str, lines: Lines | None = None) -> Attachment | Image:
    """Read a file, whole or some lines of it. Raises `Unusable` (an `InputError`)."""
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            return _read_stream(path, name, mode, lines)
        with path.open("rb") as file:
            if lines is not None:
                return read_lines(file, name, lines)
            return read_bytes(name, _read_whole(file, name))
    except (OSError, ValueError) as error:
        raise explain(error, path, name) from None


def _read_whole(file: BinaryIO, name: str) -> bytes:
    """Read a regular file; its length is looked at first, for a huge one is never read."""
    length = os.fstat(file.fileno()).st_size
    data = b"" if length > LARGEST else file.read(LARGEST + 1)
    if max(length, len(data)) > LARGEST:
        raise too_large(name, size(max(length, len(data))))
    return data


def too_large(name: str, what: str) -> Unusable:
    """Say that an input is beyond what is read at all."""
    return Unusable(
        name,
        f"is too large: {what}, and {size(LARGEST)} is the limit",
        f"name the lines that matter: `{shown(name)}:1-400`",
    )


def _read_stream(path: Path, name: str, mode: int, lines: Lines | None) -> Attachment | Image:
    """Read what is no regular file: only what the shell hands over by `<(command)`."""
    descriptor = _descriptor(path)
    if descriptor is None or not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):
        raise Unusable(name, f"is {_kind(mode)}", _PIPE_IT)
    # Duplicated, not opened: Linux can't open a socket by its name.
    with os.fdopen(os.dup(descriptor), "rb") as file:
        data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise Unusable(name, f"is longer than {size(LARGEST)}", "make it print less")
    if lines is None:
        return read_bytes(name, data)
    from io import BytesIO

    return read_lines(BytesIO(data), name, lines)


def _descriptor(path: Path) -> int | None:
    """Return N of `/dev/fd/N`; `None` for every other path."""
    text = str(path)
    if text == "/dev/stdin":
        return 0
    number = next((text[len(start) :] for start in _DESCRIPTORS if text.startswith(start)), "")
    return int(number) if number.isdecimal() and len(number) < 6 else None


def _kind(mode: int) -> str:
    if stat.S_ISFIFO(mode):
        return "a named pipe"
    return "a socket" if stat.S_ISSOCK(mode) else "a device"


def is_folder(path: Path) -> bool:
    """Tell whether a path is a folder; no where that can't be found out."""
    try:
        return path.is_dir()
    except OSError:
        return False


def explain(error: OSError | ValueError, path: Path, name: str) -> Unusable:
    """Translate what the system says about a path."""
    import errno

    if not isinstance(error, OSError):
        return Unusable(name, "can't be the name of a file", "it has a zero byte")
    match error.errno:
        case errno.ENOENT | errno.ENOTDIR:
            return missing(path, name)
        case errno.EACCES | errno.EPERM:
            return Unusable(name, "can't be read: permission denied", _permission(path))
        case errno.ELOOP:
            return Unusable(name, "is a link that leads back to itself", "`ls -l` shows where to")
        case errno.ENAMETOOLONG:
            return Unusable(name[:60] + "...", "is too long for a name", "`-f` takes one file")
        case _:
            return Unusable(name, f"can't be read: {error.strerror}", "try `cat` on it")


def _permission(path: Path) -> str:
    return f"`ls -ld {shown(str(path))}` shows who may"


def missing(path: Path, name: str) -> Unusable:
    """Say that there is no such file, with the names beside it that come near."""
    folder = path.parent
    if not is_folder(folder):
        return Unusable(name, "does not exist", f"there is no folder `{shown(str(folder))}`")
    near = _near(path.name, folder)
    if not near:
        return Unusable(name, "does not exist", f"`ls {shown(str(folder))}` shows what does")
    start = name[: len(name) - len(path.name)] if name.endswith(path.name) else ""
    names = ", ".join(f"`{shown(start + found)}`" for found in near)
    return Unusable(name, "does not exist", f"near it: {names}")


def _near(name: str, folder: Path) -> list[str]:
    from difflib import get_close_matches
    from itertools import islice

    try:
        with os.scandir(folder) as entries:
            there = [entry.name for entry in islice(entries, 2000)]
    except OSError:
        return []
    same = [found for found in there if found.lower() == name.lower()]
    return same or get_close_matches(name, sorted(there), n=3, cutoff=0.7)
