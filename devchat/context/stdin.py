"""Standard input: read what was piped, and don't hang where nothing comes."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from typing import BinaryIO

from devchat.context.names import LARGEST, STDIN, Unusable, size

_PATIENCE = 0.3
_PIECE = 1 << 16


def read_piped(
    stdin: BinaryIO | None, *, wait_seconds: float | None, say: Callable[[str], None]
) -> bytes | None:
    """Return all that was piped; `None` where nothing was: a terminal, closed, empty or silent.

    With `wait_seconds` (there is a question already), input that stays silent for so long is
    left alone, and `say` is told; once a first byte came, the end is awaited however long it
    takes. Raises `InputError` beyond 32 MB.
    """
    if stdin is None or stdin.closed or stdin.isatty():
        return None
    if wait_seconds is not None and not _comes(stdin.fileno(), wait_seconds, say):
        return None
    return read_all(stdin) or None


def read_all(stdin: BinaryIO | None) -> bytes:
    """Read standard input to its end, a terminal's too. Raises `InputError` beyond 32 MB."""
    if stdin is None or stdin.closed:
        return b""
    try:
        return _read(stdin.fileno())
    except OSError as error:
        reason = f"can't be read: {error.strerror}"
        raise Unusable(STDIN, reason, "`devchat ask ... < FILE` reads a file") from None


def _comes(descriptor: int, wait_seconds: float, say: Callable[[str], None]) -> bool:
    """Wait for a first byte or the end, saying so where it takes long."""
    if _ready(descriptor, min(_PATIENCE, wait_seconds)):
        return True
    if wait_seconds > _PATIENCE:
        say("waiting for standard input ...")
        if _ready(descriptor, wait_seconds - _PATIENCE):
            return True
    say("standard input stays silent: going on without it (`-f -` waits for it)")
    return False


def _ready(descriptor: int, seconds: float | None) -> bool:
    import select

    return bool(select.select([descriptor], [], [], seconds)[0])


def _read(descriptor: int) -> bytes:
    """Read to the end: past Python's buffer, for `select` can't see what that holds."""
    status = os.fstat(descriptor)
    if stat.S_ISREG(status.st_mode):
        left = status.st_size - os.lseek(descriptor, 0, os.SEEK_CUR)
        _check(left)
    pieces: list[bytes] = []
    length = 0
    # Another process may have made the pipe non-blocking: wait before each read.
    while _ready(descriptor, None) and (piece := os.read(descriptor, _PIECE)):
        pieces.append(piece)
        length += len(piece)
        _check(length)
    return b"".join(pieces)


def _check(length: int) -> None:
    if length > LARGEST:
        raise Unusable(
            STDIN,
            f"is longer than {size(LARGEST)}",
            "send less of it: `head`, `tail` and `grep` cut it down",
        )
