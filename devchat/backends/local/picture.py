"""What a picture says of its size, and whether that is true, before llama.cpp unpacks it. Pure."""

from __future__ import annotations

import struct

from devchat.backends.local.png import unpacks_as_told
from devchat.errors import InputError

MOST_PIXELS = 50_000_000
"""Pixels that are unpacked at most: a file of a few kilobytes may claim billions."""
_PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
# Start of frame: baseline, extended, progressive; no others are read.
_FRAMES = (0xC0, 0xC1, 0xC2)
# Markers that stand alone, without a length.
_BARE = (0x01, *range(0xD0, 0xD9))


def check(name: str, data: bytes) -> None:
    """Refuse what llama.cpp can't read, or only at the cost of all memory. Raises `InputError`."""
    if data[:4] == b"RIFF":
        raise InputError(f"`{name}` is WebP, which llama.cpp can't read", "save it as PNG or JPEG")
    width, height = _size(data)
    if not width or not height:
        raise damaged(name)
    if width * height > MOST_PIXELS:
        raise InputError(
            f"`{name}` has {width:,} x {height:,} pixels; {MOST_PIXELS:,} is the limit",
            "make it smaller: models scale pictures down anyway",
        )
    if data.startswith(_PNG) and not unpacks_as_told(data):
        raise damaged(name)


def damaged(name: str) -> InputError:
    """Say that a picture can't be read."""
    return InputError(
        f"`{name}` is no picture that llama.cpp can read: it may be damaged",
        "open it in another program, and save it as PNG or JPEG",
    )


def _size(data: bytes) -> tuple[int, int]:
    """Give width and height; zeros where they are not found."""
    if data.startswith(_PNG) and len(data) >= 24:
        width, height = struct.unpack_from(">II", data, 16)
        return width, height
    if data.startswith((b"GIF87a", b"GIF89a")) and len(data) >= 10:
        width, height = struct.unpack_from("<HH", data, 6)
        return width, height
    return _jpeg_size(data) if data.startswith(b"\xff\xd8") else (0, 0)


def _jpeg_size(data: bytes) -> tuple[int, int]:
    place = 2
    while place + 9 <= len(data) and data[place] == 0xFF:
        marker = data[place + 1]
        if marker in _FRAMES:
            height, width = struct.unpack_from(">HH", data, place + 5)
            return width, height
        if marker == 0xFF:
            place += 1
        elif marker in _BARE:
            place += 2
        else:
            place += 2 + int.from_bytes(data[place + 2 : place + 4], "big")
    return 0, 0
