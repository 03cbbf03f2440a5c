"""`FILE:10-40`: which lines, and reading no more of a file than is needed for them."""

from __future__ import annotations

import re
from typing import BinaryIO

from devchat.context import Attachment, Lines
from devchat.context.decode import byte_order_mark, decode, refuse_binary
from devchat.context.names import EMPTY, LARGEST, MEGABYTE, Unusable, shown, size

_SPEC = re.compile(r"(?P<file>.+):(?P<first>\d+)(?P<dash>-(?P<last>\d*))?\Z", re.DOTALL)
_CONTINUED = bytes(range(0x80, 0xC0))
"""The bytes of a UTF-8 character but for its first."""


def parse_lines(spec: str) -> tuple[str, Lines] | None:
    """Split `FILE:10-40`; `None` where it does not end so. Raises `Unusable` for `:0`, `:40-10`."""
    match = _SPEC.match(spec)
    # A longer number counts no lines: it is part of a name.
    if match is None or max(len(match["first"]), len(match["last"] or "")) > 12:
        return None
    first = int(match["first"])
    last = int(match["last"]) if match["last"] else None if match["dash"] else first
    if first < 1 or (last is not None and last < first):
        reason = "begins at line 0" if first < 1 else "runs backwards"
        raise Unusable(spec, reason, "lines count from 1: `FILE:10-40`, `FILE:10-` or `FILE:10`")
    return match["file"], Lines(first, last)


def read_lines(file: BinaryIO, name: str, lines: Lines) -> Attachment:
    """Return the lines that are really there.

    Reads up to the last line asked for and keeps only those. Raises `Unusable` where the file
    has fewer lines, is binary, or the lines are too much.
    """
    head = file.read(4)
    file.seek(0)
    if byte_order_mark(head):
        file = _as_utf8(file, name)
    selected, read = _select(file, name, lines)
    if read < max(lines.first, lines.last or 0):
        raise _too_few(name, read, lines)
    exact = Lines(lines.first, lines.last or read)
    return Attachment(shown(name), decode(f"{name}:{exact}", selected), exact)


def _as_utf8(file: BinaryIO, name: str) -> BinaryIO:
    """Read a two- or four-byte encoding whole, for its lines can't be told by single bytes."""
    from io import BytesIO

    data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise Unusable(name, f"is UTF-16 of more than {size(LARGEST)}", "save it as UTF-8")
    return BytesIO(decode(name, data).encode())


def _select(file: BinaryIO, name: str, lines: Lines) -> tuple[bytes, int]:
    """Return the lines' bytes and the number of lines read on the way."""
    kept: list[bytes] = []
    kept_bytes = ended = 0
    unfinished = False
    while (lines.last is None or ended < lines.last) and (chunk := file.read(MEGABYTE)):
        if b"\0" in chunk or chunk.startswith(b"%PDF-") or not _is_utf8(chunk):
            refuse_binary(name, chunk)
        start = _after(chunk, lines.first - 1 - ended)
        stop = len(chunk) if lines.last is None else _after(chunk, lines.last - ended)
        kept.append(chunk[start:stop])
        kept_bytes += max(0, stop - start)
        if kept_bytes > LARGEST:
            raise Unusable(name, f"has more than {size(LARGEST)} in these lines", "name fewer")
        ended += chunk.count(b"\n")
        unfinished = not chunk.endswith(b"\n")
    return b"".join(kept), ended + unfinished


def _is_utf8(chunk: bytes) -> bool:
    """Tell whether a piece of a file is UTF-8; a character may be parted at either end."""
    from codecs import getincrementaldecoder

    try:
        getincrementaldecoder("utf-8")().decode(chunk.lstrip(_CONTINUED))
    except UnicodeDecodeError:
        return False
    return True


def _after(chunk: bytes, newlines: int) -> int:
    """Return the place after so many newlines: 0 for none, the end where there are fewer."""
    if newlines <= 0:
        return 0
    if chunk.count(b"\n") < newlines:
        return len(chunk)
    return len(chunk) - len(chunk.split(b"\n", newlines)[-1])


def _too_few(name: str, count: int, lines: Lines) -> Unusable:
    if count == 0:
        return Unusable(name, EMPTY, "it has no lines")
    noun = "line" if count == 1 else "lines"
    reason = f"has {count:,} {noun}, not {max(lines.first, lines.last or 0):,}"
    return Unusable(name, reason, f"`{shown(name)}:{Lines(1, count)}` is all of it")
